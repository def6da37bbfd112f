"""Changes of orders as the edge takes them in: planned while others write, made only of what they were planned on."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.datastructures import ETags

from canonical.ordering.commands import AmendOrder, AnnotateOrder, SubmitDraft
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import Order
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import ConcurrentChange, InvalidTransition, OrderNotFound, VersionMismatch
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.ports import Identities
from canonical.shared.reader import ALL, Reader
from facade.intake.changes import Asked, Decide, OrderChanges, Plan
from facade.intake.once import TRIES, Request
from tests.contract.conftest import Store
from tests.contract.keeping import at_once, change, complete, keep, order_id, start
from tests.support.builders import a_command, a_line, an_order
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.waiting import LONG, let_pass

ORDER, OTHER = order_id(1), order_id(2)
ACME = "partner-acme"
ASKING = Request(ACME, "patchProductOrder", payload={"a": 1})


@dataclass
class Starts:
    """An engine that only notes what it is told to start."""

    started: list[tuple[str, str]] = field(default_factory=list)

    def start(self, process: str, subject: str) -> None:
        self.started.append((process, subject))

    def take_up_again(self, process: str, subject: str) -> None: ...

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        return True


def changes(store: Store, identities: Identities | None = None) -> OrderChanges:
    reads, ids = store.reads, identities or CountingIdentities()
    return OrderChanges(store.unit_of_work, reads, StandingClock(), ids, reads, Starts())


def asked(if_match: str | None = None, owner: str = ACME, name: str = ORDER) -> Asked:
    return Asked(name, ASKING, Reader(owner), None if if_match is None else ETags([if_match]))


def said(name: str, *before: Callable[[], object]) -> Decide:
    """Adds `name` to what is carried. While it decides for the nth time, the nth of `before` happens."""
    happening = list(before)

    def decide(order: Order, carried: dict[str, Any]) -> Plan:
        if happening:
            happening.pop(0)()
        return Plan(AnnotateOrder((ExternalIdentifier("", "", name),)), carried | {name: order.version})

    return decide


def touch(store: Store) -> None:
    change(store, ORDER, lambda order: order.annotate((), StandingClock().now()))


def remove(store: Store) -> None:
    change(store, ORDER, lambda order: order.remove(StandingClock().now()))


def carried(store: Store, name: str = ORDER) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.reads.document(name, ALL)[1])["carried"]
    return found


def test_while_a_change_is_planned_others_write(store: Store) -> None:
    keep(store, an_order(draft=True))
    writer = threading.Thread(target=lambda: keep(store, an_order(id=OTHER)), daemon=True)

    def another_order_comes() -> None:
        writer.start()
        writer.join(LONG)
        assert not writer.is_alive(), "nobody writes while a change is planned"

    text, version = changes(store).change(asked(), said("a", another_order_comes))
    assert (version, json.loads(text)["carried"], carried(store)) == (2, {"a": 1}, {"a": 1})
    evidence = store.audit(order_id(1))
    assert (evidence.order_id, evidence.status, evidence.payload_hash) == (ORDER, 200, ASKING.payload_hash)
    assert store.reads.order(OTHER, ALL).version == 1


@pytest.mark.parametrize("times", range(1, TRIES))
def test_a_change_that_was_planned_on_what_is_no_more_is_planned_anew(store: Store, times: int) -> None:
    keep(store, an_order(draft=True), {"kept": True})
    size = store.size()
    _, version = changes(store).change(asked(), said("a", *[lambda: touch(store)] * times))
    assert version == times + 2
    assert carried(store) == {"kept": True, "a": times + 1}
    assert store.size() == size + times + 2, "an event for each change, one record of evidence"
    assert [sequence for sequence, _ in store.events(ORDER)] == list(range(1, times + 3))


def test_who_waits_too_long_for_his_turn_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facade.intake.changes.PATIENCE", 0.01)
    keep(store, an_order(draft=True))
    taking = changes(store)
    told: list[BaseException | None] = []

    def somebody_else_comes() -> None:
        with ThreadPoolExecutor(1) as pool:
            told.append(pool.submit(taking.change, asked(), said("b")).exception(LONG))

    taking.change(asked(), said("a", somebody_else_comes))
    assert isinstance(told[0], ConcurrentChange)
    assert carried(store) == {"a": 1}


def test_when_the_order_changes_all_the_time_the_caller_is_told(store: Store) -> None:
    keep(store, an_order(draft=True))
    with pytest.raises(ConcurrentChange):
        changes(store).change(asked(), said("a", *[lambda: touch(store)] * TRIES))
    assert (carried(store), store.reads.order(ORDER, ALL).version) == ({}, TRIES + 1)


def test_the_version_that_the_caller_names_counts_for_what_others_left_too(store: Store) -> None:
    keep(store, an_order(draft=True))
    with pytest.raises(VersionMismatch):
        changes(store).change(asked("7"), said("a"))
    with pytest.raises(VersionMismatch):
        changes(store).change(asked("1"), said("a", lambda: touch(store)))
    assert (carried(store), store.reads.order(ORDER, ALL).version) == ({}, 2)
    assert changes(store).change(asked("2"), said("a"))[1] == 3


def test_an_order_that_is_removed_meanwhile_is_not_found(store: Store) -> None:
    keep(store, an_order(draft=True))
    size = store.size()
    with pytest.raises(OrderNotFound):
        changes(store).change(asked(), said("a", lambda: remove(store)))
    assert store.size() == size - 2 + 1, "the order and its document are gone, its removal is on record"


def test_what_begins_meanwhile_is_not_amended(store: Store) -> None:
    keep(store, an_order())
    happening = [lambda: change(store, ORDER, start)]

    def decide(order: Order, carried: dict[str, Any]) -> Plan:
        if happening:
            happening.pop()()
        return Plan(AmendOrder(a_command(lines=(a_line(id="x"),))), carried)

    with pytest.raises(InvalidTransition):
        changes(store).change(asked(), decide)
    assert store.reads.order(ORDER, ALL).items == an_order().items


@pytest.mark.parametrize(("owner", "name"), [("portal", ORDER), (ACME, OTHER), (ACME, "ORD00001")])
def test_only_an_order_of_ones_own_is_found_and_by_our_id_only(store: Store, owner: str, name: str) -> None:
    keep(store, an_order())
    change(store, ORDER, start)
    change(store, ORDER, complete)
    for act in (lambda wanted: changes(store).change(wanted, said("a")), changes(store).remove):
        with pytest.raises(OrderNotFound):
            act(asked(owner=owner, name=name))


def test_what_comes_to_nothing_writes_nothing(store: Store) -> None:
    keep(store, an_order(), {"kept": True})
    size = store.size()
    text, version = changes(store).change(asked(), lambda order, carried: Plan(None, carried))
    assert ((text, version), store.size()) == (store.reads.document(ORDER, ALL)[1:], size)


def test_many_changes_at_once_are_all_made_one_after_the_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facade.intake.changes.PATIENCE", LONG)
    keep(store, an_order(draft=True))
    taking, planning = changes(store), threading.Lock()

    def alone() -> None:
        assert planning.acquire(blocking=False), "another is being planned"
        let_pass(0.01)
        planning.release()

    outcomes = at_once(3 * TRIES, lambda number: taking.change(asked(), said(f"n{number}", alone)))
    assert {type(outcome) for outcome in outcomes} == {tuple}, outcomes
    assert sorted(carried(store).values()) == list(range(1, 3 * TRIES + 1)), "each on what the one before left"


def test_changes_on_several_nodes_are_made_once_or_refused(store: Store) -> None:
    keep(store, an_order(draft=True))
    identities = CountingIdentities()
    nodes = [changes(store, identities) for _ in range(4)]
    outcomes = at_once(8, lambda number: nodes[number % 4].change(asked(), said(f"n{number}")))
    refused = [isinstance(outcome, ConcurrentChange) for outcome in outcomes]
    assert set(carried(store)) == {f"n{number}" for number in range(8) if not refused[number]}
    assert store.reads.order(ORDER, ALL).version == 9 - sum(refused)


def test_a_draft_is_submitted_once(store: Store) -> None:
    keep(store, an_order(draft=True))
    taking = changes(store)

    def submit(order: Order, carried: dict[str, Any]) -> Plan:
        return Plan(SubmitDraft(a_command()), carried)

    outcomes = at_once(4, lambda _: taking.change(asked(), submit))
    assert sum(isinstance(outcome, InvalidTransition) for outcome in outcomes) == 3, outcomes
    assert isinstance(taking.engine, Starts)
    assert taking.engine.started == [(PLACE_ORDER, ORDER)]
    kept = store.reads.order(ORDER, ALL)
    assert (kept.state, [entry.trigger for entry in kept.timeline]) == (
        State.ACKNOWLEDGED,
        [Trigger.DRAFT, Trigger.SUBMIT],
    )
