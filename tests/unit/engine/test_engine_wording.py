"""Partners that send and read their own ids and words."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from canonical.audit.record import Mapped
from canonical.catalog.errors import ItemInUse
from canonical.ordering.errors import ProductOfAnotherCustomer
from canonical.shared import jsontext
from canonical.shared.criteria import Compare
from canonical.shared.errors import InvalidTransition, NotFound
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import versions_of
from facade.contract.pointers import pointer
from facade.contract.violations import ContractViolation
from facade.partners.profiles import Profile, compile_profile
from facade.tmf.engine.parties import CUSTOMER_MISSING
from facade.tmf.engine.promotions import WORD_NOT_AGREED
from facade.tmf.engine.versions import Version
from facade.tmf.query.listing import read_listing
from facade.tmf.tmf620.api import TMF620
from tests.unit.engine.worded import (
    ALPHA,
    BETA,
    OFFERING,
    PROFILES,
    VERSIONS,
    command_document,
    golden,
    profile,
    read,
    translated,
    wording,
)
from tests.unit.tmf622.payloads import a_payload, an_item, party
from tests.unit.tmf622.versions import V4, V5


@pytest.mark.parametrize("partner", ["alpha", "beta"])
@VERSIONS
def test_both_partners_mean_the_same_order_in_their_own_words(version: Version, partner: str) -> None:
    translation = translated(version, PROFILES[f"partner-{partner}"], golden(f"{partner}-{version.name}.request"))
    assert command_document(translation) == golden("order.command")


@pytest.mark.parametrize("partner", ["alpha", "beta"])
@VERSIONS
def test_what_is_read_in_ours_is_shown_as_it_was_sent(version: Version, partner: str) -> None:
    sent = golden(f"{partner}-{version.name}.request")
    words = wording(version, PROFILES[f"partner-{partner}"])
    assert words.shown(words.read(sent).body) == sent
    assert words.read(sent).body != sent


def test_each_partner_reads_the_order_of_the_other_in_its_own_words() -> None:
    alphas, betas = golden("alpha-v5.request"), golden("beta-v5.request")
    assert wording(V5, BETA).shown(wording(V5, ALPHA).read(alphas).body) == betas
    assert wording(V5, ALPHA).shown(wording(V5, BETA).read(betas).body) == alphas


THIRD = """
ids:
  offerings: {table: {"tv/1": po_tv_basic, "net 1": po_broadband_1g}}
  customers: {template: "urn:c:{id}"}
  billingAccounts: {table: {A: BA1}}
  products: {template: "{id}#"}
words:
  roles: {table: {Customer: Sales Agent, Seller: Customer, Sales Agent: Seller}, unknown: carry}
  actions: {table: {delete: add, add: delete, modify: modify}}
"""


@VERSIONS
def test_a_third_partner_is_data_alone(version: Version) -> None:
    third = compile_profile(yaml.safe_load(THIRD))
    alphas = wording(version, ALPHA).read(golden(f"alpha-{version.name}.request")).body
    sent = wording(version, third).shown(alphas)
    assert sent["productOrderItem"][0]["action"] == "delete"
    assert sent["productOrderItem"][0]["productOffering"]["id"] == "net 1"
    assert command_document(translated(version, third, sent)) == golden("order.command")


@pytest.mark.parametrize("partner", ["alpha", "beta"])
@VERSIONS
def test_no_word_of_the_partners_is_in_the_command(version: Version, partner: str) -> None:
    """Unless it is one of ours as well. What is carried has our words, too."""
    of = PROFILES[f"partner-{partner}"]
    translation = translated(version, of, golden(f"{partner}-{version.name}.request"))
    read = wording(version, of).read(golden(f"{partner}-{version.name}.request"))
    ours = {word.ours for word in read.words.values()}
    theirs = {word.theirs for word in read.words.values()} - ours
    kept = jsontext.text([command_document(translation), translation.carried])
    assert [word for word in theirs if f'"{word}"' in kept] == []


@VERSIONS
def test_a_word_that_is_not_agreed_is_shown_as_it_was_sent(version: Version) -> None:
    body = golden(f"alpha-{version.name}.request")
    body["productOrderItem"][0]["productOffering"]["id"] = "A-999"
    known = wording(version, ALPHA)
    assert known.shown(known.read(body).body) == body


def test_errors_of_the_core_are_raised_in_the_partners_words() -> None:
    known = wording(V5, ALPHA)
    read = known.read(a_payload(relatedParty=[party("KD-C1", "Endkunde")]))
    refusal = InvalidTransition("the order of C1 is held; allowed: C2", state="held", allowedActions=["held", "C1"])
    with pytest.raises(InvalidTransition) as raised, known.told(read):
        raise refusal
    assert raised.value.message == "the order of KD-C1 is angehalten; allowed: C2"
    assert raised.value.details == {"state": "angehalten", "allowedActions": ["angehalten", "KD-C1"]}
    with pytest.raises(NotFound) as missing, known.told():
        raise NotFound("no po_tv_basic is held", id="po_tv_basic")
    assert (missing.value.message, missing.value.details) == ("no A-200 is held", {"id": "A-200"})


def test_a_resource_without_words_of_the_partners_is_left_alone() -> None:
    assert V5.wording(Profile()) is None
    assert V5.wording(profile(words={"lifecycleStatuses": {"table": {"Neu": "Launched"}}})) is None


@VERSIONS
def test_requests_under_one_profile_share_its_words(version: Version) -> None:
    mine, same = profile(ids=OFFERING), profile(ids=OFFERING)
    assert wording(version, mine) is wording(version, mine)
    assert wording(version, same) is not wording(version, mine)


@VERSIONS
def test_ids_of_other_parties_are_not_those_of_customers(version: Version) -> None:
    known = wording(version, profile(ids={"customers": {"table": {"X": "C1"}}}))
    body = {
        "v5": a_payload(relatedParty=[party("X"), party("X", "Seller"), {"role": "Customer"}]),
        "v4": {"relatedParty": [{"id": "X", "role": "Customer"}, {"id": "X", "role": "Seller"}, {"role": "Customer"}]},
    }[version.name]
    words = known.read(body)
    place = "/relatedParty/0/partyOrPartyRole/id" if version is V5 else "/relatedParty/0/id"
    assert {pointer(at): word.ours for at, word in words.words.items()} == {place: "C1"}


@VERSIONS
def test_a_word_that_is_not_agreed_is_refused_with_its_place_and_what_is(version: Version) -> None:
    body = {"relatedParty": [{"id": "C1", "role": "Customer"}]} if version is V4 else a_payload()
    body["productOrderItem"] = [an_item(productOffering={"id": "po_broadband_1g"})]
    with pytest.raises(ContractViolation) as refused:
        translated(version, profile(ids=OFFERING), body)
    [found] = refused.value.violations
    assert (found.pointer, found.reason) == ("/productOrderItem/0/productOffering/id", WORD_NOT_AGREED)
    assert found.allowed == ("A-1",)


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("customers", {"relatedParty": [party("zzz")]}),
        ("billingAccounts", {"billingAccount": {"@type": "BillingAccountRef", "id": "zzz"}}),
        ("products", {"productOrderItem": [an_item(action="delete", product={"@type": "ProductRef", "id": "zzz"})]}),
    ],
)
@pytest.mark.parametrize("template", [{}, {"template": "K-{id}"}], ids=["table", "template"])
def test_ids_of_customers_are_not_told_as_allowed(domain: str, said: Any, template: dict[str, str]) -> None:
    """They are those of other customers, too."""
    with pytest.raises(ContractViolation) as refused:
        translated(V5, profile(ids={domain: {"table": {"X-1": "C1", "X-2": "C2"}, **template}}), a_payload(**said))
    assert [one.allowed for one in refused.value.violations if one.reason == WORD_NOT_AGREED] == [
        tuple(template.values())
    ]


def test_what_the_contract_refuses_is_told_in_the_partners_words() -> None:
    known = wording(V5, profile(words={"actions": {"table": {"neu": "add"}, "unknown": "carry"}}))
    words = known.read(a_payload(productOrderItem=[an_item(action="new")]))
    [found] = words.told(V5.contract.check_request("createProductOrder", words.body).violations)
    assert found.pointer == "/productOrderItem/0/action"
    assert set(found.allowed) == {"neu", "modify", "delete", "noChange"}
    assert found.message == 'productOrderItem[0].action must be one of neu, modify, delete, noChange, not "new".'


def test_only_what_the_partner_may_say_is_told_as_allowed() -> None:
    known = wording(V5, profile(words={"actions": {"table": {"neu": "add"}}}))
    words = known.read(a_payload(productOrderItem=[an_item(action="new")]))
    [found] = words.told(V5.contract.check_request("createProductOrder", words.body).violations)
    assert found.allowed == ("neu",)


@VERSIONS
def test_a_role_that_is_missing_is_told_in_the_partners_words(version: Version) -> None:
    body = a_payload() if version is V5 else {"productOrderItem": [{"id": "1", "action": "add", "quantity": 1}]}
    body["relatedParty"] = []
    agreed = profile(words={"roles": {"table": {"Endkunde": "Customer"}}})
    with pytest.raises(ContractViolation) as refused, wording(version, agreed).told():
        translated(version, agreed, body)
    found = next(one for one in refused.value.violations if one.reason == CUSTOMER_MISSING)
    assert (found.pointer, found.allowed) == ("/relatedParty", ("Endkunde",))
    assert found.message.endswith("must have the role Endkunde")


def test_texts_of_errors_have_the_partners_ids() -> None:
    known = wording(V5, profile(ids={**OFFERING, "customers": {"template": "KD-{id}"}}))
    words = known.read(a_payload(relatedParty=[party("KD-C1")]))
    assert words.text("C1 has no po_broadband_1g.") == "KD-C1 has no A-1."
    assert words.text("C2 has no po_tv") == "C2 has no po_tv"
    assert words.text("-" * 100_000 + "C1!") == "-" * 100_000 + "C1!"


def test_ids_in_details_of_errors_are_the_partners_although_it_did_not_send_them() -> None:
    known = wording(V5, profile(ids={"customers": {"template": "KD-{id}"}, "products": {"template": "P-{id}"}}))
    raised = ProductOfAnotherCustomer("product pr-9 is one of customer C2", productId="pr-9", customerId="C2")
    with pytest.raises(ProductOfAnotherCustomer) as told, known.told():
        raise raised
    assert told.value.message == "product P-pr-9 is one of customer KD-C2"
    assert told.value.details == {"productId": "P-pr-9", "customerId": "KD-C2"}


def test_the_subject_of_a_refusal_stays_ours() -> None:
    offerings = versions_of(TMF620, "v5")["productOffering"]
    known = wording(offerings, profile(ids=OFFERING))
    with pytest.raises(ItemInUse) as told, known.told():
        raise ItemInUse("a rule refers to it", id="po_broadband_1g", by="rule")
    assert (told.value.details["id"], told.value.subject) == ("A-1", "po_broadband_1g")


def test_a_word_for_a_role_of_customers_changes_the_tag() -> None:
    ids = {"customers": {"template": "KD-{id}"}}
    tags = {
        wording(V5, compile_profile({"ids": ids, "partyRoles": roles})).tag for roles in ({}, {"Kunde": "Customer"})
    }
    assert len(tags) == 2


def test_the_trail_names_the_partners_pointer_and_word_and_ours() -> None:
    body = a_payload(productOrderItem=[an_item(productOffering={"id": "A-1"})], relatedParty=[party("KD-C1")])
    trail = translated(V5, profile(ids={**OFFERING, "customers": {"template": "KD-{id}"}}), body).trail
    told = {one.source: one for one in trail}
    place = "/productOrderItem/0/productOffering/id"
    rule = "mapped by profile: A-1 is po_broadband_1g; as sent"
    assert told[place] == Mapped(place, "/lines/0/offering_id", rule, agreed="/ids/offerings/table/A-1")


@pytest.mark.parametrize("said", [{"template": "KD-{id}"}, {"table": {"KD-C1": "C1"}}])
def test_the_trail_does_not_repeat_ids_of_persons(said: dict[str, Any]) -> None:
    trail = translated(V5, profile(ids={"customers": said}), a_payload(relatedParty=[party("KD-C1")])).trail
    [told] = [one for one in trail if one.source == "/relatedParty/0/partyOrPartyRole/id"]
    assert (told.target, told.agreed) == ("/customer_id", f"/ids/customers/{next(iter(said))}")
    assert told.rule.startswith("mapped by profile; ")
    assert "C1" not in jsontext.text(trail)


def test_a_request_is_told_apart_by_what_was_sent() -> None:
    sent = golden("alpha-v5.request")
    ours, words = read(V5, ALPHA, sent)
    assert words.sent(ours) == sent


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("productOrderItem.productOffering.id=A-100", ("po_broadband_1g",)),
        ("productOrderItem.productOffering.id=A-100,A-200", ("po_broadband_1g", "po_tv_basic")),
        ("state=fertig", ("completed",)),
        ("relatedParty.partyOrPartyRole.id=KD-C1", ("C1",)),
        ("relatedParty.partyOrPartyRole.id=A-7", ("A-7",)),
        ("filter=$[?(@.state=='fertig')]", ("completed",)),
        ("productOrderErrorMessage.code=E-LAGER", ("INSUFFICIENT_STOCK",)),
        ("productOrderErrorMessage.code=TOO_LATE", ("TOO_LATE",)),
    ],
)
def test_filters_compare_the_partners_words(query: str, asked: tuple[str, ...]) -> None:
    found = read_listing(query.encode(), wording(V5, ALPHA).searchable(V5.searchable), "productOrder").criterion
    assert isinstance(found, Compare)
    assert found.constants == asked


def test_filters_compare_the_partners_words_in_v4() -> None:
    searchable = wording(V4, ALPHA).searchable(V4.searchable)
    found = read_listing(b"relatedParty.id=KD-C1", searchable, "productOrder").criterion
    assert isinstance(found, Compare)
    assert found.constants == ("C1",)


@pytest.mark.parametrize(
    ("query", "parameter", "told"),
    [
        ("state.gt=fertig", "state.gt", "state: compare it by ="),
        ("state=~fer.*", "state", "state: compare it by ="),
        ("filter=$[?(@.state=~/fer/)]", "filter", "state: compare it by ="),
        ("state=completed", "state", "not agreed"),
        ("productOrderErrorMessage.code=INSUFFICIENT_STOCK", "productOrderErrorMessage.code", "not agreed"),
        ("state=%00", "state", "the NUL character"),
        ("relatedParty.partyOrPartyRole.id=%00", "relatedParty.partyOrPartyRole.id", "the NUL character"),
        ("sort=state", "sort", "state is shown in words"),
    ],
)
def test_what_cannot_be_translated_in_a_filter_is_refused_by_name(query: str, parameter: str, told: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        read_listing(query.encode(), wording(V5, ALPHA).searchable(V5.searchable), "productOrder")
    [found] = refused.value.violations
    assert found.pointer == f"/{parameter}"
    assert told in found.message


def test_what_stands_deep_in_a_document_is_in_the_partners_words() -> None:
    of = profile(ids={**OFFERING, "products": {"template": "P-{id}"}}, words={"units": {"table": {"Monat": "month"}}})
    offering = wording(versions_of(TMF620, "v5")["productOffering"], of).shown(
        {
            "bundledGroupProductOffering": [
                {
                    "bundledProductOffering": [{"id": "po_broadband_1g"}],
                    "bundledGroupProductOffering": [{"bundledProductOffering": [{"id": "po_broadband_1g"}]}],
                }
            ],
            "productOfferingPrice": [{"productOfferingTerm": [{"duration": {"units": "month"}}]}],
        }
    )
    text = jsontext.text(offering)
    assert (text.count('"A-1"'), text.count('"Monat"'), "po_broadband_1g" in text) == (2, 1, False)
    part = {"id": "p1", "productOffering": {"id": "po_broadband_1g"}}
    item = {"product": {"product": [{**part, "product": [part]}]}}
    for version in (V5, V4):
        text = jsontext.text(wording(version, of).shown({"productOrderItem": [{"productOrderItem": [item]}]}))
        assert (text.count('"A-1"'), text.count('"P-p1"'), '"p1"' in text) == (2, 2, False)


# --- every declared place ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", TMF_APIS, ids=lambda api: api.name)
def test_every_declared_place_is_one_of_the_resource(api: Any) -> None:
    for spoken in api.versions:
        for version in versions_of(api, spoken).values():
            for place in version.resource.places:
                names = tuple(name for name in place.pointer.split("/")[1:] if name not in ("*", "**"))
                versions_of(api, "v5")[version.resource.name].kept.known("place", names)


WORDS = st.text("abc", min_size=1, max_size=3)
IDS = st.fixed_dictionaries(
    {}, optional={"table": st.dictionaries(WORDS, WORDS, min_size=1, max_size=5), "template": st.just("x{id}")}
).filter(bool)


@given(st.data())
@VERSIONS
def test_whatever_a_profile_maps_in_comes_out_as_it_was_sent(version: Version, data: st.DataObject) -> None:
    domains = ("offerings", "customers", "billingAccounts", "products")
    said = {domain: data.draw(IDS) for domain in domains}
    try:
        words = wording(version, profile(ids=said))
    except ValueError:
        return
    sent = data.draw(bodies(version, {domain: ids(said[domain]) for domain in domains}))
    mapped = words.read(sent)
    assert all(word.ours is not None for word in mapped.words.values())
    assert words.shown(mapped.body) == sent
    assert mapped.sent(mapped.body) == sent


def ids(said: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """What the partner may say."""
    table = said.get("table", {})
    ours = set(table.values())
    templated = WORDS.filter(lambda one: one not in ours and f"x{one}" not in table).map(lambda one: f"x{one}")
    known = [st.sampled_from(sorted(table))] if table else []
    return st.one_of(*known, *([templated] if "template" in said else []))


def bodies(version: Version, of: Mapping[str, st.SearchStrategy[str]]) -> st.SearchStrategy[Any]:
    def named(domain: str) -> st.SearchStrategy[Any]:
        return st.fixed_dictionaries({"id": of[domain]})

    item = st.fixed_dictionaries(
        {"id": WORDS},
        optional={
            "productOffering": named("offerings"),
            "product": named("products"),
            "billingAccount": named("billingAccounts"),
        },
    )
    nested = st.recursive(
        item, lambda inner: st.builds(lambda a, b: a | {"productOrderItem": b}, item, st.lists(inner))
    )
    customer = named("customers").map(lambda one: one if version is V4 else {"partyOrPartyRole": one})
    parties = st.lists(customer.map(lambda one: one | {"role": "Customer"}), max_size=2)
    return st.fixed_dictionaries(
        {"productOrderItem": st.lists(nested, max_size=3), "relatedParty": parties},
        optional={"billingAccount": named("billingAccounts"), "description": WORDS},
    )
