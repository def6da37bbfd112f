"""Queries read, and do nothing else."""

import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from canonical.shared import jsontext
from facade.warehouse.asking import HOST, answering, ask, note_of
from facade.warehouse.errors import QuestionRefused, WarehouseError, WarehouseInUse
from facade.warehouse.store import Store
from tests.support.fed import a_course, text_of

HOSTILE = (
    "COPY orders TO '/tmp/stolen.csv'",
    "COPY orders FROM '/etc/passwd'",
    "ATTACH '/tmp/other.duckdb'",
    "DETACH warehouse",
    "EXPORT DATABASE '/tmp/stolen'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "PRAGMA enable_external_access=true",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "CALL force_checkpoint()",
    "CHECKPOINT",
    "INSERT INTO orders SELECT * FROM orders",
    "UPDATE orders SET state = 'completed'",
    "DELETE FROM orders",
    "DROP TABLE orders",
    "CREATE TABLE t(a INTEGER)",
    "CREATE TEMP TABLE t(a INTEGER)",
    "CREATE MACRO f() AS 1",
    "PREPARE p AS SELECT 1",
    "VACUUM",
    "BEGIN TRANSACTION",
    "COMMIT",
    "COMMIT; DELETE FROM orders",
    "SELECT 1; SELECT 2",
    "",
    "EXPLAIN ANALYZE DELETE FROM orders",
    "EXPLAIN ANALYZE COMMIT",
    "explain (analyze) rollback",
    "EXPLAIN /* */ ANALYZE COMMIT",
    "/* */ EXPLAIN ANALYZE CHECKPOINT",
    "EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 1",
    "EXPLAIN EXPLAIN ANALYZE COMMIT",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM query('DELETE FROM orders')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_json('http://127.0.0.1/')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM note",
    "SELECT getenv('HOME')",
    "SELECT * FROM nowhere",
    "SELEC 1",
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    with closing(Store(path, source="http://product")) as store:
        store.take([text_of(a_course("o1", 1))], 4, 4)
        yield store


@pytest.mark.parametrize("statement", HOSTILE)
def test_what_is_no_harmless_query_is_refused(filled: Store, statement: str) -> None:
    note = [1, 2, 3]  # DuckDB would read a variable of Python with this name
    with pytest.raises(QuestionRefused):
        filled.ask([statement], len(note), 600)
    assert filled.ask(["SELECT state FROM orders"], 10, 600)[0].rows == [["completed"]]


@pytest.mark.parametrize("statement", HOSTILE)
def test_a_file_that_no_process_owns_is_as_safe(filled: Store, tmp_path: Path, statement: str) -> None:
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes(filled.path.read_bytes())
    wal = filled.path.with_name("warehouse.duckdb.wal")
    if wal.exists():
        copy.with_name(wal.name).write_bytes(wal.read_bytes())
    with pytest.raises(QuestionRefused):
        ask(copy, [statement], 10, 600)
    assert ask(copy, ["SELECT state FROM orders"], 10, 600)[0].rows == [["completed"]]


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("FROM orders_by_state", [["completed", 1]]),
        ("WITH x AS (SELECT 1.50 AS a) SELECT a, 1e-1::DOUBLE, 'nan'::DOUBLE FROM x",
         [[Decimal("1.50"), Decimal("0.1"), "nan"]]),
        ("SELECT [1, NULL], {'a': DATE '2026-01-02'}, TIMESTAMP '2026-01-02 03:04:05', INTERVAL 1 DAY, true",
         [[[1, None], {"a": "2026-01-02"}, "2026-01-02 03:04:05", "1 day, 0:00:00", True]]),
        ("SELECT 340282366920938463463374607431768211455::UHUGEINT, '\\xAB'::BLOB, TIME '03:04'",
         [[340282366920938463463374607431768211455, "ab", "03:04:00"]]),
    ],
)  # fmt: skip
def test_every_kind_of_value_has_a_form(filled: Store, statement: str, rows: list[list[object]]) -> None:
    assert filled.ask([statement], 10, 600)[0].rows == rows
    with answering(filled, 600):
        assert ask(filled.path, [statement], 10, 600)[0].rows == rows


def test_a_question_cannot_leave_its_transaction(filled: Store) -> None:
    with pytest.raises(QuestionRefused, match="TRANSACTION is not allowed"):
        filled.ask(["EXPLAIN ANALYZE COMMIT", "EXPLAIN ANALYZE DELETE FROM orders"], 10, 600)
    assert filled.ask(["SELECT state FROM orders"], 10, 600)[0].rows == [["completed"]]


@pytest.mark.parametrize("how", ["EXPLAIN", "explain analyze", "EXPLAIN (FORMAT json)", "EXPLAIN ANALYZE\n"])
def test_a_query_is_explained(filled: Store, how: str) -> None:
    assert "plan" in filled.ask([f"{how} FROM orders"], 10, 600)[0].rows[0][0]


def test_rows_are_counted_and_time_is_limited(filled: Store) -> None:
    answer = filled.ask(["FROM range(5) AS numbers(a)"], 3, 600)[0]
    assert (answer.columns, answer.rows, answer.more) == (["a"], [[0], [1], [2]], True)
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = 3"
    with pytest.raises(QuestionRefused, match=r"longer than 0\.2 s"):
        filled.ask([endless], 3, 0.2)
    with pytest.raises(QuestionRefused, match="longer than 0 s"):
        filled.ask(["SELECT 1"], 3, 0)
    with pytest.raises(QuestionRefused, match="Out of Memory"):
        filled.ask(["SELECT list(range) FROM range(3000000000)"], 3, 600)
    assert filled.ask(["FROM orders"], 3, 600)[0].rows


def test_the_process_that_owns_the_file_answers_whoever_can_read_its_note(filled: Store) -> None:
    path = filled.path
    with answering(filled, 600):
        assert note_of(path).stat().st_mode & 0o777 == 0o600
        assert ask(path, ["SELECT count(*) FROM events", "SELECT 2"], 10, 600)[0].rows == [[4]]
        with pytest.raises(QuestionRefused, match="only SELECT"):
            ask(path, ["DELETE FROM orders"], 10, 600)
        note_of(path).write_text(note_of(path).read_text().replace('"token":"', '"token":"x'))
        with pytest.raises(WarehouseInUse):
            ask(path, ["SELECT 1"], 10, 600)
    assert not note_of(path).exists()


def test_a_note_of_a_process_that_died_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    Store(path).close()
    for left in ('{"port": 1, "token": "x"}', "{}", "not JSON"):
        note_of(path).write_text(left)
        assert ask(path, ["SELECT count(*) FROM orders"], 10, 600)[0].rows == [[0]]


class Stranger(BaseHTTPRequestHandler):
    """Another program that has the port now: as a server of HTTPS answers to plain HTTP."""

    status = 400

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"<html>The plain HTTP request was sent to an HTTPS port</html>"
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.mark.parametrize("status", [200, 400])
def test_another_program_on_the_port_of_a_process_that_died_is_passed_over(tmp_path: Path, status: int) -> None:
    path = tmp_path / "warehouse.duckdb"
    Store(path).close()
    with ThreadingHTTPServer((HOST, 0), type("Handler", (Stranger,), {"status": status})) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        note_of(path).write_text(jsontext.text({"port": server.server_address[1], "token": "x"}))
        assert ask(path, ["SELECT count(*) FROM orders"], 10, 600)[0].rows == [[0]]
        server.shutdown()


def test_a_missing_file_and_another_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="start `tmf-facade warehouse run`"):
        ask(tmp_path / "missing.duckdb", ["SELECT 1"], 10, 600)
    other = tmp_path / "other.duckdb"
    other.write_text("something else" * 1000)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        ask(other, ["SELECT 1"], 10, 600)
