"""Changes of orders as the edge takes them in: planned while others write, made only of what they were planned on."""

import json
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest
from werkzeug.datastructures import ETags

from canonical.ordering.errors import OrderNotFound
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import ConcurrentChange, InvalidTransition, VersionMismatch
from canonical.shared.overtaken import TRIES
from canonical.shared.ports import Identities
from canonical.shared.reader import ALL
from facade.application.requests import Request
from facade.application.turns import Turns
from facade.application.use_cases import Application
from facade.bootstrap.use_cases import use_cases
from facade.bootstrap.versions import versions_of
from facade.security.principal import Principal
from facade.tmf.engine.changes import ChangeRequest, Patch, ResourceChanges
from facade.tmf.engine.declaration import Sender
from facade.tmf.tmf622.api import TMF622
from tests.contract.conftest import Store
from tests.contract.keeping import at_once, change, keep, order_id, start
from tests.support.builders import an_order
from tests.support.fakes import CountingIdentities, StandingClock, Starts
from tests.support.waiting import LONG, let_pass
from tests.unit.tmf622.payloads import a_payload, an_item

ORDER, OTHER = order_id(1), order_id(2)
ACME = "partner-acme"
ASKING = Request(ACME, "patchProductOrder", payload={"a": 1})
V5 = versions_of(TMF622, "v5")["productOrder"]
CARRIED = a_payload()
"""Of an order that can be changed: what is not carried could not have been sent."""


def changes(store: Store, *before: Callable[[], object], identities: Identities | None = None) -> ResourceChanges:
    """While the nth change is planned, the nth of `before` happens."""
    happening = list(before)
    rules = V5.resource.patch
    assert rules is not None

    def asked(order: Order, names: Collection[str], after: dict[str, Any], sender: Sender) -> Any:
        if happening:
            happening.pop(0)()
        return rules.asked(order, names, after, sender)

    version: Any = replace(cast(Any, V5), resource=replace(V5.resource, patch=replace(rules, asked=asked)))
    application = Application(
        store.unit_of_work, store.reads, StandingClock(), identities or CountingIdentities(), Starts(), use_cases({})
    )
    return ResourceChanges(version, application, store.reads, Turns())


def asked(if_match: str | None = None, owner: str = ACME, name: str = ORDER) -> ChangeRequest:
    principal = Principal(owner, frozenset({"order:write"}))
    return ChangeRequest(name, ASKING, principal, None if if_match is None else ETags([if_match]))


def said(name: str) -> Patch:
    return Patch("application/json", {name: 1}, f"https://api.example/productOrder/{ORDER}")


def a_draft(store: Store) -> None:
    keep(store, an_order(draft=True), CARRIED)


def touch(store: Store) -> None:
    change(store, ORDER, lambda order: order.annotate((), StandingClock().now()))


def remove(store: Store) -> None:
    change(store, ORDER, lambda order: order.remove(StandingClock().now()))


def carried(store: Store, name: str = ORDER) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.reads.document(ORDERS, name, ALL).document)["carried"]
    return found


def additions(store: Store, name: str = ORDER) -> set[str]:
    """The names that patches added."""
    return carried(store, name).keys() - CARRIED.keys() - {"externalId", "@type"}


def version_of(store: Store, name: str = ORDER) -> int:
    version: int = store.reads.aggregate(ORDERS, name, ALL).version
    return version


def test_while_a_change_is_planned_others_write(store: Store) -> None:
    a_draft(store)
    writer = threading.Thread(target=lambda: keep(store, an_order(id=OTHER)), daemon=True)

    def another_order_comes() -> None:
        writer.start()
        writer.join(LONG)
        assert not writer.is_alive(), "nobody writes while a change is planned"

    result = changes(store, another_order_comes).patch(said("a"), asked())
    assert (result.version, json.loads(result.document)["carried"]["a"], additions(store)) == (2, 1, {"a"})
    evidence = store.audit(order_id(1))
    assert (evidence.subject_type, evidence.subject, evidence.status) == ("order", ORDER, 200)
    assert evidence.payload_hash == ASKING.payload_hash
    assert version_of(store, OTHER) == 1


@pytest.mark.parametrize("times", range(1, TRIES))
def test_a_change_that_was_planned_on_what_is_no_more_is_planned_anew(store: Store, times: int) -> None:
    a_draft(store)
    size = store.size()
    result = changes(store, *[lambda: touch(store)] * times).patch(said("a"), asked())
    assert result.version == times + 2
    assert additions(store) == {"a"}
    assert store.size() == size + times + 2, "an event for each change, one record of evidence"
    assert [sequence for sequence, _ in store.events(ORDER)] == list(range(1, times + 3))


def test_who_waits_too_long_for_his_turn_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facade.application.turns.PATIENCE", 0.01)
    a_draft(store)
    told: list[BaseException | None] = []

    def somebody_else_comes() -> None:
        with ThreadPoolExecutor(1) as pool:
            told.append(pool.submit(taking.patch, said("b"), asked()).exception(LONG))

    taking = changes(store, somebody_else_comes)
    taking.patch(said("a"), asked())
    assert isinstance(told[0], ConcurrentChange)
    assert additions(store) == {"a"}


def test_when_the_order_changes_all_the_time_the_caller_is_told(store: Store) -> None:
    a_draft(store)
    with pytest.raises(ConcurrentChange):
        changes(store, *[lambda: touch(store)] * TRIES).patch(said("a"), asked())
    assert (additions(store), version_of(store)) == (set(), TRIES + 1)


def test_the_version_that_the_caller_names_counts_for_what_others_left_too(store: Store) -> None:
    a_draft(store)
    with pytest.raises(VersionMismatch):
        changes(store).patch(said("a"), asked("7"))
    with pytest.raises(VersionMismatch):
        changes(store, lambda: touch(store)).patch(said("a"), asked("1"))
    assert (additions(store), version_of(store)) == (set(), 2)
    assert changes(store).patch(said("a"), asked("2")).version == 3


def test_an_order_is_removed_in_the_version_that_the_caller_names_only(store: Store) -> None:
    a_draft(store)
    with pytest.raises(VersionMismatch):
        changes(store).remove(asked("2"))
    changes(store).remove(asked("1"))
    assert store.events(ORDER)[-1] == (2, "OrderRemoved")


def test_an_order_that_is_removed_meanwhile_is_not_found(store: Store) -> None:
    a_draft(store)
    size = store.size()
    with pytest.raises(OrderNotFound):
        changes(store, lambda: remove(store)).patch(said("a"), asked())
    assert store.size() == size - 1 + 1, "the order is gone, its removal is on record"


def test_what_begins_meanwhile_is_not_amended(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    patch = Patch("application/json", {"productOrderItem": [an_item(id="x")]}, said("a").href)
    with pytest.raises(InvalidTransition):
        changes(store, lambda: change(store, ORDER, start)).patch(patch, asked())
    assert store.reads.aggregate(ORDERS, ORDER, ALL).items == an_order().items


@pytest.mark.parametrize(("owner", "name"), [("portal", ORDER), (ACME, OTHER)])
def test_only_an_order_of_ones_own_is_found(store: Store, owner: str, name: str) -> None:
    keep(store, an_order(), CARRIED)
    for act in (lambda wanted: changes(store).patch(said("a"), wanted), changes(store).remove):
        with pytest.raises(OrderNotFound):
            act(asked(owner=owner, name=name))


def test_what_comes_to_nothing_writes_nothing(store: Store) -> None:
    a_draft(store)
    size = store.size()
    result = changes(store).patch(Patch("application/json", {}, said("a").href), asked())
    kept = store.reads.document(ORDERS, ORDER, ALL)
    assert ((result.document, result.version), store.size()) == ((kept.document, kept.version), size)


def test_many_changes_at_once_are_all_made_one_after_the_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facade.application.turns.PATIENCE", LONG)
    a_draft(store)
    planning = threading.Lock()

    def alone() -> None:
        assert planning.acquire(blocking=False), "another is being planned"
        let_pass(0.01)
        planning.release()

    taking = changes(store, *[alone] * 3 * TRIES)
    outcomes = at_once(3 * TRIES, lambda number: taking.patch(said(f"n{number}"), asked()))
    assert sorted(outcome.version for outcome in outcomes) == list(range(2, 3 * TRIES + 2)), outcomes
    assert additions(store) == {f"n{number}" for number in range(3 * TRIES)}, "each on what the one before left"


def test_changes_on_several_nodes_are_made_once_or_refused(store: Store) -> None:
    a_draft(store)
    identities = CountingIdentities()
    nodes = [changes(store, identities=identities) for _ in range(4)]
    outcomes = at_once(8, lambda number: nodes[number % 4].patch(said(f"n{number}"), asked()))
    refused = [isinstance(outcome, ConcurrentChange) for outcome in outcomes]
    assert additions(store) == {f"n{number}" for number in range(8) if not refused[number]}
    assert version_of(store) == 9 - sum(refused)


def test_a_draft_is_submitted_once(store: Store) -> None:
    a_draft(store)
    taking = changes(store, identities=CountingIdentities(1000))
    patch = Patch("application/json", {"state": "acknowledged"}, said("a").href)
    outcomes = at_once(4, lambda _: taking.patch(patch, asked()))
    assert {outcome.version for outcome in outcomes} == {2}, outcomes
    assert isinstance(taking.application.engine, Starts)
    assert taking.application.engine.started == [(PLACE_ORDER, ORDER)]
    kept = store.reads.aggregate(ORDERS, ORDER, ALL)
    assert (kept.state, [entry.trigger for entry in kept.timeline]) == (
        State.ACKNOWLEDGED,
        [Trigger.DRAFT, Trigger.SUBMIT],
    )
