"""A database of the release before: every read answers the same bytes, keys are remembered, what waited ends.

`fixtures/upgrades/README.md` says how the database was made.
"""

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from adapters.persistence import migrations
from adapters.persistence.database import Database
from tests.support.postgres import execute
from tests.support.product import ROOT, Node
from tests.support.simulators import Backends
from tests.support.waiting import until

FIXTURES = ROOT / "fixtures" / "upgrades" / "0.1.0"
REVISION = "0007"
"""Of the schema that this database has."""
HOST = {"Host": "facade.example"}
"""Addresses in answers depend on it."""


@dataclass(frozen=True)
class Upgraded:
    node: Node
    backends: Backends
    known: dict[str, Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """The product on the upgraded database, with no backend there yet."""
    directory: Path = tmp_path_factory.mktemp("upgraded")
    (directory / "var").mkdir()
    _unpack("facade.db", directory / "var" / "facade.db")
    _unpack("backends.sqlite3", directory / "backends.sqlite3")
    environment = {"PARTS_WAIT": "0.2", "PORTAL_WAIT": "0.2", "BACKEND_BREAKER_PAUSE": "0.5"}
    if request.param == "postgresql":
        server: sa.URL = request.getfixturevalue("postgres_server")
        execute(server, "CREATE DATABASE upgraded")
        environment["DATABASE_URL"] = server.set(database="upgraded").render_as_string(hide_password=False)
        _copied(directory / "var" / "facade.db", environment["DATABASE_URL"])
    backends = Backends(directory)
    node = Node(directory, backends, environment)
    node.prepare()
    node.start()
    yield Upgraded(node, backends, json.loads(gzip.decompress((FIXTURES / "answers.json.gz").read_bytes())))
    node.stop()
    backends.stop()


def test_every_read_answers_the_same_bytes(upgraded: Upgraded) -> None:
    answers = upgraded.known["answers"]
    assert len(answers) > 800
    wrong = []
    for known in answers:
        answer = upgraded.node.get(known["path"], known["client"], headers=HOST)
        read = hashlib.sha256(answer.content).hexdigest() if answer.ok else None  # an error has an id of its own
        if (answer.status_code, answer.headers.get("ETag"), read) != (known["status"], known["etag"], known["sha256"]):
            wrong.append((known["path"], known["client"], answer.status_code, answer.text[:500]))
    assert not wrong, f"{len(wrong)} of {len(answers)}, the first: {wrong[0]}"


def test_a_request_with_a_key_of_then_gets_what_it_got_then(upgraded: Upgraded) -> None:
    for sent in upgraded.known["replays"]:
        headers = HOST | {"Idempotency-Key": sent["key"]}
        answer = upgraded.node.request(sent["method"], sent["path"], sent["client"], json=sent["body"], headers=headers)
        assert answer.json().get("id") == sent["id"], (sent, answer.text)
        if sent["path"].startswith("/tmf-api/"):
            assert answer.status_code == sent["status"]
            assert hashlib.sha256(answer.content).hexdigest() == sent["sha256"], (sent, answer.text)


def test_what_waited_ends(upgraded: Upgraded) -> None:
    upgraded.backends.start()
    ended = [upgraded.node.until_finished(order_id)["status"] for order_id in upgraded.known["waiting"]]
    assert set(ended) <= {"confirmed", "failed", "cancelled"}, ended
    assert ended.count("confirmed") > len(ended) / 2
    for subscription in ("SUB1120", "SUB1121", "SUB1122"):
        path = f"/api/v1/subscriptions/{subscription}"
        until(lambda path=path: upgraded.node.get(path, "portal").json().get("pendingChange", "away") is None)  # type: ignore[misc]


def _unpack(name: str, to: Path) -> None:
    with gzip.open(FIXTURES / f"{name}.gz") as packed, to.open("wb") as file:
        shutil.copyfileobj(packed, file)


def _copied(file: Path, url: str) -> None:
    """The same rows in PostgreSQL, in the tables of that time."""
    kept = sa.create_engine(f"sqlite:///{file}")
    config = migrations._config()
    with closing(Database(url)) as database, kept.connect() as rows, database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, REVISION)
        then = sa.MetaData()
        then.reflect(connection)
        for table in then.sorted_tables:
            if table.name == "alembic_version":
                continue
            source = sa.Table(table.name, sa.MetaData(), autoload_with=rows)
            if found := [dict(row._mapping) for row in rows.execute(sa.select(source))]:
                connection.execute(sa.delete(table))
                connection.execute(sa.insert(table), found)
        connection.execute(
            sa.text("SELECT setval(pg_get_serial_sequence('outbox', 'position'), max(position)) FROM outbox")
        )
        connection.commit()
    kept.dispose()
