"""Files brought into the catalog, and the catalog checked."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adapters.patterns.linear import compiled
from adapters.persistence import migrations
from adapters.persistence.aggregates import loaded
from adapters.persistence.catalog_files import KINDS, FileError, FileItem, read_items
from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.tables import documents
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog import patterns
from canonical.catalog.checks.check import check
from canonical.catalog.checks.findings import Catalog, Finding
from canonical.catalog.loading import Outcome, load_item
from canonical.shared.aggregates import Kind
from canonical.shared.errors import Conflict, InvalidCommand
from facade.bootstrap.declared import TMF_APIS, projectors
from facade.clock import SystemClock
from facade.identities import SortableIdentities
from facade.setting_sources import SettingError
from facade.settings import Settings

__all__ = ["FileError", "Outcome"]

SAMPLE = Path(__file__).parents[2] / "fixtures" / "catalog"
SUFFIXES = ("*.json", "*.jsonl")
CHUNK = 200
"""Items in one transaction: others that write wait meanwhile."""
LOADING_SECONDS = 60.0


def _nobody(done: int) -> None:
    """Whoever does not want to know how many items are done."""


def files_in(folder: Path) -> list[Path]:
    return sorted(path for suffix in SUFFIXES for path in folder.glob(suffix))


def read_files(files: Sequence[Path]) -> list[FileItem]:
    """Their items. Raises FileError before anything is loaded."""
    found: list[FileItem] = []
    for path in files:
        try:
            found += [replace(one, where=f"{path}: {one.where}") for one in read_items(path.read_bytes())]
        except (OSError, FileError) as error:
            raise FileError(f"{path}: {error}") from error
    return found


def load(database: Database, items: Sequence[FileItem], told: Callable[[int], None] = _nobody) -> Counter[Outcome]:
    """How many items came to what. Raises FileError for the first that cannot be loaded; what came before is kept."""
    made, done, made_documents = Counter[Outcome](), 0, projectors()
    clock, identities = SystemClock(), SortableIdentities()
    for chunk in _chunks(items):
        outcomes = []
        with SqlUnitOfWork(database, made_documents, clock) as work:
            for item in chunk:
                try:
                    outcomes.append(load_item(item.kind, item.id, item.definition, work, clock, identities))
                except (InvalidCommand, Conflict) as error:
                    pointer = "" if error.pointer is None else f", {error.pointer}"
                    raise FileError(f"{item.where}{pointer}: {error.message}") from error
            work.commit()
        made.update(outcomes)
        done += len(chunk)
        told(done)
    return made


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database, at the schema of this release. Raises SettingError."""
    with closing(Database(settings.database_address, LOADING_SECONDS)) as database:
        try:
            migrations.check(database)
        except migrations.SchemaOutOfDate as error:
            raise SettingError(str(error)) from error
        yield database


def findings(database: Database) -> list[Finding]:
    """What is wrong in the catalog, as it is at this moment."""
    patterns.install(compiled)
    return check(found_in(database))


def load_at_start(settings: Settings) -> int:
    """Load the files of CATALOG, or the sample into an empty catalog; returns how many items were new.

    Raises SettingError for a folder without files, and FileError.
    """
    with closing(Database(settings.database_address, LOADING_SECONDS)) as database:
        if settings.catalog:
            files = files_in(Path(settings.catalog))
            if not files:
                problem = f"CATALOG={settings.catalog!r} has no *.json or *.jsonl file"
                raise SettingError(f"{problem}: name the folder of your catalog files")
        else:
            files = [] if _has_items(database) else files_in(SAMPLE)
        return load(database, read_files(files))[Outcome.ADDED]


def show_what_is_not_shown(database: Database) -> None:
    """Make the documents of items that a migration has brought into the catalog."""
    kinds: dict[str, Kind[Any]] = {one.kind.name: one.kind for api in TMF_APIS for one in api.resources}
    query = sa.select(documents.c.resource, documents.c.id).where(
        documents.c.resource.in_(kinds), documents.c.document.is_(None)
    )
    with database.reading() as connection:
        found = connection.execute(query).all()
    with SqlUnitOfWork(database, projectors(), SystemClock()) as work:
        for row in found:
            work.repository(kinds[row.resource]).carry(row.id, {})
        work.commit()


def found_in(database: Database) -> Catalog:
    """The catalog as it is at this moment, to be checked."""
    at = SystemClock().now()
    kept = documents.c
    columns = (kept.resource, kept.aggregate, kept.version, kept.reference, kept.edition, kept.shown_from)
    query = sa.select(*columns).where(kept.resource.in_(KINDS)).order_by(kept.resource, kept.reference)
    until = sa.or_(kept.shown_until.is_(None), kept.shown_until > timestamp(at))
    with database.reading() as connection:
        shown = connection.execute(query.where(kept.shown_from <= timestamp(at), until)).all()
        every = connection.execute(
            sa.select(kept.resource, kept.reference, kept.edition).where(kept.resource.in_(KINDS))
        )
        editions = frozenset((row.resource, row.reference, row.edition) for row in every)
    return Catalog(at, {(row.resource, row.reference): loaded(KINDS[row.resource][0], row) for row in shown}, editions)


def _has_items(database: Database) -> bool:
    query = sa.select(documents.c.id).where(documents.c.resource.in_(KINDS)).limit(1)
    with database.reading() as connection:
        return connection.execute(query).first() is not None


def _chunks(items: Sequence[FileItem]) -> Iterator[list[FileItem]]:
    """No item twice in one: its versions are made one after the other."""
    chunk: list[FileItem] = []
    seen: set[tuple[str, str]] = set()
    for item in items:
        if len(chunk) == CHUNK or (item.kind.name, item.id) in seen:
            yield chunk
            chunk, seen = [], set()
        chunk.append(item)
        seen.add((item.kind.name, item.id))
    if chunk:
        yield chunk
