"""What v5 explains in attributes that v4 lacks, v4 explains in notes by the provider."""

from collections.abc import Mapping
from typing import Any

import pytest

from canonical.ordering.states import State
from facade.bootstrap.declared import TMF_APIS
from facade.tmf.engine.changes import Patch
from facade.tmf.tmf622.product_order import to_submit_order
from facade.tmf.tmf622.v4 import BRIDGE
from tests.unit.bridge.laws import same_after_v4
from tests.unit.tmf622.payloads import ACME, a_payload, carried_by, ordered
from tests.unit.tmf622.versions import V4, V5, plan_of

JSON_PATCH, MERGE = "application/json-patch+json", "application/merge-patch+json"
OWN = {"@type": "Note", "author": "John", "text": "call first"}
MESSAGE = {
    "@type": "ProductOrderErrorMessage",
    "code": "PAYMENT_DECLINED",
    "reason": "Payment failure",
    "message": "Payment failure; order ORD00001 cancelled",
    "timestamp": "2026-05-03T15:00:00.000Z",
}
TOLD = {
    "@type": "Note",
    "id": "PAYMENT_DECLINED",
    "author": "provider",
    "date": "2026-05-03T15:00:00.000Z",
    "text": "PAYMENT_DECLINED: Payment failure; order ORD00001 cancelled",
}
NEVER_SHOWN = {"productOrderJeopardyAlert", "productOrderMilestone"}
"""Explaining attributes of v5 that no answer of ours has."""


def a_failed_order(*notes: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "@type": "ProductOrder",
        "id": "1",
        "state": "failed",
        "creationDate": "2026-05-03T12:00:00.000Z",
        "productOrderItem": [{"@type": "ProductOrderItem", "id": "1", "action": "add", "state": "failed"}],
        "productOrderErrorMessage": [MESSAGE],
    }
    return document | ({"note": list(notes)} if notes else {})


def test_every_attribute_of_v5_that_explains_is_told_in_v4_or_never_shown() -> None:
    words = ("error", "alert", "message", "reason", "milestone")
    for api in TMF_APIS:
        for name, mapping in api.bridge.classes.items():
            explaining = {one for one in mapping.v5_only if any(word in one.lower() for word in words)}
            told = {mapping.explained_by.attribute} if mapping.explained_by else set()
            assert explaining - NEVER_SHOWN <= told, (api.name, name)


@pytest.mark.parametrize("notes", [(), (OWN,), (OWN, OWN | {"text": "ring twice"})])
def test_a_failed_order_says_why_in_a_note_behind_those_of_its_client(notes: tuple[dict[str, Any], ...]) -> None:
    bridged = BRIDGE.lower("ProductOrder", a_failed_order(*notes))
    assert bridged.body["note"] == [*notes, TOLD]
    assert "productOrderErrorMessage" not in bridged.body
    [loss] = [one for one in bridged.losses if one.pointer == "/productOrderErrorMessage"]
    assert (loss.kind, loss.value) == ("reshaped", [MESSAGE])


@pytest.mark.parametrize("notes", [(), (OWN,)])
def test_the_way_back_gives_the_order_without_what_the_report_names(notes: tuple[dict[str, Any], ...]) -> None:
    expected, found = same_after_v4("ProductOrder", a_failed_order(*notes))
    assert found == expected


def test_a_mistake_of_a_rejected_order_is_pointed_at_in_v4() -> None:
    told = MESSAGE | {"code": "X", "message": "/relatedParty/1/partyOrPartyRole/id: two customers"}
    document = a_failed_order() | {"state": "rejected", "productOrderErrorMessage": [told]}
    [note] = BRIDGE.lower("ProductOrder", document).body["note"]
    assert note["text"] == "X: /relatedParty/1/id: two customers"


def test_an_order_that_fails_shows_on_v4_what_it_shows_on_v5() -> None:
    translation = to_submit_order(a_payload(), ACME)
    order, carried = ordered(translation, State.FAILED), carried_by(translation)
    document = V5.resource.project(order, carried)
    [message], [note] = document["productOrderErrorMessage"], BRIDGE.lower("ProductOrder", dict(document)).body["note"]
    assert note["id"] == message["code"]
    assert note["text"] == f"{message['code']}: {message['message']}"
    assert note["date"] == message["timestamp"]


ADDED = {"@type": "Note", "author": "me", "text": "why?"}


@pytest.mark.parametrize(
    ("media_type", "patch", "kept"),
    [
        (MERGE, {"note": [OWN, TOLD, ADDED]}, [OWN, ADDED]),
        (MERGE, {"note": [OWN, ADDED]}, [OWN, ADDED]),
        (MERGE, {"note": [OWN, TOLD | {"text": "other"}, ADDED]}, [OWN, ADDED]),
        (JSON_PATCH, [{"op": "add", "path": "/note/-", "value": ADDED}], [OWN, ADDED]),
        (JSON_PATCH, [{"op": "add", "path": "/note/2", "value": ADDED}], [OWN, ADDED]),
        (JSON_PATCH, [{"op": "add", "path": "/note/0", "value": ADDED}], [ADDED, OWN]),
        (
            JSON_PATCH,
            [{"op": "test", "path": "/note/1", "value": TOLD}, {"op": "replace", "path": "/note/0", "value": ADDED}],
            [ADDED],
        ),
    ],
)
def test_a_patch_of_notes_keeps_none_of_the_providers(media_type: str, patch: Any, kept: list[Any]) -> None:
    after = V4.patched(a_failed_order(OWN), media_type, patch).body
    assert after["note"] == kept
    assert after["productOrderErrorMessage"] == [MESSAGE]
    assert BRIDGE.lower("ProductOrder", after).body["note"] == [*kept, TOLD]


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (MERGE, {"note": [OWN, TOLD]}),
        (MERGE, {"note": [OWN]}),
        (JSON_PATCH, [{"op": "remove", "path": "/note/1"}]),
        (JSON_PATCH, [{"op": "replace", "path": "/note/1/text", "value": "no"}]),
    ],
)
def test_a_patch_of_the_providers_note_alone_changes_nothing(media_type: str, patch: Any) -> None:
    document = a_failed_order(OWN)
    assert V4.patched(document, media_type, patch).body == document


def test_an_order_without_notes_has_none_after_a_patch_that_repeats_the_providers() -> None:
    translation = to_submit_order(a_payload(), ACME)
    order, carried = ordered(translation, State.FAILED), carried_by(translation)
    shown = BRIDGE.lower("ProductOrder", V5.resource.project(order, carried)).body
    assert plan_of(Patch(MERGE, {"note": shown["note"]}, "http://here"), order, carried, V4) is None
