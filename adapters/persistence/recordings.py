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
        present = sa.select(recording_keys.c.key).where(recording_keys.c.client == client)
        with self._database.reading() as connection:
            found = connection.scalar(present)
        if found is None:
            with self._database.writing() as connection:
                insert_once(connection, recording_keys, {"client": client, "key": secrets.token_hex(32)})
                found = connection.scalar(present)
                connection.commit()
        return bytes.fromhex(str(found))

    def add(self, made: Sequence[Recording], key: bytes) -> bool:
        """Store recordings of one client. False if their key was deleted meanwhile; then nothing is stored."""
        rows = [
            {name: getattr(one, name) for name in Recording.__slots__}
            | {"at": timestamp(one.at), "expires_at": timestamp(one.expires_at)}
            for one in made
        ]
        present = sa.select(recording_keys.c.key).where(recording_keys.c.client == made[0].client)
        with self._database.writing() as connection:
            # Whoever deletes the key waits, and then sees the rows.
            if connection.scalar(present.with_for_update()) != key.hex():
                return False
            connection.execute(sa.insert(recordings), rows)
            connection.commit()
        return True

    def of(self, client: str, now: datetime) -> Iterator[Recording]:
        """Oldest first, without what expired."""
        after = ""
        kept = recordings.c.client == client, recordings.c.expires_at > timestamp(now)
        while True:
            page = sa.select(recordings).where(*kept, recordings.c.id > after)
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
        unused = sa.select(recording_keys.c.client).where(~sa.exists(used))
        with self._database.writing() as connection:
            connection.execute(sa.delete(recordings).where(recordings.c.expires_at <= timestamp(now)))
            # Locked first: what another process records with a key meanwhile is seen by the second look only.
            clients = connection.scalars(unused.order_by(recording_keys.c.client).with_for_update()).all()
            if clients:
                chosen = recording_keys.c.client.in_(clients)
                connection.execute(sa.delete(recording_keys).where(chosen, ~sa.exists(used)))
            connection.commit()

    def end(self, client: str) -> int:
        """Delete the key of a client and everything that was recorded of it. Returns how many payloads that were."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(recording_keys).where(recording_keys.c.client == client))
            deleted = connection.execute(sa.delete(recordings).where(recordings.c.client == client)).rowcount
            connection.commit()
        return int(deleted)
