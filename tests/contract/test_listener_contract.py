"""What every store promises about listeners."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from canonical.audit.record import AuditRecord
from canonical.listeners.commands import RegisterListener, UnregisterListener
from canonical.listeners.errors import ListenerExists, ListenerNotFound, TooManyListeners
from canonical.listeners.handlers import MOST
from canonical.listeners.listener import Listener
from facade.application.requests import Request, Translation
from facade.application.use_cases import Application
from facade.bootstrap.use_cases import use_cases
from tests.contract.conftest import Store
from tests.contract.keeping import at_once
from tests.support.builders import NOON
from tests.support.fakes import CountingIdentities, Starts, SteppingClock

WISH = RegisterListener("partner-acme", "TMF622", "v5", "https://acme.example/events?a=1", "")


def listener_id(number: int) -> str:
    return f"0197a000-0000-7000-8000-{number:011}5"


def a_listener(number: int = 1, **changes: Any) -> Listener:
    kept = Listener(
        id=listener_id(number),
        owner="partner-acme",
        api="TMF622",
        version="v5",
        callback="https://acme.example/events",
        query="eventType=ProductOrderCreateEvent",
        created_at=NOON,
    )
    return replace(kept, **changes)


def keep(store: Store, *new: Listener) -> None:
    with store.unit_of_work() as work:
        for one in new:
            work.listeners.add(one)
        work.commit()


def of(store: Store, owner: str) -> list[Listener]:
    with store.unit_of_work() as work:
        found: list[Listener] = work.listeners.of(owner)
    return found


class Taking:
    """Registers and ends listeners as the edge does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._application = Application(
            store.unit_of_work, store.reads, SteppingClock(), CountingIdentities(), Starts(), use_cases({})
        )

    def register(self, wish: RegisterListener, key: str | None = None) -> Listener:
        request = Request(wish.owner, "registerListener", key, {"callback": wish.callback}, keeps_answer=False)
        earlier = self._application.answered(request)
        result = earlier or self._application.execute(request, Translation(wish), 201)
        found: Listener = self._store.listeners.find(result.subject, wish.owner)
        return found

    def unregister(self, one: Listener) -> None:
        request = Request(one.owner, "unregisterListener", keeps_answer=False)
        self._application.execute(request, Translation(UnregisterListener(one.owner, one.id)), 204)


def test_a_listener_comes_back_as_it_was(store: Store) -> None:
    kept = replace(
        a_listener(callback="https://a.example/" + "x" * 1_900, query="description=“ä”\U0001f680&" * 100),
        created_at=datetime(2026, 6, 1, 6, 0, 0, 123456, tzinfo=UTC),
    )
    keep(store, kept)
    assert store.listeners.find(kept.id, kept.owner) == kept
    assert of(store, kept.owner) == [kept]


@pytest.mark.parametrize("name", ["none", "", "x" * 1000, "'; DROP TABLE listeners; --"])
def test_one_that_is_not_there_is_not_found(store: Store, name: str) -> None:
    keep(store, a_listener())
    with pytest.raises(ListenerNotFound) as missing:
        store.listeners.find(name, "partner-acme")
    assert missing.value.details == {"listenerId": name}


@pytest.mark.parametrize("owner", ["portal", "", "partner-acm_", "%"])
def test_another_clients_is_not_found(store: Store, owner: str) -> None:
    keep(store, a_listener())
    with pytest.raises(ListenerNotFound):
        store.listeners.find(a_listener().id, owner)
    assert of(store, owner) == []


def test_a_clients_are_listed_oldest_first(store: Store) -> None:
    keep(store, a_listener(3), a_listener(1), a_listener(2, owner="portal"))
    assert [one.id for one in of(store, "partner-acme")] == [listener_id(1), listener_id(3)]


def test_one_that_was_removed_is_gone(store: Store) -> None:
    keep(store, a_listener(1), a_listener(2))
    with store.unit_of_work() as work:
        work.listeners.remove(listener_id(1))
        work.commit()
    assert of(store, "partner-acme") == [a_listener(2)]


def test_without_a_commit_nothing_is_changed(store: Store) -> None:
    keep(store, a_listener(1))
    with store.unit_of_work() as work:
        work.listeners.add(a_listener(2))
        work.listeners.remove(listener_id(1))
    assert of(store, "partner-acme") == [a_listener(1)]


# --- as the edge uses it ----------------------------------------------------------------------------------------------


def test_a_listener_and_its_end_leave_evidence(store: Store) -> None:
    taking, size = Taking(store), store.size()
    new = taking.register(WISH)
    assert store.size() == size + 2
    began = store.audit(f"0197a000-0000-7000-8000-{2:012}")
    assert (began.client, began.operation, began.status) == ("partner-acme", "registerListener", 201)
    assert (began.subject_type, began.subject) == ("listener", new.id)
    taking.unregister(new)
    ended: AuditRecord = store.audit(f"0197a000-0000-7000-8000-{3:012}")
    assert (ended.operation, ended.status) == ("unregisterListener", 204)
    assert (ended.subject_type, ended.subject) == ("listener", new.id)
    sent = Request("", began.operation, payload={"callback": WISH.callback})
    assert (began.payload_hash, ended.payload_hash) == (sent.payload_hash, None), "nothing is sent to end one"
    with pytest.raises(ListenerNotFound):
        taking.unregister(new)


def test_the_same_again_is_refused_naming_the_first(store: Store) -> None:
    taking = Taking(store)
    first = taking.register(WISH)
    with pytest.raises(ListenerExists, match=first.id) as again:
        taking.register(WISH)
    assert again.value.details == {"listenerId": first.id}
    for other in (
        replace(WISH, owner="portal"),
        replace(WISH, version="v4"),
        replace(WISH, api="TMF620"),
        replace(WISH, callback=WISH.callback + "0"),
        replace(WISH, query="eventType=ProductOrderCreateEvent"),
    ):
        taking.register(other)
    taking.unregister(first)
    assert taking.register(WISH).id != first.id


def test_a_client_has_so_many_and_no_more(store: Store) -> None:
    keep(store, *(a_listener(number) for number in range(MOST)))
    with pytest.raises(TooManyListeners):
        Taking(store).register(WISH)
    assert Taking(store).register(replace(WISH, owner="portal"))


def test_of_the_same_at_the_same_time_one_is_taken(store: Store) -> None:
    taking = Taking(store)
    outcomes = at_once(4, lambda _: taking.register(WISH))
    assert sum(isinstance(outcome, Listener) for outcome in outcomes) == 1, outcomes
    assert len(of(store, WISH.owner)) == 1


def test_the_last_place_is_given_once(store: Store) -> None:
    keep(store, *(a_listener(number) for number in range(MOST - 1)))
    taking = Taking(store)
    outcomes = at_once(4, lambda number: taking.register(replace(WISH, callback=f"https://a.example/{number}")))
    assert sum(isinstance(outcome, Listener) for outcome in outcomes) == 1, outcomes
    assert len(of(store, WISH.owner)) == MOST


def test_a_listener_that_is_registered_twice_with_one_key_is_registered_once(store: Store) -> None:
    taking = Taking(store)
    first = taking.register(WISH, "key-1")
    assert taking.register(WISH, "key-1") == first
    assert of(store, WISH.owner) == [first]
