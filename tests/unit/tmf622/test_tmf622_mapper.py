"""TMF622 v5 into commands and back."""

import copy
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.audit.record import Mapped
from canonical.ordering.commands import ItemAction, OrderLine, SubmitOrder
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.shared import jsontext
from canonical.shared.external_identifier import ExternalIdentifier
from facade.application.requests import Translation
from facade.bootstrap.answers import answer_to
from facade.contract.loading import load_spec
from facade.contract.validator import Contract
from facade.contract.violations import Code, ContractViolation
from facade.tmf.tmf622 import product_order
from facade.tmf.tmf622.items import REFUSED as ITEM_REFUSED
from facade.tmf.tmf622.product_order import REFUSED, from_order, to_rejection, to_submit_order
from tests.support.builders import BROADBAND, NOON, ORDER_ID, an_order, an_order_in
from tests.support.golden import name_of, requests
from tests.support.specs import mistakes
from tests.unit.tmf622.payloads import ACME, a_payload, an_item, carried_by, ordered, party, refusals, shown

ROOT = Path(__file__).parents[3]
GOLDEN = [
    pytest.param(jsontext.read_kept(file.read_text()), id=name_of(file))
    for file in requests(ROOT / "fixtures" / "golden" / "tmf622" / "v5")
]
MAPPED = {row.attribute for row in product_order.FIELDS} | product_order.SHAPED
ATTRIBUTES = MAPPED | product_order.CARRIED | REFUSED.keys()


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return Contract(load_spec(ROOT / "specs" / "tmf" / "tmf622-v5.yaml", tmp_path_factory.mktemp("cache")))


# --- inwards ----------------------------------------------------------------------------------------------------------


def test_the_least_that_is_needed_becomes_a_command() -> None:
    translation = to_submit_order(a_payload(), ACME)
    line = OrderLine(id="1", quantity=1, action=ItemAction.ADD, offering_id=BROADBAND.id)
    assert translation.command == SubmitOrder("partner-acme", "C12345", (line,))


@pytest.mark.parametrize("role", ["Customer", "customer", "CUSTOMER", "Buyer", "buyer"])
def test_the_customer_is_the_party_with_the_customers_role(role: str) -> None:
    body = a_payload(relatedParty=[party("S1", "Seller"), party("C777", role)])
    assert to_submit_order(body, ACME).command.customer_id == "C777"


def test_a_customer_named_twice_is_one_customer() -> None:
    body = a_payload(relatedParty=[party("C1", "Customer"), party("C1", "Buyer")])
    assert to_submit_order(body, ACME).command.customer_id == "C1"


def test_several_customers_are_refused_from_the_second_on() -> None:
    body = a_payload(relatedParty=[party("C1"), party("S1", "Seller"), party("C2"), party("C3", "buyer"), party("C1")])
    assert refusals(body) == [
        ("/relatedParty/2/partyOrPartyRole/id", Code.TOO_MANY_RECORDS),
        ("/relatedParty/3/partyOrPartyRole/id", Code.TOO_MANY_RECORDS),
    ]


@pytest.mark.parametrize("parties", [None, [], [party("S1", "Seller")]])
def test_an_order_without_a_customer_is_refused(parties: list[Any] | None) -> None:
    body = a_payload(relatedParty=parties)
    if parties is None:
        del body["relatedParty"]
    assert refusals(body) == [("/relatedParty", Code.MISSING_PROPERTY)]


def test_a_customer_without_reference_or_with_an_empty_id_is_refused() -> None:
    for customer in (party() | {"partyOrPartyRole": {"@type": "PartyRoleRef", "id": ""}}, party()):
        customer["partyOrPartyRole"]["id"] = ""
        pointer = "/relatedParty/0/partyOrPartyRole/id"
        assert refusals(a_payload(relatedParty=[customer])) == [(pointer, Code.MISSING_PROPERTY)]
        del customer["partyOrPartyRole"]
        assert refusals(a_payload(relatedParty=[customer])) == [(pointer, Code.MISSING_PROPERTY)]


def test_a_customer_id_that_crm_does_not_take_is_refused() -> None:
    to_submit_order(a_payload(relatedParty=[party("C" * 64)]), ACME)
    pointer = "/relatedParty/0/partyOrPartyRole/id"
    assert refusals(a_payload(relatedParty=[party("C" * 65)])) == [(pointer, Code.INVALID_VALUE)]


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_attribute_of_the_order_that_we_do_not_take_is_refused_by_name(name: str) -> None:
    assert refusals(a_payload(**{name: "x"})) == [(f"/{name}", Code.UNEXPECTED_PROPERTY)]


@pytest.mark.parametrize("name", sorted(ITEM_REFUSED))
def test_an_attribute_of_an_item_that_we_do_not_take_is_refused_by_name(name: str) -> None:
    body = a_payload(productOrderItem=[an_item(), an_item(id="2", **{name: "x"})])
    assert refusals(body) == [(f"/productOrderItem/1/{name}", Code.UNEXPECTED_PROPERTY)]


def test_a_null_is_refused_like_any_other_value() -> None:
    assert refusals(a_payload(state=None)) == [("/state", Code.UNEXPECTED_PROPERTY)]


def test_everything_that_is_refused_is_told_at_once_and_with_reasons() -> None:
    body = a_payload(id="1", relatedParty=[], productOrderItem=[an_item(state="held")])
    with pytest.raises(ContractViolation) as refused:
        to_submit_order(body, ACME)
    told = {violation.pointer: violation.message for violation in refused.value.violations}
    assert told.keys() == {"/id", "/relatedParty", "/productOrderItem/0/state"}
    assert told["/id"] == "id is not accepted here: ids are given by the server; send your own as externalId"


def test_an_order_may_be_asked_for_as_a_draft() -> None:
    assert not to_submit_order(a_payload(requestedInitialState="acknowledged"), ACME).command.draft
    assert to_submit_order(a_payload(requestedInitialState="draft"), ACME).command.draft


def test_an_item_that_adds_names_its_offering() -> None:
    item = an_item()
    del item["productOffering"]
    body = a_payload(productOrderItem=[item])
    assert refusals(body) == [("/productOrderItem/0/productOffering", Code.MISSING_PROPERTY)]


def test_external_identifiers_are_kept_with_owner_and_type_where_they_have_them() -> None:
    sent = [{"owner": "acme", "externalIdentifierType": "po", "id": "1"}, {"id": "2"}]
    assert to_submit_order(a_payload(externalId=sent), ACME).command.external_identifiers == (
        ExternalIdentifier("acme", "po", "1"),
        ExternalIdentifier("", "", "2"),
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-06-01T08:00:00+02:00", datetime(2026, 6, 1, 6, tzinfo=UTC)),
        ("2026-06-01T08:00:00Z", datetime(2026, 6, 1, 8, tzinfo=UTC)),
        ("2026-06-01t08:00:00z", datetime(2026, 6, 1, 8, tzinfo=UTC)),
        ("2026-06-01T08:00:00.123456789Z", datetime(2026, 6, 1, 8, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_times_are_understood_in_utc_however_the_contract_lets_them_be_written(
    text: str, meant: datetime, contract: Contract
) -> None:
    body = a_payload(requestedStartDate=text, requestedCompletionDate=text)
    assert mistakes(contract, "createProductOrder", body) == []
    command = to_submit_order(body, ACME).command
    assert (command.requested_start, command.requested_completion) == (meant, meant)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-00:01"])
def test_a_time_outside_the_years_that_utc_has_is_refused(text: str) -> None:
    pointers = [pointer for pointer, _ in refusals(a_payload(requestedStartDate=text, requestedCompletionDate=text))]
    assert pointers == ["/requestedStartDate", "/requestedCompletionDate"]


def test_a_refusal_of_the_core_points_into_the_payload() -> None:
    body = a_payload(productOrderItem=[an_item(), an_item(id="2", quantity=0)])
    translation = to_submit_order(body, ACME)
    assert translation.source_of("/lines/1/quantity") == "/productOrderItem/1/quantity"
    assert translation.source_of("/lines/1/action") == "/productOrderItem/1/action"
    assert translation.source_of("/lines/0/id") == "/productOrderItem/0/id"
    assert translation.source_of("/lines/0/offering_id") == "/productOrderItem/0/productOffering/id"
    assert translation.source_of("/customer_id") == "/relatedParty/0/partyOrPartyRole/id"


def test_a_pointer_that_nothing_leads_to_becomes_the_nearest_that_encloses_it() -> None:
    translation = to_submit_order(a_payload(), ACME)
    assert translation.source_of("/lines/0/sku") == "/productOrderItem/0"
    assert translation.source_of("/lines") == "/productOrderItem"
    assert translation.source_of("/nothing") == ""
    assert translation.source_of("") == ""


def test_of_two_sources_the_first_enclosing_one_counts() -> None:
    trail = (Mapped("/a", "/x", "r"), Mapped("/a/b", "/x/y", "r"))
    translation = Translation(to_submit_order(a_payload(), ACME).command, {}, trail)
    assert [translation.source_of(pointer) for pointer in ("/x/y/z", "/x/q", "/x", "/w")] == ["/a/b", "/a", "/a", ""]


# --- outwards ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("sent", GOLDEN)
def test_the_answer_is_valid_in_every_state(sent: Any, state: State, contract: Contract) -> None:
    document = {"href": "https://x.example/1"} | shown(sent, state)
    assert contract.response_errors("retrieveProductOrder", 200, document) == []


@pytest.mark.parametrize("state", State)
def test_an_order_that_came_through_the_portal_is_a_valid_product_order(state: State, contract: Contract) -> None:
    document: dict[str, Any] = {"href": "https://x.example/1", **from_order(an_order_in(state), {})}
    assert contract.response_errors("retrieveProductOrder", 200, document) == []
    assert document["relatedParty"][0]["partyOrPartyRole"]["id"] == "C12345"
    assert document["externalId"][0]["id"] == "PO-1"
    assert document["productOrderItem"][0]["productOffering"]["id"] == BROADBAND.id


def test_an_order_without_external_identifiers_shows_none() -> None:
    assert "externalId" not in from_order(an_order(external_identifiers=()), {})


def test_a_completed_order_keeps_its_completion_date_when_it_is_closed() -> None:
    completed, closed = shown(a_payload(), State.COMPLETED), shown(a_payload(), State.CLOSED)
    assert completed["completionDate"] == closed["completionDate"] == "2026-05-03T15:00:00.000Z"
    assert closed["state"] == "completed"
    assert "completionDate" not in shown(a_payload(), State.FULFILLING)


def test_a_failed_order_says_why_and_what_was_undone() -> None:
    [message] = shown(a_payload(), State.FAILED)["productOrderErrorMessage"]
    assert (message["code"], message["reason"]) == ("PAYMENT_DECLINED", "Payment failure")
    assert message["message"] == (
        "Payment failure; order ORD00001 cancelled; reservation RSV001 of 2 × SKU123 released"
    )
    assert [item["productOrderItemId"] for item in message["productOrderItem"]] == ["1"]
    assert "productOrderErrorMessage" not in shown(a_payload(), State.COMPLETED)


def test_a_cancelled_order_says_when_and_why_and_shows_no_error() -> None:
    cancelled = shown(a_payload(), State.CANCELLED)
    assert (cancelled["state"], cancelled["cancellationReason"]) == ("cancelled", "ordered by mistake")
    assert cancelled["cancellationDate"] == "2026-05-03T15:00:00.000Z"
    assert "productOrderErrorMessage" not in cancelled
    for state in (State.ASSESSING_CANCELLATION, State.CANCELLING):
        assert not {"cancellationReason", "cancellationDate"} & shown(a_payload(), state).keys()


def test_a_rejected_order_shows_what_was_sent_as_it_was_sent() -> None:
    identifier = {"@type": "ExternalIdentifier", "owner": "acme", "externalIdentifierType": "po", "id": "1"}
    sent = a_payload(externalId=[identifier], relatedParty=[party("C1"), party("C2")], id="mine")
    with pytest.raises(ContractViolation) as refused:
        to_submit_order(sent, ACME)
    translation = to_rejection(answer_to(refused.value), sent, ACME)
    order = Order.received(ORDER_ID, translation.command, NOON)
    order.reject(translation.command, NOON)
    document = from_order(order, translation.carried or {})
    assert (document["id"], document["state"], order.customer_id) == (ORDER_ID, "rejected", "C1")
    assert (document["externalId"], document["relatedParty"]) == (sent["externalId"], sent["relatedParty"])
    messages = document["productOrderErrorMessage"]
    assert [message["message"].partition(":")[0] for message in messages] == [
        "/id",
        "/relatedParty/1/partyOrPartyRole/id",
    ]


def test_commands_name_the_profile_version_of_their_sender() -> None:
    sender = replace(ACME, profile="partner-acme@3")
    assert to_submit_order(a_payload(), sender).command.agreed_version == "partner-acme@3"
    with pytest.raises(ContractViolation) as refused:
        to_submit_order(a_payload(id="mine"), ACME)
    assert to_rejection(answer_to(refused.value), a_payload(), sender).command.agreed_version == "partner-acme@3"


def test_the_answer_has_the_type_that_was_sent_and_ours_where_none_was() -> None:
    assert shown(a_payload(**{"@type": "AcmeOrder"}))["@type"] == "AcmeOrder"
    assert from_order(an_order(), {})["@type"] == "ProductOrder"


def test_the_answer_never_writes_into_what_was_carried() -> None:
    body = a_payload()
    translation = to_submit_order(body, ACME)
    before = copy.deepcopy(body)
    from_order(ordered(translation, State.FAILED), carried_by(translation))
    assert body == before


def test_times_are_printed_in_utc_with_milliseconds() -> None:
    order = replace(an_order(), submitted_at=datetime.fromisoformat("2026-05-03T14:00:00.123456+02:00"))
    assert from_order(order, {})["creationDate"] == "2026-05-03T12:00:00.123Z"


# --- lossless ---------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
EXTENSIONS = st.dictionaries(st.text(min_size=1, max_size=10), JSON, max_size=4).map(
    lambda extra: {name: value for name, value in extra.items() if name not in ATTRIBUTES | {"productOffering"}}
)


@given(EXTENSIONS, EXTENSIONS, st.sampled_from(State))
def test_what_a_partner_adds_of_its_own_comes_back_verbatim(
    extra: dict[str, Any], item_extra: dict[str, Any], state: State
) -> None:
    own = {name: value for name, value in item_extra.items() if name not in ("action", "quantity", "state")}
    body = a_payload(productOrderItem=[own | an_item()], **extra)
    document = shown(body, state)
    assert {name: document[name] for name in extra} == extra
    assert {name: document["productOrderItem"][0][name] for name in own} == own
    assert_accounted_for(body)


@pytest.mark.parametrize("sent", GOLDEN)
def test_everything_that_was_sent_comes_back(sent: Any) -> None:
    for state in State:
        assert_contains(shown(sent, state), sent, "")


@pytest.mark.parametrize("sent", GOLDEN)
def test_the_trail_accounts_for_every_attribute_and_leads_somewhere_at_both_ends(sent: Any) -> None:
    assert_accounted_for(sent)


def assert_contains(answer: Any, sent: Any, at: str) -> None:
    if isinstance(sent, dict):
        for name, value in sent.items():
            assert name in answer, f"{at}/{name} was lost"
            assert_contains(answer[name], value, f"{at}/{name}")
    elif isinstance(sent, list):
        assert len(answer) == len(sent), at
        for index, value in enumerate(sent):
            assert_contains(answer[index], value, f"{at}/{index}")
    else:
        assert answer == sent, at


def assert_accounted_for(body: dict[str, Any]) -> None:
    translation = to_submit_order(body, ACME)
    target = asdict(translation.command) | {"carried": translation.carried}
    for mapped in translation.trail:
        resolve(body, mapped.source)
        resolve(target, mapped.target)
        assert mapped.rule
    sources = [mapped.source for mapped in translation.trail]
    places = [f"/{escaped(name)}" for name in body]
    places += [
        f"/productOrderItem/{i}/{escaped(name)}" for i, item in enumerate(body["productOrderItem"]) for name in item
    ]
    for place in places:
        assert any(source == place or source.startswith(f"{place}/") for source in sources), f"{place} is missing"


def resolve(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list | tuple) else document[name]
    return document


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
