"""The mapper of TMF637's product, in both directions and both versions."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.persistence.encoding import converter
from canonical.inventory.asset import Cause
from canonical.inventory.commands import RemoveAsset
from canonical.inventory.contents import (
    AssetContents,
    AssetOffering,
    AssetOrder,
    AssetParty,
    AssetPlace,
    AssetRelationship,
    RelationshipType,
)
from canonical.inventory.states import AssetStatus, Trigger
from canonical.shared import jsontext
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.reader import CustomerSet, Reader
from facade.app import contract_of, spec_of
from facade.contract.classes import ClassCatalog
from facade.contract.violations import ContractViolation
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.versions import Version
from facade.tmf.tmf637 import product
from facade.tmf.tmf637.api import PRODUCT, TMF637
from facade.tmf.tmf637.v4 import BRIDGE
from tests.support.builders import NOON
from tests.support.golden import REQUEST, name_of, requests, require_as_agreed
from tests.support.product import ROOT
from tests.unit.tmf637.assets import (
    ADMIN,
    ASSET_ID,
    CAUSE,
    CONTENTS,
    V4,
    V5,
    VERSIONS,
    an_asset,
    document,
    plan_of,
    recorded,
    shown,
    translated,
)

BOTH = pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
often = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def published(version: str, *names: str) -> set[str]:
    catalog = ClassCatalog(spec_of(TMF637.versions[version].spec)["components"]["schemas"])
    return {attribute for name in names for attribute in catalog.shape(name).properties}


def mistakes_of(version: Version, answer: Any) -> list[Any]:
    operation = PRODUCT.operation(Verb.RETRIEVE, version.name)
    return list(contract_of(TMF637.versions[version.name].spec).response_errors(operation, 200, answer))


FOLDER = ROOT / "fixtures" / "golden" / "tmf637"


def sent(file: Path) -> Any:
    return jsontext.read_kept(file.read_text())


# --- every attribute --------------------------------------------------------------------------------------------------


def test_every_attribute_is_mapped_shaped_carried_or_refused_and_none_twice() -> None:
    mapped = [name for row in product.CONTENTS for name in row.attributes]
    accounted = [*mapped, *product.SHAPED, *product.CARRIED, *product.IGNORED, "id"]
    assert set(accounted) == published("v5", "Product", "Product_FVO", "Product_MVO")
    assert len(accounted) == len(set(accounted))


def test_every_attribute_of_v4_is_one_of_v5() -> None:
    v4 = published("v4", "Product", "Product_Create", "Product_Update")
    assert {BRIDGE.classes["Product"].renamed.get(one, one) for one in v4} <= published("v5", "Product")


def test_the_statuses_are_those_of_the_contracts() -> None:
    for version in TMF637.versions.values():
        known = spec_of(version.spec)["components"]["schemas"]["ProductStatusType"]["enum"]
        assert set(known) == product.STATUSES.keys()
    assert product.STATES.keys() == set(AssetStatus)


# --- golden files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_file", requests(FOLDER), ids=name_of)
def test_a_golden_request_becomes_its_command_and_is_answered_as_written(request_file: Path) -> None:
    version = VERSIONS[request_file.parent.name]
    translation = translated(version, sent(request_file))
    require_as_agreed(request_file, converter.unstructure(translation.command), "command")
    answer = shown(version, recorded(translation), translation.carried)
    require_as_agreed(request_file, answer)
    assert mistakes_of(version, answer) == []


def test_both_versions_of_the_golden_request_mean_the_same() -> None:
    files = (FOLDER / version / f"80-product{REQUEST}" for version in VERSIONS)
    v5, v4 = (translated(VERSIONS[file.parent.name], sent(file)).command for file in files)
    assert replace(v5, contents=AssetContents()) == replace(v4, contents=AssetContents())
    assert v5.contents == v4.contents


# --- contents that nobody sent ----------------------------------------------------------------------------------------


@often
@given(contents=CONTENTS)
def test_what_the_core_knows_is_what_its_document_says(contents: AssetContents) -> None:
    asset = an_asset(contents)
    kept = document(asset)
    assert mistakes_of(V5, {"href": "x", **kept}) == []
    assert mistakes_of(V4, shown(V4, asset)) == []
    again = recorded(translated(V5, product.as_created(kept, asset)))
    assert (again.contents, again.customer_id, again.state) == (contents, "C12345", AssetStatus.ACTIVE)


@often
@given(old=CONTENTS, new=CONTENTS)
def test_other_contents_are_shown_with_what_was_sent_beside_the_old_ones(
    old: AssetContents, new: AssetContents
) -> None:
    sent = {**document(an_asset(old)), "acme": {"kept": True}}
    asset = an_asset(new, "C12346")
    kept = document(asset, sent)
    assert kept["acme"] == {"kept": True}
    again = recorded(translated(V5, product.as_created(kept, asset)))
    assert (in_any_order(again.contents), again.customer_id) == (in_any_order(new), "C12346")


def in_any_order(contents: AssetContents) -> tuple[AssetContents, Counter[AssetParty]]:
    """Those that were sent stand before the others: the order of parties says nothing."""
    return replace(contents, parties=()), Counter(contents.parties)


def test_a_party_that_is_new_stands_after_those_that_were_sent() -> None:
    payer, user = AssetParty("Payer", "P0", "Ann"), AssetParty("User", "P0", None)
    sent = document(an_asset(AssetContents(parties=(payer,))))
    kept = document(an_asset(AssetContents(parties=(user, payer))), sent)
    again = recorded(translated(V5, kept))
    assert again.contents.parties == (payer, user)


@BOTH
def test_a_product_of_which_nothing_is_known_has_what_the_profile_asks_for(version: Version) -> None:
    answer = shown(version, an_asset(AssetContents(), customer="", cause=Cause("found", "qa")))
    unknown = {"billingAccount": None, "productOffering": None}
    nothing: dict[str, Any] = {"productCharacteristic": [], "productPrice": [], "relatedParty": []}
    assert answer.items() >= (unknown | nothing | {"status": "active", "id": ASSET_ID}).items()
    assert mistakes_of(version, answer) == []


# --- status, customer, orders, parts ----------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("spelled", ["aborted", "aborted "])
def test_both_spellings_of_aborted_are_understood(version: Version, spelled: str) -> None:
    translation = translated(version, {"status": spelled})
    assert translation.command.status is AssetStatus.ABORTED
    assert shown(version, recorded(translation), translation.carried)["status"] == "aborted"


def test_a_product_without_a_status_is_created() -> None:
    assert translated(V5, {"@type": "Product"}).command.status is AssetStatus.CREATED


def test_the_customer_is_the_party_with_that_role_and_may_be_missing() -> None:
    parties = [
        {"role": "User", "partyOrPartyRole": {"@type": "PartyRef", "id": "P1", "name": "Jean"}},
        {"role": "Buyer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "C1"}},
    ]
    command = translated(V5, {"relatedParty": parties}).command
    assert (command.customer_id, command.contents.parties) == ("C1", (AssetParty("User", "P1", "Jean"),))
    assert translated(V5, {"relatedParty": parties[:1]}).command.customer_id == ""
    with pytest.raises(ContractViolation):
        translated(V5, {"relatedParty": [parties[1], {"role": "Customer", "partyOrPartyRole": {"id": "C2"}}]})


def test_who_is_bound_to_customers_records_nothing_that_is_nobodys() -> None:
    bound = replace(ADMIN, reader=Reader("qa", customers=CustomerSet(frozenset({"C1"}))))
    body = {"@type": "Product", "name": "Line"}
    assert product.to_record_asset(body, replace(bound, reader=Reader("qa"))).command.customer_id == ""
    with pytest.raises(ContractViolation) as refused:
        product.to_record_asset(body, bound)
    [violation] = refused.value.violations
    assert (violation.pointer, violation.reason) == ("/relatedParty", "CUSTOMER_MISSING")
    with pytest.raises(ContractViolation):
        product.to_change({"name"}, an_asset(AssetContents()), {"name"}, body, bound)


def test_after_a_move_the_new_customer_is_shown_and_not_the_old_one() -> None:
    sent = {"relatedParty": [{"role": "Customer", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "C1"}}]}
    [party] = document(an_asset(AssetContents(), "C2"), sent)["relatedParty"]
    assert (party["role"], party["partyOrPartyRole"]["id"]) == ("Customer", "C2")


@BOTH
def test_the_orders_that_touched_it_are_named_beside_those_that_were_sent(version: Version) -> None:
    order, item = ("orderId", "orderItemId") if version is V5 else ("productOrderId", "orderItemId")
    sent = [{"@type": "RelatedOrderItem", "role": "x", "orderId": "old", "orderItemId": "7"}]
    asset = an_asset(AssetContents())
    asset.change(Trigger.SUSPEND, Cause("not paid", "acme", AssetOrder("o2", "3", "suspend")), NOON)
    shown_items = shown(version, asset, {"productOrderItem": sent})["productOrderItem"]
    assert [(one[order], one[item]) for one in shown_items] == [("old", "7"), ("o1", "1"), ("o2", "3")]
    assert [one.get("orderItemAction") for one in shown_items] == [None, "add", "modify"]
    assert mistakes_of(version, shown(version, asset)) == []


@BOTH
def test_a_bundle_refers_to_its_parts(version: Version) -> None:
    contents = AssetContents(relationships=(AssetRelationship(RelationshipType.BUNDLES, "a2"),))
    answer = shown(version, an_asset(contents))
    assert [one["id"] for one in answer["product"]] == ["a2"]
    [related] = answer["productRelationship"]
    assert related["relationshipType"] == "bundles"
    assert (related if version is V5 else related["product"])["id"] == "a2"


def test_a_place_is_an_id_or_words() -> None:
    places = [
        {"role": "here", "place": {"@type": "PlaceRef", "id": "9912"}},
        {"role": "there", "place": {"@type": "GeographicAddress", "streetName": "Long Road", "streetNr": "5"}},
    ]
    known = translated(V5, {"place": places}).command.contents.places
    assert known == (AssetPlace("here", "9912"), AssetPlace("there", text="Long Road, 5"))


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_patch_corrects_what_it_names_and_keeps_what_tmf637_has_no_attribute_for() -> None:
    known = AssetContents(
        offering=AssetOffering("po_1", "1.0", "Line", sku="SKU1"),
        quantity=17,
        subscription_id="S1",
        external_identifiers=(ExternalIdentifier("bss", "asset", "77"),),
    )
    command = plan_of(an_asset(known), {"name": "Fibre", "status": "suspended"})
    assert command.contents == replace(known, name="Fibre")
    assert (command.status, command.expected_version) == (AssetStatus.SUSPENDED, 0)
    assert (command.reason, command.actor) == (ADMIN.reason, ADMIN.client)


@BOTH
def test_a_patch_that_changes_nothing_asks_for_nothing(version: Version) -> None:
    contents = AssetContents(name="Line", relationships=(AssetRelationship(RelationshipType.BUNDLES, "a2"),))
    assert plan_of(an_asset(contents), {"name": "Line", "status": "active"}, version=version) is None


@BOTH
def test_a_patch_of_what_is_carried_leaves_the_contents(version: Version) -> None:
    contents = AssetContents(name="Line", relationships=(AssetRelationship(RelationshipType.BUNDLES, "a2"),))
    command = plan_of(an_asset(contents), {"isCustomerVisible": True}, version=version)
    assert (command.contents, command.changes_carried) == (contents, True)


@pytest.mark.parametrize("name", ["id", "href", "creationDate", "@baseType"])
def test_some_attributes_are_never_changed(name: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        plan_of(an_asset(AssetContents()), {name: "2026-01-01T00:00:00Z"})
    assert [one.pointer for one in refused.value.violations] == [f"/{name}"]


def test_without_a_reason_there_is_one_that_is_documented() -> None:
    removal = product.to_removal(ASSET_ID, 3, False, replace(ADMIN, reason=None))
    assert removal.command == RemoveAsset(ASSET_ID, ADMIN.client, product.NO_REASON, 3)
    text = (ROOT / "docs" / "partners.md").read_text() + str(spec_of("tmf/tmf637-v5.yaml")["components"]["parameters"])
    assert text.count(product.NO_REASON) == 2


@given(st.sampled_from(["", " ", "a b", "-a", "a/b", "x" * 37, "ä"]))
def test_an_id_can_stand_in_an_address(asset_id: str) -> None:
    with pytest.raises(ContractViolation):
        product.to_record_asset({"id": asset_id}, ADMIN)


def test_the_cause_of_an_order_is_kept_in_the_timeline() -> None:
    assert an_asset(AssetContents()).orders == (CAUSE.order,)
