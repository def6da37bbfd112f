"""What the canonical API reads of the catalog."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from canonical.catalog.named import Known
from canonical.shared.aggregates import A, Kind
from canonical.shared.editions import Named
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import Reader
from facade.portal.reads import FoundReads

INDEX = SearchIndex({("item_id",): "reference", ("state",): "state"}, of_aggregates=True)


class CatalogReads(FoundReads, Protocol):
    def to_change(self, kind: Kind[A], asked: Named, reader: Reader, /) -> tuple[A, dict[str, Any], Any]: ...

    def editions(self, kind: str, references: Collection[str], at: datetime) -> Known: ...
