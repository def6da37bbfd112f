"""The `tmf-facade` command."""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when it is imported."""

with warnings.catch_warnings():
    # Connexion 3.3 imports Starlette's test client, which warns about a package that only tests need.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    from canonical.inventory.loads import AssetLoad
    from canonical.ordering.external_ids import in_words
    from facade import launcher, logs
    from facade.bootstrap import assets as recording
    from facade.bootstrap import catalog as cataloguing
    from facade.bootstrap import commands
    from facade.bootstrap import orders as ordering
    from facade.bootstrap.streaming import check_stream, republish
    from facade.command_line import progress_bar, told_trouble
    from facade.contract.cli import contract
    from facade.demo.product import DemoError, running, with_noted_ports
    from facade.demo.report import console_for, demonstrate
    from facade.health import Role
    from facade.listener_commands import listeners
    from facade.operator_commands import operations
    from facade.partner_commands import partners
    from facade.replay_commands import replay
    from facade.security.errors import ConfigurationError
    from facade.setting_sources import SettingError
    from facade.settings import Settings
    from facade.warehouse_commands import warehouse
    from facade.web.server import Listening, run_server


EXPECTED_ERRORS = (SettingError, ConfigurationError, launcher.LaunchError, DemoError)
"""Errors whose messages say what to do, so they need no traceback."""


class Commands(click.Group):
    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except EXPECTED_ERRORS as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands)
@click.version_option(package_name="tmf-facade", message="%(package)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """A TM Forum facade with a precise core. Settings come from the environment and a file: see docs/operators.md."""
    context.obj = Settings.from_environment()
    logs.configure(context.obj.log_level)


@main.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Run everything on this machine.

    Prepares the database, starts simulated backends, worker and app, places demonstration orders. The app listens on
    PORT with WORKERS processes; WORK_PROCESSES processes carry out orders, their health is on WORK_PORT. The backends
    listen on BACKENDS_PORT; with BACKENDS_URL they are not started. With STREAM=nats a NATS server listens on
    STREAM_PORT; with STREAM_URL it is not started. Logs go to files in STATE_DIR. Ctrl-C stops everything.
    """
    check_stream(settings)
    issues_tokens = settings.security.uses_development_server
    launcher.run(settings, lambda: _prepare_database(settings), issues_tokens=issues_tokens)


@main.command()
@click.option("--work", is_flag=True, help="Carry out processes, too, in the same operating system processes.")
@click.pass_obj
def serve(settings: Settings, work: bool) -> None:
    """Serve the product on HOST:PORT with WORKERS processes.

    Orders are accepted and not carried out: that is the task of `tmf-facade work`, on this machine or another one with
    the same database. With --work one command does both.
    """
    role = Role.SERVE_AND_WORK if work else Role.SERVE
    name = "working_application" if work else "application"
    _run_servers(settings, role, f"facade.bootstrap.serving:{name}", settings.port, settings.workers)


@main.command()
@click.pass_obj
def work(settings: Settings) -> None:
    """Carry out accepted orders and plan changes, imports and exports, with WORK_PROCESSES processes.

    Health and metrics are served on HOST:WORK_PORT.
    """
    application = "facade.bootstrap.working:application"
    _run_servers(settings, Role.WORK, application, settings.work_port, settings.work_processes)


def _run_servers(settings: Settings, role: Role, application: str, port: int, processes: int) -> None:
    # Checked here too: each server process would show a traceback and be restarted again and again.
    commands.check_start(settings, role)
    with _common_numbers(processes):
        run_server(application, Listening(role.value, settings.host, port), processes)


@contextmanager
def _common_numbers(processes: int) -> Iterator[None]:
    """Several server processes combine their metrics in a folder, which must exist before they start."""
    if processes == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="tmf-facade-metrics-") as folder:
        os.environ[FOLDER] = folder
        yield


@main.command()
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Where the backends keep their state.")
@click.pass_obj
def simulate(settings: Settings, state: Path | None) -> None:
    """Serve the five simulated backends on BACKENDS_PORT."""
    commands.simulate(settings, state or settings.state_dir / "backends.db")


@main.command()
@click.pass_obj
def demo(settings: Settings) -> None:
    """Show the paths of orders through a running product.

    Plays the golden payloads as partner-acme and as portal. It runs where
    `make run` started it, or at PORT and BACKENDS_PORT. Fails when an order does not end as its scenario says.
    """
    astray = demonstrate(running(with_noted_ports(settings)), console_for())
    if astray:
        raise click.ClickException(f"{astray} orders did not end as their scenarios say")


@main.command()
@click.argument("client")
@click.option("--scope", help="Scopes to narrow the token to, separated by blanks.")
@click.pass_obj
def token(settings: Settings, client: str, scope: str | None) -> None:
    """Print an access token of a development CLIENT (partner-acme, portal, qa)."""
    try:
        click.echo(commands.development_token(settings, client, scope))
    except ValueError as error:
        raise click.ClickException(str(error)) from error


@main.group()
def db() -> None:
    """The database at DATABASE_URL."""


@db.command()
@click.pass_obj
def upgrade(settings: Settings) -> None:
    """Create or migrate the schema, and load the catalog; in development the sample assets, too. Safe to repeat."""
    _prepare_database(settings)


def _prepare_database(settings: Settings) -> None:
    try:
        commands.upgrade_database(settings)
        added = cataloguing.load_at_start(settings)
        recorded = recording.load_at_start(settings)
    except commands.DATABASE_TROUBLE as error:
        reason = commands.reason_of(error)
        raise click.ClickException(
            f"the database at {settings.database_variable} cannot be prepared: {reason}"
        ) from error
    loaded = f"{added} catalog item{'s' * (added > 1)} loaded" if added else "catalog unchanged"
    had = f"; {recorded} sample assets loaded" if recorded else ""
    click.echo(f"schema up to date; {loaded}{had}")


@main.command("republish")
@click.option("--after", required=True, type=click.IntRange(min=0), help="Number of an event; 0: from the first one.")
@click.pass_obj
def republish_events(settings: Settings, after: int) -> None:
    """Publish events to the streaming platform again, because it lost them.

    The process that publishes does it, with the same ids. NATS drops what it still has from the last ten minutes.
    """
    with told_trouble(settings), cataloguing.opened(settings) as database:
        count = republish(settings, database, after)
    click.echo(f"{count:,} events are published again")


@main.group()
def catalog() -> None:
    """The catalog in the database at DATABASE_URL."""


@catalog.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def load_catalog(settings: Settings, files: tuple[Path, ...]) -> None:
    """Load items from FILES: JSON arrays, or one item in each line.

    Published items never change: give what is to be different a new version. Safe to repeat.
    """
    with told_trouble(settings):
        items = cataloguing.read_files(files)
        with cataloguing.opened(settings) as database, progress_bar(len(items)) as told:
            made = cataloguing.load(database, items, told)
    click.echo(f"{len(items)} items: {', '.join(f'{made[outcome]} {outcome}' for outcome in cataloguing.Outcome)}")


@catalog.command("check")
@click.pass_obj
def check_catalog(settings: Settings) -> None:
    """Look for what is wrong in the catalog. Fails if anything is found."""
    with told_trouble(settings), cataloguing.opened(settings) as database:
        found = cataloguing.findings(database)
    for one in found:
        told = f"{one.kind} {one.item_id} {one.edition} {one.pointer}: {one.fault}: {one.message}; {one.remedy}"
        click.echo(f"{'error' if one.is_error else 'warning'}: {told}")
    if found:
        raise click.ClickException(f"{len(found)} finding{'s' * (len(found) > 1)} in the catalog")
    click.echo("nothing is wrong in the catalog")


@main.group()
def assets() -> None:
    """What customers have, in the database at DATABASE_URL."""


@assets.command("load")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def load_assets(settings: Settings, path: Path) -> None:
    """Record the assets in FILE, one in each line as JSON.

    Prints each line that is rejected, and fails if there is one; the others are recorded. An asset that is there
    already stays as it is, so it is safe to repeat. After an interruption the same file continues where it stopped.
    """
    with (
        told_trouble(settings),
        cataloguing.opened(settings) as database,
        path.open("rb") as file,
        progress_bar(path.stat().st_size) as told,
    ):
        made = recording.load(database, file, click.echo, told, _resumed)
    counts = ", ".join(f"{made[outcome]:,} {outcome}" for outcome in recording.Outcome)
    click.echo(f"{made.total():,} lines: {counts}")
    if made[recording.Outcome.REJECTED]:
        raise click.ClickException("correct the lines above and load the file again")


def _resumed(load: AssetLoad) -> None:
    before = f"; the run before rejected {load.rejected:,}" if load.rejected else ""
    click.echo(f"continues after line {load.lines:,}, where a run was interrupted{before}")


@assets.command("derive")
@click.pass_obj
def derive_assets(settings: Settings) -> None:
    """Record what was added by orders that completed before the installed base was kept. Safe to repeat."""
    with (
        told_trouble(settings),
        cataloguing.opened(settings) as database,
        progress_bar(recording.completed_orders(database)) as told,
    ):
        orders, made = recording.derive(database, recording.deriving(database, settings), told)
    click.echo(f"{made:,} assets of {orders:,} orders")


@main.group()
def orders() -> None:
    """The orders in the database at DATABASE_URL."""


@orders.command("duplicates")
@click.pass_obj
def duplicate_orders(settings: Settings) -> None:
    """List external ids that several orders of a client have. Fails if there are any.

    Rejected, failed and cancelled orders do not count.
    """
    found = 0
    with told_trouble(settings), cataloguing.opened(settings) as database:
        for one in ordering.duplicates(database):
            click.echo(f"{one.owner}: {in_words(one.identifier)}: {', '.join(one.orders)}; it belongs to {one.holder}")
            found += 1
    if found:
        raise click.ClickException(f"{found:,} external id{'s' * (found > 1)} of several orders")
    click.echo("no external id belongs to several orders")


main.add_command(contract)
main.add_command(listeners)
main.add_command(operations)
main.add_command(partners)
main.add_command(replay)
main.add_command(warehouse)

if __name__ == "__main__":
    sys.exit(main())
