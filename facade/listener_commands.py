"""The `tmf-facade listeners` commands: registrations of all clients, for operators."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from canonical.listeners.delivery import DeliveryState
from canonical.listeners.ports import ListenerReport
from canonical.shared.errors import NotFound, StoreOutcomeUnknown
from facade.bootstrap.operators import operating
from facade.command_line import told_trouble
from facade.settings import Settings


@click.group()
def listeners() -> None:
    """Registrations for events, in the database at DATABASE_URL: see docs/operators.md, Registrations of clients."""


@listeners.command("list")
@click.option("--client", help="Of this client only.")
@click.pass_obj
def list_listeners(settings: Settings, client: str | None) -> None:
    """List registrations: whose they are, where they deliver, and how far they are."""
    with told_trouble(settings), operating(settings) as operators:
        found = operators.listeners(client)
    for report in found:
        click.echo(_in_words(report))
    click.echo("1 registration" if len(found) == 1 else f"{len(found):,} registrations")


@listeners.command()
@click.argument("listener_id", metavar="ID")
@click.option("--reason", required=True, help="Why, and who decided: kept in the audit record.")
@click.pass_obj
def end(settings: Settings, listener_id: str, reason: str) -> None:
    """End a registration: nothing more is sent to it. Its client can register again while it has the scope."""
    with told_trouble(settings), _told_refusals(), operating(settings) as operators:
        ended = operators.end_listener(listener_id, reason)
    click.echo(f"the registration {ended.id} of {ended.owner} has ended")


def _in_words(report: ListenerReport) -> str:
    listener, status = report.listener, report.status
    state = status.state.value if status.state is DeliveryState.ACTIVE else f"{status.state.value}: {status.reason}"
    counted = f"{report.waiting:,} waiting, {report.dead:,} dead letters, {report.behind:,} events behind"
    whose = f"{listener.id} {listener.owner} {listener.api} {listener.version}"
    return f"{whose} {_place(listener.callback)} {state}, {counted}"


def _place(callback: str) -> str:
    """The address without its query, which may have a secret of the client."""
    return callback.partition("?")[0]


@contextmanager
def _told_refusals() -> Iterator[None]:
    try:
        yield
    except StoreOutcomeUnknown as error:
        raise click.ClickException(f"{error.message}. List the registrations before you try again") from error
    except NotFound as error:
        raise click.ClickException(f"{error.message}: `tmf-facade listeners list` has all ids") from error
