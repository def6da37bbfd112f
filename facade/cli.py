"""The `tmf-facade` command."""

import sys
from pathlib import Path

import click
import uvicorn

from facade import bootstrap, logs
from facade.contract.cli import contract
from facade.settings import SettingError, Settings


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """A TM Forum facade with a precise core. Settings come from the environment: see docs/operators.md."""
    try:
        context.obj = Settings.from_environment()
    except SettingError as error:
        raise click.ClickException(str(error)) from error
    logs.configure(context.obj.log_level)


@main.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Serve the product on HOST:PORT with WORKERS processes."""
    uvicorn.run(
        "facade.bootstrap:application",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=20,
    )


@main.command()
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Where the backends keep their state.")
@click.pass_obj
def simulate(settings: Settings, state: Path | None) -> None:
    """Serve the five simulated backends on BACKENDS_PORT."""
    bootstrap.simulate(settings, state or settings.state_dir / "backends.db")


@main.command()
@click.argument("client")
@click.option("--scope", help="Scopes to narrow the token to, separated by blanks.")
@click.pass_obj
def token(settings: Settings, client: str, scope: str | None) -> None:
    """Print an access token of a development CLIENT (partner-acme, portal, qa)."""
    try:
        click.echo(bootstrap.development_token(settings, client, scope))
    except ValueError as error:
        raise click.ClickException(str(error)) from error


@main.group()
def db() -> None:
    """The database at DATABASE_URL."""


@db.command()
@click.pass_obj
def upgrade(settings: Settings) -> None:
    """Create or migrate the schema, and publish the catalogue. Safe to repeat."""
    bootstrap.upgrade_database(settings)
    added = bootstrap.publish_catalog(settings)
    click.echo(f"schema up to date, {added} offerings published")


main.add_command(contract)

if __name__ == "__main__":
    sys.exit(main())
