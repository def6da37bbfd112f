"""What a backend answers when it does not do what was asked."""

from http import HTTPStatus
from typing import Any

TwinAnswer = tuple[Any, int, dict[str, str]]
"""Body, status and headers, as Connexion takes them from a handler."""


class Refusal(Exception):
    """The request is refused and nothing has happened. `code` is stable, `details` depends on it."""

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details = status, code, message, details

    def answer(self) -> TwinAnswer:
        return error(self.status, self.message, self.code, **self.details)


def not_found(what: str, **identifier: str) -> Refusal:
    """A 404 whose code and text name the kind of thing: `not_found("order", orderId="ORD00000")`."""
    (value,) = identifier.values()
    return Refusal(404, f"UNKNOWN_{what.upper()}", f"{what[0].upper()}{what[1:]} {value} is not known", **identifier)


def error(status: int, message: str | None = None, code: str | None = None, **details: Any) -> TwinAnswer:
    """An error in the shape the five contracts share. Where to call again is possible, it says when."""
    known = HTTPStatus(status) if status in HTTPStatus._value2member_map_ else None
    body: dict[str, Any] = {
        "code": code or (known.name if known else f"STATUS_{status}"),
        "message": message or (known.phrase if known else f"Status {status}"),
    }
    if details:
        body["details"] = details
    return body, status, {"Retry-After": "1"} if status in (429, 503) else {}
