"""Whether this process lives, and whether it can do its work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask

from facade.json import answer_json


@dataclass(frozen=True)
class Health:
    """`database_ready` says whether the database answers; `backends` names each backend's breaker state."""

    database_ready: Callable[[], bool]
    backends: Callable[[], Mapping[str, str]]

    def operations(self) -> Mapping[str, Callable[..., Any]]:
        return {"live": self.live, "ready": self.ready}

    def live(self) -> dict[str, str]:
        return {"status": "live"}

    def ready(self) -> flask.Response:
        """503 without a database. A backend that is away does not make the product unready: orders wait for it."""
        database = self.database_ready()
        body = {
            "status": "ready" if database else "notReady",
            "database": "up" if database else "down",
            "backends": dict(self.backends()),
        }
        return answer_json(body, 200 if database else 503)
