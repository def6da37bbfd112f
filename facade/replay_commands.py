"""`tmf-facade replay`: what a change of a profile or of the product would change."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TextIO

import click

from facade.bootstrap import replaying
from facade.bootstrap.catalog import opened
from facade.bootstrap.core import partner_profiles
from facade.command_line import DIFFERS, progress_bar, told_trouble
from facade.partners.files import read_profiles
from facade.replay.recordings import read_recordings, recorded_of
from facade.settings import Settings


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profiles", "folder", type=click.Path(path_type=Path), help="Profiles to try instead of PARTNERS.")
@click.option("--as", "operation", help="What the payloads in other files are for: 'TMF622 v5 createProductOrder'.")
@click.option("--client", default="replay", show_default=True, help="Who sends the payloads in other files.")
@click.option("--recorded", metavar="CLIENT", help="Payloads of this client that the database has recorded.")
@click.option("--write", "output", type=click.File("w"), help="A recording with the outcomes of now.")
@click.pass_obj
def replay(
    settings: Settings,
    files: tuple[Path, ...],
    folder: Path | None,
    operation: str | None,
    client: str,
    recorded: str | None,
    output: TextIO | None,
) -> None:
    """Translate payloads again and carry nothing out.

    FILES are recordings (.jsonl), or have one payload each; with --recorded, payloads come from the database at
    DATABASE_URL, too. What is understood now is compared with the recorded
    outcome. Without one, and with --profiles, it is compared with what the profiles in PARTNERS make of it. The exit
    status is 0 without a difference, 2 with one, and 1 for an error.
    """
    if not files and recorded is None:
        raise click.UsageError("name files, or a client with --recorded")
    with told_trouble(settings), progress_bar(None) as told, ExitStack() as using:
        database = None if recorded is None else using.enter_context(opened(settings))
        in_force = partner_profiles(settings) if database is None else replaying.in_force(settings, database)
        now, before = (in_force, None) if folder is None else (read_profiles(folder), in_force)
        payloads = read_recordings(files, operation, client)
        if database is not None and recorded is not None:
            payloads = chain(payloads, recorded_of(recorded, replaying.recordings(database, recorded)))
        made = replaying.replay(payloads, now, before, _writing(output), told)
    for group in made.groups:
        one = group.example
        click.echo(f"{group.operation} {group.place}: {group.payloads} payloads differ")
        click.echo(f"  first {group.first}: {one.before} became {one.after}")
    click.echo(f"{made.payloads:,} payloads: {made.compared:,} compared, {made.differing:,} differ")
    if made.differing:
        raise click.exceptions.Exit(DIFFERS)


def _writing(output: TextIO | None) -> Callable[[str], object]:
    return (lambda line: None) if output is None else lambda line: output.write(f"{line}\n")
