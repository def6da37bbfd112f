"""Requests that want to change something, with the idempotency key that came along."""

from typing import Any

import flask

from facade.application.requests import Request, Result
from facade.security.principal import Principal

REPEATS = "X-Repeats"
"""The id of what an equal request without a key made shortly before."""


def keyed_request(principal: Principal, operation: str, payload: Any, **options: Any) -> Request:
    """The request at hand. `options` are those of Request."""
    key, bound = flask.request.headers.get("Idempotency-Key"), principal.customers is not None
    version = principal.profile.version
    return Request(principal.client_id, operation, key, payload, bound, profile=version, **options)


def repeated(result: Result) -> dict[str, str]:
    """The header that warns a client which may have sent a request again without meaning another one."""
    return {} if result.repeats is None else {REPEATS: result.repeats}
