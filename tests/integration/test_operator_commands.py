"""`tmf-facade operations`: stuck work, seen and decided about on the database, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner, Result

from adapters.persistence.database import Database
from adapters.persistence.tables import audit
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import PaymentStatus
from canonical.ordering.states import State
from canonical.processes.errors import CallUnderWay
from canonical.processes.process_status import ProcessState
from facade.cli import main
from facade.operations.processes import OperatedProcesses
from tests.support.stuck import AWAY, away, charges, fallen_out, unknown
from tests.support.waiting import LONG

Operations = Callable[..., Result]
WHY = ("--reason", "ticket 4711")


@pytest.fixture
def operations(database: Database) -> Operations:
    address = database.url.render_as_string(hide_password=False)
    return lambda *words: CliRunner().invoke(main, ["operations", *map(str, words)], env={"DATABASE_URL": address})


def recorded(database: Database) -> list[tuple[Any, ...]]:
    columns = (audit.c.client, audit.c.operation, audit.c.status, audit.c.code, audit.c.subject, audit.c.reason)
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(audit.c.id))]


def test_stuck_work_is_listed_and_shown(database: Database, operations: Operations) -> None:
    placing = away(database)
    line, count = operations("list").stdout.splitlines()
    assert line.startswith(f"{PLACE_ORDER} {placing.order_id} waiting since ")
    assert line.endswith(", charge (tries: 1): backendAway: billing cannot be reached")
    assert count == "1 of 1 processes"
    for none in (("--state", "fallout"), ("--state", "running", "--age", 60), ("--waiting-for", "crm")):
        assert operations("list", *none).stdout == "0 of 0 processes\n"
    both = operations("list", "--state", "fallout", "--state", "waiting", "--waiting-for", "BILLING", "--limit", 1)
    assert both.stdout.splitlines()[-1] == "1 of 1 processes"
    shown = yaml.safe_load(operations("show", PLACE_ORDER, placing.order_id).stdout)
    assert (shown["nextCall"], shown["allowedActions"]) == ("charge", ["retry", "skip", "compensate"])
    assert "charge#0" in [answer["call"] for answer in shown["record"]]


def test_a_decision_has_the_evidence_of_the_api(database: Database, operations: Operations) -> None:
    placing = away(database)
    made = operations("compensate", PLACE_ORDER, placing.order_id, *WHY)
    assert made.exit_code == 0, made.output
    with database.reading() as connection:
        row = connection.execute(sa.select(audit)).one()
    said = f"{PLACE_ORDER} {placing.order_id}: compensate is on record {row.id}; it was waiting\n"
    assert made.stdout == said
    decided = ("tmf-facade", "decideProcess", 202, None, placing.order_id, "ticket 4711")
    assert recorded(database) == [decided]
    assert row.correlation_id
    assert placing.status.state is ProcessState.SCHEDULED
    placing.pause = 0.0
    order = placing.to_the_end()
    assert order.failure is not None
    assert (order.state, order.failure.code) == (State.FAILED, "GIVEN_UP")


def test_a_call_whose_outcome_a_person_knows_is_not_made_again(database: Database, operations: Operations) -> None:
    placing = unknown(database)
    before = charges(placing)
    refused = operations("compensate", PLACE_ORDER, placing.order_id, *WHY)
    assert (refused.exit_code, "allowed now: retry, skip" in refused.stderr) == (1, True), refused.output
    done = ("skip", PLACE_ORDER, placing.order_id, "--call", "charge", "--outcome", "done", *WHY)
    assert "send as result what charge returned" in operations(*done).stderr
    made = operations(*done, "--result", "CHG7")
    assert made.exit_code == 0, made.output
    placing.pause = 0.0
    order = placing.to_the_end()
    assert (order.state, order.payment, charges(placing)) == (State.COMPLETED, PaymentStatus.SUCCESS, before)
    statuses = [(status, code) for _, _, status, code, *_ in recorded(database)]
    assert statuses == [(409, "DECISION_REFUSED"), (400, "INVALID_COMMAND"), (202, None)]


def test_what_could_not_be_undone_is_tried_again(database: Database, operations: Operations) -> None:
    placing = fallen_out(database)
    assert operations("retry", PLACE_ORDER, placing.order_id, *WHY).exit_code == 0
    placing.pause = 0.0
    assert placing.to_the_end().state is State.FAILED
    ended = operations("retry", PLACE_ORDER, placing.order_id, *WHY)
    assert (ended.exit_code, "allowed now: nothing" in ended.stderr) == (1, True)


def test_one_key_decides_once(database: Database, operations: Operations) -> None:
    placing = away(database)
    words = ("retry", PLACE_ORDER, placing.order_id, *WHY, "--key", "4711")
    first, again = operations(*words), operations(*words)
    assert (first.exit_code, again.stdout) == (0, first.stdout)
    other = operations("compensate", PLACE_ORDER, placing.order_id, *WHY, "--key", "4711")
    assert (other.exit_code, "used for another request" in other.stderr) == (1, True)


def releasing(decided: Any, go_on: threading.Event) -> Any:
    """`decided`; after its first refusal the call that is under way may end."""

    def deciding(*given: Any) -> Any:
        try:
            return decided(*given)
        except CallUnderWay:
            go_on.set()
            raise

    return deciding


def test_a_decision_waits_for_the_call_that_is_under_way(
    database: Database, operations: Operations, monkeypatch: pytest.MonkeyPatch
) -> None:
    placing = away(database)
    moody = placing.payments
    go_on = moody.go_on = threading.Event()
    moody.begun.clear()
    moody.errors = [AWAY]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(placing.next_run)
        assert moody.begun.wait(LONG)
        words = ("compensate", PLACE_ORDER, placing.order_id, *WHY)
        refused = operations(*words, "--wait", 0)
        assert (refused.exit_code, "is running" in refused.stderr) == (1, True), refused.output
        monkeypatch.setattr(OperatedProcesses, "decided", releasing(OperatedProcesses.decided, go_on))
        made = operations(*words)
        running.result(LONG)
    assert made.exit_code == 0, made.output
    assert "waiting for its end" in made.stderr
    placing.pause = 0.0
    assert placing.to_the_end().state is State.FAILED


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("retry", PLACE_ORDER, "nobody", *WHY), "Process not found"),
        (("retry", "dance", "nobody", *WHY), "Process not found"),
        (("show", "dance", "nobody"), "Process not found"),
        (("retry", PLACE_ORDER, "nobody", "--reason", " "), "reason must not be blank"),
        (("retry", PLACE_ORDER, "nobody", *WHY, "--key", "x" * 256), "1 to 255 characters"),
        (("retry", PLACE_ORDER, "nobody"), "Missing option '--reason'"),
        (("skip", PLACE_ORDER, "nobody", *WHY), "Missing option '--call'"),
    ],
)
def test_what_cannot_be_decided_is_told(operations: Operations, words: tuple[str, ...], said: str) -> None:
    told = operations(*words)
    assert (told.exit_code != 0, said in told.stderr) == (True, True), told.stderr
