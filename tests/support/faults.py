"""The kinds of trouble a backend can be in, and a product that is put through them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.support.product import Node
from tests.support.tampering import TamperingProxy

BACKENDS = ("crm", "inventory", "bss", "billing", "scm")
SUBSCRIPTIONS_AND_PLANS = {"SUB1120": "Basic", "SUB1121": "Standard", "SUB1122": "Premium"}

CHANGES = {"inventory": ["reserve"], "bss": ["createOrder", "changePlan"], "billing": ["charge", "setPlan"]}
"""Operations with an effect, by the backends that have any. The answers of the others' reads are dropped."""


SAID_TO_BE_ABOUT = frozenset(
    {"id", "customerId", "orderId", "externalId", "reference", "reservationId", "chargeId", "subscriptionId"}
)
"""Fields of the backends' answers that say what or whom they are about."""


def about_something_else(answer: Any) -> Any:
    """An answer with other ids in it than were asked for."""
    if isinstance(answer, list):
        return [about_something_else(entry) for entry in answer]
    return {name: f"{value}9" if name in SAID_TO_BE_ABOUT else value for name, value in answer.items()}


@dataclass(frozen=True)
class Fault:
    """`settings` go to the simulation; None shuts the backend's gate, unless `edit` changes its answers. `always`: no
    call gets through. `times`: how often each operation is called in the cell, all at once. `clock_step`: seconds by
    which the product's wall clock is off from just before the fault's end on, while what was accepted waits.
    """

    name: str
    settings: Mapping[str, Any] | None
    always: bool = True
    on_changes: bool = False
    times: int = 2
    clock_step: float = 0.0
    edit: Callable[[Any], Any] | None = None

    def begin(self, lane: "Lane") -> None:
        gate = lane.gates[lane.backend]
        if self.edit is not None:
            gate.when(path=f"/{lane.backend}/.*").edit(self.edit)
            return
        if self.settings is None:
            gate.shut()
            return
        hit = CHANGES.get(lane.backend) if self.on_changes else None
        lane.node.backends.fault(lane.backend, **self.settings, **({"operations": hit} if hit else {}))

    def end(self, lane: "Lane") -> None:
        if self.clock_step:
            assert lane.node.clock
            lane.node.clock.step(self.clock_step)
        lane.gates[lane.backend].clear()
        lane.gates[lane.backend].open()
        lane.node.backends.clear()


FAULTS = (
    Fault("down", None),
    Fault("5 s slow", {"latencyMs": 5000}),
    Fault("500s at 30 %", {"status": 500, "rate": 0.3}, always=False, times=6),
    Fault("hang", {"hang": True}),
    Fault("malformed body", {"malformed": True}),
    Fault("wrong schema", {"wrongSchema": True}),
    Fault("contradicting answers", None, edit=about_something_else),
    Fault("dropped answer after the effect", {"dropAnswer": True}, on_changes=True),
    Fault("401", {"status": 401}),
    Fault("429", {"status": 429}),
    Fault("down, clock stepped 1 h back", None, clock_step=-3600),
    Fault("down, clock stepped 1 h on", None, clock_step=3600),
)


@dataclass
class Lane:
    """A product of which one backend is broken again and again.

    `accepted` are the ids of all that was ever taken on; `sample` is an order that is done; `plans` are those that
    subscriptions have or will have.
    """

    backend: str
    node: Node
    gates: Mapping[str, TamperingProxy]
    accepted: list[str] = field(default_factory=list)
    sample: str = ""
    turns: Iterator[int] = field(default_factory=count)
    plans: dict[str, str] = field(default_factory=lambda: dict(SUBSCRIPTIONS_AND_PLANS))


@dataclass(frozen=True)
class Asked:
    """One call during the fault: `wrong` is everything about its answer that must not be."""

    status: int
    code: str
    body: Mapping[str, Any]
    wrong: tuple[str, ...]

    @property
    def shown(self) -> str:
        missing = [entry["part"] for entry in self.body.get("unavailable", ())]
        without = f" without {', '.join(missing)}" if missing else ""
        return f"{self.status}{f' {self.code}' if self.code else ''}{without}"


@dataclass(frozen=True)
class Cell:
    """One backend, one fault, one operation. `recovered`: seconds from the fault's end until all was well."""

    asked: tuple[Asked, ...]
    recovered: float | None
    wrong: tuple[str, ...]
