"""Liveness and readiness of this process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import flask

from facade.web.json import answer_json


class Role(StrEnum):
    """What an operating system process of the product does: answer requests, carry out processes, or both."""

    SERVE = "serve"
    WORK = "work"
    SERVE_AND_WORK = "serveAndWork"


@dataclass(frozen=True)
class BackendState:
    """What health shows of a backend, and why it cannot be used, if that is so."""

    shown: Mapping[str, Any]
    problem: str | None


@dataclass(frozen=True)
class Health:
    """`backends` gives the status of each backend by its name, `events` how far this node knows the stream of events,
    `notifications` how many listeners have a backlog, and `stream` how far events are published.

    `database_problem` says why the database cannot be used, and each of `problems` what else this process needs and
    does not have; they return None without a problem. `running` counts the processes that are carried out here.
    """

    role: Role
    database_problem: Callable[[], str | None]
    backends: Callable[[], Mapping[str, BackendState]]
    problems: Sequence[Callable[[], str | None]]
    running: Callable[[], int]
    events: Callable[[], Mapping[str, Any]]
    notifications: Callable[[], Mapping[str, Any]]
    stream: Callable[[], Mapping[str, Any]]

    def operations(self) -> Mapping[str, Callable[..., Any]]:
        return {"live": self.live, "ready": self.ready}

    def live(self) -> dict[str, str]:
        """Needs neither a thread nor the database: an orchestrator must not end a process that waits for others."""
        return {"status": "live"}

    def ready(self) -> flask.Response:
        """503 without a writable database, without something else that its role needs, or if a backend has another
        major version of its contract.

        An unavailable backend does not make the product unready: orders wait for it.
        """
        database, backends = self.database_problem(), self.backends()
        found = [database, *(problem() for problem in self.problems), *(state.problem for state in backends.values())]
        problems = [problem for problem in found if problem]
        body = {
            "status": "notReady" if problems else "ready",
            "role": self.role.value,
            "running": self.running(),
            "database": "down" if database else "up",
            "problems": problems,
            "backends": {name: state.shown for name, state in backends.items()},
            "events": self.events(),
            "notifications": {} if database else self.notifications(),
            "stream": {} if database else self.stream(),
        }
        return answer_json(body, 503 if problems else 200)
