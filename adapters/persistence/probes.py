"""Finds out whether the database accepts changes."""

from uuid import uuid4

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.tables import probes


def write(database: Database) -> None:
    """Write a row and remove it, in one commit: only a commit detects a full disk. Raises StoreUnavailable."""
    row = {"id": str(uuid4())}
    with database.writing() as connection:
        connection.execute(sa.insert(probes), row)
        connection.execute(sa.delete(probes).where(probes.c.id == row["id"]))
        connection.commit()
