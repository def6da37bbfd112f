"""The kinds of faults, and when which of them comes: drawn from a seed, so that a run can be repeated."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from random import Random
from typing import Any

import requests

from tests.support import database_faults
from tests.support.faults import BACKENDS, CHANGES
from tests.support.postgres import execute
from tests.support.scenes import SOMEBODY_ELSES, described
from tests.support.torture.world import World

RESTART = 12.0
"""Seconds that something has to be back at work after a crash, and to get on with it."""

What = dict[str, Any]
"""What a fault is like this time; plain values that can be printed."""


@dataclass(frozen=True)
class Kind:
    """`place`: what it takes hold of; there is one fault at a time in each place, and the next one there comes `rest`
    seconds later at the earliest. `draw` says what it is like this time, `make` lets it last as long as its block.
    """

    name: str
    place: str
    make: Callable[[World, What], AbstractContextManager[object]]
    draw: Callable[[Random], What] = lambda dice: {}
    seconds: tuple[float, float] = (0.3, 4.0)
    rest: float = 0.2


@dataclass(frozen=True)
class Planned:
    at: float
    seconds: float
    kind: Kind
    what: What = field(default_factory=dict)

    @property
    def shown(self) -> str:
        details = ", ".join(f"{name} {value}" for name, value in self.what.items())
        return f"{self.kind.name} for {self.seconds:.1f} s{f': {details}' if details else ''}"


def schedule(seed: int, seconds: float, kinds: list[Kind]) -> Iterator[Planned]:
    """Faults that begin within so many seconds, all kinds in turn like cards of a shuffled deck; fewer and more of
    them at a time, changing every few seconds.
    """
    dice, at, next_pace, pace = Random(seed), 0.0, 0.0, 1.0
    free: dict[str, float] = {}
    deck: list[Kind] = []
    while True:
        if at >= next_pace:
            pace, next_pace = dice.choice((0.3, 0.7, 2.0)), at + dice.uniform(4, 12)
        at += dice.expovariate(1 / pace)
        if at >= seconds:
            return
        deck = deck or dice.sample(kinds, len(kinds))
        found = next((kind for kind in deck if free.get(kind.place, 0.0) <= at), None)
        if found is None:
            deck += dice.sample(kinds, len(kinds))
        else:
            deck.remove(found)
            planned = Planned(at, dice.uniform(*found.seconds), found, found.draw(dice))
            free[found.place] = at + planned.seconds + found.rest
            yield planned


ANSWERS: tuple[What, ...] = (
    {"status": 500},
    {"status": 503},
    {"status": 429},
    {"status": 401},
    {"hang": True},
    {"malformed": True},
    {"wrongSchema": True},
    {"dropAnswer": True},
    {"dropAnswer": True, "hang": True},
    {"latencyMs": 300},
    {"latencyMs": 2500},
    {"latencyMs": 1500, "dropAnswer": True},
)
"""How a backend answers that is in trouble; settings of the simulation."""
REFUSED = {
    "crm": {"status": 404, "operations": ["getCustomer"]},
    "inventory": {"status": 409, "operations": ["release"]},
    "bss": {"status": 409, "operations": ["cancelOrder"]},
    "billing": {"status": 402, "operations": ["charge"]},
}
"""What a backend refuses for no reason: no customer is known, nothing is undone, no payment accepted."""
SUFFERED: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("drop", ()),
    ("delay", (0.4,)),
    ("delay", (1.8,)),
    ("truncate", (0,)),
    ("truncate", (15,)),
    ("status", (500,)),
    ("status", (502,)),
    ("status", (503,)),
    ("turn_back", (404, {"message": "no such route"})),
    ("turn_back", (503, {"message": "no healthy upstream"})),
)
"""What becomes of answers on the way; methods of a proxy's rules."""


TEXTS = ("another", "", "created", "cancelled", "reserved", "released", "success", "refunded", "Standard", "USD", None)
AMOUNTS = ("-49.90", "0.01", "4990.00", 49.9)
NUMBERS = (0, 1, 9, -1, "2", None)
"""What a backend says in place of the truth."""
TOLD = [operation for operation in described() if operation.name != "getContract"]
TAKEN_AT_ITS_WORD = {("findSubscription", "/*/customerId")}
"""Whose a subscription is only BSS can say. A change that was accepted for another customer is contradicted by BSS for
ever: it waits, as it should, for a person.
"""


def _lies(backend: str, dice: Random) -> What:
    """One field of the answers to one operation has another value."""
    operation = dice.choice([one for one in TOLD if one.backend == backend])
    known = {
        place: schema for place, schema in operation.fields.items() if (operation.name, place) not in TAKEN_AT_ITS_WORD
    }
    place, schema = dice.choice(sorted(known.items(), key=itemgetter(0)))
    name = place.rpartition("/")[2]
    values: tuple[Any, ...] = (*TEXTS, *[SOMEBODY_ELSES.get(name, "ORD98765")] * 3)
    if schema["type"] == "integer":
        values = NUMBERS
    elif name in ("amount", "total"):
        values = AMOUNTS
    nth = dice.choice((None, None, [1], [2, 3]))
    return {"operation": operation.name, "place": place, "value": dice.choice(values), "nth": nth}


@contextmanager
def _lying(backend: str, world: World, what: What) -> Iterator[None]:
    operation = next(one for one in TOLD if (one.backend, one.name) == (backend, what["operation"]))
    rule = world.doors[backend].when(operation.method, operation.path, nth=what["nth"])
    rule.set(what["place"], what["value"])
    try:
        yield
    finally:
        world.doors[backend].clear()


def _answers(backend: str, dice: Random) -> What:
    some = backend in CHANGES and dice.random() < 0.4
    operations = {"operations": CHANGES[backend]} if some else {}
    return dice.choice(ANSWERS) | {"rate": dice.choice((0.3, 0.6, 1.0))} | operations


def _refuses(backend: str, dice: Random) -> What:
    return REFUSED[backend] | {"rate": dice.choice((0.3, 1.0))}


def _suffers(dice: Random) -> What:
    name, arguments = dice.choice(SUFFERED)
    nth = sorted(dice.sample(range(1, 12), 6)) if dice.random() < 0.5 else None
    return {"method": dice.choice(("*", "POST", "GET")), "nth": nth, "does": name, "with": arguments}


@contextmanager
def _misbehaving(backend: str, world: World, what: What) -> Iterator[None]:
    world.backends.fault(backend, **what)
    try:
        yield
    finally:
        with suppress(requests.RequestException):  # a dead backend has forgotten it
            world.backends.fault(backend)


@contextmanager
def _shut(backend: str, world: World, _: What) -> Iterator[None]:
    world.doors[backend].shut()
    try:
        yield
    finally:
        world.doors[backend].open()


@contextmanager
def _on_the_way(backend: str, world: World, what: What) -> Iterator[None]:
    rule = world.doors[backend].when(what["method"], nth=what["nth"])
    getattr(rule, what["does"])(*what["with"])
    try:
        yield
    finally:
        world.doors[backend].clear()


def _down(name: str, world: World, _: What) -> AbstractContextManager[object]:
    return world.down(name)


def _frozen(name: str, world: World, _: What) -> AbstractContextManager[object]:
    return world.frozen(name)


@contextmanager
def _stepped(name: str, world: World, what: What) -> Iterator[None]:
    world.clocks[name].step(what["by"])
    yield


def _locked(world: World, _: What) -> AbstractContextManager[object]:
    return database_faults.locked(world.database)


def _full(world: World, _: What) -> AbstractContextManager[object]:
    return database_faults.full(world.database, *(node.pid for node in world.nodes if node.running))


def _database_frozen(world: World, _: What) -> AbstractContextManager[object]:
    return database_faults.frozen(world.server)


def _read_only(world: World, _: What) -> AbstractContextManager[object]:
    return database_faults.read_only(world.server)


@contextmanager
def _cut(world: World, _: What) -> Iterator[None]:
    """Every connection to the database ends in the middle of whatever it does."""
    execute(
        world.database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    yield


def of_backends() -> Iterator[Kind]:
    for name in BACKENDS:
        misbehaving = partial(_misbehaving, name)
        yield from 2 * [Kind(f"{name} misbehaves", f"{name}'s answers", misbehaving, partial(_answers, name))]
        yield Kind(f"{name} is away", f"{name}'s door", partial(_shut, name))
        yield Kind(f"answers of {name} suffer on the way", f"the way to {name}", partial(_on_the_way, name), _suffers)
        yield from 3 * [
            Kind(f"{name} tells of something else", f"the way to {name}", partial(_lying, name), partial(_lies, name))
        ]
        if name in REFUSED:
            yield Kind(f"{name} refuses", f"{name}'s answers", misbehaving, partial(_refuses, name))
    yield Kind("no tokens", "tokens", partial(_misbehaving, "tokens"), lambda dice: {"status": dice.choice((401, 503))})
    yield Kind("kill -9 of the backends", "backends", partial(_down, "backends"), seconds=(0.1, 2.5), rest=RESTART)


def of_node(name: str) -> Iterator[Kind]:
    yield from 2 * [Kind(f"kill -9 of {name}", name, partial(_down, name), seconds=(0.05, 1.5), rest=RESTART)]
    yield Kind(f"{name} is frozen", name, partial(_frozen, name))
    yield Kind(
        f"the clock of {name} is stepped",
        f"clock of {name}",
        partial(_stepped, name),
        lambda dice: {"by": dice.choice((-86400, -3600, -60, 60, 3600, 86400))},
        seconds=(0.0, 0.0),
    )


def of_database(postgres: bool) -> Iterator[Kind]:
    place = "database"
    yield Kind("database locked", place, _locked)
    yield Kind("disk full", place, _full)
    if postgres:
        yield Kind("database frozen", place, _database_frozen)
        yield Kind("database read-only", place, _read_only)
        yield Kind("connections to the database are cut", place, _cut, seconds=(0.0, 0.0))


def kinds(nodes: list[str], *, postgres: bool) -> list[Kind]:
    """All that there are for these nodes."""
    return [*of_backends(), *(kind for name in nodes for kind in of_node(name)), *of_database(postgres)]
