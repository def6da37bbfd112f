"""Files of assets brought into real databases: `tmf-facade assets load`, and the sample."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any, BinaryIO

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from adapters.persistence import migrations
from adapters.persistence.catalog_files import FileError
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import documents, outbox, terms
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.offering import OFFERINGS
from canonical.inventory.asset import ASSETS, CustomerAsset
from canonical.inventory.contents import AssetCharacteristic, RelationshipType
from canonical.inventory.states import AssetStatus, Trigger
from canonical.shared.reader import ALL
from facade.bootstrap import assets as recording
from facade.bootstrap.assets import SAMPLE, Outcome, load
from facade.bootstrap.catalog import SAMPLE as CATALOG
from facade.bootstrap.declared import projectors
from facade.cli import main
from facade.clock import SystemClock
from tests.support.builders import NOON
from tests.support.waiting import LONG, until


def a_line(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": f"a{number}", "customer": "C12345", "contents": {"name": "Line"}, **changes}


def loaded(database: Database, *lines: Any) -> tuple[Counter[Outcome], list[str]]:
    rejected: list[str] = []
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return load(database, BytesIO(text.encode()), rejected.append, lambda _: None), rejected


def asset(database: Database, asset_id: str) -> CustomerAsset:
    return SqlReads(database).aggregate(ASSETS, asset_id, ALL)


def test_each_line_becomes_an_asset_that_is_read_changed_and_found_as_any_other(database: Database) -> None:
    contents = {
        "name": "Fibre",
        "offering": {"id": "po_fibre_500", "version": "1"},
        "characteristics": [{"name": "downstream", "value": 500}],
        "prices": [{"type": "RECURRING", "amount": "34.90 EUR", "period": "month"}],
    }
    made, rejected = loaded(database, a_line(1, contents=contents, status="SUSPENDED"), "", a_line(2))
    assert (made, rejected) == (Counter({Outcome.ADDED: 2}), [])
    found = asset(database, "a1")
    assert (found.state, found.customer_id, found.version) == (AssetStatus.SUSPENDED, "C12345", 1)
    assert found.contents.characteristics == (AssetCharacteristic("downstream", "NUMBER", "500"),)
    [entry] = found.timeline
    assert entry.cause.reason.startswith("loaded by job ")
    document = SqlReads(database).document(ASSETS, "a1", ALL).document
    assert json.loads(document)["productPrice"][0]["price"]["dutyFreeAmount"] == {"unit": "EUR", "value": 34.9}
    with database.reading() as connection:
        indexed = connection.execute(sa.select(terms.c.path, terms.c.value).where(terms.c.id == "a1")).all()
    assert {
        ("customer", "C12345"),
        ("characteristic:number", "downstream=5E+2"),
        ("productOffering.id", "po_fibre_500"),
    } <= {tuple(row) for row in indexed}


def test_one_event_tells_of_all_and_the_next_event_of_an_asset_is_its_first(database: Database) -> None:
    loaded(database, *(a_line(number) for number in range(5)))
    with SqlUnitOfWork(database, projectors(), SystemClock()) as work:
        found = work.repository(ASSETS).get("a3")
        found.change(Trigger.SUSPEND, found.timeline[0].cause, NOON)
        work.commit()
    query = sa.select(outbox.c.subject, outbox.c.type, outbox.c.sequence).order_by(outbox.c.position)
    with database.reading() as connection:
        first, *others = connection.execute(query.where(outbox.c.subject_type == ASSETS.name)).all()
    assert (first.type, first.sequence) == ("CustomerAssetsLoaded", 1)
    assert [tuple(row) for row in others] == [("a3", "CustomerAssetStatusChanged", 1)]


def test_lines_are_rejected_with_the_place_of_their_mistake_and_the_others_are_recorded(database: Database) -> None:
    made, rejected = loaded(
        database,
        a_line(1),
        "{",
        "[]",
        a_line(3, id="a b"),
        a_line(4, status="SLEEPING"),
        a_line(5, contents={"terms": [{"months": 3}]}),
        a_line(6, contents={"prices": [{"type": "RECURRING", "amount": "much"}]}),
        a_line(7, contents={"colour": "blue"}),
        a_line(8, customer="C" * 65),
        a_line(9, contents={"quantity": 0}),
        a_line(10),
        a_line(11, status=[]),
    )
    assert +made == Counter({Outcome.ADDED: 2, Outcome.REJECTED: 10})
    assert [one.split(":")[0] for one in rejected] == [
        "line 2 is no JSON",
        "line 3, at the top",
        "line 4, /id",
        "line 5, /status",
        "line 6, /contents/terms/0/name",
        "line 7, /contents/prices/0/amount",
        "line 8, /contents",
        "line 9, /customer",
        "line 10, /contents/quantity",
        "line 12, /status",
    ]


def test_a_load_can_be_repeated_and_changes_nothing_that_is_there(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "CHUNK", 2)
    lines = [a_line(number) for number in range(5)]
    assert loaded(database, *lines[:3])[0] == Counter({Outcome.ADDED: 3})
    again = loaded(database, *lines, a_line(4), a_line(0, contents={"name": "other"}))[0]
    assert again == Counter({Outcome.ADDED: 2, Outcome.KNOWN: 5})
    assert asset(database, "a0").contents.name == "Line"
    with database.reading() as connection:
        kept = connection.scalar(sa.select(sa.func.count()).where(documents.c.resource == ASSETS.name))
    assert kept == 5


class Interrupted(Exception):
    pass


def interrupted_after(bytes_done: int) -> Callable[[int], None]:
    def told(done: int) -> None:
        if done > bytes_done:
            raise Interrupted

    return told


def a_file(*lines: Any) -> BytesIO:
    return BytesIO("".join(line if isinstance(line, str) else f"{json.dumps(line)}\n" for line in lines).encode())


def events(database: Database) -> list[tuple[str, int]]:
    query = sa.select(outbox.c.subject, outbox.c.sequence).order_by(outbox.c.position)
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(query.where(outbox.c.type == "CustomerAssetsLoaded"))]


def test_an_interrupted_load_continues_where_it_stopped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "CHUNK", 2)
    lines: list[Any] = [a_line(1), "{\n", a_line(2), "\n", *map(a_line, range(3, 8))]
    rejected: list[str] = []
    with pytest.raises(Interrupted):
        load(database, a_file(*lines), rejected.append, interrupted_after(100))
    assert [one.split(":")[0] for one in rejected] == ["line 2 is no JSON"]
    other = load(database, a_file(a_line(20)), rejected.append, lambda _: None)
    assert other == Counter({Outcome.ADDED: 1, Outcome.KNOWN: 0, Outcome.REJECTED: 0}), "another file is another job"

    continued: list[tuple[int, int]] = []
    made = load(
        database,
        a_file(*lines),
        rejected.append,
        lambda _: None,
        lambda job: continued.append((job.lines, job.rejected)),
    )
    assert (made, continued) == (Counter({Outcome.ADDED: 7, Outcome.KNOWN: 0, Outcome.REJECTED: 1}), [(4, 1)])
    assert len(rejected) == 1, "the lines before are not read again"
    job, *others = dict.fromkeys(subject for subject, _ in events(database))
    assert len(others) == 1
    assert [sequence for subject, sequence in events(database) if subject == job] == [1, 2, 3, 4, 5]
    causes = {asset(database, f"a{number}").timeline[0].cause.reason for number in range(1, 8)}
    assert causes == {f"loaded by job {job}"}
    again = load(database, a_file(*lines), rejected.append, lambda _: None)
    assert again == Counter({Outcome.ADDED: 0, Outcome.KNOWN: 7, Outcome.REJECTED: 1}), "a load that ended begins anew"


def test_two_runs_do_not_load_one_file_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "CHUNK", 1)

    def meanwhile(done: int) -> None:
        if done:
            load(database, a_file(a_line(1), a_line(2)), print, lambda _: None)

    with pytest.raises(FileError, match="another run loads the same file"):
        load(database, a_file(a_line(1), a_line(2)), print, meanwhile)
    assert {asset(database, one).version for one in ("a1", "a2")} == {1}


def test_runs_that_begin_at_once_have_one_job(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    together, hashed = Barrier(8), recording._hash

    def at_once(file: BinaryIO) -> str:
        together.wait(LONG)
        return hashed(file)

    monkeypatch.setattr(recording, "_hash", at_once)
    with ThreadPoolExecutor(8) as runs:
        jobs = list(runs.map(lambda _: recording._job_of(database, a_file(a_line(1))), range(8)))
    assert len({job.id for job in jobs}) == 1


@pytest.mark.parametrize("database_name", ["sqlite", "postgresql"])
def test_a_load_that_is_killed_continues(database_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'facade.db'}"
    if database_name == "postgresql":
        url = request.getfixturevalue("postgres_url")
    database, file, count = Database(url, seconds=LONG), tmp_path / "assets.jsonl", 30_000
    migrations.upgrade(database)
    file.write_text("".join(f"{json.dumps(a_line(number))}\n" for number in range(count)))
    command = [sys.executable, "-m", "facade.cli", "assets", "load", str(file)]
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}
    with closing(database):
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        until(lambda: bool(events(database)), lambda: "nothing is loaded")
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        done = len(events(database))
        assert 0 < done < count // recording.CHUNK, "it is killed in the middle"

        told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()
        assert told == [
            f"continues after line {done * 1_000:,}, where a run was interrupted",
            f"{count:,} lines: {count:,} added, 0 already there, 0 rejected",
        ]
        assert [sequence for _, sequence in events(database)] == [*range(1, count // recording.CHUNK + 1)]
        assert len({subject for subject, _ in events(database)}) == 1
        with database.reading() as connection:
            kept = connection.scalar(sa.select(sa.func.count()).where(documents.c.resource == ASSETS.name))
        assert kept == count


def test_the_command_prints_what_is_wrong_and_fails(tmp_path: Path, sqlite_database: Database) -> None:
    file, path = tmp_path / "assets.jsonl", sqlite_database.url.database
    file.write_text(f"{json.dumps(a_line(1))}\n{{}}\n")
    result = CliRunner().invoke(main, ["assets", "load", str(file)], env={"DATABASE_URL": f"sqlite:///{path}"})
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "line 2, /id: is missing",
        "2 lines: 1 added, 0 already there, 1 rejected",
    ]
    file.write_text(json.dumps(a_line(2)))
    result = CliRunner().invoke(main, ["assets", "load", str(file)], env={"DATABASE_URL": f"sqlite:///{path}"})
    assert (result.exit_code, result.stdout) == (0, "1 lines: 1 added, 0 already there, 0 rejected\n")


def test_the_sample_can_be_loaded_and_fits_the_sample_catalog(database: Database) -> None:
    made, rejected = loaded(database, *SAMPLE.read_text().splitlines())
    assert (+made, rejected) == (Counter({Outcome.ADDED: made.total()}), [])
    ids = [json.loads(line)["id"] for line in SAMPLE.read_text().splitlines()]
    assets = {one: asset(database, one) for one in ids}
    offerings = {
        (one["id"], one["version"]): one["contents"]
        for one in map(json.loads, (CATALOG / "offerings.jsonl").read_text().splitlines())
        if one["kind"] == OFFERINGS.name
    }
    for one in assets.values():
        offering = one.contents.offering
        if offering is not None:
            known = offerings[offering.id, offering.version]
            assert (offering.name, offering.sku) == (known["name"], known.get("sku"))
        for related in one.contents.relationships:
            opposite = {RelationshipType.BUNDLES: RelationshipType.BUNDLED_BY}.get(related.type)
            back = [
                other.asset_id for other in assets[related.asset_id].contents.relationships if other.type is opposite
            ]
            assert opposite is None or back == [one.id]
    assert {one.state for one in assets.values()} == set(AssetStatus) - {AssetStatus.CREATED}
    assert assets["asset-cable-1"].contents.quantity == 17
