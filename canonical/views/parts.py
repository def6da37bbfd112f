"""Parts of an answer, each asked of its owner; what is missing says so, and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from canonical.shared.errors import CanonicalError, NotFound


@dataclass(frozen=True, slots=True)
class PartQuery:
    """What `source` is to be asked for `part`, about the order or customer with the id `about`."""

    part: str
    source: str
    about: str
    ask: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that could not be had.

    `since`: when it was first found missing without having been had again. `retryable`: asking again may help.
    `as_of`: when the last known value that stands in for it was had; None when nothing stands in.
    """

    part: str
    source: str
    code: str
    since: datetime
    retryable: bool
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """`value` is what its owner said, which may be None; `missing` and `error` are set where it said nothing."""

    value: Any = None
    missing: Missing | None = None
    error: CanonicalError | None = None


class PendingPart(Protocol):
    """Questions that are under way, all with the same deadline."""

    def part(self, name: str) -> Part:
        """What came of a question, waited for until the deadline."""
        ...


class PartQueries(Protocol):
    """Asks several owners at the same time. One that is slow or away keeps nobody from asking the others."""

    def ask(self, questions: Sequence[PartQuery]) -> PendingPart: ...


def answers(
    part_queries: PartQueries,
    questions: Sequence[PartQuery],
    decisive: str | None = None,
    admit: Callable[[Any], None] = lambda value: None,
) -> dict[str, Part]:
    """What came of each question, by its part.

    `decisive` is the part whose owner decides whether there is such a thing at all: its NotFound is raised, without
    waiting for the others. `admit` raises NotFound of a value that is not for the caller, which is refused as soon.
    """
    asked = part_queries.ask(questions)
    found: dict[str, Part] = {}
    for question in sorted(questions, key=lambda question: question.part != decisive):
        part = found[question.part] = asked.part(question.part)
        if question.part == decisive and isinstance(part.error, NotFound):
            raise part.error
        if question.part == decisive and part.value is not None:
            found[question.part] = _admitted(part, admit)
    return found


def _admitted(part: Part, admit: Callable[[Any], None]) -> Part:
    """The part. One whose value is only remembered, and not for the caller, is as missing as if nothing was."""
    try:
        admit(part.value)
    except NotFound:
        if part.missing is None:
            raise
        return Part(None, replace(part.missing, as_of=None), part.error)
    return part


def missing_of(found: Mapping[str, Part]) -> tuple[Missing, ...]:
    return tuple(part.missing for part in found.values() if part.missing is not None)
