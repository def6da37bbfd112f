"""`python -m tests.bench.mapped_orders`: what it costs that a partner orders in its own words.

One order is posted as a draft, by turns in our words and by `partner-alpha` in its words.
Both requests are made inside this process, one at a time. The aim is at most 1.1 x.
"""

import statistics
import tempfile
import time
from pathlib import Path

import click

from canonical.shared import jsontext
from facade.bootstrap import commands
from facade.partners.files import read_profiles
from facade.settings import Settings
from tests.bench.in_process import InProcess, product
from tests.bench.payloads import PRODUCT_ORDERS
from tests.bench.report import table
from tests.support.product import ROOT
from tests.unit.engine.worded import golden
from tests.unit.tmf622.versions import V5

PLAIN, MAPPED = "qa", "partner-alpha"
WARM = 50


def bodies() -> dict[str, bytes]:
    """The same draft in the words of each client."""
    sent = golden("alpha-v5.request") | {"requestedInitialState": "Entwurf"}
    sent.pop("externalId", None)  # it is unique
    wording = V5.wording(read_profiles(ROOT / "fixtures" / "partners").of(MAPPED))
    assert wording is not None
    return {PLAIN: jsontext.write(wording.read(sent).body), MAPPED: jsontext.write(sent)}


@click.command()
@click.option("--orders", default=2_000, show_default=True, type=click.IntRange(min=1))
def main(orders: int) -> None:
    """Measure a POST in a partner's words against one in ours."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        settings = {"DATABASE_URL": f"sqlite:///{folder}/facade.db", "PARTNERS": str(ROOT / "fixtures" / "partners")}
        with product(settings, log) as (app, _):
            read = Settings.from_environment()
            tokens = {client: commands.development_token(read, client, None) for client in (PLAIN, MAPPED)}
            taken = measured(app, tokens, orders)
    medians = {client: statistics.median(seconds) * 1e6 for client, seconds in taken.items()}
    rows = [[client, f"{one:,.0f}", f"{one / medians[PLAIN]:.2f}"] for client, one in medians.items()]
    click.echo(table(["client", "µs of CPU per POST, median", "ratio"], rows))


def measured(app: InProcess, tokens: dict[str, str], orders: int) -> dict[str, list[float]]:
    """Seconds of CPU of each POST."""
    sent, taken = bodies(), {client: list[float]() for client in tokens}
    for number in range(orders + WARM):
        for client, body in sent.items():
            begin = time.process_time()
            status, answer = app.request("POST", PRODUCT_ORDERS, tokens[client], body)
            if number >= WARM:
                taken[client].append(time.process_time() - begin)
            if status != 201:
                raise RuntimeError(f"{client} was answered {status}: {answer.decode()}")
    return taken


if __name__ == "__main__":
    main()
