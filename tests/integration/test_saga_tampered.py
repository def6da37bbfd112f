"""The processes over real HTTP with answers that are each wrong in one field: none is done while the ledgers disagree.

What is tampered with is drawn from `specs/backends`: any field of any answer, at any of its calls, and lost answers so
that the questions are asked. When the tampering has ended, every process ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.backends.registry import Backends, connect
from canonical.ordering.order import Order
from canonical.processes.change_plan import ChangeSubscriptionPlan
from canonical.processes.progress import Progress, Step
from canonical.processes.saga import run
from canonical.subscriptions.plan_change import ChangeKind, PlanChange
from tests.support.backends_under_test import simulated_settings
from tests.support.fakes import Journal, SteppingClock
from tests.support.scenes import SOMEBODY_ELSES, described
from tests.support.simulators import Backends as Simulation
from tests.support.simulators import running_backends
from tests.support.subscriptions import a_plan_change
from tests.support.tampering import TamperingProxy, tampering
from tests.unit.processes.faulty_backend import never, through_json
from tests.unit.processes.placing import Placing

PLACING = (
    "getCustomer", "reserve", "findReservations", "getReservation", "createOrder", "findOrders", "getOrder", "charge",
    "findCharges", "getCharge", "release", "cancelOrder",
)  # fmt: skip
CHANGING = ("changePlan", "setPlan", "getBilledPlan")
EFFECTS = {"reserve", "createOrder", "charge", "changePlan", "setPlan"}
OPERATIONS = {operation.name: operation for operation in described()}
PARTS_TAMPERED, PARTS_AFTER = 3, 12


class NewIdentities:
    def new_id(self) -> str:
        return str(uuid4())


@dataclass(frozen=True)
class World:
    simulation: Simulation
    proxy: TamperingProxy
    backends: Backends


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_backends(tmp_path_factory.mktemp("tampered")) as simulation, tampering(simulation.port) as proxy:
        backends = connect(simulated_settings(proxy.url, retries=0))
        yield World(simulation, proxy, backends)
        backends.close()


@dataclass(frozen=True)
class Wrong:
    """One field of the answers to one operation has another value, at these of its calls or at all."""

    operation: str
    place: str
    value: Any
    nth: tuple[int, ...] | None

    def apply(self, proxy: TamperingProxy) -> None:
        asked = OPERATIONS[self.operation]
        proxy.when(asked.method, asked.path, nth=self.nth).set(self.place, self.value)


TEXTS = (
    "another", "ORD98765", "web-1", "RSV001", "CHG1234", "C12346", "SUB1121", "SKU456", "", "-99.80", "0.01", "9980.00",
    "USD", "created", "cancelled", "reserved", "released", "success", "refunded", "suspended", "Standard", None,
)  # fmt: skip
NTH = st.none() | st.sampled_from([(1,), (2,), (1, 2), (2, 3)])
NUMBERS = (-1, 0, 1, 2, 7, 1_000_000, "1", None)


def wrong(operations: tuple[str, ...]) -> st.SearchStrategy[Wrong]:
    def of_field(drawn: tuple[str, str]) -> st.SearchStrategy[Wrong]:
        schema = OPERATIONS[drawn[0]].fields[drawn[1]]
        values = st.sampled_from(NUMBERS if schema["type"] == "integer" else TEXTS)
        return st.builds(Wrong, st.just(drawn[0]), st.just(drawn[1]), values, NTH)

    return st.sampled_from([(name, place) for name in operations for place in OPERATIONS[name].fields]).flatmap(
        of_field
    )


def every_field_wrong(name: str) -> Iterator[Wrong]:
    """Each field of the operation's answers in all of its calls, as nobody's and as somebody else's."""
    for place, schema in OPERATIONS[name].fields.items():
        values = (7, -1) if schema["type"] == "integer" else ("another", SOMEBODY_ELSES.get(place.rpartition("/")[2]))
        yield from (Wrong(name, place, value, None) for value in values)


def trouble(operations: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """What is wrong, and the effects whose first answers are lost or have no Location."""
    effects = st.sets(st.sampled_from([name for name in operations if name in EFFECTS]))
    return st.tuples(st.lists(wrong(operations), min_size=1, max_size=3), effects, effects)


def tampered(proxy: TamperingProxy, drawn: Any) -> None:
    proxy.clear()
    wrongs, lost, unlocated = drawn
    for one in wrongs:
        one.apply(proxy)
    for name in lost:
        proxy.when(OPERATIONS[name].method, OPERATIONS[name].path, nth=1).drop()
    for name in unlocated:
        proxy.when(OPERATIONS[name].method, OPERATIONS[name].path).header("Location", None)


TAKING_BACK = {"release": "getReservation", "cancelOrder": "getOrder"}


@pytest.mark.parametrize("name", TAKING_BACK)
@pytest.mark.parametrize("shown", [True, False], ids=["shown", "not shown"])
def test_what_was_taken_back_counts_only_where_the_backend_shows_it(world: World, name: str, shown: bool) -> None:
    """Its answer was lost, and somebody on the way refuses the repeated call."""
    backends, proxy = world.backends, world.proxy
    placing = Placing(backends.customers, backends.stock, backends.bss, backends.payments, identities=NewIdentities())
    order = placing.begin()
    undo, look = OPERATIONS[name], OPERATIONS[TAKING_BACK[name]]
    proxy.clear()
    proxy.when("POST", OPERATIONS["charge"].path).status(402).set("", {"code": "PAYMENT_DECLINED", "message": "no"})
    proxy.when(undo.method, undo.path, nth=1).drop()
    proxy.when(undo.method, undo.path, nth=2).status(403).set("", {"code": "FORBIDDEN", "message": "no"})
    if not shown:
        proxy.when(look.method, look.path).set("/status", "reserved" if name == "release" else "created")
    progress = carried_on(placing.process.steps(order), Progress(), PARTS_AFTER)
    assert len(progress.not_undone) == (0 if shown else 1)
    assert len(progress.undone) == (3 if shown else 2)


def carried_on(steps: list[Step], progress: Progress, parts: int) -> Progress:
    for _ in range(parts):
        progress = through_json(run(steps, progress, Journal().recorded, never))
        if not progress.waiting:
            break
    return progress


several = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@several
@given(trouble(PLACING))
def test_no_order_is_done_while_the_ledgers_disagree(world: World, drawn: Any) -> None:
    place_amid(world, drawn)


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
@pytest.mark.parametrize("name", PLACING)
def test_no_order_is_done_with_any_one_field_wrong(world: World, name: str, lost: bool) -> None:
    for one in every_field_wrong(name):
        place_amid(world, ([one], EFFECTS & set(PLACING) if lost else (), ()))


def place_amid(world: World, drawn: Any) -> None:
    backends = world.backends
    placing = Placing(backends.customers, backends.stock, backends.bss, backends.payments, identities=NewIdentities())
    order = placing.begin()
    steps = placing.process.steps(order)
    tampered(world.proxy, drawn)
    progress = carried_on(steps, Progress(), PARTS_TAMPERED)
    _agrees_with_the_ledgers(world.simulation, order, progress)
    world.proxy.clear()
    if progress.waiting:
        progress = carried_on(steps, progress, PARTS_AFTER)
        assert not progress.waiting, progress
        _agrees_with_the_ledgers(world.simulation, order, progress)


def _agrees_with_the_ledgers(simulation: Simulation, order: Order, progress: Progress) -> None:
    made = {
        backend: [entry for entry in simulation.ledger(backend) if str(entry["key"]).startswith(f"{order.id}:")]
        for backend in ("inventory", "bss", "billing")
    }
    operations = sorted(entry["operation"] for entries in made.values() for entry in entries)
    if progress.waiting:
        return
    if progress.refusal is not None:
        assert not progress.not_undone
        assert operations.count("reserve") == operations.count("release")
        assert operations.count("createOrder") == operations.count("cancelOrder")
        assert operations.count("charge") == 0
        return
    assert operations == ["charge", "createOrder", "reserve", "reserve"]
    facts = progress.facts
    for number, (entry, item) in enumerate(zip(made["inventory"], order.items, strict=True), start=1):
        assert entry["id"] == facts[f"reserve-{number}"]
        assert item.added is not None
        wanted = {"sku": item.added.sku, "quantity": item.quantity, "reference": f"{order.id}:{number}"}
        assert wanted.items() <= entry["data"].items()
    (created,), (charged,) = made["bss"], made["billing"]
    assert created["id"] == facts["create-order"] == charged["data"]["orderId"]
    assert [item["reservationId"] for item in created["data"]["items"]] == [entry["id"] for entry in made["inventory"]]
    assert (created["data"]["customerId"], created["data"]["externalId"]) == (order.customer_id, order.id)
    assert charged["id"] == facts["charge"]
    assert order.amount is not None
    assert (charged["data"]["amount"], charged["data"]["currency"]) == (f"{order.amount.amount:f}", "EUR")


def test_a_plan_that_is_billed_counts_although_billing_refuses_it_when_asked_again(world: World) -> None:
    """The answer was lost, and somebody on the way refuses the repeated call."""
    change, steps = a_change(world)
    set_plan = OPERATIONS["setPlan"]
    world.proxy.when(set_plan.method, set_plan.path, nth=1).drop()
    world.proxy.when(set_plan.method, set_plan.path, nth=2).status(403).set("", {"code": "FORBIDDEN", "message": "no"})
    progress = carried_on(steps, Progress(), 1)
    assert not progress.waiting
    _changed_as_the_ledgers_say(world.simulation, change, progress)


@several
@given(trouble(CHANGING))
def test_no_plan_change_is_done_while_the_ledgers_disagree(world: World, drawn: Any) -> None:
    change_amid(world, drawn)


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
@pytest.mark.parametrize("name", CHANGING)
def test_no_plan_change_is_done_with_any_one_field_wrong(world: World, name: str, lost: bool) -> None:
    for one in every_field_wrong(name):
        change_amid(world, ([one], EFFECTS & set(CHANGING) if lost else (), ()))


def a_change(world: World) -> tuple[PlanChange, list[Step]]:
    world.proxy.clear()
    now = world.backends.subscriptions.subscription("SUB1120")
    to_plan = "Standard" if now.plan == "Basic" else "Basic"
    change = a_plan_change(
        id=str(uuid4()),
        subscription_id=now.id,
        customer_id=now.customer_id,
        from_plan=now.plan,
        to_plan=to_plan,
        kind=ChangeKind.UPGRADE,
        from_version=now.version,
    )
    steps = ChangeSubscriptionPlan(world.backends.subscriptions, world.backends.plan_billing, SteppingClock()).steps(
        change
    )
    return change, steps


def change_amid(world: World, drawn: Any) -> None:
    change, steps = a_change(world)
    tampered(world.proxy, drawn)
    progress = carried_on(steps, Progress(), PARTS_TAMPERED)
    _changed_as_the_ledgers_say(world.simulation, change, progress)
    world.proxy.clear()
    if progress.waiting:
        progress = carried_on(steps, progress, PARTS_AFTER)
        assert not progress.waiting, progress
        _changed_as_the_ledgers_say(world.simulation, change, progress)


def _changed_as_the_ledgers_say(simulation: Simulation, change: PlanChange, progress: Progress) -> None:
    if progress.waiting:
        return
    assert progress.refusal is None, progress.refusal
    bss, billing = (
        simulation.ledger(backend, key=f"{change.id}:{step}")
        for backend, step in (("bss", "change-plan"), ("billing", "bill-plan"))
    )
    version = change.from_version + 1
    assert progress.facts["change-plan"] == {"version": version, "status": "active"}
    assert [(entry["data"]["plan"], entry["data"]["version"]) for entry in bss] == [(change.to_plan, version)]
    assert [(entry["data"]["customerId"], entry["data"]["plan"], entry["data"]["version"]) for entry in billing] == [
        (change.customer_id, change.to_plan, version)
    ]
