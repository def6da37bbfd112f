"""Files brought into the installed base."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from adapters.persistence.asset_files import FileAsset, read_asset
from adapters.persistence.asset_loading import LoadedAssets
from adapters.persistence.catalog_files import FileError
from adapters.persistence.database import Database
from adapters.persistence.tables import documents
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.inventory.asset import ASSETS
from canonical.ordering.order import ORDERS
from canonical.ordering.states import State
from facade.bootstrap.declared import projectors
from facade.clock import SystemClock
from facade.identities import SortableIdentities
from facade.security.settings import DEVELOPMENT
from facade.settings import Settings

SAMPLE = Path(__file__).parents[2] / "fixtures" / "assets" / "sample.jsonl"
CHUNK = 1_000
"""Lines in one transaction: others that write wait meanwhile."""


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
    database: Database, file: BinaryIO, rejected: Callable[[str], None], told: Callable[[int], None]
) -> Counter[Outcome]:
    """How many lines came to what. `rejected` gets the reason of each line that is rejected; `told`, after each
    transaction, how many bytes are done.

    An asset that is there already stays as it is, so a load that was interrupted can be repeated.
    """
    made, clock, job_id = Counter[Outcome](), SystemClock(), SortableIdentities().new_id()
    project, lines = projectors()[ASSETS.name], enumerate(file, start=1)
    for number, chunk in enumerate(iter(lambda: list(islice(lines, CHUNK)), []), start=1):
        read = list(_read(chunk, rejected))
        asked = {one.id: one for one in read}
        with database.writing() as connection:
            assets = LoadedAssets(connection, project, job_id)
            known = assets.known(asked)
            new = [one for one in asked.values() if one.id not in known]
            if new:
                assets.store(new, clock.now(), number)
            connection.commit()
        filled = sum(1 for _, line in chunk if line.strip())
        made[Outcome.ADDED] += len(new)
        made[Outcome.KNOWN] += len(read) - len(new)
        made[Outcome.REJECTED] += filled - len(read)
        told(file.tell() if file.seekable() else 0)
    return made


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
