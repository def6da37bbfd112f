"""Recorded payloads in the database, and the keys that they are masked with."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.database import Database, insert_once
from adapters.persistence.encoding import timestamp
from adapters.persistence.tables import recording_keys, recordings
from canonical.audit.recording import Recording

AT_ONCE = 200
"""Payloads that are in memory."""


class SqlRecordings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def key(self, client: str) -> bytes:
        """The key of a client, made if it has none."""
        with self._database.writing() as connection:
            insert_once(connection, recording_keys, {"client": client, "key": secrets.token_hex(32)})
            found = connection.scalar(sa.select(recording_keys.c.key).where(recording_keys.c.client == client))
            connection.commit()
        return bytes.fromhex(str(found))

    def add(self, made: Sequence[Recording]) -> None:
        rows = [
            {name: getattr(one, name) for name in Recording.__slots__}
            | {"at": timestamp(one.at), "expires_at": timestamp(one.expires_at)}
            for one in made
        ]
        with self._database.writing() as connection:
            connection.execute(sa.insert(recordings), rows)
            connection.commit()

    def of(self, client: str) -> Iterator[Recording]:
        """Oldest first."""
        after = ""
        while True:
            page = sa.select(recordings).where(recordings.c.client == client, recordings.c.id > after)
            with self._database.reading() as connection:
                rows = connection.execute(page.order_by(recordings.c.id).limit(AT_ONCE)).mappings().all()
            if not rows:
                return
            for row in rows:
                times = {name: datetime.fromisoformat(row[name]) for name in ("at", "expires_at")}
                yield Recording(**{**row, **times})
            after = rows[-1]["id"]

    def forget(self, now: datetime) -> None:
        """Delete what expired, and the keys of clients of whom nothing is left."""
        used = sa.select(recordings.c.client).where(recordings.c.client == recording_keys.c.client)
        with self._database.writing() as connection:
            connection.execute(sa.delete(recordings).where(recordings.c.expires_at <= timestamp(now)))
            connection.execute(sa.delete(recording_keys).where(~sa.exists(used)))
            connection.commit()

    def end(self, client: str) -> int:
        """Delete the key of a client and everything that was recorded of it. Returns how many payloads that were."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(recording_keys).where(recording_keys.c.client == client))
            deleted = connection.execute(sa.delete(recordings).where(recordings.c.client == client)).rowcount
            connection.commit()
        return int(deleted)
