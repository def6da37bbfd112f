"""`python -m tests.bench.translation`: what JSON, contract, bridge and mapper cost by themselves for an order of 4 KB.

Called inside this process, without a server. The v4 order is the v5 one as the bridge lowers it.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from canonical.shared import jsontext
from facade.bootstrap.versions import versions_of
from facade.contract.loading import load_spec
from facade.contract.validator import Contract
from facade.security.principal import Principal
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.tmf622.api import PRODUCT_ORDER, TMF622
from facade.tmf.tmf622.product_order import to_submit_order
from facade.tmf.tmf622.v4 import BRIDGE
from facade.tmf.vocabulary import STANDARD
from tests.bench.payloads import product_order
from tests.bench.report import mark, table
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory

SPECS = Path(__file__).parents[2] / "specs" / "tmf"
OPERATION = "createProductOrder"
ORDER = PRODUCT_ORDER.schema
ACME = Sender("acme", STANDARD)
ROUNDS = 20
CALLS = 100
"""In one round of one measure."""
TOGETHER = "together, as POST does it"
AIM = 300.0

Measures = Mapping[str, Callable[[], Any]]


@click.command()
@click.option("--rounds", default=ROUNDS, show_default=True, type=click.IntRange(min=1))
def main(rounds: int) -> None:
    """Measure contract, bridge and mapper for one order."""
    click.echo(compare(rounds))


def compare(rounds: int = ROUNDS) -> str:
    """A table of microseconds, v5 beside v4."""
    return shown(measured(v5_measures(), rounds), measured(v4_measures(), rounds))


def v5_measures() -> Measures:
    body, contract = _sent(product_order()), _contract("tmf622-v5.yaml")
    return {
        "validate against v5": lambda: _valid(contract, body),
        "map to the command": lambda: to_submit_order(body, ACME),
        TOGETHER: lambda: to_submit_order(_valid(contract, body), ACME),
        **_json(body),
    }


def v4_measures() -> Measures:
    v4, v5 = _contract("tmf622-v4.yaml"), _contract("tmf622-v5.yaml")
    body = BRIDGE.lower(ORDER, _sent(product_order())).body
    lifted = _valid(v5, BRIDGE.lift(ORDER, body).body)
    version = versions_of(TMF622, "v4")[PRODUCT_ORDER.name]
    translator = ResourceTranslator(version, ReadsFromMemory(Memory()))
    principal = Principal(ACME.client, frozenset())
    return {
        "validate against v4": lambda: _valid(v4, body),
        "lift v4 to v5": lambda: BRIDGE.lift(ORDER, body),
        "validate against v5": lambda: _valid(v5, lifted),
        "map to the command": lambda: to_submit_order(lifted, ACME),
        TOGETHER: lambda: translator.translate(_valid(v4, body), principal),
        "lower v5 to v4, for the answer": lambda: BRIDGE.lower(ORDER, lifted),
        **_json(body),
    }


def measured(measures: Measures, rounds: int, calls: int = CALLS) -> dict[str, float]:
    """Microseconds of CPU of one call, medians of the rounds of all measures in turn."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds + 1):
        for name, call in measures.items():
            began = time.thread_time()
            for _ in range(calls):
                call()
            taken[name].append((time.thread_time() - began) * 1e6 / calls)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def shown(v5: Mapping[str, float], v4: Mapping[str, float]) -> str:
    names = dict.fromkeys((*v4, *v5))
    return table(("µs of CPU for one order", "v5", "v4"), [[name, _cell(name, v5), _cell(name, v4)] for name in names])


def _cell(name: str, column: Mapping[str, float]) -> str:
    if name not in column:
        return "–"
    if name != TOGETHER:
        return f"{column[name]:.0f}"
    return f"**{column[name]:.0f}** {mark(column[name] <= AIM, f'≤ {AIM:.0f}')}"


def _contract(file: str) -> Contract:
    return Contract(load_spec(SPECS / file))


def _valid(contract: Contract, body: Any) -> Any:
    checked = contract.check_request(OPERATION, body)
    assert not checked.violations, checked.violations
    return checked.body


def _sent(body: Any) -> Any:
    """The body as a request brings it: its numbers are decimals."""
    return jsontext.read(jsontext.write(body))


def _json(body: Any) -> Measures:
    text = jsontext.write(body)
    return {
        "JSON read, as a request brings it": lambda: jsontext.read(text),
        "JSON read again from the database": lambda: jsontext.read_kept(text),
        "JSON read by orjson, for comparison": lambda: orjson.loads(text),
        "JSON written": lambda: jsontext.write(body),
        "the same by value, for the idempotency hash": lambda: jsontext.by_value(body),
    }


if __name__ == "__main__":
    main()
