"""Versions of partner profiles: the turns of their changes, and what nodes read of them."""

from datetime import timedelta

import sqlalchemy as sa

from adapters.persistence.aggregates import loaded
from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import timestamp
from adapters.persistence.publications import SqlPublications
from adapters.persistence.tables import documents, partner_profile_changes, partner_profile_turns
from canonical.partners.ports import Turn
from canonical.partners.profile_version import PROFILE_VERSIONS, ProfileVersion
from canonical.shared.ports import Clock

_VERSION = documents.c.resource == PROFILE_VERSIONS.name
_PUBLISHED = (_VERSION, documents.c.shown_from.is_not(None))
_COUNT = sa.update(partner_profile_changes).values(count=partner_profile_changes.c.count + 1)
SLOW_CLOCK = timedelta(hours=1)
"""How long versions that ended are still read: a node whose clock is slow has them in force."""


class SqlProfileChanges:
    """The core's `ProfileChanges` inside `connection`'s transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take_turn(self, client: str) -> Turn:
        turns = partner_profile_turns
        insert_once(self._connection, turns, {"client": client, "changes": 0, "last": 0})
        mine = sa.update(turns).where(turns.c.client == client).values(changes=turns.c.changes + 1)
        row = self._connection.execute(mine.returning(turns.c.changes, turns.c.last)).one()
        return Turn(row.changes - 1, row.last)

    def number(self, client: str, last: int) -> None:
        turns = partner_profile_turns
        self._connection.execute(sa.update(turns).where(turns.c.client == client).values(last=last))

    def announce(self) -> None:
        self._connection.execute(_COUNT)
        SqlPublications(self._connection).take_turn()  # so that no node keeps the count of an older list


class SqlPublishedProfiles:
    """The core's `PublishedProfiles`, and what plans of changes are made of."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def changes(self) -> int:
        with self._database.reading() as connection:
            return connection.scalar(sa.select(partner_profile_changes.c.count)) or 0

    def published(self) -> list[ProfileVersion]:
        until = documents.c.shown_until
        lately = timestamp(self._clock.now() - SLOW_CLOCK)
        query = sa.select(documents.c.aggregate, documents.c.version).where(
            *_PUBLISHED, sa.or_(until.is_(None), until > lately)
        )
        with self._database.reading() as connection:
            return [loaded(PROFILE_VERSIONS, row) for row in connection.execute(query.order_by(documents.c.id))]

    def version(self, client: str, number: int) -> ProfileVersion | None:
        mine = (documents.c.reference == client, documents.c.edition == str(number))
        query = sa.select(documents.c.aggregate, documents.c.version).where(_VERSION, *mine)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else loaded(PROFILE_VERSIONS, row)

    def seen(self) -> dict[str, int]:
        """How many changes the versions of each client have had."""
        with self._database.reading() as connection:
            return {row.client: row.changes for row in connection.execute(sa.select(partner_profile_turns))}
