"""What the adapters' suite runs against: the simulated backends, or those at BACKENDS_UNDER_TEST."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.backends.registry import NEEDED, connect
from adapters.backends.registry import Backends as Connected
from adapters.backends.settings import BackendSettings
from facade.bootstrap.backends import backend_settings
from facade.settings import Settings
from tests.support.simulators import Backends, running_backends
from tests.support.waiting import LONG

OWN_DATA = Path(__file__).with_suffix(".yaml")
SIMULATED_ONLY = (
    "only the simulated backends break on demand and show their ledgers: unset BACKENDS_UNDER_TEST to run this"
)


@dataclass(frozen=True)
class Target:
    """`settings` for each backend, what is known to be there, and the simulation, unless it is somebody's system."""

    settings: dict[str, BackendSettings]
    known: dict[str, Any]
    simulation: Backends | None

    def has(self, name: str) -> Any:
        """What is known under this name; skips the test when nothing is."""
        value = self.known.get(name)
        if value is None:
            pytest.skip(f"{name} is null in BACKENDS_UNDER_TEST_DATA: put one there to have this tested")
        return value

    def simulated(self) -> Backends:
        """Skips the test when it is not a simulation."""
        if self.simulation is None:
            pytest.skip(SIMULATED_ONLY)
        return self.simulation


def simulated_settings(url: str, **changes: Any) -> dict[str, BackendSettings]:
    """Patient ones, for the simulated backends at this address."""
    patient = {"connect_timeout": LONG, "read_timeout": LONG, "call_timeout": LONG, "breaker_threshold": 1000} | changes
    return {
        name: BackendSettings(f"{url}/{name}", f"{url}/oauth/token", "facade", "facade-secret", **patient)
        for name in NEEDED
    }


@contextmanager
def running_target(directory: Path) -> Iterator[Target]:
    """The settings of a real target are the product's own: BACKENDS_CLIENT, BACKENDS_SECRET, CRM_URL and so on."""
    address = os.environ.get("BACKENDS_UNDER_TEST")
    data = Path(os.environ.get("BACKENDS_UNDER_TEST_DATA") or OWN_DATA)
    known = yaml.safe_load(data.read_text())
    if address:
        settings = Settings.from_environment({**os.environ, "BACKENDS_URL": address})
        yield Target(backend_settings(settings), known, None)
        return
    with running_backends(directory) as simulation:
        yield Target(simulated_settings(simulation.url), known, simulation)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running_target(tmp_path_factory.mktemp("backends")) as running:
        yield running


@pytest.fixture
def backends(target: Target) -> Iterator[Connected]:
    """Every answer is held against the contracts."""
    connected = connect(target.settings, check_answers=1)
    yield connected
    connected.close()
