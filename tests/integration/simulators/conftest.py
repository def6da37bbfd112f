"""The simulated backends, running, and a client of them."""

from collections.abc import Iterator

import pytest

from tests.support.simulator_client import Client
from tests.support.simulators import Backends, running_backends


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    with running_backends(tmp_path_factory.mktemp("backends")) as backends:
        yield backends


@pytest.fixture
def backends(server: Backends) -> Iterator[Backends]:
    yield server
    server.clear()


@pytest.fixture
def client(backends: Backends) -> Client:
    return Client(backends)
