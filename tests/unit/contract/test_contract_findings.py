"""The mistakes in a document are found at a bounded cost, and are the same that an unbounded search finds."""

import threading
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facade.contract.classes import ClassCatalog
from facade.contract.findings import FindingsValidator
from facade.contract.loading import load_spec
from facade.contract.schema import SchemaConverter, Side
from facade.contract.validator import Contract
from tests.support.specs import mistakes
from tests.unit.contract.test_contract_differential import ORDERS, VALUES

Finding = tuple[list[str | int], str]


@pytest.fixture(scope="session")
def document(spec: dict[str, Any]) -> dict[str, Any]:
    converter = SchemaConverter(ClassCatalog(spec["components"]["schemas"]), Side.REQUEST)
    return converter.document({"$ref": "#/components/schemas/Order"})


@pytest.fixture(scope="session")
def bounded(document: dict[str, Any]) -> FindingsValidator:
    return FindingsValidator(document)


@pytest.fixture(scope="session")
def unbounded(document: dict[str, Any]) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(document, validate_formats=True)


def told(findings: Any) -> list[Finding]:
    return [(finding.instance_path, finding.kind.name) for finding in findings]


def nested(levels: int, entry: Any) -> Any:
    """An item in an item in an item, and beside each of them one more that lacks its id."""
    for _ in range(levels):
        entry = {"@type": "Item", "id": "1", "action": "add", "item": [entry, {"@type": "Item", "action": "add"}]}
    return entry


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(ORDERS, VALUES))
def test_the_same_is_found_as_without_a_bound(
    bounded: FindingsValidator, unbounded: jsonschema_rs.Draft7Validator, body: Any
) -> None:
    assert told(bounded.find(body)) == told(unbounded.iter_errors(body))


@pytest.mark.parametrize("entries", [1, 30])
@pytest.mark.parametrize("levels", [0, 1, 3])
def test_wrong_entries_of_nested_lists_are_all_found(
    bounded: FindingsValidator, unbounded: jsonschema_rs.Draft7Validator, entries: int, levels: int
) -> None:
    right = {"@type": "Item", "id": "1", "action": "add"}
    body = {"@type": "Order", "item": [right] * 400 + [nested(levels, {"@type": "Item"})] * (entries // (levels + 1))}
    assert told(bounded.find(body)) == told(unbounded.iter_errors(body)) != []


@pytest.mark.parametrize(
    "entry", [1, {}, {"@type": "Item"}, {"@type": "Item", "id": "1", "action": "add", "item": [1]}]
)
def test_of_very_many_wrong_entries_only_some_are_looked_at(bounded: FindingsValidator, entry: Any) -> None:
    found = list(bounded.find({"@type": "Order", "item": [entry] * 40_000}))
    assert 50 <= len(found) < 1_000


def test_large_entries_are_the_sooner_enough(bounded: FindingsValidator) -> None:
    large = nested(1, {"@type": "Item", "id": "1", "tags": ["x"] * 45_000})
    assert 0 < len(list(bounded.find({"@type": "Order", "item": [large] * 90}))) < 10


def test_no_level_of_nesting_doubles_the_work(bounded: FindingsValidator) -> None:
    """It would take longer than anybody waits: 2 to the power of 30."""
    found = told(bounded.find({"@type": "Order", "item": [nested(30, {"@type": "Item"})]}))
    assert ["item", 0, *["item", 0] * 30, "id"][:-1] in [path for path, _ in found]


def test_threads_do_not_spend_each_others_budget(bounded: FindingsValidator) -> None:
    together = threading.Barrier(4)
    answers: list[Any] = []

    def search() -> None:
        together.wait()
        answers.extend(len(list(bounded.find({"@type": "Order", "item": [{}] * 5_000}))) for _ in range(20))

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 80
    assert len(set(answers)) == 1


def test_fifty_mistakes_are_told_of_a_huge_wrong_order(tmp_path: Path) -> None:
    contract = Contract(load_spec(Path(__file__).parents[3] / "specs" / "tmf" / "tmf622-v5.yaml", tmp_path))
    body = {"@type": "ProductOrder", "productOrderItem": [{}] * 16_000}
    assert len(mistakes(contract, "createProductOrder", body)) == 50


@pytest.mark.parametrize("entries", [12_000, 400])
@pytest.mark.parametrize("items", [1, 2, 30])
def test_one_entry_with_very_many_mistakes_inside_is_not_taken_for_right(
    tmp_path: Path, entries: int, items: int
) -> None:
    contract = Contract(load_spec(Path(__file__).parents[3] / "specs" / "tmf" / "tmf622-v5.yaml", tmp_path))
    item = {"id": "1", "action": "add", "itemPrice": [{"name": "x"}] * (entries // items)}
    assert len(mistakes(contract, "createProductOrder", {"productOrderItem": [item] * items})) == 50


@pytest.mark.parametrize(("names_before", "hint"), [(49, "there is `actio`; did you mean `action`?"), (50, None)])
def test_a_missing_name_is_compared_with_the_first_fifty_there_are(
    contract: Contract, names_before: int, hint: str | None
) -> None:
    """A comparison costs up to 50 µs, and an object may have fifty thousand members."""
    item = {"id": "1", **{f"x{number}": 1 for number in range(names_before - 1)}, "actio": "add"}
    [found] = mistakes(contract, "createOrder", {"item": [item]})
    assert (found.pointer, found.hint) == ("/item/0/action", hint)
