"""TM Forum's own request examples against the contracts we serve."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from facade.contract.completion import Leniency
from facade.contract.loading import load_spec
from facade.contract.validator import Contract

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "fixtures" / "published" / "tmf622" / "v5").glob("*.json"))
# Where the examples leave the letter of the schema, and the rule that lets them in.
LENIENCIES = {
    "108": [("/productOrderItem/3/productOrderItemRelationship/0/@type", Leniency.TYPE_BY_BASE_CLASS)],
    "110": [("/productOrderItem/0/product/@type", Leniency.TYPE_BY_BASE_CLASS)],
    "112": [("/productOrderItem/2/product/intent/expression/@type", Leniency.TYPE_BY_BASE_CLASS)],
}


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return Contract(load_spec(ROOT / "specs" / "tmf" / "tmf622-v5.yaml", tmp_path_factory.mktemp("cache")))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param.name.partition("-")[0], orjson.loads(request.param.read_bytes())


def test_it_is_accepted_unchanged_under_named_leniencies(contract: Contract, example: tuple[str, Any]) -> None:
    number, body = example
    checked = contract.check_request("createProductOrder", body)
    assert checked.violations == ()
    assert checked.body is body
    allowances = contract.allowances("createProductOrder", body)
    assert [(a.pointer, a.rule) for a in allowances] == LENIENCIES[number]


def test_it_is_accepted_without_any_type(contract: Contract, example: tuple[str, Any]) -> None:
    checked = contract.check_request("createProductOrder", _without_types(example[1]))
    assert checked.violations == ()
    assert checked.body["@type"] == "ProductOrder"
    assert all(item["@type"] == "ProductOrderItem" for item in checked.body["productOrderItem"])


def test_one_fault_in_it_is_found_where_it_is(contract: Contract, example: tuple[str, Any]) -> None:
    body = orjson.loads(orjson.dumps(example[1]))
    body["productOrderItem"][0]["action"] = "change"
    [found] = contract.request_errors("createProductOrder", body)
    assert found.pointer == "/productOrderItem/0/action"
    assert found.hint == "did you mean `modify`?"


def _without_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_types(member) for name, member in value.items() if name != "@type"}
    return [_without_types(entry) for entry in value] if isinstance(value, list) else value
