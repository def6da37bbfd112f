"""What is agreed about orders: prices that are sent, attributes that may change late, and context that is added."""

from typing import Any

import flask
import pytest

from facade.application.requests import Translation
from facade.partners.faults import ProfileFault
from facade.partners.profiles import Profile, compile_profile
from facade.security.principal import Principal
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.tmf622.payloads import a_payload, an_item, party
from tests.unit.tmf622.versions import V4, V5

VERSIONS = pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
V4_PARTY = {"role": "Customer", "@referredType": "Customer", "id": "C12345"}


def an_order(version: Version, **changes: Any) -> dict[str, Any]:
    return a_payload(relatedParty=[V4_PARTY if version is V4 else party()]) | changes


def profile(**said: Any) -> Profile:
    return compile_profile(said, "acme@3")


def translated(version: Version, body: Any, of: Profile) -> Translation:
    with flask.Flask("x").test_request_context():
        translator = ResourceTranslator(version, ReadsFromMemory(Memory()))
        return translator.translate(body, Principal("acme", frozenset(), profile=of))


# --- prices -----------------------------------------------------------------------------------------------------------


def price(version: Version, amount: int) -> list[dict[str, Any]]:
    money = {"@type": "Money", "unit": "EUR", "value": amount}
    return [{"@type": "OrderPrice", "priceType": "oneTime", "price": {"@type": "Price", "taxIncludedAmount": money}}]


def a_priced_order(version: Version) -> dict[str, Any]:
    inner = an_item(id="2", itemTotalPrice=price(version, 3))
    item = an_item(itemPrice=price(version, 1), productOrderItem=[inner])
    return an_order(version, orderTotalPrice=price(version, 2), productOrderItem=[item])


@VERSIONS
@pytest.mark.parametrize(
    ("said", "compared", "kept"),
    [({}, True, True), ({"prices": "mustEqual"}, True, True), ({"prices": "carry"}, False, True),
     ({"prices": "ignore"}, False, False)],
    ids=str,
)  # fmt: skip
def test_prices_are_compared_kept_or_left_out(version: Version, said: Any, compared: bool, kept: bool) -> None:
    found = translated(version, a_priced_order(version), profile(**said))
    assert ("PRICE_DIFFERS" not in found.command.tolerated) is compared
    assert found.carried is not None
    [item] = found.carried["productOrderItem"]
    places = {
        "/orderTotalPrice": "orderTotalPrice" in found.carried,
        "/productOrderItem/0/itemPrice": "itemPrice" in item,
        "/productOrderItem/0/productOrderItem/0/itemTotalPrice": "itemTotalPrice" in item["productOrderItem"][0],
    }
    assert set(places.values()) == {kept}
    assert bool(found.command.stated_prices) is kept
    left_out = {one.source for one in found.trail if one.rule == "left out: prices are ignored by the profile"}
    assert left_out == (set() if kept else set(places))
    assert {one.source for one in found.trail if one.rule == "carried"} >= (set(places) if kept else set())


def test_ignored_prices_may_be_in_several_currencies() -> None:
    body = a_priced_order(V5)
    body["orderTotalPrice"][0]["price"]["taxIncludedAmount"]["unit"] = "CZK"
    assert translated(V5, body, profile(prices="ignore")).command.stated_prices == ()


def test_prices_are_agreed_in_one_place() -> None:
    with pytest.raises(ProfileFault) as refused:
        profile(prices="mustEqual", orderRules={"PRICE_DIFFERS": "keep"})
    assert refused.value.pointer == "/prices"
