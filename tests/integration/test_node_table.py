"""Which nodes there are and what nobody has in hand, on SQLite and on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.node_table import (
    CLIENTS_AFTER,
    OF_CLIENT,
    ORPHANED,
    WAITING_CLIENTS,
    Claim,
    NodeTable,
    of_claims,
)
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.process_table import SqlProcessSchedule
from tests.support.fakes import StandingClock
from tests.support.waiting import until

PROCESS = "place-order"
SEEN = [Claim(PROCESS, "o1", None, 0), Claim(PROCESS, "o2", None, 0), Claim("cancel-order", "o1", None, 0)]


@pytest.fixture
def node_table(database: Database) -> NodeTable:
    return NodeTable(database)


def schedule(database: Database, *subjects: str, client: str = "partner-acme") -> None:
    clock = StandingClock()
    for subject in subjects:
        with database.writing() as connection:
            SqlProcessSchedule(connection, clock).schedule(PROCESS, subject, client)
            connection.commit()
        clock.pass_(1)


def take(database: Database, subject: str, node: str) -> None:
    with database.writing() as connection:
        assert SqlProcessSchedule(connection, StandingClock()).take_turn(PROCESS, subject, node)
        connection.commit()


def subjects(claims: list[Claim]) -> list[str]:
    return [claim.subject for claim in claims]


def test_each_beat_counts(node_table: NodeTable) -> None:
    node_table.beat("a")
    before = node_table.beats()["a"]
    node_table.beat("a")
    node_table.beat("b")
    assert node_table.beats()["a"] == before + 1
    assert node_table.beats().keys() == {"a", "b"}


def test_a_node_that_was_buried_and_comes_back_is_known_again(node_table: NodeTable) -> None:
    node_table.beat("a")
    node_table.bury("a")
    assert node_table.beats() == {}
    node_table.beat("a")
    assert node_table.beats().keys() == {"a"}


def test_what_a_buried_node_had_in_hand_is_unattended_those_that_stand_still_longest_first(
    database: Database, node_table: NodeTable
) -> None:
    schedule(database, "o1", "o2", "o3")
    for node in ("a", "b"):
        node_table.beat(node)
    take(database, "o1", "a")
    take(database, "o2", "b")
    assert subjects(node_table.unattended(10)) == ["o3"]
    node_table.bury("a")
    assert subjects(node_table.unattended(10)) == ["o1", "o3"]
    assert subjects(node_table.unattended(1)) == ["o1"]
    assert subjects(node_table.in_hand("b")) == ["o2"]


def test_what_a_node_took_that_nobody_knows_any_more_is_orphaned(database: Database, node_table: NodeTable) -> None:
    schedule(database, "o1")
    take(database, "o1", "woken-after-its-burial")
    assert node_table.unattended(10) == []
    assert subjects(node_table.orphaned(10)) == ["o1"]
    node_table.beat("woken-after-its-burial")
    assert node_table.orphaned(10) == []


def test_what_is_over_is_in_nobodys_hands_and_not_unattended(database: Database, node_table: NodeTable) -> None:
    schedule(database, "o1")
    with database.writing() as connection:
        work = SqlProcessSchedule(connection, StandingClock())
        turn = work.take_turn(PROCESS, "o1", "a")
        assert turn is not None
        assert work.end(turn)
        connection.commit()
    node_table.bury("a")
    assert node_table.unattended(10) == node_table.in_hand("a") == []
    assert node_table.claim([Claim(PROCESS, "o1", None, 1)], "b") == []


def test_a_claim_counts_only_while_the_process_is_as_it_was_seen(database: Database, node_table: NodeTable) -> None:
    schedule(database, "o1")
    (seen,) = node_table.unattended(10)
    assert node_table.claim([seen], "a") == [seen]
    assert node_table.claim([seen], "b") == []
    assert node_table.claim([Claim(PROCESS, "o1", "a", 0)], "a"), "a node may claim its own again"
    assert node_table.claim([Claim(PROCESS, "nobody", None, 0)], "a") == []


def test_of_nodes_that_claim_at_once_each_process_goes_to_one(database: Database) -> None:
    node_table = NodeTable(database)
    left = [f"o{number}" for number in range(5)]
    schedule(database, *left)
    nodes = [f"node-{number}" for number in range(4)]
    gate = threading.Barrier(len(nodes))

    def claim(node: str) -> list[Claim]:
        seen = node_table.unattended(10)
        gate.wait()
        return node_table.claim(seen, node)

    with ThreadPoolExecutor(len(nodes)) as pool:
        shares = list(pool.map(claim, nodes))
    assert sorted(claim.subject for share in shares for claim in share) == left


def test_clients_take_turns_whoever_has_thousands_that_wait(database: Database, node_table: NodeTable) -> None:
    schedule(database, *(f"many-{number:02}" for number in range(30)), client="many")
    schedule(database, "few-1", "few-2", client="few")
    schedule(database, "one", client="one")
    assert subjects(node_table.unattended(6)) == ["few-1", "many-00", "one", "few-2", "many-01"]
    assert subjects(node_table.unattended(6, after="few"))[:3] == ["many-00", "one", "few-1"]
    served: list[Claim] = []
    for _ in range(5):
        [claim] = node_table.unattended(1, after=served[-1].client if served else "")
        served += node_table.claim([claim], "a")
    assert subjects(served) == ["few-1", "many-00", "one", "few-2", "many-01"]


@pytest.mark.parametrize("at_once", [1, 3, 7])
def test_however_many_clients_wait_each_has_its_turn(database: Database, node_table: NodeTable, at_once: int) -> None:
    clients = [f"client-{number:02}" for number in range(12)]
    for client in clients:
        schedule(database, f"{client}-a", f"{client}-b", client=client)
    served: list[str] = []
    for _ in range(0, 24, at_once):
        found = node_table.unattended(at_once, after=served[-1] if served else "")
        assert len(node_table.claim(found, "a")) == len(found) <= at_once
        served += [claim.client for claim in found]
    assert served[:12] == served[12:24] == clients


@pytest.mark.parametrize("backwards", [False, True])
def test_nodes_that_claim_the_same_in_another_order_do_not_wait_for_each_other(
    postgres_database: Database, backwards: bool
) -> None:
    """A deadlock would need each to wait for a process that the other has locked."""
    node_table = NodeTable(postgres_database)
    schedule(postgres_database, "o1", "o2", "o3")
    seen = node_table.unattended(10)
    with postgres_database.writing() as other:
        other.execute(sa.text("UPDATE processes SET node = 'b' WHERE subject = 'o2'"))
        found = node_table.claim(seen[::-1] if backwards else seen, "a")
        other.commit()
    assert sorted(subjects(found)) == ["o1", "o3"]
    assert subjects(node_table.in_hand("b")) == ["o2"]


def test_nodes_that_remove_the_same_dead_node_wait_before_they_lock_its_processes(postgres_database: Database) -> None:
    node_table = NodeTable(postgres_database)
    node_table.beat("dead")
    schedule(postgres_database, "o1")
    take(postgres_database, "o1", "dead")
    with postgres_database.writing() as other:
        other.execute(sa.text("DELETE FROM nodes WHERE id = 'dead'"))
        with ThreadPoolExecutor(1) as pool:
            burial = pool.submit(node_table.bury, "dead")
            until(lambda: waits_for_a_lock(postgres_database))
            other.execute(sa.text("UPDATE processes SET node = NULL WHERE subject = 'o1'"))
            other.commit()
            burial.result()
    assert subjects(node_table.unattended(10)) == ["o1"]


def waits_for_a_lock(database: Database) -> bool:
    with database.reading() as connection:
        query = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(connection.scalar(query))


@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("ix_processes_waiting", WAITING_CLIENTS),
        ("ix_processes_waiting", CLIENTS_AFTER),
        ("ix_processes_waiting", OF_CLIENT),
        ("ix_processes_node", sa.select(sa.literal_column("subject")).where(*ORPHANED)),
        ("sqlite_autoindex_processes_1", sa.select(sa.literal_column("state")).where(of_claims(SEEN))),
    ],
)
def test_the_nodes_read_no_whole_table_of_processes(
    sqlite_database: Database, index: str, query: sa.Select[Any]
) -> None:
    """They look four times a second, and a table may have millions of processes that ended."""
    with sqlite_database.reading() as connection:
        bound = query.params({"after": "x", "of_client": "x", "most": 9})
        text = str(bound.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    looks = [row.detail for row in plan if "processes" in row.detail]
    assert looks
    assert all(f"INDEX {index}" in look for look in looks), looks


def test_the_backlog_is_what_no_node_has_taken(database: Database) -> None:
    reads = SqlProcessReads(database)
    assert reads.backlog() == {}
    schedule(database, "o1", "o2", "o3")
    take(database, "o1", "a")
    [(process, (count, oldest))] = reads.backlog().items()
    assert (process, count) == (PROCESS, 2)
    assert oldest > StandingClock().now()
    assert reads.oldest_of_clients() == {"partner-acme": oldest}
