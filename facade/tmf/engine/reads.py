"""What the operations read of the store."""

from datetime import datetime
from typing import Protocol

from canonical.shared.aggregates import A, Kind
from canonical.shared.criteria import Criterion, SortKey
from canonical.shared.editions import Named
from canonical.shared.paging import Found, Slice
from canonical.shared.projection import Listed, Revision, SearchIndex, StoredDocument
from canonical.shared.reader import Reader
from facade.tmf.engine.payload import Payload


class DocumentReads(Protocol):
    """Documents of aggregates, as far as `reader` sees them. Raises NotFound."""

    def document(self, kind: Kind[A], asked: str | Named, reader: Reader, /) -> StoredDocument: ...


class Reads(DocumentReads, Protocol):
    """Aggregates and their documents, as far as `reader` sees them. All raise NotFound."""

    def revision(self, kind: Kind[A], asked: str | Named, reader: Reader, /) -> Revision:
        """Without reading the document."""
        ...

    def to_change(self, kind: Kind[A], asked: str | Named, reader: Reader, /) -> tuple[A, Payload, StoredDocument]:
        """The aggregate, what is carried for it and its document, all of one moment."""
        ...

    def documents(
        self,
        kind: Kind[A],
        index: SearchIndex,
        reader: Reader,
        part: Slice,
        criterion: Criterion | None,
        sort: tuple[SortKey, ...],
        at: datetime | None,
        /,
    ) -> Found[Listed]:
        """The documents of those that meet the criterion, newest first unless sorted; with `at`, of versions that
        are found by their references at that moment.

        Raises InvalidCommand when that takes too long.
        """
        ...
