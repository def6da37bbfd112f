"""What is told of each place of a payload: only of places that were sent, and the same for every refusal."""

from typing import Any

import pytest

from facade.bootstrap.answers import answer_to
from facade.bootstrap.apis import translatable
from facade.bootstrap.replaying import NothingKept
from facade.contract.loading import load_spec
from facade.evidence import LONGEST_POINTER, MOST_PLACES, is_sent, refused_places
from facade.partners.profiles import Profile
from facade.security.principal import Principal
from facade.translations import tried
from tests.conformance.orderable import order_v4, order_v5
from tests.support.generated import Payloads
from tests.support.product import ROOT
from tests.unit.engine.worded import ALPHA, BETA, golden

KNOWN = translatable(NothingKept())
CLASSES = {"v5": ("ProductOrder_FVO", order_v5), "v4": ("ProductOrder_Create", order_v4)}
SEEDS = range(40)


def answer(version: str, payload: Any, profile: Profile | None = None) -> dict[str, Any]:
    principal = Principal("acme", frozenset({"order:create"}), profile=profile or Profile())
    return tried(KNOWN["TMF622", version, "createProductOrder"], "createProductOrder", payload, principal, answer_to)


@pytest.fixture(scope="module", params=CLASSES)
def generated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Any]]:
    spec = load_spec(ROOT / "specs" / "tmf" / f"tmf622-{request.param}.yaml", tmp_path_factory.mktemp("specs"))
    name, orderable = CLASSES[request.param]
    made = Payloads(spec, ("orderDate", "state"))
    return [(request.param, orderable(made.of(name, seed), "")) for seed in SEEDS]


def test_only_places_that_were_sent_are_told_as_read_or_kept(generated: list[tuple[str, Any]]) -> None:
    accepted = 0
    for version, payload in generated:
        tried = answer(version, payload)
        accepted += tried["accepted"]
        told = [one for one in tried["fields"] if one["outcome"] in ("mapped", "carried")]
        assert [one["source"] for one in told if not is_sent(payload, one["source"])] == []
        assert all(one["source"] in tried["carried"] for one in told if one["outcome"] == "carried")
    assert accepted > len(generated) / 2


@pytest.mark.parametrize(("partner", "profile"), [("alpha", ALPHA), ("beta", BETA)])
@pytest.mark.parametrize("version", CLASSES)
def test_each_word_of_a_partner_is_told_with_its_row_of_the_profile(
    version: str, partner: str, profile: Profile
) -> None:
    payload = golden(f"{partner}-{version}.request")
    told = {one["source"]: one for one in answer(version, payload, profile)["fields"]}
    assert told["/productOrderItem/0/action"]["profileRule"].startswith("/words/actions/table/")
    assert told["/productOrderItem/0/productOffering/id"]["profileRule"].startswith("/ids/offerings/t")
    assert all(is_sent(payload, source) for source, one in told.items() if one["outcome"] != "enriched")


def test_a_type_that_was_not_sent_is_told_as_supplied() -> None:
    payload = golden("alpha-v5.request")
    payload.pop("@type", None)
    told = {one["source"]: one for one in answer("v5", payload, ALPHA)["fields"]}
    assert told["/@type"]["outcome"] == "enriched"


def test_a_refusal_tells_each_place_with_its_code() -> None:
    payload = golden("alpha-v5.request")
    payload["productOrderItem"][0]["action"] = "bestellen"
    told = answer("v5", payload, ALPHA)
    assert not told["accepted"]
    refused = [(one["source"], one["target"], one["rule"], one["outcome"]) for one in told["fields"]]
    assert refused == [("/productOrderItem/0/action", "", "invalidValue", "refused")]
    assert [one["pointer"] for one in told["errors"]] == ["/productOrderItem/0/action"]


def test_a_record_of_a_refusal_has_bounds() -> None:
    entry = {"pointer": f"/{'x' * 1_000}", "code": "invalidValue", "reason": None}
    told = refused_places([entry] * 500)
    assert len(told) == MOST_PLACES
    assert {len(one.source) for one in told} == {LONGEST_POINTER}


def test_a_record_of_a_refusal_names_no_place_with_what_no_answer_has() -> None:
    [told] = refused_places([{"pointer": "/a\0b", "code": "unexpectedProperty"}])
    assert told.source == "/a\ufffdb"
