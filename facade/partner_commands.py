"""The `tmf-facade partners` commands."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import yaml

from canonical.partners.errors import ActivationPending, ProfilesChanged
from facade.bootstrap import handouts, replaying
from facade.bootstrap import partners as agreeing
from facade.bootstrap.catalog import opened
from facade.bootstrap.core import partner_profiles
from facade.bootstrap.stored_answers import changed_answers
from facade.clock import time_text
from facade.command_line import DIFFERS, progress_bar, told_trouble
from facade.partners.api_versions import VersionNotAgreed
from facade.partners.files import ProfileError, as_file
from facade.partners.in_force import tested
from facade.partners.markdown import page
from facade.partners.profiles import compile_profile
from facade.settings import Settings

FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
CANDIDATE = click.option(
    "--profiles",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A folder, instead of what is in force.",
)


@click.group()
def partners() -> None:
    """Partner profiles: files, and versions in the database at DATABASE_URL."""


@partners.command()
@FOLDER
def check(folder: Path) -> None:
    """Check the profiles in DIR, a YAML file for each client. The database is not needed."""
    with _told_faults():
        found = agreeing.profiles_in(folder)
    click.echo(f"{len(found):,} {'profile' if len(found) == 1 else 'profiles'} can be used")


@partners.command()
@FOLDER
@click.option("--stored", is_flag=True, help="Count the stored resources that would be answered differently, too.")
@click.pass_obj
def diff(settings: Settings, folder: Path, stored: bool) -> None:
    """Say what `apply` would change. Exit status 0: nothing, 2: something, 1: it cannot be said."""
    plan = _plan(settings, folder)
    _show(plan)
    if stored:
        _show_stored(settings, plan)
    if plan.changes:
        sys.exit(DIFFERS)


@partners.command()
@FOLDER
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal nothing is asked either.")
@click.pass_obj
def apply(settings: Settings, folder: Path, yes: bool) -> None:
    """Have the profiles in DIR in force, as new versions: all of them, or none.

    Shows the plan first. Refuses it if somebody changes one of these profiles meanwhile. A profile that is in force
    already stays as it is, so it is safe to repeat. Profiles without a file in DIR stay, too.
    """
    plan = _plan(settings, folder)
    _show(plan)
    if not plan.changes:
        return
    if not yes and sys.stdin.isatty():
        click.confirm("Apply this?", abort=True)
    with (
        told_trouble(settings),
        _told_faults(),
        opened(settings) as database,
        progress_bar(len(plan.changes)) as told,
    ):
        made = agreeing.apply(database, plan.changes, told)
    for version in made:
        click.echo(f"{version.name} is active")


@partners.command()
@click.argument("client", required=False)
@click.pass_obj
def show(settings: Settings, client: str | None) -> None:
    """List the stored versions in force, or print that of CLIENT as a file of DIR has it."""
    with told_trouble(settings), opened(settings) as database:
        active = agreeing.active_versions(database)
    if client is None:
        for name, one in active.items():
            since = one.shown_from and time_text(one.shown_from)
            click.echo(f"{name}: version {one.number}, active since {since}, {one.content_hash[:12]}")
        click.echo(f"{len(active):,} clients have an active version")
        return
    if client not in active:
        raise click.ClickException(f"{client} has no active version: its file or the default counts")
    click.echo(as_file(active[client].document), nl=False)


@partners.command()
@click.argument("client")
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal nothing is asked either.")
@click.pass_obj
def forget(settings: Settings, client: str, yes: bool) -> None:
    """Delete what is recorded of CLIENT for replays, and the key that it is masked with."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete everything that is recorded of {client}?", abort=True)
    with told_trouble(settings), opened(settings) as database:
        deleted = replaying.end_recordings(database, client)
    click.echo(f"{deleted:,} recorded payloads of {client} are deleted")


@partners.command()
@click.argument("client")
@click.option("--format", "form", type=click.Choice(["md", "html"]), default="md", show_default=True)
@CANDIDATE
@click.pass_obj
def doc(settings: Settings, client: str, form: str, folder: Path | None) -> None:
    """Print what is agreed with CLIENT, for its people to read, with its own examples as we understand them."""
    with told_trouble(settings), _told_faults():
        agreed = handouts.agreed_with(settings, client, folder)
        written = handouts.handout(agreed).markdown()
    click.echo(written if form == "md" else page(written, f"What is agreed with {client}"), nl=False)


@partners.command()
@click.argument("client")
@click.argument("api")
@click.argument("version")
@CANDIDATE
@click.pass_obj
def openapi(settings: Settings, client: str, api: str, version: str, folder: Path | None) -> None:
    """Print the contract of API and VERSION, as in TMF622 v5, narrowed to what is agreed with CLIENT."""
    with told_trouble(settings), _told_faults():
        found = handouts.contract_for(handouts.agreed_with(settings, client, folder), api, version)
    click.echo(yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=120), nl=False)


def _plan(settings: Settings, folder: Path) -> agreeing.Plan:
    with _told_faults():
        documents = agreeing.profiles_in(folder)
    with told_trouble(settings), opened(settings) as database:
        return agreeing.planned(database, documents)


def _show(plan: agreeing.Plan) -> None:
    for change in plan.changes:
        for line in change.in_words():
            click.echo(line)
    for client in plan.unnamed:
        click.echo(f"{client}: has an active version and no file here; it stays")
    click.echo(f"{len(plan.changes):,} to change, {len(plan.same):,} the same")


def _show_stored(settings: Settings, plan: agreeing.Plan) -> None:
    with told_trouble(settings), opened(settings) as database, progress_bar(None) as told:
        files = partner_profiles(settings)
        for change in plan.changes:
            before = files.of(change.client) if change.former is None else tested(change.former)
            found = changed_answers(database, change.client, before, compile_profile(change.document), told)
            for line in [one.in_words() for one in found] or ["no stored answer changes"]:
                click.echo(f"{change.client}: {line}")


@contextmanager
def _told_faults() -> Iterator[None]:
    try:
        yield
    except (ProfileError, agreeing.FaultyProfiles, handouts.UnknownContract, VersionNotAgreed) as error:
        raise click.ClickException(str(error)) from error
    except (ProfilesChanged, ActivationPending) as error:
        raise click.ClickException(error.message) from error
