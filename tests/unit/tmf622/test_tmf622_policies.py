"""What is agreed about orders: prices that are sent, attributes that may change late, and context that is added."""

from dataclasses import replace
from typing import Any

import flask
import pytest

from canonical.audit.record import Mapped
from canonical.ordering.commands import AmendOrder, AnnotateOrder
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import InvalidTransition
from facade.application.requests import Translation
from facade.partners.faults import ProfileFault
from facade.partners.profiles import Profile, compile_profile
from facade.security.principal import Principal
from facade.tmf.bridge import COMPLEMENT
from facade.tmf.engine.changes import Patch
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.policies import LATE
from facade.tmf.tmf622.product_order import CARRIED, CHANGED_BY, LATE_RULE
from tests.support.builders import an_order_in
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.tmf622.payloads import ACME, a_payload, an_item, party
from tests.unit.tmf622.versions import V4, V5, plan_of

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
    ("said", "has_to_be_ours", "kept"),
    [({}, True, True), ({"prices": "mustEqual"}, True, True), ({"prices": "carry"}, False, True),
     ({"prices": "ignore"}, True, False)],
    ids=str,
)  # fmt: skip
def test_prices_are_compared_kept_or_left_out(version: Version, said: Any, has_to_be_ours: bool, kept: bool) -> None:
    found = translated(version, a_priced_order(version), profile(**said))
    assert ("PRICE_DIFFERS" not in found.command.tolerated) is has_to_be_ours
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


@VERSIONS
def test_an_amended_order_keeps_no_prices_that_are_ignored(version: Version) -> None:
    item = an_item(itemPrice=price(version, 1))
    for patch in ({"orderTotalPrice": price(version, 2)}, {"productOrderItem": [item]}):
        found = patched(version, patch, State.ACKNOWLEDGED, profile(prices="ignore"))
        assert found is not None
        assert found.carried is not None
        assert "orderTotalPrice" not in found.carried
        assert "itemPrice" not in found.carried["productOrderItem"][0]


def test_ignored_prices_are_not_set_aside_for_v4() -> None:
    odd = [{"priceType": "oneTime", "name": "no price in it"}]
    sent = an_order(V4, orderTotalPrice=odd, productOrderItem=[an_item(itemPrice=odd)], description=5)
    assert len(V4.lifted(sent).body[COMPLEMENT]) == 3
    found = translated(V4, sent, profile(prices="ignore"))
    assert found.carried is not None
    assert [one["at"] for one in found.carried[COMPLEMENT]] == ["/description"]
    del sent["description"]
    found = translated(V4, sent, profile(prices="ignore"))
    assert found.carried is not None
    assert COMPLEMENT not in found.carried


def test_ignored_prices_may_be_in_several_currencies() -> None:
    body = a_priced_order(V5)
    body["orderTotalPrice"][0]["price"]["taxIncludedAmount"]["unit"] = "CZK"
    assert translated(V5, body, profile(prices="ignore")).command.stated_prices == ()


def test_prices_are_agreed_in_one_place() -> None:
    with pytest.raises(ProfileFault) as refused:
        profile(prices="mustEqual", orderRules={"PRICE_DIFFERS": "keep"})
    assert refused.value.pointer == "/prices"


# --- late changes -----------------------------------------------------------------------------------------------------

REFERENCES = {
    "agreement": [{"@type": "AgreementRef", "id": "AG-1"}],
    "payment": [{"@type": "PaymentRef", "id": "PAY-1"}],
    "productOfferingQualification": [{"@type": "ProductOfferingQualificationRef", "id": "POQ-1"}],
    "quote": [{"@type": "QuoteRef", "id": "Q-1"}],
}


def patched(version: Version, patch: Any, state: State, of: Profile) -> Translation | None:
    sender = replace(ACME, policies=of.policies)
    asked = Patch("application/merge-patch+json", patch, "/productOrder/1")
    return plan_of(asked, an_order_in(state), a_payload(), version, sender)


def test_what_may_change_late_only_documents_the_order() -> None:
    assert set(REFERENCES) == set(LATE)
    assert set(LATE) <= CARRIED
    assert {CHANGED_BY[name] for name in LATE} == {Trigger.AMEND}


@VERSIONS
@pytest.mark.parametrize("name", ["agreement", "payment", "quote"])
@pytest.mark.parametrize("state", [State.FULFILLING, State.COMPLETED, State.FAILED])
def test_what_documents_an_order_changes_late_if_that_is_agreed(version: Version, name: str, state: State) -> None:
    patch = {name: REFERENCES[name]}
    with pytest.raises(InvalidTransition):
        patched(version, patch, state, profile())
    found = patched(version, patch, state, profile(lateChanges=[name]))
    assert found is not None
    assert isinstance(found.command, AnnotateOrder)
    assert found.carried is not None
    assert found.carried[name][0]["id"] == REFERENCES[name][0]["id"]
    assert Mapped(f"/{name}", f"/carried/{name}", LATE_RULE) in found.trail


@VERSIONS
def test_what_the_meaning_of_an_order_rests_on_stays_frozen(version: Version) -> None:
    everything = profile(lateChanges=list(LATE))
    for patch in ({"requestedStartDate": "2027-01-01T00:00:00Z"}, {"billingAccount": {"id": "BA1"}}):
        with pytest.raises(InvalidTransition):
            patched(version, patch | {"agreement": REFERENCES["agreement"]}, State.FULFILLING, everything)
    with pytest.raises(ProfileFault) as refused:
        profile(lateChanges=["billingAccount"])
    assert refused.value.pointer == "/lateChanges/0"
    assert refused.value.allowed == LATE


def test_before_work_begins_the_same_is_an_amendment() -> None:
    found = patched(V5, {"agreement": REFERENCES["agreement"]}, State.ACKNOWLEDGED, profile(lateChanges=["agreement"]))
    assert found is not None
    assert isinstance(found.command, AmendOrder)


# --- context that is added --------------------------------------------------------------------------------------------

CONTEXT = {
    "salesChannel": "web",
    "agreement": "AG-2026",
    "currency": "EUR",
    "billingAccounts": {"C12345": "BA1", "C20000": "BA2"},
}
ENRICHING = compile_profile({"enrichment": CONTEXT}, "acme@3")


def without_units(version: Version) -> list[dict[str, Any]]:
    stated = price(version, 1)
    del stated[0]["price"]["taxIncludedAmount"]["unit"]
    return stated


@VERSIONS
def test_context_that_is_not_sent_is_added_and_named_with_its_source(version: Version) -> None:
    item = an_item(itemPrice=without_units(version))
    found = translated(version, an_order(version, productOrderItem=[item]), ENRICHING)
    command, carried = found.command, found.carried
    assert carried is not None
    assert command.markets[-1].channels == ("web",)
    assert command.billing_account_id == "BA1"
    assert carried["agreement"] == [{"@type": "AgreementRef", "id": "AG-2026"}]
    assert command.lines[0].stated_prices[0].currency == "EUR"
    added = {(one.target, one.rule) for one in found.trail if one.rule.startswith("enriched")}
    by = "enriched by profile acme@3: /enrichment/"
    assert added >= {
        ("/markets", f"{by}salesChannel is web"),
        ("/billing_account_id", f"{by}billingAccounts"),
        ("/carried/agreement", f"{by}agreement is AG-2026"),
        ("/carried/productOrderItem/0/itemPrice/0/price/taxIncludedAmount/unit", f"{by}currency is EUR"),
    }
    assert {one.source for one in found.trail if one.rule.startswith("enriched")} == {""}
    assert not [one for one in found.trail if "C12345" in f"{one.rule}{one.agreed}" or "BA1" in one.rule]
    assert not {"/channel", "/agreement", "/billingAccount"} & {one.source for one in found.trail}
    assert not V5.contract.check_request("createProductOrder", carried).violations


@VERSIONS
def test_what_is_sent_is_not_replaced(version: Version) -> None:
    channel = {"id": "shop"} if version is V4 else {"channel": {"@type": "ChannelRef", "id": "shop"}}
    body = an_order(
        version,
        channel=[channel],
        agreement=[{"@type": "AgreementRef", "id": "AG-1"}],
        billingAccount={"@type": "BillingAccountRef", "id": "BA9"},
        orderTotalPrice=price(version, 1),
    )
    found, plain = translated(version, body, ENRICHING), translated(version, body, profile())
    assert replace(found.command, agreed_version=None) == replace(plain.command, agreed_version=None)
    assert found.carried == plain.carried
    assert not [one for one in found.trail if one.rule.startswith("enriched")]


def test_a_customer_without_an_account_in_the_profile_gets_none() -> None:
    body = an_order(V5, relatedParty=[party("C99999")])
    assert translated(V5, body, ENRICHING).command.billing_account_id is None


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"currency": "euro"}, "/enrichment/currency"),
        ({"channel": "web"}, "/enrichment"),
        ({"salesChannel": "we\tb"}, "/enrichment/salesChannel"),
        ({"billingAccounts": {"C/1": "BA1 "}}, "/enrichment/billingAccounts/C~11"),
        ({"billingAccounts": {"C1": "BA9"}}, "/enrichment/billingAccounts/C1"),
    ],
    ids=str,
)
def test_a_mistake_in_what_is_added_is_told(said: Any, at: str) -> None:
    with pytest.raises(ProfileFault) as refused:
        profile(enrichment=said, billingAccounts=["BA1"])
    assert refused.value.pointer == at
