"""Error answers, and the tables from the core's errors to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from canonical.shared.errors import CanonicalError


@dataclass(frozen=True)
class ErrorAnswer:
    """An error answer. `errors` are entries for single fields, `extra` further members of a problem.

    `ours` is our code, where `code` is that of a partner's contract.
    """

    status: int
    code: str
    title: str
    detail: str
    errors: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    ours: str = ""

    @property
    def our_code(self) -> str:
        return self.ours or self.code


class AnswerRow(NamedTuple):
    """How one kind of error is answered. `retry_after`: seconds, if they differ from the default."""

    status: int
    title: str
    retry_after: str | None = None


AnswerTable = Mapping[type[CanonicalError], AnswerRow]
"""How the errors of a context are answered. An error in no table is answered like its nearest ancestor in one."""
