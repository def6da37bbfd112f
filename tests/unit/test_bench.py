"""The benchmarks are not run here, but what they measure must be there."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests import bench
from tests.bench import answer_checks, translation
from tests.bench.layering import LAYERS


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(bench.__path__[0]).glob("[!_]*.py")))
def test_every_benchmark_finds_what_it_names(name: str) -> None:
    import_module(f"{bench.__name__}.{name}")


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, name, _ in LAYERS], ids=str)
def test_every_layer_that_the_profile_times_exists(owner: Any, name: str) -> None:
    assert callable(getattr(owner, name))


@pytest.mark.parametrize("measures", [translation.v5_measures, translation.v4_measures])
def test_every_part_of_a_translation_can_be_measured(measures: Callable[[], translation.Measures]) -> None:
    taken = translation.measured(measures(), rounds=1, calls=1)
    assert taken[translation.TOGETHER] > 0


def test_the_checks_of_answers_can_be_taken_away_to_be_measured() -> None:
    place = answer_checks.calls()
    place()
    with answer_checks.nothing_held():
        place()
    place()
