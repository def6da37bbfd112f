"""Rows for objects and lists of objects: what they read of a payload, and what they show of an aggregate."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from canonical.audit.record import Mapped
from facade.contract.violations import Code, Violation
from facade.tmf.engine.mapping import Field, Reading, Row, Unusable, show, shown_with
from facade.tmf.engine.parts import Either, Gathered, Joint, Object, Part, Parts, Spread


@dataclass(frozen=True)
class Target:
    id: str


@dataclass(frozen=True)
class Link:
    to: Target
    kind: str | None = None


@dataclass(frozen=True)
class Node:
    name: str
    least: int | None = None
    links: tuple[Link, ...] = ()
    nodes: tuple["Node", ...] = ()
    main: Target | None = None
    low: bool = False
    high: bool = False


def identifier(text: str) -> str:
    if not text:
        raise Unusable("says nothing")
    return text


TARGET = Object(Target, (Field("id", "id", identifier),), "TargetRef")
LINK = Object(Link, (Gathered("to", TARGET), Field("kind", "kind")), "Link")
ENDS = {"none": (False, False), "both": (True, True)}


def node() -> Object:
    return NODE


ROWS: tuple[Row, ...] = (
    Field("name", "name"),
    Spread("limits", (Field("lower", "least"),), "Limits"),
    Parts("link", "links", LINK),
    Parts("node", "nodes", node),
    Part("main", "main", TARGET),
    Joint(
        "ends",
        ("low", "high"),
        lambda word: ENDS.get(word, (False, False)),
        lambda *ends: "both" if all(ends) else None,
        "table",
    ),
)
NODE = Object(Node, ROWS, "Node")


def read(body: dict[str, Any]) -> tuple[Any, Reading]:
    found = Reading()
    return NODE.value(body, "/node", "/contents", found), found


WHOLE = {
    "name": "root",
    "limits": {"lower": 2, "odd": 1},
    "link": [{"id": "1", "kind": "near", "acme": True}, {"kind": "lost"}, {"id": "2"}],
    "node": [{"name": "leaf", "node": []}],
    "main": {"id": "7", "@type": "Special"},
    "ends": "both",
}
ROOT = Node("root", 2, (Link(Target("1"), "near"), Link(Target("2"))), (Node("leaf"),), Target("7"), True, True)


def test_objects_within_objects_are_read_as_one_value() -> None:
    value, found = read(WHOLE)
    assert value == ROOT
    assert found.violations == []


def test_each_attribute_leaves_where_it_went() -> None:
    _, found = read(WHOLE)
    told = {mapped.source: (mapped.target, mapped.rule) for mapped in found.trail}
    assert told["/node/link/0"] == ("/contents/links/0", "an object")
    assert told["/node/link/0/id"] == ("/contents/links/0/to/id", "as sent")
    assert told["/node/link/0/acme"] == ("/carried/node/link/0/acme", "carried")
    assert told["/node/link/1"] == ("/carried/node/link/1", "carried")
    assert told["/node/link/2/id"] == ("/contents/links/1/to/id", "as sent")
    assert told["/node/limits/lower"] == ("/contents/least", "as sent")
    assert told["/node/limits/odd"] == ("/carried/node/limits/odd", "carried")
    assert told["/node/ends"][1] == "table"
    assert len(told) == len({mapped.source for mapped in found.trail})


def test_what_breaks_a_rule_is_told_where_it_is() -> None:
    value, found = read({"name": "x", "link": [{"id": "1"}, {"id": ""}]})
    assert value.links == (Link(Target("1")),)
    assert found.violations == [Violation("/node/link/1/id", Code.INVALID_VALUE, "id says nothing")]


@pytest.mark.parametrize("body", [{"name": "x", "link": 7, "main": 7, "limits": 7}, {"name": "x"}])
def test_what_is_no_list_and_no_object_is_left_alone(body: dict[str, Any]) -> None:
    value, found = read(body)
    assert value == Node("x")
    assert found.violations == []


def test_an_object_that_says_too_little_is_none() -> None:
    assert read({"limits": {"lower": 1}})[0] is None


def test_what_means_the_same_is_shown_as_it_was_sent() -> None:
    assert shown_with(ROWS, ROOT, WHOLE) == WHOLE


def test_a_value_that_nobody_sent_is_shown_with_its_classes() -> None:
    assert NODE.shown(ROOT, {}) == {
        "@type": "Node",
        "name": "root",
        "limits": {"@type": "Limits", "lower": 2},
        "link": [{"@type": "Link", "id": "1", "kind": "near"}, {"@type": "Link", "id": "2"}],
        "node": [{"@type": "Node", "name": "leaf"}],
        "main": {"@type": "TargetRef", "id": "7"},
        "ends": "both",
    }
    assert NODE.shown(Node("bare"), {}) == {"@type": "Node", "name": "bare"}


def test_a_changed_list_keeps_what_stands_beside_each_value() -> None:
    changed = Node("root", 2, (Link(Target("2")), Link(Target("1"), "far"), Link(Target("3"))))
    assert show(ROWS, changed, WHOLE)["link"] == [
        {"id": "2"},
        {"@type": "Link", "id": "1", "kind": "far"},
        {"@type": "Link", "id": "3"},
        {"kind": "lost"},
    ]


def test_a_value_that_changed_in_its_place_keeps_what_stands_beside_it() -> None:
    changed = Node("root", links=(Link(Target("1"), "far"), Link(Target("2"))))
    first, *_ = show(ROWS, changed, WHOLE)["link"]
    assert first == {"id": "1", "kind": "far", "acme": True}


def test_what_the_aggregate_no_longer_has_is_not_shown() -> None:
    shown = shown_with(ROWS, Node("root"), {**WHOLE, "odd": 1})
    assert shown == {"name": "root", "limits": {"odd": 1}, "link": [{"kind": "lost"}], "odd": 1}


@dataclass(frozen=True)
class Offered:
    target: Target | None = None
    node: Node | None = None


OFFERED = Either(
    Object(Offered, (Gathered("target", TARGET),), "TargetRef", needed=("target",)),
    Object(Offered, (Gathered("node", NODE),), "Node", needed=("node",)),
    lambda sent: "name" in sent,
    lambda value: value.node is not None,
)


@pytest.mark.parametrize(
    ("sent", "value"),
    [({"id": "1"}, Offered(Target("1"))), ({"name": "x"}, Offered(None, Node("x"))), ({"odd": 1}, None)],
)
def test_one_of_two_shapes_is_read_by_what_the_object_says(sent: dict[str, Any], value: Any) -> None:
    assert OFFERED.value(sent, "", "", Reading()) == value


def test_a_value_of_the_other_shape_is_shown_without_what_was_sent() -> None:
    assert OFFERED.shown(Offered(Target("1")), {"name": "x", "odd": 1}) == {"@type": "TargetRef", "id": "1"}
    assert OFFERED.shown(Offered(None, Node("y")), {"name": "x", "odd": 1}) == {"name": "y", "odd": 1}


def test_each_row_names_its_rule_once() -> None:
    assert Mapped("/node/ends", "/contents/low", "table") in read(WHOLE)[1].trail


def test_what_is_remembered_of_an_object_is_as_exact_as_what_is_read() -> None:
    shape = Object(Target, (Field("id", "id"),))
    for sent in (1, True, Decimal("1.0"), "1", 1):
        value = shape.value({"id": sent}, "", "", Reading(told=False))
        assert (type(value.id), str(value.id)) == (type(sent), str(sent))


def test_a_mistake_is_remembered_too() -> None:
    for _ in range(2):
        found = Reading(told=False)
        TARGET.value({"id": ""}, "", "", found)
        assert [one.code for one in found.violations] == [Code.INVALID_VALUE]


ACCOUNT: tuple[Row, ...] = (Spread("account", (Field("id", "main"),), "AccountRef", reference=True),)
SENT = {"account": {"@type": "AccountRef", "id": "BA1", "name": "Ann's account"}}


@pytest.mark.parametrize(
    ("account", "shown"),
    [
        ("BA1", SENT),
        ("BA2", {"account": {"@type": "AccountRef", "id": "BA2"}}),
        (None, {}),
    ],
)
def test_what_was_said_of_a_reference_goes_with_it(account: Any, shown: dict[str, Any]) -> None:
    assert shown_with(ACCOUNT, Node("x", main=account), SENT) == shown


def test_a_reference_that_names_nothing_stays_as_it_was_sent() -> None:
    unnamed = {"account": {"name": "unknown"}}
    assert shown_with(ACCOUNT, Node("x"), unnamed) == unnamed
