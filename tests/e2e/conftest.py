"""A product on each database, which the files that need no other share."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.support.postgres import new_database
from tests.support.product import Node, running_product


@pytest.fixture(scope="session")
def product_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("shared"), ALLOWED_ORIGINS="https://portal.example") as node:
        yield node


@pytest.fixture(scope="session")
def product_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.URL) -> Iterator[Node]:
    with (
        new_database(postgres_server) as url,
        running_product(tmp_path_factory.mktemp("shared"), DATABASE_URL=url) as node,
    ):
        yield node


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest) -> Node:
    """Both, one after the other. A test leaves it as it found it, but for what it created."""
    found: Node = request.getfixturevalue(f"product_on_{request.param}")
    return found
