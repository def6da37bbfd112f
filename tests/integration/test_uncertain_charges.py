"""A backend whose answers to charges get lost, while its circuit breaker opens again and again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.backends.registry import Backends, connect
from canonical.ordering.handlers import submit_order
from canonical.processes.place_order import PlaceOrder
from canonical.processes.progress import Progress
from canonical.processes.saga import run
from facade.identities import SortableIdentities
from tests.support.backends_under_test import simulated_settings
from tests.support.builders import a_command
from tests.support.fakes import Journal, SteppingClock
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.support.simulators import running_backends
from tests.support.waiting import until

ORDERS = 6


def placed(backends: Backends) -> Progress:
    """An order carried out as far as it gets, with pauses as the engine makes them."""
    memory, clock = Memory(), SteppingClock()
    with memory.unit_of_work() as work:
        order = submit_order(a_command(), work, clock, SortableIdentities())
        work.commit()
    process = PlaceOrder(
        backends.customers,
        backends.stock,
        backends.bss,
        backends.payments,
        backends.accounts,
        memory.unit_of_work,
        ReadsFromMemory(memory),
        clock,
    )
    progress = Progress()

    def ended() -> bool:
        nonlocal progress
        progress = run(process.steps(order), progress, Journal().recorded)
        return not progress.waiting

    until(ended)
    return progress


@pytest.mark.parametrize("opened", [False, True], ids=["closed breaker", "open breaker"])
def test_orders_end_although_no_charge_is_ever_answered(tmp_path: Path, opened: bool) -> None:
    """A question that shows the backend to be well closes the breaker; the repeated charge would open it again."""
    with running_backends(tmp_path) as simulation:
        backends = connect(
            simulated_settings(simulation.url, breaker_threshold=2, breaker_reset_seconds=0.5, retries=0)
        )
        simulation.fault("billing", dropAnswer=True, **({} if opened else {"operations": ["charge"]}))
        with ThreadPoolExecutor(ORDERS) as pool:
            orders = [pool.submit(placed, backends) for _ in range(ORDERS)]
            if opened:
                until(lambda: len(simulation.ledger("billing")) == ORDERS)
                simulation.fault("billing", dropAnswer=True, operations=["charge"])
            ended = [order.result() for order in orders]
        backends.close()
        charges = [entry["key"] for entry in simulation.ledger("billing")]
    assert [progress.failure for progress in ended] == [None] * ORDERS
    assert all(not progress.waiting for progress in ended)
    assert len(charges) == len(set(charges)) == ORDERS
