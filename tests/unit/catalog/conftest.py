"""A catalog in memory."""

import pytest

from tests.unit.catalog.tree import Catalog


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()
