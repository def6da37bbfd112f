"""The `tmf-facade operations` commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import yaml

from canonical.processes.decisions import Outcome
from canonical.processes.process_status import Action, ProcessState, ProcessStatus
from canonical.shared.errors import CanonicalError, StoreOutcomeUnknown, StoreUnavailable
from canonical.shared.paging import Slice
from facade.bootstrap.operators import operating
from facade.clock import time_text
from facade.command_line import told_trouble
from facade.contract.violations import ContractViolation
from facade.operations.processes import LONGEST_AGE, OPEN
from facade.settings import Settings

Command = Callable[..., None]
STATES = click.Choice([state.value for state in ProcessState])
LONGEST_KEY = 255
"""Characters of an Idempotency-Key, as in the contract."""
OUTCOMES = click.Choice([outcome.value for outcome in Outcome])


@click.group()
def operations() -> None:
    """Processes that do not go on by themselves, in the database at DATABASE_URL: see docs/operators.md, Stuck work."""


def _process(command: Command) -> Command:
    return click.argument("process")(click.argument("subject")(command))


def _key(context: click.Context, parameter: click.Parameter, key: str | None) -> str | None:
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise click.BadParameter(f"a key has 1 to {LONGEST_KEY} characters")
    return key


def _decision(command: Command) -> Command:
    options = (
        click.option("--reason", required=True, help="Why, and who decided: kept in the audit record."),
        click.option("--key", callback=_key, help="Idempotency key: the same command with the same key decides once."),
        click.option(
            "--wait",
            "seconds",
            type=click.FloatRange(0, 86400),
            default=150.0,
            show_default=True,
            help="Seconds to wait for the end of a call that is under way.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return _process(click.pass_obj(command))


@operations.command("list")
@click.option("--state", "states", multiple=True, type=STATES, help="May be repeated.")
@click.option("--age", type=click.IntRange(0, LONGEST_AGE), help="At least so many seconds in trouble.")
@click.option("--waiting-for", help="A part of what they wait for, such as a backend's name.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
@click.pass_obj
def list_processes(
    settings: Settings, states: tuple[str, ...], age: int | None, waiting_for: str | None, limit: int
) -> None:
    """List processes, those with the oldest problem first. Without --state, all that have not ended."""
    with told_trouble(settings), operating(settings) as operators:
        found = operators.processes.found(
            frozenset(map(ProcessState, states)) or OPEN, age, waiting_for, Slice(0, limit)
        )
    for status in found.members:
        click.echo(_in_words(status))
    click.echo(f"{len(found.members):,} of {found.total:,} processes")


@operations.command()
@_process
@click.pass_obj
def show(settings: Settings, process: str, subject: str) -> None:
    """Print one process as YAML: its calls, what it waits for, and the possible decisions.

    PROCESS and SUBJECT are the first two words of a line of `list`.
    """
    with told_trouble(settings), _told_refusals(), operating(settings) as operators:
        shown = operators.processes.shown(process, subject)
    click.echo(yaml.safe_dump(shown, allow_unicode=True, sort_keys=False, width=120), nl=False)


@operations.command()
@_decision
def retry(settings: Settings, process: str, subject: str, **how: Any) -> None:
    """Try again now; for a fallout, try the refused compensation again."""
    _decide(settings, process, subject, {"action": Action.RETRY.value}, **how)


@operations.command()
@click.option("--call", required=True, help="The current call, as `show` names it in nextCall.")
@click.option("--outcome", required=True, type=OUTCOMES, help="What became of it.")
@click.option("--result", help="The id that the call created, if it was done and creates one.")
@_decision
def skip(
    settings: Settings, process: str, subject: str, call: str, outcome: str, result: str | None, **how: Any
) -> None:
    """Do not make the current call, because you know its outcome."""
    body = {"action": Action.SKIP.value, "call": call, "outcome": outcome}
    _decide(settings, process, subject, body if result is None else body | {"result": result}, **how)


@operations.command()
@_decision
def compensate(settings: Settings, process: str, subject: str, **how: Any) -> None:
    """Stop the order: undo its steps and end it with GIVEN_UP."""
    _decide(settings, process, subject, {"action": Action.COMPENSATE.value}, **how)


def _decide(
    settings: Settings,
    process: str,
    subject: str,
    action: dict[str, str],
    *,
    reason: str,
    key: str | None,
    seconds: float,
) -> None:
    def waiting() -> None:
        click.echo("a call of the process is running: waiting for its end", err=True)

    with told_trouble(settings), _told_refusals(), operating(settings) as operators:
        made = operators.decide(process, subject, action | {"reason": reason}, key, seconds, waiting)
    before = made["process"]["state"]
    click.echo(f"{process} {subject}: {made['action']} is on record {made['auditRecordId']}; it was {before}")


def _in_words(status: ProcessStatus) -> str:
    text = f"{status.process} {status.subject} {status.state} since {time_text(status.since)}"
    if status.call is not None:
        text = f"{text}, {status.call} (tries: {status.tries:,})"
    reasons = (status.problem and status.problem.value, status.waiting_for)
    return ": ".join(filter(None, (text, *reasons)))


@contextmanager
def _told_refusals() -> Iterator[None]:
    try:
        yield
    except StoreOutcomeUnknown as error:
        raise click.ClickException(f"{error.message}. Look at the process before you decide again") from error
    except StoreUnavailable:
        raise
    except CanonicalError as error:
        allowed = error.details.get("allowedActions")
        rest = "" if allowed is None else f"; allowed now: {', '.join(allowed) or 'nothing'}"
        raise click.ClickException(f"{error.message}{rest}") from error
    except ContractViolation as error:
        raise click.ClickException(" ".join(one.message for one in error.violations)) from error
