"""The row that changes of the catalog lock, and count what they publish in."""

import sqlalchemy as sa

from adapters.persistence.tables import publications

_TURN = sa.update(publications).values(turns=publications.c.turns + 1)
_COUNT = sa.update(publications).values(count=publications.c.count + 1)


class SqlPublications:
    """The core's `Publications` inside `connection`'s transaction. On SQLite there is one writer at a time anyway."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take_turn(self) -> None:
        self._connection.execute(_TURN)

    def count(self) -> None:
        self._connection.execute(_COUNT)
