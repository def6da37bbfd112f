"""What the canonical API reads of the catalog."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from canonical.catalog.named import Known
from canonical.shared.aggregates import A, Kind
from canonical.shared.criteria import Criterion
from canonical.shared.editions import Named
from canonical.shared.paging import Found, Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import Reader

INDEX = SearchIndex({("item_id",): "reference", ("state",): "state"}, of_aggregates=True)


class CatalogReads(Protocol):
    def aggregate(self, kind: Kind[A], asked: str | Named, reader: Reader, /) -> A: ...

    def to_change(self, kind: Kind[A], asked: Named, reader: Reader, /) -> tuple[A, dict[str, Any], Any]: ...

    def found(
        self,
        kind: Kind[A],
        index: SearchIndex,
        reader: Reader,
        part: Slice,
        criterion: Criterion | None,
        at: datetime | None,
        /,
    ) -> Found[A]:
        """Newest first. Raises InvalidCommand when that takes too long."""
        ...

    def editions(self, kind: str, references: Collection[str], at: datetime) -> Known: ...
