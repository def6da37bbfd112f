"""Reads backends' answers: unknown fields are ignored, needed fields are checked."""

from typing import Any

import structlog
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from adapters.backends.errors import CallFailed, CallOutcome
from canonical.shared.errors import BackendContractError

log = structlog.get_logger()


class BackendAnswer(Schema):
    """Only the fields that are needed; others are ignored."""

    class Meta:
        unknown = EXCLUDE


def needed(name: str) -> fields.String:
    """A text that must be there and not be empty. `name` is the backend's."""
    return fields.String(required=True, data_key=name, validate=validate.Length(min=1))


class Refusal(BackendAnswer):
    """The error body of all contracts. A refusal without it comes from a proxy: its 404 says nothing about the
    backend's data.
    """

    code = needed("code")


def one_of(*values: str) -> fields.String:
    """A required value out of these."""
    return fields.String(required=True, validate=validate.OneOf(values))


def read(answer: Any, schema: Schema) -> Any:
    """The fields of `answer` that `schema` needs. Raises CallFailed with the JSON pointer of the first wrong field."""
    try:
        return schema.load(answer)
    except ValidationError as error:
        raise CallFailed(CallOutcome.UNREADABLE, field=_first(error.messages)) from error


def _first(messages: Any) -> str:
    pointer = ""
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        if name != "_schema":
            pointer += f"/{name}"
    return pointer


def only(backend: str, operation: str, found: list[dict[str, str]], status: str) -> str | None:
    """The id of the only object found in this status; None if there is none. Raises BackendContractError for more than
    one.

    Idempotency keys exclude this. Choosing the oldest would leave a second charge or reservation that nobody knows, so
    the process waits and a person has to decide.
    """
    standing = [thing["id"] for thing in found if thing["status"] == status]
    if len(standing) > 1:
        log.error("backend acted more than once", backend=backend, operation=operation, ids=standing)
        raise BackendContractError(
            f"{backend} has {len(standing)} where there can be one",
            backend=backend,
            operation=operation,
            ids=standing,
        )
    return standing[0] if standing else None
