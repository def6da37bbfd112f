"""What `tmf-facade warehouse` prints, and what it says if it cannot work."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from facade import warehouse_commands
from facade.cli import main
from facade.warehouse.errors import QuestionRefused
from facade.warehouse.questions import Answer
from facade.warehouse.store import Store
from tests.support.fed import a_course, an_order, event, text_of

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """A command of the warehouse in this folder, which no process has open."""

    def called(*words: str, **environment: str) -> Result:
        settings = {"WAREHOUSE_FILE": str(tmp_path / "warehouse.duckdb"), **environment}
        return CliRunner().invoke(main, ["warehouse", *words], env=settings)

    return called


def test_rows_are_printed_in_three_ways(store: Store, command: Command) -> None:
    store.take([text_of([*a_course("o1", 1), event(5, "OrderSubmitted", "o\x1b[31m2", 1, an_order("a, b"))])], 5, 5)
    store.close()
    query = "SELECT order_id, state, length(state) AS size, NULL AS nothing FROM orders ORDER BY order_id DESC"
    assert command("query", query).stdout.splitlines() == [
        "order_id  state      size  nothing",
        "--------  ---------  ----  -------",
        "o1        completed     9",
        "o�[31m2   a, b          4",
    ]
    assert command("query", query, "--format", "csv").stdout == (
        'order_id,state,size,nothing\no1,completed,9,\no\x1b[31m2,"a, b",4,\n'
    )
    assert command("query", query, "--format", "json", "--rows", "1").output == (
        '{"order_id":"o1","state":"completed","size":9,"nothing":null}\n'
        "only the first 1 rows are here: --rows takes more\n"
    )
    assert command("query", "SELECT 1 AS one WHERE false").stdout == "one\n---\n"
    assert command("report", "-").stdout.startswith("<!DOCTYPE html>")


def test_the_query_may_come_from_the_standard_input(store: Store) -> None:
    store.close()
    settings = {"WAREHOUSE_FILE": str(store.path)}
    done = CliRunner().invoke(main, ["warehouse", "query", "-"], env=settings, input="SELECT 1 AS one")
    assert done.stdout == "one\n---\n  1\n"


@pytest.mark.parametrize(
    ("words", "environment", "message"),
    [
        (("query", "FROM orders"), {}, "start `tmf-facade warehouse run`"),
        (("report",), {}, "start `tmf-facade warehouse run`"),
        (("run",), {"WAREHOUSE_FILE": "/dev/null/warehouse.duckdb"}, "WAREHOUSE_FILE: /dev/null cannot be made"),
        (("run",), {"WAREHOUSE_CHUNK": "0"}, "WAREHOUSE_CHUNK='0' must be from 1"),
        (("run",), {"WAREHOUSE_SOURCE": "nowhere"}, "WAREHOUSE_SOURCE is not an address"),
        (("run",), {"WAREHOUSE_SOURCE": "http://a:b@host"}, "WAREHOUSE_SOURCE has a user or a password"),
        (("rebuild",), {"WAREHOUSE_TOKEN_URL": "http://a:b@host/token"}, "WAREHOUSE_TOKEN_URL has a user or a"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    command: Command, words: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    done = command(*words, **environment)
    assert done.exit_code == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_statement_is_no_error(
    command: Command, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def interrupted(*_: object) -> Iterator[None]:
        """As DuckDB 2.0 tells it."""
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None
        yield

    monkeypatch.setattr("facade.warehouse.following.follow", interrupted)
    done = command("run")
    assert done.exit_code == 0, done.output


def test_production_refuses_the_secret_of_development(command: Command) -> None:
    production = {
        "FACADE_MODE": "production",
        "JWKS_URL": "https://sso.example/keys",
        "BACKENDS_URL": "https://b.example",
    }
    done = command("run", BACKENDS_SECRET="x", DATABASE_URL="postgresql://db/facade", **production)
    assert done.stderr == "Error: WAREHOUSE_SECRET must be set in production\n"


def test_without_the_extra_the_command_says_what_to_install(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse_commands, "EXTRA", ("duckdb", "a_package_that_is_missing"))
    done = command("run")
    assert done.stderr == (
        "Error: the warehouse needs a_package_that_is_missing: "
        "install the extra with `pip install --constraint deploy/constraints.txt '.[warehouse]'`\n"
    )


def test_no_column_of_json_takes_the_place_of_another(store: Store, command: Command) -> None:
    store.close()
    query = "SELECT 1 AS a, 2 AS b, 3 AS a"
    assert command("query", query, "--format", "csv").stdout == "a,b,a\n1,2,3\n"
    done = command("query", query, "--format", "json")
    assert (done.exit_code, done.stderr) == (1, "Error: several columns are named a: give them names with AS\n")


def test_files_of_a_large_query_are_private(store: Store, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    store.close()
    masks: list[int] = []

    def asked(*_: object) -> list[Answer]:
        masks.append(os.umask(0))
        os.umask(masks[-1])
        raise QuestionRefused("enough")

    monkeypatch.setattr("facade.warehouse.asking.ask", asked)
    before = os.umask(0o022)
    for words in (("query", "FROM orders"), ("report", "-")):
        assert command(*words).stderr == "Error: enough\n"
    assert (os.umask(before), masks) == (0o022, [0o077, 0o077])


def test_a_report_that_cannot_be_written_is_said(store: Store, command: Command, tmp_path: Path) -> None:
    store.close()
    done = command("report", str(tmp_path))
    assert done.stderr == f"Error: {tmp_path} cannot be written: Is a directory\n"
