"""Which nodes there are and what nobody has in hand, on SQLite and on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.persistence.database import Database
from adapters.persistence.node_table import _WAITING_CLIENTS, Claim, NodeTable
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.process_table import SqlProcessSchedule
from tests.support.fakes import StandingClock

PROCESS = "place-order"


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


def test_the_index_of_waiting_processes_is_used(sqlite_database: Database) -> None:
    """The nodes look four times a second, and a table may have millions of processes that ended."""
    with sqlite_database.reading() as connection:
        query = str(_WAITING_CLIENTS.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    looks = [row.detail for row in plan if "processes" in row.detail]
    assert looks
    assert all("USING INDEX ix_processes_waiting" in look for look in looks), looks


def test_the_backlog_is_what_no_node_has_taken(database: Database) -> None:
    reads = SqlProcessReads(database)
    assert reads.backlog() == {}
    schedule(database, "o1", "o2", "o3")
    take(database, "o1", "a")
    [(process, (count, oldest))] = reads.backlog().items()
    assert (process, count) == (PROCESS, 2)
    assert oldest > StandingClock().now()
    assert reads.oldest_of_clients() == {"partner-acme": oldest}
