"""Files brought into the installed base."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from adapters.persistence.aggregates import SqlAggregateRepository
from adapters.persistence.asset_files import FileAsset, read_asset
from adapters.persistence.asset_loading import LoadedAssets
from adapters.persistence.catalog_files import FileError
from adapters.persistence.database import Database
from adapters.persistence.publications import SqlPublications
from adapters.persistence.tables import documents
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.inventory.asset import ASSETS
from canonical.inventory.loads import ASSET_LOADS, AssetLoad
from canonical.ordering.order import ORDERS
from canonical.ordering.states import State
from canonical.shared.aggregates import require_version
from canonical.shared.errors import ConcurrentChange
from facade.bootstrap.declared import projectors
from facade.clock import SystemClock
from facade.identities import SortableIdentities
from facade.security.settings import DEVELOPMENT
from facade.settings import Settings

SAMPLE = Path(__file__).parents[2] / "fixtures" / "assets" / "sample.jsonl"
CHUNK = 1_000
"""Lines in one transaction: others that write wait meanwhile."""
HASHED_AT_ONCE = 1024 * 1024
"""Bytes of a file."""


ORDERS_AT_ONCE = 100
_COMPLETED = (
    documents.c.resource == ORDERS.name,
    documents.c.state.in_([State.COMPLETED.value, State.CLOSED.value]),
)


class Outcome(StrEnum):
    ADDED = "added"
    KNOWN = "already there"
    REJECTED = "rejected"


def load(
    database: Database,
    file: BinaryIO,
    rejected: Callable[[str], None],
    told: Callable[[int], None],
    resumed: Callable[[AssetLoad], None] = lambda _: None,
) -> Counter[Outcome]:
    """How many lines came to what. `rejected` gets the reason of each line that is rejected; `told`, after each
    transaction, how many bytes are done.

    A load that was interrupted continues where it stopped: `resumed` gets it first, and its lines are counted. An asset
    that is there already stays as it is. Raises FileError if another run loads the same file.
    """
    job = _job_of(database, file)
    if job.transactions:
        resumed(job)
    told(job.position)
    project, lines = projectors()[ASSETS.name], enumerate(file, start=job.lines + 1)
    for chunk in iter(lambda: list(islice(lines, CHUNK)), []):
        read = list(_read(chunk, rejected))
        try:
            with database.writing() as connection:
                job = _store(LoadedAssets(connection, project, job.id), connection, job, file, chunk, read)
                connection.commit()
        except ConcurrentChange as error:
            raise FileError("another run loads the same file: wait until it has ended") from error
        told(job.position)
    with database.writing() as connection:
        jobs = SqlAggregateRepository(connection, ASSET_LOADS, None)
        jobs.get(job.id).end(SystemClock().now())
        jobs.save()
        connection.commit()
    return Counter({Outcome.ADDED: job.added, Outcome.KNOWN: job.known, Outcome.REJECTED: job.rejected})


def _job_of(database: Database, file: BinaryIO) -> AssetLoad:
    """The job of this file that has not ended, or a new one. The file stands where the job continues."""
    file_hash, now = _hash(file) if file.seekable() else "", SystemClock().now()
    with database.writing() as connection:
        SqlPublications(connection).take_turn()  # of runs that begin at once, the first makes the job
        jobs = SqlAggregateRepository(connection, ASSET_LOADS, None)
        for job in jobs.versions(file_hash) if file_hash else ():
            file.seek(job.position)
            return job
        job = AssetLoad(SortableIdentities().new_id(), file_hash, now, now)
        jobs.add(job)
        jobs.save()
        connection.commit()
    if file_hash:
        file.seek(0)
    return job


def _hash(file: BinaryIO) -> str:
    found = hashlib.sha256()
    for part in iter(lambda: file.read(HASHED_AT_ONCE), b""):
        found.update(part)
    return found.hexdigest()


def _store(
    assets: LoadedAssets,
    connection: sa.Connection,
    job: AssetLoad,
    file: BinaryIO,
    chunk: list[tuple[int, bytes]],
    read: list[FileAsset],
) -> AssetLoad:
    """Store what was read of one chunk, and how far the job is then. Raises ConcurrentChange."""
    jobs, at = SqlAggregateRepository(connection, ASSET_LOADS, None), SystemClock().now()
    kept = jobs.get(job.id)
    require_version(kept, job.version)
    asked = {one.id: one for one in read}
    known = assets.known(asked)
    new = [one for one in asked.values() if one.id not in known]
    filled = sum(1 for _, line in chunk if line.strip())
    position = file.tell() if file.seekable() else 0
    kept.go_on(position, chunk[-1][0], len(new), len(read) - len(new), filled - len(read), at)
    # First: another run that stores the same lines waits here, and is refused.
    jobs.save()
    if new:
        assets.store(new, at, kept.transactions)
    return kept


def derive(
    database: Database, unit_of_work: Callable[[], SqlUnitOfWork], told: Callable[[int], None]
) -> tuple[int, int]:
    """Make the assets of orders that completed before assets were kept. Safe to repeat.

    Returns how many orders got some, and how many assets there are of them. `told`: how many orders were looked at.
    """
    identities, orders, assets, done = SortableIdentities(), 0, 0, 0
    for chunk in _completed(database):
        with unit_of_work() as work:
            for order_id in chunk:
                made = work.assets.derive(work.repository(ORDERS).get(order_id), identities)
                orders, assets = orders + bool(made), assets + made
            work.commit()
        done += len(chunk)
        told(done)
    return orders, assets


def deriving(database: Database, settings: Settings) -> Callable[[], SqlUnitOfWork]:
    """Units of work for it."""
    made, clock, most = projectors(), SystemClock(), settings.assets_per_item
    return lambda: SqlUnitOfWork(database, made, clock, assets_per_item=most)


def completed_orders(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(*_COMPLETED)) or 0


def _completed(database: Database) -> Iterator[list[str]]:
    """The ids of completed orders, some at a time."""
    after = ""
    while True:
        query = sa.select(documents.c.id).where(*_COMPLETED, documents.c.id > after).order_by(documents.c.id)
        with database.reading() as connection:
            found = list(connection.scalars(query.limit(ORDERS_AT_ONCE)))
        if not found:
            return
        yield found
        after = found[-1]


def load_at_start(settings: Settings) -> int:
    """Load the sample into an installed base that has nothing, in development with the sample catalog; returns how many
    assets were new.
    """
    if settings.mode != DEVELOPMENT or settings.catalog:
        return 0
    query = sa.select(documents.c.id).where(documents.c.resource == ASSETS.name).limit(1)
    with closing(Database(settings.database_address)) as database:
        with database.reading() as connection:
            if connection.execute(query).first() is not None:
                return 0
        with SAMPLE.open("rb") as file:
            return load(database, file, _refuse, lambda _: None)[Outcome.ADDED]


def _refuse(reason: str) -> None:
    raise FileError(f"{SAMPLE}: {reason}")


def _read(lines: list[tuple[int, bytes]], rejected: Callable[[str], None]) -> Iterator[FileAsset]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            yield read_asset(line, number)
        except FileError as error:
            rejected(str(error))
