"""Liveness and readiness of this process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask

from facade.web.json import answer_json


@dataclass(frozen=True)
class BackendState:
    """What health shows of a backend, and why it cannot be used, if that is so."""

    shown: Mapping[str, Any]
    problem: str | None


@dataclass(frozen=True)
class Health:
    """`backends` gives the status of each backend by its name.

    `database_problem` says why the database cannot be used, `keys_problem` why no key can check access tokens,
    `profiles_problem` why the partner profiles in force cannot be used here; each returns None without a problem.
    """

    database_problem: Callable[[], str | None]
    backends: Callable[[], Mapping[str, BackendState]]
    keys_problem: Callable[[], str | None]
    profiles_problem: Callable[[], str | None]

    def operations(self) -> Mapping[str, Callable[..., Any]]:
        return {"live": self.live, "ready": self.ready}

    def live(self) -> dict[str, str]:
        """Needs neither a thread nor the database: an orchestrator must not end a process that waits for others."""
        return {"status": "live"}

    def ready(self) -> flask.Response:
        """503 without a writable database, without keys, without the partner profiles in force, or if a backend has
        another major version of its contract.

        An unavailable backend does not make the product unready: orders wait for it.
        """
        database, backends, no_keys = self.database_problem(), self.backends(), self.keys_problem()
        problems = [database] if database else []
        problems += [f"there is no key to check access tokens with: {no_keys}"] if no_keys else []
        problems += [profiles] if (profiles := self.profiles_problem()) else []
        problems += [state.problem for state in backends.values() if state.problem]
        body = {
            "status": "notReady" if problems else "ready",
            "database": "down" if database else "up",
            "problems": problems,
            "backends": {name: state.shown for name, state in backends.items()},
        }
        return answer_json(body, 503 if problems else 200)
