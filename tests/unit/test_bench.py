"""The benchmarks are not run here, but what they measure must be there."""

from typing import Any

import pytest

from tests.bench.layering import LAYERS


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, name, _ in LAYERS], ids=str)
def test_every_layer_that_the_profile_times_exists(owner: Any, name: str) -> None:
    assert callable(getattr(owner, name))
