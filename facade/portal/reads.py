"""What the canonical API reads of aggregates, as they are kept."""

from datetime import datetime
from typing import Protocol

from canonical.shared.aggregates import A, Kind
from canonical.shared.criteria import Criterion
from canonical.shared.editions import Named
from canonical.shared.paging import Found, Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import Reader


class FoundReads(Protocol):
    """Aggregates as far as `reader` sees them."""

    def aggregate(self, kind: Kind[A], asked: str | Named, reader: Reader, /) -> A:
        """Raises NotFound."""
        ...

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
        """Newest first; with `at`, of versions that are found by their references at that moment. Raises InvalidCommand
        when that takes too long.
        """
        ...
