"""Recordings and their keys on every database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.persistence import recordings
from adapters.persistence.database import Database
from adapters.persistence.recordings import SqlRecordings
from canonical.audit.recording import Recording
from facade.identities import new_id

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
OPERATION = ("TMF622", "v5", "createProductOrder")


def a_recording(client: str = "acme", days: int = 1) -> Recording:
    at = NOW, NOW + timedelta(days=days)
    return Recording(new_id(), client, *at, *OPERATION, "/orders", "application/json", "acme@3", '{"n":1.50}')


def test_recordings_come_back_as_they_were_oldest_first(database: Database) -> None:
    store = SqlRecordings(database)
    made = [a_recording() for _ in range(recordings.AT_ONCE + 1)]
    for some in (made[:5], made[5:], [a_recording("shop")]):
        assert store.add(some, store.key(some[0].client))
    assert list(store.of("acme", NOW)) == made
    assert list(store.of("acme", NOW + timedelta(days=1))) == []


def test_nothing_is_recorded_with_a_key_that_was_deleted(database: Database) -> None:
    store = SqlRecordings(database)
    for delete in (lambda: store.forget(NOW), lambda: store.end("acme")):
        key = store.key("acme")
        delete()
        assert not store.add([a_recording()], key)
        store.key("acme")
        assert not store.add([a_recording()], key)
    assert list(store.of("acme", NOW)) == []


def test_a_client_has_one_key_until_its_recordings_end(database: Database) -> None:
    store = SqlRecordings(database)
    key = store.key("acme")
    assert len(key) == 32
    assert store.key("acme") == key != store.key("shop")
    store.add([a_recording(), a_recording()], key)
    assert store.end("acme") == 2
    assert list(store.of("acme", NOW)) == []
    assert store.key("acme") != key


def test_what_expired_is_deleted_and_the_last_takes_the_key_with_it(database: Database) -> None:
    store = SqlRecordings(database)
    key = store.key("acme")
    early, late = a_recording(days=1), a_recording(days=30)
    store.add([early, late], key)
    assert list(store.of("acme", NOW + timedelta(days=1))) == [late]
    store.forget(NOW + timedelta(days=1))
    assert list(store.of("acme", NOW)) == [late]
    assert store.key("acme") == key
    store.forget(NOW + timedelta(days=31))
    assert list(store.of("acme", NOW)) == []
    assert store.key("acme") != key
    store.add([replace(early, id=new_id())], store.key("acme"))
    assert len(list(store.of("acme", NOW))) == 1
