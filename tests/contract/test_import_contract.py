"""What an import stages, on both databases: unseen until it ends, and never over somebody else's change."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.category import CATEGORIES, CategoryContents
from canonical.catalog.commands import ChangeItem, CreateItem
from canonical.catalog.errors import ImportRefused, ItemNotFound
from canonical.catalog.handlers import change_item, create_item
from canonical.catalog.item import Definition
from canonical.catalog.job_handlers import IMPORT_CATALOG
from canonical.catalog.jobs import IMPORT_JOBS, ImportJob, Task
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.processes.import_catalog import ImportCatalog
from canonical.shared.editions import Named
from canonical.shared.errors import ConcurrentChange
from canonical.shared.reader import ALL
from facade.bootstrap.core import partner_profiles
from facade.bootstrap.declared import projectors
from facade.bootstrap.transfers import Transfers
from facade.clock import SystemClock
from facade.identities import SortableIdentities, new_id
from facade.settings import Settings
from facade.tmf.engine import file_pieces
from facade.tmf.engine.declaration import Sender
from facade.tmf.tmf620.api import TMF620
from facade.tmf.vocabulary import STANDARD

CLOCK, IDENTITIES, PROJECTORS = SystemClock(), SortableIdentities(), projectors()
ACTIVE = LifecycleStatus.ACTIVE


class Catalog:
    """A catalog, and an import of it that is carried out step by step."""

    def __init__(self, database: Database) -> None:
        self.database = database
        settings = Settings()
        files = partner_profiles(settings)
        self.transfers = Transfers(settings, database, PROJECTORS, CLOCK, lambda client, _: files.of(client))
        process = self.transfers.processes()[IMPORT_CATALOG]
        assert isinstance(process, ImportCatalog)
        self.process = process

    def work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, PROJECTORS, CLOCK)

    def create(self, item_id: str, edition: str = "1.0", name: str = "Before", status: Any = None) -> str:
        definition = Definition(CategoryContents(name), status=status, edition=edition)
        with self.work() as work:
            made: str = create_item(CreateItem(CATEGORIES, "qa", definition, item_id), work, CLOCK, IDENTITIES).id
            work.commit()
        return made

    def rename(self, version_id: str, name: str) -> None:
        with self.work() as work:
            version = work.repository(CATEGORIES).get(version_id).version
            definition = Definition(CategoryContents(name))
            change_item(ChangeItem(CATEGORIES, version_id, version, definition, "qa"), work, CLOCK, IDENTITIES)
            work.commit()

    def named(self, item_id: str, edition: str | None = None) -> str:
        """The name that is seen; empty when nothing is."""
        try:
            found = SqlReads(self.database).document(CATEGORIES, Named(item_id, CLOCK.now(), edition), ALL)
        except ItemNotFound:
            return ""
        name: str = json.loads(found.document)["name"]
        return name

    def staged(self, *lines: dict[str, Any]) -> ImportJob:
        now, name = CLOCK.now(), new_id()
        content = (json.dumps({"@type": "Category", "name": "After", **one}).encode() + b"\n" for one in lines)
        file = self.transfers.kept.keep("qa", name, "application/x-ndjson", content)
        job = ImportJob(new_id(), Task("qa", "", "v5", file=name, privileged=True), now, now)
        with self.work() as work:
            work.repository(IMPORT_JOBS).add(job)
            work.commit()
        self.transfers.staging.open(job.id)
        self.process._stage(job, file)
        return job

    def publish(self, job: ImportJob) -> None:
        counts = {"added": 1, "changed": 0, "unchanged": 0, "wrong": 0}
        self.process._publish(job, {"stage": counts})

    def rows(self, job: ImportJob) -> int:
        with self.database.reading() as connection:
            query = sa.text("SELECT count(*) FROM documents WHERE staged_by = :job")
            return connection.scalar(query, {"job": job.id}) or 0


@pytest.fixture
def catalog(database: Database) -> Catalog:
    return Catalog(database)


def test_what_is_staged_is_seen_all_at_once_and_by_nobody_before(catalog: Catalog) -> None:
    draft, old = catalog.create("draft"), catalog.create("old", status=ACTIVE)
    job = catalog.staged({"id": "new"}, {"id": "draft"}, {"id": "old"})
    assert [catalog.named(one) for one in ("new", "draft", "old")] == ["", "Before", "Before"]
    with catalog.work() as work:
        assert work.repository(CATEGORIES).versions("new") == []
        assert [one.id for one in work.repository(CATEGORIES).versions("old")] == [old]
    catalog.create("unrelated")
    catalog.publish(job)
    catalog.publish(job)
    assert [catalog.named(one) for one in ("new", "draft", "old")] == ["After"] * 3
    assert (catalog.named("old", "1.0"), catalog.named("old", "2.0")) == ("Before", "After")
    with catalog.work() as work:
        assert work.repository(CATEGORIES).get(draft).contents.name == "After"


@pytest.mark.parametrize("most", [1, 2, 100])
def test_lines_about_one_item_are_understood_alike_in_one_chunk_and_in_several(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(file_pieces, "MOST", most)
    catalog.create("old", status=ACTIVE)
    versions = [{"version": f"{number}.0", "name": str(number), "lifecycleStatus": "Active"} for number in range(5, 9)]
    job = catalog.staged(*({"id": item, **one} for one in versions for item in ("new", "old")), {"id": "other"})
    counted = catalog.transfers.staging.cursor(job.id)
    assert counted is not None
    assert (counted.line, counted.ended, counted.counts.added, counted.counts.wrong) == (9, True, 9, 0)
    assert catalog.named("old") == "Before"
    catalog.publish(job)
    assert [catalog.named(item) for item in ("new", "old", "other")] == ["8", "8", "After"]
    assert [catalog.named("new", f"{number}.0") for number in (5, 6, 7)] == ["5", "6", "7"]
    with catalog.work() as work:
        versions_of_old = work.repository(CATEGORIES).versions("old")
    lasting = [one.edition for one in versions_of_old if one.shown_from is not None and one.shown_until is None]
    assert (len(versions_of_old), lasting) == (5, ["8.0"])


def test_what_was_imported_is_found_before_it_is_valid_as_what_was_posted_is(catalog: Catalog) -> None:
    later = {"startDateTime": "2090-01-01T00:00:00Z"}
    catalog.publish(catalog.staged({"id": "later", "lifecycleStatus": "Active", "validFor": later}))
    assert catalog.named("later") == "After"


@pytest.mark.parametrize("overtaking", ["another version", "the same draft", "the version before", "a removal"])
def test_a_change_meanwhile_that_it_does_not_fit_ends_the_import(catalog: Catalog, overtaking: str) -> None:
    draft, old = catalog.create("draft"), catalog.create("old", status=ACTIVE)
    job = catalog.staged({"id": "new", "lifecycleStatus": "Active"}, {"id": "draft"}, {"id": "old", "version": "5.0"})
    if overtaking == "another version":
        catalog.create("new", "9.0", status=ACTIVE)
    elif overtaking == "the same draft":
        catalog.rename(draft, "Meanwhile")
    elif overtaking == "the version before":
        catalog.rename(old, "Meanwhile")
    else:
        with catalog.work() as work:
            work.repository(CATEGORIES).get(old).remove(CLOCK.now())
            work.commit()
        catalog.create("unrelated")
    before = [catalog.named(one) for one in ("new", "draft", "old")]
    with pytest.raises(ImportRefused, match="import it again"):
        catalog.publish(job)
    assert [catalog.named(one) for one in ("new", "draft", "old")] == before
    catalog.transfers.staging.discard(job.id)
    assert catalog.rows(job) == 0
    assert [catalog.named(one) for one in ("new", "draft", "old")] == before


LEADS_BACK: dict[str, dict[str, Any]] = {
    "category": {"parent": {"@type": "CategoryRef"}},
    "productOffering": {"bundledProductOffering": {"@type": "BundledProductOffering"}},
    "productSpecification": {"bundledProductSpecification": {"@type": "BundledProductSpecification"}},
    "productOfferingPrice bundle": {"bundledPopRelationship": {"@type": "BundledProductOfferingPriceRelationship"}},
    "productOfferingPrice": {
        "popRelationship": {"@type": "ProductOfferingPriceRelationship", "relationshipType": "discounts"}
    },
}
"""How an item of each resource names others of its kind, so that a circle of them is refused."""


def naming(circle: str, item_id: str, other: str) -> dict[str, Any]:
    """An item that names another one of its kind."""
    [(attribute, reference)] = LEADS_BACK[circle].items()
    named = reference | {"id": other}
    one = named if attribute == "parent" else [named]
    return {"@type": TMF620.resource(circle.split(maxsplit=1)[0]).schema, "name": "x", "id": item_id, attribute: one}


@pytest.mark.parametrize("circle", LEADS_BACK)
@pytest.mark.parametrize("meanwhile", ["an import", "a request"])
def test_a_circle_that_others_close_meanwhile_ends_the_import(catalog: Catalog, circle: str, meanwhile: str) -> None:
    first, second = (f"{new_id()} {name}" for name in "ab")
    job = catalog.staged({"@type": "Category", "id": f"x {first}"}, naming(circle, first, second))
    if meanwhile == "an import":
        catalog.publish(catalog.staged(naming(circle, second, f"{first} c"), naming(circle, f"{first} c", first)))
    else:
        resource = TMF620.resource(circle.split(maxsplit=1)[0])
        for body in (naming(circle, second, f"{first} c"), naming(circle, f"{first} c", first)):
            with catalog.work() as work:
                create_item(resource.to_command(body, Sender("qa", STANDARD)).command, work, CLOCK, IDENTITIES)
                work.commit()
    with pytest.raises(ImportRefused, match="import it again"):
        catalog.publish(job)
    assert catalog.named(f"x {first}") == ""
    catalog.transfers.staging.discard(job.id)


def test_an_import_beside_others_that_close_no_circle_is_made_visible(catalog: Catalog) -> None:
    first, second = new_id(), new_id()
    job = catalog.staged(*(naming(circle, f"{first} {circle}", second) for circle in LEADS_BACK), {"id": first})
    catalog.publish(catalog.staged(*(naming(circle, f"{second} {circle}", second) for circle in LEADS_BACK)))
    catalog.publish(job)
    assert catalog.named(first) == "After"


def test_of_two_runs_of_one_import_only_the_first_stages_a_chunk(catalog: Catalog) -> None:
    job = ImportJob(new_id(), Task("qa", "", "v5"), CLOCK.now(), CLOCK.now())
    staging = catalog.transfers.staging
    staging.open(job.id)
    cursor = staging.cursor(job.id)
    assert cursor is not None
    for expected in (nullcontext(), pytest.raises(ConcurrentChange)):
        with expected, staging.run(job.id) as run:
            work = run.chunk(cursor)
            definition = Definition(CategoryContents("After"), edition="1.0")
            create_item(CreateItem(CATEGORIES, "qa", definition, new_id()), work, CLOCK, IDENTITIES)
            work.keep(type(cursor)(10, 1), ())
    assert catalog.rows(job) == 1


def test_who_adds_a_version_that_an_import_has_staged_is_told_to_wait(catalog: Catalog) -> None:
    job = catalog.staged({"id": "new", "version": "1.0"})
    with pytest.raises(ConcurrentChange, match="an import that is under way has this version of new"):
        catalog.create("new", "1.0")
    catalog.transfers.staging.discard(job.id)
    catalog.create("new", "1.0")
    assert catalog.named("new") == "Before"
