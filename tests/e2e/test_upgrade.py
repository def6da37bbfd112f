"""A database of a release before: every read answers the same bytes, keys are remembered, what waited ends.

`fixtures/upgrades/README.md` says how the database was made.
"""

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from canonical.shared import jsontext
from tests.support.earlier import schema_at
from tests.support.postgres import execute
from tests.support.product import ROOT, Node
from tests.support.simulators import Backends
from tests.support.waiting import LONG, until

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


CATEGORIES = ROOT / "fixtures" / "upgrades" / "0.2.0" / "categories.json.gz"


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
        read = hashlib.sha256(as_then(answer)).hexdigest() if answer.ok else None  # an error has an id of its own
        if (answer.status_code, answer.headers.get("ETag"), read) != (known["status"], known["etag"], known["sha256"]):
            wrong.append((known["path"], known["client"], answer.status_code, answer.text[:500]))
    assert not wrong, f"{len(wrong)} of {len(answers)}, the first: {wrong[0]}"


def as_then(answer: Any) -> bytes:
    """The body without what came since then: notes on v4 of why an order failed, and the `bssOrderId` of orders."""
    content: bytes = re.sub(rb'"bssOrderId":("[^"]*"|null),', b"", answer.content)
    if "/v4/productOrder" not in answer.url or b'"author":"provider"' not in content:
        return content
    body = jsontext.read(content)
    for order in body if isinstance(body, list) else [body]:
        notes = [one for one in order.get("note", ()) if one.get("author") != "provider"]
        order |= {"note": notes}  # at its place
        if not notes:
            del order["note"]
    return jsontext.write(body)


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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def cataloguing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """The product on a database with categories of release 0.2.0."""
    directory: Path = tmp_path_factory.mktemp("cataloguing")
    (directory / "var").mkdir()
    known, url = json.loads(gzip.decompress(CATEGORIES.read_bytes())), f"sqlite:///{directory / 'var' / 'facade.db'}"
    environment: dict[str, str] = {}
    if request.param == "postgresql":
        server: sa.URL = request.getfixturevalue("postgres_server")
        execute(server, "CREATE DATABASE cataloguing")
        url = environment["DATABASE_URL"] = server.set(database="cataloguing").render_as_string(hide_password=False)
    with closing(Database(url, seconds=LONG)) as database, schema_at("0008", database) as connection:
        then = sa.MetaData()
        then.reflect(connection)
        for name, rows in known["rows"].items():
            connection.execute(sa.insert(then.tables[name]), rows)
        _go_on_counting(connection)
        connection.commit()
    backends = Backends(directory)
    node = Node(directory, backends, environment)
    node.prepare()
    node.start()
    yield Upgraded(node, backends, known)
    node.stop()


def test_categories_read_the_same_and_have_a_version(cataloguing: Upgraded) -> None:
    for known in cataloguing.known["answers"]:
        answer = cataloguing.node.get(known["path"], headers=HOST)
        assert answer.status_code == known["status"], (known["path"], answer.text)
        if known["body"] is not None:
            then, now = (exact(text) for text in (known["body"], answer.text))
            expected = [with_version(one) for one in then] if isinstance(then, list) else with_version(then)
            if "?version=" in known["path"]:
                expected = [
                    one | {"href": f"{one['href']}:(version={one['version']})"} for one in map(with_version, then)
                ]
            assert now == expected, known["path"]


def with_version(category: dict[str, Any]) -> dict[str, Any]:
    named = {"beta (2)": "beta [2]"}.get(category.get("version", ""), category.get("version", "").strip())
    return category | {"version": named or "1.0"}


def exact(text: str) -> Any:
    """Numbers as they are written."""
    return json.loads(text, parse_float=str, parse_int=str)


def test_a_key_of_then_gets_the_answer_of_then(cataloguing: Upgraded) -> None:
    """But those of patches: the media type counts since."""
    for sent in (one for one in cataloguing.known["replays"] if one["method"] != "PATCH"):
        headers = HOST | {"Idempotency-Key": sent["key"], "Content-Type": sent["media"]}
        answer = cataloguing.node.request(sent["method"], sent["path"], data=sent["body"].encode(), headers=headers)
        assert answer.status_code == sent["status"], (sent, answer.text)
        assert hashlib.sha256(answer.content).hexdigest() == sent["sha256"], (sent, answer.text)
        assert answer.headers.get("ETag", "").rpartition("-")[2].strip('"') == (sent["etag"] or "").strip('"')
        assert answer.headers.get("Location") == sent["location"]


def test_categories_of_then_can_be_named_changed_and_removed(cataloguing: Upgraded) -> None:
    node, collection = cataloguing.node, "/tmf-api/productCatalogManagement/v5/category"
    for known in node.get(f"{collection}?limit=100&sort=name").json():
        address = f"{collection}/{known['id']}"
        one = node.get(f"{address}:(version={known['version']})")
        assert one.json() == known | {"href": one.json()["href"]}
        changed = node.request("PATCH", address, json={"description": "changed"})
        assert changed.status_code == 200, changed.text
        published = known["lifecycleStatus"] in ("Active", "Launched", "Retired", "Obsolete")
        assert (changed.json()["version"] != known["version"]) is published
    top = next(one for one in node.get(collection).json() if one["name"] == "Cloud services")
    in_use = node.request("DELETE", f"{collection}/{top['id']}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "CATALOG_ITEM_IN_USE")
    left = node.get(f"{collection}?limit=100&sort=-name").json()
    while left:
        gone = [one for one in left if node.request("DELETE", f"{collection}/{one['id']}").status_code == 204]
        assert gone, "what nothing refers to can be removed"
        left = node.get(f"{collection}?limit=100").json()


def _unpack(name: str, to: Path) -> None:
    with gzip.open(FIXTURES / f"{name}.gz") as packed, to.open("wb") as file:
        shutil.copyfileobj(packed, file)


def _copied(file: Path, url: str) -> None:
    """The same rows in PostgreSQL, in the tables of that time."""
    kept = sa.create_engine(f"sqlite:///{file}")
    with (
        closing(Database(url, seconds=LONG)) as database,
        kept.connect() as rows,
        schema_at(REVISION, database) as connection,
    ):
        then = sa.MetaData()
        then.reflect(connection)
        for table in then.sorted_tables:
            if table.name == "alembic_version":
                continue
            source = sa.Table(table.name, sa.MetaData(), autoload_with=rows)
            if found := [dict(row._mapping) for row in rows.execute(sa.select(source))]:
                connection.execute(sa.delete(table))
                connection.execute(sa.insert(table), found)
        _go_on_counting(connection)
        connection.commit()
    kept.dispose()


def _go_on_counting(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        counted = "SELECT setval(pg_get_serial_sequence('outbox', 'position'), max(position)) FROM outbox"
        connection.execute(sa.text(counted))
