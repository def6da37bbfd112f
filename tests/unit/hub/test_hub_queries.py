"""Which notifications can be asked for."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.shared.criteria import AllOf, AnyElement, AnyOf, Compare, Operator, PathStep
from facade.app import spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.contract.violations import ContractViolation, Violation
from facade.tmf.hub.queries import MAX_QUERY, NotificationFilter, Notifications

V4 = Notifications(spec_of("tmf/tmf622-v4.yaml"))
V5 = Notifications(spec_of("tmf/tmf622-v5.yaml"))
BOTH = {"v4": V4, "v5": V5}
TYPE = (PathStep("eventType"),)


def refusal(notifications: Notifications, query: str) -> Violation:
    with pytest.raises(ContractViolation) as refused:
        notifications.read(query)
    [found] = refused.value.violations
    assert found.pointer == "/query"
    return found


def is_type(*names: str) -> Compare:
    return Compare(TYPE, Operator.EQUAL, names)


def test_the_events_are_those_of_the_official_files() -> None:
    assert len(V4.types) == 8
    assert set(V5.types) - set(V4.types) == {
        "ProductOrderErrorMessageEvent",
        "ProductOrderJeopardyAlertEvent",
        "ProductOrderMilestoneEvent",
    }


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("query", ["", "?", "&"])
def test_without_a_query_everything_is_wanted(version: str, query: str) -> None:
    assert BOTH[version].read(query) == NotificationFilter(None, None)


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(
    "query",
    [
        "eventType=ProductOrderCreateEvent,ProductOrderStateChangeEvent",
        "?eventType=ProductOrderCreateEvent,ProductOrderStateChangeEvent",
        "eventType=ProductOrderCreateEvent&eventType=ProductOrderStateChangeEvent",
        "eventType=ProductOrderCreateEvent;ProductOrderStateChangeEvent",
        "eventType.eq=ProductOrderCreateEvent,ProductOrderStateChangeEvent",
        "eventType%3DProductOrderCreateEvent,ProductOrderStateChangeEvent",
    ],
)
def test_event_types_are_alternatives_however_they_are_written(version: str, query: str) -> None:
    wanted = BOTH[version].read(query)
    assert wanted.criterion == is_type("ProductOrderCreateEvent", "ProductOrderStateChangeEvent")


def test_conditions_are_about_the_event_and_what_is_in_it() -> None:
    state = (PathStep("event"), PathStep("productOrder"), PathStep("state"))
    wanted = V5.read("eventType=ProductOrderStateChangeEvent&event.productOrder.state=completed,failed")
    assert wanted.criterion == AllOf(
        (is_type("ProductOrderStateChangeEvent"), Compare(state, Operator.EQUAL, ("completed", "failed")))
    )


def test_a_filter_is_a_jsonpath() -> None:
    wanted = V5.read("filter=$[?(@.eventType=='ProductOrderCreateEvent' || @.priority=='0')]")
    assert wanted.criterion == AnyOf(
        (is_type("ProductOrderCreateEvent"), Compare((PathStep("priority"),), Operator.EQUAL, ("0",)))
    )
    found = V4.read("filter=$.event.productOrder.productOrderItem[?(@.action=='add'%26%26@.id=='1')]").criterion
    assert isinstance(found, AnyElement)


def test_fields_choose_what_is_sent() -> None:
    assert V5.read("fields=eventType,event.productOrder.id,href").selection == {
        "eventType": None,
        "event": {"productOrder": {"id": None}},
        "href": None,
    }


@pytest.mark.parametrize(
    ("version", "known", "unknown"),
    [
        ("v4", "timeOcurred", "timeOccurred"),
        ("v5", "timeOccurred", "timeOcurred"),
        ("v4", "event.productOrder.orderDate", "event.productOrder.creationDate"),
        ("v5", "event.productOrder.creationDate", "event.productOrder.orderDate"),
        ("v4", "event.productOrder.relatedParty.id", "event.productOrder.relatedParty.partyOrPartyRole.id"),
        ("v5", "event.productOrder.relatedParty.partyOrPartyRole.id", "event.productOrder.relatedParty.partyId"),
        ("v4", "fieldPath", "source.id"),
        ("v5", "source.id", "fieldPath"),
        ("v5", "@type", "type"),
        ("v5", "event.cancelProductOrder.state", "event.canccelProductOrder.state"),
    ],
)
def test_the_names_are_those_of_the_version(version: str, known: str, unknown: str) -> None:
    value = "2026-05-01" if "Date" in known or "time" in known else "done"
    if known != "@type":
        assert BOTH[version].read(f"{known}={value}").criterion is not None
    assert "unknown attribute" in refusal(BOTH[version], f"{unknown}={value}").message


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(
    "query",
    [
        "eventType=OrderPlaced",
        "eventType=productOrderCreateEvent",
        "eventType=ProductOrderCreateEvent,X",
        "eventType=ProductOrderCreateEvent;eventType=X",
        "eventType!=X",
        "filter=$[?(@.eventType=='X')]",
        "filter=$[?(!(@.eventType=='X'))]",
        "event.productOrder.state=held;eventType=X",
        "eventType=",
        "eventType=ProductOrderCreateEvent%00",
    ],
)
def test_an_unknown_event_type_is_refused_naming_those_that_exist(version: str, query: str) -> None:
    found = refusal(BOTH[version], query)
    assert found.allowed == BOTH[version].types or "NUL" in found.message


def test_the_class_of_a_v5_event_is_its_type() -> None:
    assert V5.read("@type=ProductOrderCreateEvent").criterion
    assert refusal(V5, "@type=Event").allowed == V5.types


def test_an_attribute_of_the_resource_is_found_in_the_event() -> None:
    for query in ("state=completed", "fields=state", "filter=$[?(@.state=='completed')]"):
        found = refusal(V5, query)
        assert found.hint == "did you mean `event.cancelProductOrder.state` or `event.productOrder.state`?"
        assert {"eventType", "event", "timeOccurred"} <= set(found.allowed)


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(
    "query",
    [
        "foo=1",
        "=",
        "eventType",
        "eventType = ProductOrderCreateEvent",
        "event=x",
        "event.productOrder=x",
        "event.productOrder.sate=x",
        "eventTime.gt=yesterday",
        "href=https://x",
        "fields=foo",
        "fields=$[0]",
        "fields=id&fields=id",
        "filter",
        "filter=",
        "filter=$..x",
        "filter=$[?(@.eventType==",
        "filter=$[?(@.eventType=='a' && @.id=='b')]",
        "filter=$[" + "(" * 500,
        'title="open',
        "title=~(a+)+$&title=~(",
        "title=" + "x" * 2_001,
        "a.b.c.d.e.f.g.h.i.j.k.l.m=1",
        "&".join(f"title!=t{number}" for number in range(200)),
        "&".join(["event.productOrder.note.text.ne=a;id=b"] * 60),
        "x" * (MAX_QUERY + 1),
        "title=%ff",
        "title=%00",
        "title=\x00",
        "title=a\r\nb",
        "title=\ud800",
        "eventType=ProductOrderCreateEvent' OR '1'='1",
    ],
)
def test_what_cannot_be_read_is_refused(version: str, query: str) -> None:
    assert refusal(BOTH[version], query).message


@pytest.mark.parametrize("query", ["offset=0", "limit=10", "limit=x", "sort=eventType", "sort=foo", "id=1&%6Cimit=1"])
def test_what_is_about_lists_is_refused(query: str) -> None:
    assert "one by one" in refusal(V5, query).message


PIECES = ["eventType", "event.productOrder.state", "=", "ProductOrderCreateEvent", "&", ",", ";", '"', "'", "filter="]
PIECES += [
    "fields=",
    "$",
    "[?(",
    ")]",
    "@",
    ".",
    "==",
    "%",
    "%00",
    "=~",
    ".*",
    "(",
    "\\",
    "limit=1",
    "\u2028",
    "\ud800",
]


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_any_text_is_read_or_refused_at_the_query(query: str) -> None:
    for notifications in BOTH.values():
        found: set[str] = set()
        try:
            notifications.read(query)
        except ContractViolation as error:
            found = {violation.pointer for violation in error.violations}
        assert found <= {"/query"}


@pytest.mark.parametrize(
    "spec", ["tmf620-v4", "tmf620-v5", "tmf637-v4", "tmf637-v5", "tmf648-v4", "tmf648-v5"]
)  # fmt: skip
def test_every_prepared_contract_says_what_it_notifies_of(spec: str) -> None:
    notifications = Notifications(spec_of(f"tmf/{spec}.yaml"))
    assert all(name.endswith("Event") for name in notifications.types)
    assert notifications.read(f"eventType={notifications.types[0]}").criterion
    assert refusal(notifications, "eventType=ProductOrderCreateEvent").allowed == notifications.types


PAGE = (Path(__file__).parents[3] / "docs" / "events.md").read_text()
QUERIES = PAGE.partition("## The query")[2].partition("\n## ")[0]
EXAMPLES = re.findall(r"^\| `([^`]*[=][^`]*)` \|", QUERIES, re.MULTILINE)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("query", EXAMPLES)
def test_an_example_of_the_page_can_be_read(query: str) -> None:
    assert V5.read(query.replace("\\|", "|")) != NotificationFilter(None, None)


def test_the_page_lists_the_event_types_of_each_version() -> None:
    rows = [
        re.split(r"(?<!\\)\|", line)[1:4] for line in PAGE.splitlines() if line.startswith("|") and "Event`" in line
    ]
    listed = [
        (re.findall(r"`(\w+Event)`", names), v4.strip(), v5.strip()) for names, v4, v5 in rows if "yes" in v4 + v5
    ]
    assert sorted(name for names, v4, _ in listed for name in names if v4) == served_types("v4")
    assert sorted(name for names, _, v5 in listed for name in names if v5) == served_types("v5")


def served_types(version: str) -> list[str]:
    """Of all APIs that are served."""
    specs = [api.versions[version].spec for api in TMF_APIS if version in api.versions]
    return sorted(name for spec in specs for name in Notifications(spec_of(spec)).types)
