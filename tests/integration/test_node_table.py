"""Which nodes live, and who inherits from those that do not, on SQLite and on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.node_table import NodeTable
from adapters.persistence.tables import nodes
from tests.support.fakes import (
    StandingClock,
)

LEASE = 5.0


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def node_table(database: Database, clock: StandingClock) -> NodeTable:
    return NodeTable(database, clock)


def known(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.scalars(sa.select(nodes.c.id)))


def test_a_node_that_beats_is_inherited_by_nobody(node_table: NodeTable, clock: StandingClock) -> None:
    node_table.beat("a")
    clock.pass_(LEASE)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == [], "its lease ends after this moment"


def test_a_node_without_a_beat_in_its_lease_is_inherited(node_table: NodeTable, clock: StandingClock) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]


def test_an_heir_keeps_its_inheritance_until_it_buries_the_dead(
    database: Database, node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    for node in ("b", "c"):
        node_table.beat(node)
    assert node_table.inherit("b", LEASE) == ["a"]
    assert node_table.inherit("c", LEASE) == [], "its heir lives"
    assert node_table.inherit("b", LEASE) == ["a"], "a crash between taking over and burying loses nothing"
    node_table.bury("a")
    assert node_table.inherit("b", LEASE) == []
    assert known(database) == {"b", "c"}


def test_the_inheritance_of_an_heir_that_died_goes_to_the_next_with_the_heir_itself(
    node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]
    clock.pass_(LEASE + 1)
    node_table.beat("c")
    assert sorted(node_table.inherit("c", LEASE)) == ["a", "b"]


def test_the_inheritance_of_an_heir_that_is_gone_altogether_goes_to_the_next(
    node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]
    node_table.bury("b")
    node_table.beat("c")
    assert node_table.inherit("c", LEASE) == ["a"]


def test_a_node_that_comes_back_is_alive_and_nobodys_inheritance(node_table: NodeTable, clock: StandingClock) -> None:
    node_table.beat("a")
    clock.pass_(LEASE + 1)
    node_table.beat("b")
    assert node_table.inherit("b", LEASE) == ["a"]
    node_table.beat("a")
    assert node_table.inherit("b", LEASE) == []


def test_a_node_that_was_buried_and_comes_back_is_known_again(
    database: Database, node_table: NodeTable, clock: StandingClock
) -> None:
    node_table.beat("a")
    node_table.bury("a")
    assert known(database) == set()
    node_table.beat("a")
    assert known(database) == {"a"}


def test_a_node_that_retired_is_inherited_at_once(node_table: NodeTable, clock: StandingClock) -> None:
    for node in ("a", "b"):
        node_table.beat(node)
    node_table.retire("a")
    assert node_table.inherit("b", LEASE) == ["a"]


def test_of_heirs_that_race_each_dead_node_goes_to_one(database: Database, clock: StandingClock) -> None:
    node_table = NodeTable(database, clock)
    dead = [f"dead-{number}" for number in range(5)]
    for node in dead:
        node_table.beat(node)
    clock.pass_(LEASE + 1)
    heirs = [f"heir-{number}" for number in range(4)]
    for node in heirs:
        node_table.beat(node)
    gate = threading.Barrier(len(heirs))

    def inherit(heir: str) -> list[str]:
        gate.wait()
        return node_table.inherit(heir, LEASE)

    with ThreadPoolExecutor(len(heirs)) as pool:
        shares = list(pool.map(inherit, heirs))
    assert sorted(node for share in shares for node in share) == dead
