"""Patches in a partner's words."""

from collections.abc import Mapping
from typing import Any

import pytest

from canonical.ordering.order import Order
from facade.application.requests import Translation
from facade.contract.violations import ContractViolation
from facade.partners.profiles import Profile
from facade.tmf.engine.changes import Patch, planned
from facade.tmf.engine.promotions import WORD_NOT_AGREED
from tests.unit.engine.worded import ALPHA, profile, wording
from tests.unit.tmf622.payloads import ACME, a_payload
from tests.unit.tmf622.versions import V5

MERGE, PATCH, QUERY = (f"application/{kind}+json" for kind in ("merge-patch", "json-patch", "json-patch-query"))
AT = "/productOrderItem/0/productOffering/id"


@pytest.mark.parametrize(
    ("media_type", "sent", "ours"),
    [
        (MERGE, {"billingAccount": {"id": "BK-1"}}, {"billingAccount": {"id": "1"}}),
        (
            PATCH,
            [{"op": "replace", "path": AT, "value": "A-200"}],
            [{"op": "replace", "path": AT, "value": "po_tv_basic"}],
        ),
        (
            PATCH,
            [{"op": "test", "path": "/state", "value": "fertig"}],
            [{"op": "test", "path": "/state", "value": "completed"}],
        ),
        (PATCH, [{"op": "test", "path": "/state", "value": "?"}], [{"op": "test", "path": "/state", "value": "?"}]),
        (
            PATCH,
            [{"op": "add", "path": "/productOrderItem/-", "value": {"action": "neu"}}],
            [{"op": "add", "path": "/productOrderItem/-", "value": {"action": "add"}}],
        ),
        (
            PATCH,
            [{"op": "replace", "path": "/relatedParty/0/partyOrPartyRole/id", "value": "KD-C2"}],
            [{"op": "replace", "path": "/relatedParty/0/partyOrPartyRole/id", "value": "C2"}],
        ),
        (
            QUERY,
            [{"op": "add", "path": "/productOrderItem", "value": {"action": "neu"}}],
            [{"op": "add", "path": "/productOrderItem", "value": {"action": "add"}}],
        ),
        (
            QUERY,
            [{"op": "replace", "path": "/productOrderItem/quantity?productOffering.id=A-100&id=1", "value": 2}],
            [
                {
                    "op": "replace",
                    "path": "/productOrderItem/quantity?productOffering.id=po_broadband_1g&id=1",
                    "value": 2,
                }
            ],
        ),
        (
            QUERY,
            [{"op": "copy", "from": "/note?productOrderItem.action=neu", "path": "/a"}],
            [{"op": "copy", "from": "/note?productOrderItem.action=add", "path": "/a"}],
        ),
        (
            QUERY,
            [{"op": "remove", "path": "/note?productOrderItem.state=Storno%20l%C3%A4uft"}],
            [{"op": "remove", "path": "/note?productOrderItem.state=pendingCancellation"}],
        ),
        (
            QUERY,
            [{"op": "remove", "path": "/note?productOrderItem.productOffering.id=po_tv_basic"}],
            [{"op": "remove", "path": "/note?productOrderItem.productOffering.id=%00"}],
        ),
        (
            PATCH,
            [{"op": "test", "path": "/relatedParty/1/partyOrPartyRole/id", "value": "S-1"}],
            [{"op": "test", "path": "/relatedParty/1/partyOrPartyRole/id", "value": "S-1"}],
        ),
        (
            QUERY,
            [{"op": "remove", "path": "/note?relatedParty.partyOrPartyRole.id=S-1"}],
            [{"op": "remove", "path": "/note?relatedParty.partyOrPartyRole.id=S-1"}],
        ),
        (
            PATCH,
            [{"op": "add", "path": "/note?productOrderItem.state=fertig", "value": 1}],
            [{"op": "add", "path": "/note?productOrderItem.state=fertig", "value": 1}],
        ),
        (PATCH, [7, {"op": "remove", "path": "/note"}], [7, {"op": "remove", "path": "/note"}]),
    ],
)
def test_a_patch_is_read_in_our_words(media_type: str, sent: Any, ours: Any) -> None:
    words = wording(V5, ALPHA).read(sent, media_type)
    assert words.body == ours
    assert words.sent(words.body) == sent


def patched(of: Profile, order: Order, carried: Mapping[str, Any], media_type: str, body: Any) -> Translation | None:
    words = wording(V5, of).read(body, media_type)
    rules = V5.resource.patch
    assert rules is not None
    return planned(V5, rules, Patch(media_type, words.body, "", words), order, dict(carried), ACME)


def drafted() -> tuple[Order, Mapping[str, Any]]:
    """A draft for an offering that the partner has no word for."""
    from canonical.ordering.states import State
    from tests.support.builders import an_order_in

    order = an_order_in(State.DRAFT)
    return order, a_payload(requestedInitialState="draft")


def test_a_patch_may_repeat_what_it_is_shown_and_say_nothing_else_that_is_not_agreed() -> None:
    order, carried = drafted()
    of = profile(ids={"offerings": {"table": {"A-1": "po_tv_basic"}}})
    item = {"id": "1", "action": "add", "quantity": 3}
    shown = {"productOrderItem": [item | {"productOffering": {"id": "po_broadband_1g"}}]}
    assert patched(of, order, carried, MERGE, shown) is not None
    with pytest.raises(ContractViolation) as refused:
        patched(of, order, carried, MERGE, {"productOrderItem": [item | {"productOffering": {"id": "po_x"}}]})
    assert refused.value.violations[0].reason == WORD_NOT_AGREED
    assert refused.value.violations[0].pointer == AT


def test_what_a_json_patch_maps_is_in_the_trail_with_its_place() -> None:
    order, carried = drafted()
    body = [{"op": "replace", "path": AT, "value": "A-1"}]
    translation = patched(profile(ids={"offerings": {"table": {"A-1": "po_tv_basic"}}}), order, carried, PATCH, body)
    assert translation is not None
    assert ("/0/value", AT, "mapped by profile: A-1 is po_tv_basic") in [
        (one.source, one.target, one.rule) for one in translation.trail
    ]
