"""Whether this process lives, and whether it can do its work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask

from facade.json import answer_json


@dataclass(frozen=True)
class BackendState:
    """What is shown of a backend, and why it cannot be used at all, if so."""

    shown: Mapping[str, Any]
    problem: str | None


@dataclass(frozen=True)
class Health:
    """`database_ready` says whether the database answers; `backends` tells of each backend by its name.

    `keys_problem` says why there is no key to check access tokens with; None when there is one.
    """

    database_ready: Callable[[], bool]
    backends: Callable[[], Mapping[str, BackendState]]
    keys_problem: Callable[[], str | None]

    def operations(self) -> Mapping[str, Callable[..., Any]]:
        return {"live": self.live, "ready": self.ready}

    def live(self) -> dict[str, str]:
        return {"status": "live"}

    def ready(self) -> flask.Response:
        """503 without a database, without keys, or when a backend keeps a contract that we do not call.

        A backend that is away does not make the product unready: orders wait for it.
        """
        database, backends, no_keys = self.database_ready(), self.backends(), self.keys_problem()
        problems = [] if database else ["the database does not answer"]
        problems += [f"there is no key to check access tokens with: {no_keys}"] if no_keys else []
        problems += [state.problem for state in backends.values() if state.problem]
        body = {
            "status": "notReady" if problems else "ready",
            "database": "up" if database else "down",
            "problems": problems,
            "backends": {name: state.shown for name, state in backends.items()},
        }
        return answer_json(body, 503 if problems else 200)
