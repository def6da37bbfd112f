"""Stores of the warehouse in files of their own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from facade.warehouse.store import Store


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a file that another process has."""
    monkeypatch.setattr("facade.warehouse.store.FREE_WITHIN", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "warehouse.duckdb", source="http://product")) as opened:
        yield opened
