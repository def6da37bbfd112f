"""Reading backends' answers: tolerant of what is new, strict about what is needed."""

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
    """What all contracts answer when they refuse. Anything else comes from somebody on the way: a proxy's 404 says
    nothing about what the backend has.
    """

    code = needed("code")


def one_of(*values: str) -> fields.String:
    """A word that must be there and be one of these."""
    return fields.String(required=True, validate=validate.OneOf(values))


def read(answer: Any, schema: Schema) -> Any:
    """What `schema` needs of `answer`. Raises CallFailed naming the first field that is wrong, as a JSON pointer."""
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
    """The id of the one thing found in this status; None when there is none.

    Raises BackendContractError for more than one. Idempotency keys forbid it, and taking the oldest would leave a
    second charge or reservation standing that nobody knows of: the process waits and a person has to look.
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
