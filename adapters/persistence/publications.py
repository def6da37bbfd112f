"""The row that changes of the catalog lock, and count what they publish in."""

import sqlalchemy as sa

from adapters.persistence.tables import publications

_LOCK = sa.select(publications.c.count).with_for_update()
_COUNT = sa.update(publications).values(count=publications.c.count + 1)


class SqlPublications:
    """The core's `Publications` inside `connection`'s transaction. On SQLite there is one writer at a time anyway."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take_turn(self) -> None:
        self._connection.execute(_LOCK)

    def count(self) -> None:
        self._connection.execute(_COUNT)
