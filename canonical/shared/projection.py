"""The projection of an aggregate: its document, stored beside it so that reads do not have to build it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from canonical.shared.notation import scientific

Term = tuple[str, str]
"""A path of the document, its names joined by dots, and a text that stands there. See `term_of` for other values."""


def term_of(path: str, value: Any) -> Term | None:
    """What a value is found by: a text as it is, a number by its value, all kinds apart. None for null and the like."""
    if isinstance(value, str):
        return path, value
    if isinstance(value, bool):
        return f"{path}:boolean", str(value).lower()
    if isinstance(value, int | Decimal):
        return f"{path}:number", scientific(value)
    return None


@dataclass(frozen=True, slots=True)
class Projection:
    """`document` is JSON text, `state` the state that it shows, `terms` the values in it that it is found by."""

    state: str
    document: str
    terms: frozenset[Term] = frozenset()


@dataclass(frozen=True, slots=True)
class Revision:
    """Where an aggregate is: the version that it has and the state that its document shows.

    `edition` is None for what has no versions of its own.
    """

    state: str
    version: int
    edition: str | None


@dataclass(frozen=True, slots=True)
class StoredDocument(Revision):
    """The document of an aggregate as it is kept: JSON text without addresses."""

    id: str
    document: str


class Listed(NamedTuple):
    """A document in a list, or an aggregate as JSON. `reference` and `edition` name what has several versions."""

    id: str
    document: str
    reference: str | None
    edition: str | None
    version: int


Projector = Callable[[Any, dict[str, Any]], Projection]
"""Makes the projection of an aggregate and of what is carried for it."""


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """The indexed paths of one kind of document, or of its aggregates.

    `columns` say which paths stand in a column of the row: `id`, `reference`, `shown_state`, `created_at`,
    `changed_at`. `terms` are the paths of the terms.
    """

    columns: Mapping[tuple[str, ...], str] = field(default_factory=lambda: MappingProxyType({("id",): "id"}))
    terms: frozenset[tuple[str, ...]] = frozenset()
    of_aggregates: bool = False
