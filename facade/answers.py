"""What a caller is told when something went wrong, and the tables that say so of the core's errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from canonical.shared.errors import CanonicalError


@dataclass(frozen=True)
class ErrorAnswer:
    """What to tell the caller. `errors` are entries for single fields, `extra` further members of a problem."""

    status: int
    code: str
    title: str
    detail: str
    errors: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class AnswerRow(NamedTuple):
    """How one kind of error is answered. `retry_after`: seconds, where something else than the usual is meant."""

    status: int
    title: str
    retry_after: str | None = None


AnswerTable = Mapping[type[CanonicalError], AnswerRow]
"""How the errors of a context are answered. One that is in no table is answered as its nearest ancestor that is."""
