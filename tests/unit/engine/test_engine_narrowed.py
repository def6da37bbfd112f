"""Contracts that are narrowed to what is agreed with a partner."""

import json
from typing import Any

import pytest
import yaml

from facade.app import contract_of, spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import versions_of
from facade.contract.official import operations
from facade.contract.validator import Contract
from facade.partners.profiles import compile_profile
from facade.tmf.engine.declaration import TmfApi
from facade.tmf.engine.narrowed import Narrowing, narrowed
from facade.tmf.tmf622.api import TMF622
from tests.support.specs import SPECS

FIXTURES = SPECS.parent / "fixtures"
PARTNERS, VERSIONS = ("alpha", "beta"), ("v4", "v5")


def contract(partner: str, version: str, **more: Any) -> tuple[dict[str, Any], Contract]:
    said = yaml.safe_load((FIXTURES / "partners" / f"partner-{partner}.yaml").read_text()) | more
    profile = compile_profile(said, f"partner-{partner}@1")
    spec = narrowed(
        spec_of(TMF622.versions[version].spec),
        versions_of(TMF622, version).values(),
        Narrowing(f"partner-{partner}", profile, deprecated=version == "v4"),
    )
    return spec, Contract(spec)


def golden(partner: str, version: str) -> Any:
    return json.loads((FIXTURES / "golden" / "partners" / f"{partner}-{version}.request.json").read_text())


def wrong(checks: Contract, body: Any) -> list[str]:
    return [one.pointer for one in checks.check_request("createProductOrder", body).violations]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("partner", PARTNERS)
def test_it_takes_what_the_partner_sends_and_refuses_what_another_says(partner: str, version: str) -> None:
    _, checks = contract(partner, version)
    assert wrong(checks, golden(partner, version)) == []
    [other] = set(PARTNERS) - {partner}
    assert "/productOrderItem/0/action" in wrong(checks, golden(other, version))


@pytest.mark.parametrize("version", VERSIONS)
def test_it_has_the_extensions_that_are_promoted(version: str) -> None:
    promoted = {"/x_p": {"to": "category"}, "/x_channel": {"to": "salesChannel", "table": {"shop": "web"}}}
    spec, checks = contract("alpha", version, promoted=promoted, extensions={"allowed": ["x_own"], "others": "refuse"})
    assert "allowed: x_own, x_p, x_channel." in spec["info"]["description"]
    sent = golden("alpha", version)
    assert wrong(checks, sent | {"x_p": "any", "x_channel": "shop"}) == []
    assert set(wrong(checks, sent | {"x_p": 1, "x_channel": "web"})) == {"/x_p", "/x_channel"}
    assert checks.extensions("createProductOrder", sent | {"x_p": "any", "x_own": 1}) == [("x_own",)]
    patch = {"x_channel": "web"}
    assert checks.check_request("patchProductOrder", patch, "application/merge-patch+json").violations


@pytest.mark.parametrize("version", VERSIONS)
def test_it_refuses_our_own_words_where_the_partner_has_others(version: str) -> None:
    _, checks = contract("alpha", version)
    ours = json.loads(json.dumps(golden("alpha", version)).replace('"neu"', '"add"'))
    assert "/productOrderItem/0/action" in wrong(checks, ours)


def test_ids_are_those_of_the_table_and_of_the_template() -> None:
    _, checks = contract("alpha", "v5")
    foreign = json.loads(json.dumps(golden("alpha", "v5")).replace("A-100", "A-999").replace("P-PRD1", "PRD1"))
    assert wrong(checks, foreign) == ["/productOrderItem/0/productOffering/id", "/productOrderItem/1/product/id"]


def test_answers_may_show_every_state_as_the_partner_reads_it() -> None:
    spec, checks = contract("beta", "v5")
    order = {"@type": "ProductOrder", "id": "1", "href": "/x", "productOrderItem": []}
    for state, faults in (("received", 0), ("completed", 0), ("nonsense", 1)):
        found = checks.response_errors("retrieveProductOrder", 200, order | {"state": state})
        assert len([one for one in found if one.pointer == "/state"]) == faults, state
    assert "angenommen is our completed" in json.dumps(spec)


def test_only_words_for_what_the_contract_allows_at_a_place_are_listed() -> None:
    spec, _ = contract("alpha", "v5")
    [_, own, _] = spec["components"]["schemas"]["ProductOrder_FVO"]["allOf"]
    assert own["properties"]["requestedInitialState"]["enum"] == ["Entwurf", "angenommen"]


@pytest.mark.parametrize("api", TMF_APIS, ids=lambda api: api.name)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_operation_of_a_narrowed_contract_can_be_checked(api: TmfApi, version: str) -> None:
    profile = compile_profile(yaml.safe_load((FIXTURES / "partners" / "partner-alpha.yaml").read_text()))
    known = Narrowing("partner-alpha", profile)
    spec = narrowed(spec_of(api.versions[version].spec), versions_of(api, version).values(), known)
    checks = Contract(spec)
    for _, _, operation in operations(spec):
        for media_type in operation.get("requestBody", {}).get("content", {}):
            checks.check_request(operation["operationId"], {}, media_type)
        for status in operation["responses"]:
            checks.response_errors(operation["operationId"], int(status), {})


def test_the_contract_names_the_partner_its_codes_and_the_deprecation() -> None:
    spec, _ = contract("alpha", "v4")
    assert spec["info"]["title"].endswith(" for partner-alpha")
    assert "partner-alpha@1" in spec["info"]["description"]
    assert "are refused; allowed: kampagne, x_dringlichkeit." in spec["info"]["description"]
    assert "E-LAGER (INSUFFICIENT_STOCK)" in json.dumps(spec["components"]["schemas"]["Error"])
    assert spec["paths"]["/productOrder"]["post"]["deprecated"] is True
    assert "deprecated" not in contract("alpha", "v5")[0]["paths"]["/productOrder"]["post"]


def test_the_sample_profile_sends_what_its_contract_allows() -> None:
    said = yaml.safe_load((FIXTURES / "partner-samples" / "partner-acme.yaml").read_text())
    profile = compile_profile({key: value for key, value in said.items() if key != "versions"}, "partner-acme@1")
    known = Narrowing("partner-acme", profile)
    checks = Contract(narrowed(spec_of("tmf/tmf622-v5.yaml"), versions_of(TMF622, "v5").values(), known))
    fine, foreign = (example["payload"] for example in said["examples"])
    assert (wrong(checks, fine), wrong(checks, foreign)) == ([], ["/productOrderItem/0/action"])


def test_the_contract_that_is_served_stays_as_it_is() -> None:
    contract("alpha", "v5")
    assert "alpha" not in json.dumps(spec_of("tmf/tmf622-v5.yaml"))
    assert wrong(contract_of("tmf/tmf622-v5.yaml"), golden("alpha", "v5")) != []
