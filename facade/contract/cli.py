"""`tmf-facade contract …`: making the contracts that we serve."""

from __future__ import annotations

from pathlib import Path

import click

from facade.contract.official import PreparationError
from facade.contract.overlay import OverlayError
from facade.contract.prepare import prepare_file

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def contract() -> None:
    """Prepare the API contracts that this service publishes."""


@contract.command("prepare")
@click.argument("official", type=_FILE)
@click.argument("overlay", type=_FILE)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def prepare_command(official: Path, overlay: Path, output: Path) -> None:
    """Make OUTPUT from an OFFICIAL TM Forum file (OpenAPI 3.0 or Swagger 2.0) and our OVERLAY."""
    try:
        text = prepare_file(official, overlay)
    except (PreparationError, OverlayError) as error:
        raise click.ClickException(str(error)) from error
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: {len(text) // 1024} KB")
