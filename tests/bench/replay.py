"""`python -m tests.bench.replay`: how many recorded orders of 4 KB are translated again and compared in a second.

Called inside this process, on one core. "translate" is the dry run alone, as the baseline.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from facade.bootstrap.answers import answer_to
from facade.bootstrap.apis import translatable
from facade.bootstrap.replaying import NothingKept, replay
from facade.partners.profiles import Profiles
from facade.replay.outcomes import Replay
from facade.replay.recordings import Recorded, read_recordings
from tests.bench.payloads import product_order
from tests.bench.report import table

OPERATION = ("TMF622", "v5", "createProductOrder")


@click.command()
@click.option("--payloads", default=10_000, show_default=True, type=click.IntRange(min=1))
def main(payloads: int) -> None:
    """Measure a replay without a difference."""
    sent = [Recorded(f"order-{number}", OPERATION, "acme", product_order()) for number in range(payloads)]
    once = Replay(translatable(NothingKept()), Profiles(), answer_to)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.jsonl"
        with path.open("w") as file:
            replay(sent, Profiles(), keep=lambda line: file.write(f"{line}\n"))
        measures: dict[str, Callable[[], Any]] = {
            "translate": lambda: [once.outcome(one) for one in sent],
            "read the recording": lambda: list(read_recordings([path], None, "")),
            "replay": lambda: replay(read_recordings([path], None, ""), Profiles()),
        }
        rows = [[name, f"{payloads / _cpu_seconds(call):,.0f}"] for name, call in measures.items()]
    click.echo(table(["", "payloads per second of CPU"], rows))


def _cpu_seconds(call: Callable[[], Any]) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
