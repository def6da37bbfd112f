"""What is kept in the core has bounds, and what exceeds them is named."""

from typing import Any

import pytest

from canonical.ordering.states import State
from facade.contract.violations import Code, ContractViolation
from facade.tmf.engine.changes import Patch
from facade.tmf.tmf622.cancel_product_order import to_cancel_order
from facade.tmf.tmf622.product_order import to_submit_order
from tests.unit.tmf622.payloads import ACME, a_change, a_payload, an_item, ordered, party, refusals
from tests.unit.tmf622.versions import V5, plan_of

LONG, VAST = "x" * 101, "x" * 100_000


def identified(**said: Any) -> dict[str, Any]:
    return a_payload(externalId=[{"@type": "ExternalIdentifier", "id": "1"} | said])


def nested(identifier: str) -> dict[str, Any]:
    return a_payload(productOrderItem=[an_item(productOrderItem=[an_item(id=identifier)])])


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        *(
            (a_payload(productOrderItem=[an_item(id=name)]), "/productOrderItem/0/id", Code.INVALID_VALUE)
            for name in ("", " ", "\t\n", "\u2003", LONG, VAST)
        ),
        (nested(LONG), "/productOrderItem/0/productOrderItem/0/id", Code.INVALID_VALUE),
        (identified(id=" "), "/externalId/0/id", Code.INVALID_VALUE),
        (identified(id=LONG), "/externalId/0/id", Code.INVALID_VALUE),
        (identified(owner=LONG), "/externalId/0/owner", Code.INVALID_VALUE),
        (identified(externalIdentifierType=VAST), "/externalId/0/externalIdentifierType", Code.INVALID_VALUE),
        (a_payload(externalId=[{"id": str(n)} for n in range(101)]), "/externalId", Code.TOO_MANY_RECORDS),
        (a_payload(relatedParty=[party()] * 101), "/relatedParty", Code.TOO_MANY_RECORDS),
        (a_payload(relatedParty=[party(" ")]), "/relatedParty/0/partyOrPartyRole/id", Code.MISSING_PROPERTY),
        (
            a_payload(productOrderItem=[a_change(product={"id": " "})]),
            "/productOrderItem/0/product/id",
            Code.MISSING_PROPERTY,
        ),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value),
)
def test_an_order_outside_the_bounds_is_refused_by_the_field(body: dict[str, Any], pointer: str, code: Code) -> None:
    assert refusals(body) == [(pointer, code)]


def test_an_order_within_the_bounds_is_taken() -> None:
    body = identified(id="x" * 100, owner="x" * 100, externalIdentifierType="")
    body |= {"productOrderItem": [an_item(id="ä" * 100)], "relatedParty": [party()] + [party("S", "Seller")] * 99}
    assert to_submit_order(body, ACME).command.lines[0].id == "ä" * 100


def test_a_patch_is_held_to_the_same_bounds() -> None:
    body = identified()
    order = ordered(to_submit_order(body, ACME), State.FULFILLING)
    patch = Patch("application/json", {"externalId": identified(id=LONG)["externalId"]}, "https://x.example/1")
    with pytest.raises(ContractViolation) as found:
        plan_of(patch, order, body, V5)
    assert [violation.pointer for violation in found.value.violations] == ["/externalId/0/id"]


def test_a_reason_to_cancel_has_a_bound() -> None:
    asked = {"productOrder": {"id": "1"}, "cancellationReason": "x" * 500}
    assert to_cancel_order(asked, ACME).command.reason == "x" * 500
    with pytest.raises(ContractViolation, match="cancellationReason has at most 500 characters"):
        to_cancel_order(asked | {"cancellationReason": "x" * 501}, ACME)
