"""What the commands of the command line share: how they tell trouble, and how far they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import Progress

from facade.bootstrap import catalog as cataloguing
from facade.bootstrap import commands
from facade.partners.files import ProfileError
from facade.replay.recordings import RecordingError
from facade.setting_sources import SettingError
from facade.settings import Settings

DIFFERS = 2
"""The exit status of a comparison that found differences; 1 is an error."""


@contextmanager
def told_trouble(settings: Settings) -> Iterator[None]:
    """What the database cannot do, and what a file does not say, in one line."""
    try:
        yield
    except (SettingError, cataloguing.FileError, ProfileError, RecordingError) as error:
        raise click.ClickException(str(error)) from error
    except commands.DATABASE_TROUBLE as error:
        reason = commands.reason_of(error)
        raise click.ClickException(f"the database at {settings.database_variable} cannot be used: {reason}") from error


@contextmanager
def progress_bar(items: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, only where that is a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("loading", total=items)
        yield lambda done: progress.update(task, completed=done)
