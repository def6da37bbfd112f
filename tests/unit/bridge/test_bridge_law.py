"""v4 → v5 → v4 and v5 → v4 → v5: equal to the original minus what the reports name."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from facade.contract.loading import parse_spec
from facade.contract.validator import Contract
from facade.tmf.bridge import NotVisible
from facade.tmf.tmf622.v4 import BRIDGE
from tests.support.specs import mistakes
from tests.unit.bridge.generated import Bodies
from tests.unit.bridge.laws import same_after_v4, same_after_v5

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "fixtures" / "published" / "tmf622"
SPECS = ROOT / "specs" / "tmf"
V5_FILE = SPECS / "tmf622-v5.yaml"
V4, V5 = parse_spec((SPECS / "tmf622-v4.yaml").read_bytes()), parse_spec(V5_FILE.read_bytes())
V4_CONTRACT, V5_CONTRACT = Contract(V4), Contract(V5)
V4_BODIES, V5_BODIES = Bodies(V4, typed=False), Bodies(V5, typed=True)
PLAIN_V5 = Bodies(V5, typed=True, odd=False)
SEEDS = st.integers(0, 2**32)
NAMES = st.sampled_from(["ProductOrder", "ProductOrder", "CancelProductOrder"])
often = settings(max_examples=200, deadline=None, database=None, derandomize=True, phases=[Phase.generate])


def resources(version: str) -> list[Any]:
    """Every published resource, lists of them taken apart."""
    found = []
    for path in sorted((PUBLISHED / version).glob("*.json")):
        content = orjson.loads(path.read_bytes())
        if "event" in path.name or "op" in str(content)[:8]:
            continue
        for number, body in enumerate(content if isinstance(content, list) else [content]):
            found.append(pytest.param(body["@type"], body, id=f"{path.stem}-{number}"))
    return found


@pytest.mark.parametrize(("resource", "body"), resources("v4"))
def test_a_published_v4_resource_comes_back_from_v5(resource: str, body: Any) -> None:
    expected, found = same_after_v5(resource, body)
    assert found == expected
    assert V5_CONTRACT.response_errors(f"retrieve{resource}", 200, BRIDGE.lift(resource, body).body) == []


@pytest.mark.parametrize(("resource", "body"), resources("v5"))
def test_a_published_v5_resource_comes_back_from_v4(resource: str, body: Any) -> None:
    expected, found = same_after_v4(resource, body)
    assert found == expected
    assert V4_CONTRACT.response_errors(f"retrieve{resource}", 200, BRIDGE.lower(resource, body).body) == []


@often
@given(seed=SEEDS, resource=NAMES)
def test_a_generated_v4_resource_comes_back_from_v5(seed: int, resource: str) -> None:
    body = V4_BODIES.make(resource, seed)
    expected, found = same_after_v5(resource, body)
    assert found == expected


@often
@given(seed=SEEDS, resource=NAMES)
def test_a_generated_v5_resource_comes_back_from_v4(seed: int, resource: str) -> None:
    body = V5_BODIES.make(resource, seed)
    try:
        expected, found = same_after_v4(resource, body)
    except NotVisible:
        assert body["state"] == "draft"
        return
    assert found == expected


@often
@given(seed=SEEDS)
def test_an_order_placed_on_v5_is_a_valid_v4_order(seed: int) -> None:
    body = PLAIN_V5.make("ProductOrder_FVO", seed)
    assume(mistakes(V5_CONTRACT, "createProductOrder", body) == [])
    try:
        lowered = BRIDGE.lower("ProductOrder", body).body
    except NotVisible:
        return
    assert V4_CONTRACT.response_errors("retrieveProductOrder", 200, lowered) == []
