"""The benchmarks are not run here, but what they measure must be there."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.bench import translation
from tests.bench.layering import LAYERS


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, name, _ in LAYERS], ids=str)
def test_every_layer_that_the_profile_times_exists(owner: Any, name: str) -> None:
    assert callable(getattr(owner, name))


@pytest.mark.parametrize("measures", [translation.v5_measures, translation.v4_measures])
def test_every_part_of_a_translation_can_be_measured(measures: Callable[[], translation.Measures]) -> None:
    taken = translation.measured(measures(), rounds=1, calls=1)
    assert taken[translation.TOGETHER] > 0
