"""Parts of an answer, each read from its owner. A missing part has a reason."""

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
    """A part that could not be read.

    `since`: when it was first found missing and has been missing since. `retryable`: asking again may help. `as_of`:
    when the last known value that replaces it was read; None if nothing replaces it.
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
    """Running queries, all with the same deadline."""

    def part(self, name: str) -> Part:
        """The result of a query; waits for it until the deadline."""
        ...


class PartQueries(Protocol):
    """Queries several owners at the same time. A slow or unavailable owner does not block the others."""

    def ask(self, questions: Sequence[PartQuery]) -> PendingPart: ...


def answers(
    part_queries: PartQueries,
    questions: Sequence[PartQuery],
    decisive: str | None = None,
    admit: Callable[[Any], None] = lambda value: None,
) -> dict[str, Part]:
    """The result of each query, by its part.

    `decisive` is the part whose owner decides whether the object exists: its NotFound is raised without waiting for the
    others. `admit` raises NotFound for a value that the caller may not see, also without waiting.
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
    """The part. If its last known value is not for the caller, the part is missing, as if no value were known."""
    try:
        admit(part.value)
    except NotFound:
        if part.missing is None:
            raise
        return Part(None, replace(part.missing, as_of=None), part.error)
    return part


def missing_of(found: Mapping[str, Part]) -> tuple[Missing, ...]:
    return tuple(part.missing for part in found.values() if part.missing is not None)
