"""The rows of `documents` and `terms` that keep an aggregate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic

from adapters.persistence.encoding import converter, milliseconds, timestamp
from adapters.persistence.search_index import term
from adapters.persistence.tables import documents
from canonical.shared import jsontext
from canonical.shared.aggregates import A, Kind
from canonical.shared.projection import Projection, Projector, Term

LINK = "->"
"""Before the kind of what is referred to: the path of such a term."""
DOCUMENT_COLUMNS = tuple(column.name for column in documents.columns)
TERM_COLUMNS = ("resource", "path", "value", "id")
NOT_KEPT = ("events", "version")
"""Members of an aggregate that its JSON does not repeat."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[A]):
    """How aggregates of one kind become rows. Without a projector no document is kept for them."""

    kind: Kind[A]
    project: Projector | None

    def projection(self, aggregate: A, carried: dict[str, Any]) -> Projection:
        if self.project is None:
            return Projection(aggregate.state.value, "")
        return self.project(aggregate, carried)

    def next_row(self, aggregate: A, carried: dict[str, Any], projection: Projection) -> dict[str, Any]:
        """What changes in the row of an aggregate, which gets its next version."""
        aggregate.version += 1
        return {
            "customer_id": aggregate.customer_id,
            "reference": self.kind.reference(aggregate),
            "state": aggregate.state.value,
            "shown_state": projection.state,
            "changed_at": milliseconds(aggregate.changed_at),
            "version": aggregate.version,
            "carried": jsontext.text(carried),
            "aggregate": encoded_aggregate(aggregate),
            "document": projection.document or None,
            **self._edition(aggregate),
        }

    def new(self, aggregate: A, staged_by: str | None = None) -> dict[str, Any]:
        """What a row has besides, and keeps."""
        fixed = {"resource": self.kind.name, "id": aggregate.id, "owner": aggregate.owner, "staged_by": staged_by}
        return fixed | {"created_at": milliseconds(aggregate.created_at)}

    def terms(self, aggregate: A, projection: Projection) -> frozenset[Term]:
        links = ((f"{LINK}{kind}", one) for kind, one in self.kind.links(aggregate))
        found_by = (*links, *self.kind.found_by(aggregate), *projection.terms)
        return frozenset((path, term(text)) for path, text in found_by)

    def _edition(self, aggregate: Any) -> dict[str, str | None]:
        if not self.kind.versioned:
            return {"edition": None, "shown_from": None, "shown_until": None}
        times = {"shown_from": aggregate.shown_from, "shown_until": aggregate.shown_until}
        return {"edition": aggregate.edition} | {name: at and timestamp(at) for name, at in times.items()}


def encoded_aggregate(aggregate: Any) -> str:
    kept: Mapping[str, Any] = converter.unstructure(aggregate)
    return jsontext.text({name: value for name, value in kept.items() if name not in NOT_KEPT})
