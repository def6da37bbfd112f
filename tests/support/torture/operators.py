"""Those who look after stuck work: they look at what the backends really did, and decide by it."""

import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import requests

from tests.support.torture.notes import Notes
from tests.support.torture.truth import Effect, Truth
from tests.support.torture.world import World
from tests.support.waiting import LONG

PROCESSES = "/api/v1/operations/processes"
BRINGS: dict[str, Callable[[Effect], str]] = {
    "reserve": lambda effect: effect.id,
    "createOrder": lambda effect: effect.id,
    "charge": lambda effect: effect.id,
    "changePlan": lambda effect: str(effect.data["version"]),
}
"""What is told as the result of a call that was made, by its operation. Undoing brings nothing."""


class Operator:
    def __init__(self, world: World, notes: Notes, dice: Random) -> None:
        self._world = world
        self._notes = notes
        self._dice = dice

    def work(self, over: threading.Event) -> None:
        while not over.wait(self._dice.uniform(0.1, 0.6)):
            try:
                self._look()
            except requests.RequestException:
                continue

    def _look(self) -> None:
        node = self._dice.choice(self._world.nodes)
        page = node.get(PROCESSES, params={"state": "waiting,fallout", "limit": 50}, timeout=LONG)
        self._notes.check("a list of stuck work", page, frozenset())
        if page.status_code == 200 and (stuck := page.json()["items"]):
            one = self._dice.choice(stuck)
            path = f"{PROCESSES}/{one['process']}/{one['subject']}"
            answer = node.get(path, timeout=LONG)
            self._notes.check("a read of stuck work", answer, frozenset())
            if answer.status_code == 200 and (decision := self._decision(answer.json())):
                self._decide(path, decision)

    def _decide(self, path: str, decision: dict[str, Any]) -> None:
        node = self._dice.choice(self._world.nodes)
        answer = node.post(f"{path}/decisions", decision | {"reason": "torture"}, timeout=LONG)
        refusals = frozenset({"CALL_UNDER_WAY", "DECISION_REFUSED", "CONCURRENT_CHANGE"})
        self._notes.check(f"the decision {decision}", answer, refusals)
        if answer.status_code == 202:
            words = " ".join(map(str, decision.values()))
            self._notes.count(f"decision {decision['action']}")
            self._notes.tell(f"decided {words} for {path.rpartition('/')[2]}")

    def _decision(self, found: dict[str, Any]) -> dict[str, Any] | None:
        """One that is allowed, and true."""
        possible = list(true_decisions(found, self._world.truth))
        return self._dice.choice(possible) if possible else None


def true_decisions(found: dict[str, Any], truth: Truth) -> Iterator[dict[str, Any]]:
    """That a call was not done nobody says while the process may make it at any moment, only of one that has ended."""
    call, allowed = found["nextCall"], found["allowedActions"]
    if "retry" in allowed:
        yield {"action": "retry"}
    made = truth.effects(f"{found['subject']}:{call}") if "skip" in allowed else []
    if made:
        brings = BRINGS.get(made[0].operation) if not call.startswith("undo-") else None
        result = {"result": brings(made[0])} if brings else {}
        yield {"action": "skip", "call": call, "outcome": "done", **result}
    elif "skip" in allowed and found["state"] == "fallout":
        yield {"action": "skip", "call": call, "outcome": "notDone"}
    if "compensate" in allowed:
        yield {"action": "compensate"}
