"""Two nodes on one PostgreSQL have the same partner profiles in force, or say that they do not."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from adapters.persistence.database import Database
from canonical.partners.commands import ApplyProfile
from facade.clock import SystemClock
from facade.partners.profiles import content_hash
from tests.contract.test_partner_profiles_contract import Agreeing
from tests.e2e.test_partner_profiles import (
    PARTNER,
    ROLE,
    activated,
    check_that_each_request_is_judged_by_one_version,
    judged_by,
)
from tests.support.postgres import new_database
from tests.support.product import Node
from tests.support.simulators import running_backends
from tests.support.waiting import LONG, until


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.URL) -> Iterator[tuple[Node, Node]]:
    folder: Path = tmp_path_factory.mktemp("agreed-by-two")
    with new_database(postgres_server) as url, running_backends(folder) as backends:
        first, second = (Node(folder, backends, {"DATABASE_URL": url}, name) for name in ("first", "second"))
        first.prepare()
        try:
            first.start()
            second.start()
            yield first, second
        finally:
            first.stop()
            second.stop()


def test_what_one_node_activates_the_other_has_in_force(nodes: tuple[Node, Node]) -> None:
    for activating, other in (nodes, nodes[::-1]):
        version = activated(activating, ROLE)["profileVersion"]
        until(partial(_judges_by, other, version))


def test_no_request_of_either_node_is_judged_by_two_versions(nodes: tuple[Node, Node]) -> None:
    check_that_each_request_is_judged_by_one_version(nodes, rounds=6)


def test_a_node_that_cannot_load_keeps_what_it_had_and_is_not_ready(nodes: tuple[Node, Node]) -> None:
    version = activated(nodes[0], ROLE)["profileVersion"]
    for node in nodes:
        until(partial(_judges_by, node, version))
    _publish_for_another_release(nodes[0], {"keyOfAnotherRelease": True})
    for node in nodes:
        assert f"the partner profile {PARTNER}@" in until(partial(_problems, node))
        assert judged_by(node) == version
    successor = activated(nodes[1], ROLE)["profileVersion"]
    for node in nodes:
        until(partial(_judges_by, node, successor))
        assert _problems(node) == ""


def _judges_by(node: Node, version: str) -> bool:
    return judged_by(node) == version


def _problems(node: Node) -> str:
    """Why a node is not ready; empty if it is."""
    answer = requests.get(f"{node.url}/health/ready", timeout=LONG)
    return "" if answer.status_code == 200 else " ".join(answer.json()["problems"])


def _publish_for_another_release(node: Node, document: dict[str, bool]) -> None:
    with closing(Database(node.environment["DATABASE_URL"], seconds=LONG)) as database:
        agreeing = Agreeing(database)
        agreeing.clock.at = SystemClock().now()
        seen = agreeing.stored.seen()[PARTNER]
        agreeing.do(ApplyProfile(PARTNER, document, content_hash(document), "another release", seen))
