"""A whole run: torment, healing, the last questions, and the judgement."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

import requests
import sqlalchemy as sa

from tests.support.torture import faults, finding
from tests.support.torture.clients import Client, ask
from tests.support.torture.judgement import Found, judge
from tests.support.torture.notes import Notes, Wish
from tests.support.torture.operators import PROCESSES, Operator
from tests.support.torture.world import StillDown, World, running_world
from tests.support.waiting import LONG

LOOKS_EVERY = 0.1


@dataclass(frozen=True)
class Torment:
    """`seconds` count while some node serves: on a busy machine, where a restart takes long, a run takes longer.
    `patience`: seconds that everything has to come to its end when the faults are over.
    """

    seconds: float
    seed: int
    clients: int = 8
    patience: float = 600.0


@dataclass(frozen=True)
class Report:
    """What came of a run; `log` are the faults and decisions in their order."""

    seed: int
    wrong: list[str]
    log: list[str]
    faults: Counter[str]
    answers: Counter[str]
    ended: Counter[str]

    @property
    def shown(self) -> str:
        """For whoever looks for the cause."""
        return "\n".join([f"seed {self.seed}", *self.log, str(dict(self.ended)), "wrong:", *self.wrong])


class Served:
    """How long some node has served."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seconds = 0.0
        self._looked = time.monotonic()

    def reach(self, seconds: float) -> None:
        """Wait until it is as long as that. Raises TimeoutError when none comes back."""
        since = time.monotonic()
        while self._seconds < seconds:
            time.sleep(min(LOOKS_EVERY, seconds - self._seconds))
            now = time.monotonic()
            if self._world.serving:
                self._seconds += now - self._looked
                since = now
            elif now - since > LONG:
                raise TimeoutError(f"no node serves for {LONG:.0f} s")
            self._looked = now


def torture(directory: Path, torment: Torment, server: sa.URL | None = None) -> Report:
    """One node on SQLite, or two on the PostgreSQL at `server`."""
    with running_world(directory, server) as world:
        notes, begun = Notes(), Counter[str]()
        try:
            _torment(world, torment, notes, begun)
            notes.counted["accepted while the faults lasted"] = sum(bool(wish.subjects) for wish in notes.wishes)
            world.heal()
            until = time.monotonic() + torment.patience
            _ask_again(world, notes, until)
            _come_to_ends(world, until)
            _settle_fallouts(world, notes, Random(torment.seed))
            _come_to_ends(world, until)
        except (AssertionError, TimeoutError) as error:
            notes.complain(str(error))
        found = finding.find(world)
        wrong = [*notes.wrong, *judge(found, notes)]
    return Report(torment.seed, wrong, notes.log, begun, notes.counted, _ended(found))


def _torment(world: World, torment: Torment, notes: Notes, begun: Counter[str]) -> None:
    """Everybody works while faults come and go; `begun` counts them by their kinds."""
    over = threading.Event()
    kinds = faults.kinds([node.name for node in world.nodes], postgres=world.postgres)
    planned = list(faults.schedule(torment.seed, torment.seconds, kinds))
    dice = Random(torment.seed)
    people: list[Callable[[threading.Event], None]] = [
        Client(number, world, notes, Random(dice.random())).work for number in range(torment.clients)
    ]
    people.append(Operator(world, notes, Random(dice.random())).work)
    with ThreadPoolExecutor(len(people) + 24) as pool:
        working = [pool.submit(person, over) for person in people]
        lasting = []
        served = Served(world)
        try:
            for fault in planned:
                served.reach(fault.at)
                lasting.append(pool.submit(_make, fault, world, notes, over, begun))
            served.reach(torment.seconds)
        finally:
            over.set()
        for one in [*lasting, *working]:
            one.result()


def _make(fault: faults.Planned, world: World, notes: Notes, over: threading.Event, begun: Counter[str]) -> None:
    """One fault. One that cannot begin, because another is in its way, is left out."""
    try:
        with fault.kind.make(world, fault.what):
            notes.tell(fault.shown)
            begun[fault.kind.name] += 1
            over.wait(fault.seconds)
    except (OSError, ValueError, sa.exc.SQLAlchemyError, StillDown) as error:
        notes.tell(f"{fault.kind.name} came to nothing: {type(error).__name__}")


def _ask_again(world: World, notes: Notes, until: float) -> None:
    """Every client gets its answer in the end."""
    nodes = cycle(world.nodes)

    def settle(wish: Wish) -> None:
        while not wish.settled and time.monotonic() < until:
            ask(wish, next(nodes), notes, 30)
            time.sleep(0.05)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(settle, [wish for wish in notes.wishes if not wish.settled]))


def _come_to_ends(world: World, until: float) -> None:
    """Raises TimeoutError naming what has not come to its end."""
    while left := _asked(lambda: finding.unfinished(world)):
        if time.monotonic() > until:
            raise TimeoutError(f"{len(left)} processes have not ended: {left[:20]}")
        time.sleep(0.3)


def _settle_fallouts(world: World, notes: Notes, dice: Random) -> None:
    """Every second one is taken up again, now that the backends undo; the others stay where they are listed."""
    for one in _asked(lambda: finding.fallen_out(world)):
        if dice.random() < 0.5:
            path = f"{PROCESSES}/{one['process']}/{one['subject']}/decisions"
            answer = world.nodes[0].post(path, {"action": "retry", "reason": "all is well again"})
            notes.tell(f"{one['subject']} is taken up again: {answer.status_code}")


def _asked(read: Callable[[], Iterable[dict[str, object]]]) -> list[dict[str, object]]:
    """What the product lists, all being well; one read that fails is made again."""
    try:
        return list(read())
    except requests.RequestException:
        time.sleep(1)
        return list(read())


def _ended(found: Found) -> Counter[str]:
    orders = Counter(f"order {order['state']}" for order in found.orders.values())
    return orders + Counter(f"plan change {change['state']}" for change in found.changes.values())
