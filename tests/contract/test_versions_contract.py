"""Several versions of one item in every store: which are found when, what refers to them, and who publishes first."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from canonical.catalog.category import CATEGORIES, CATEGORY
from canonical.catalog.errors import CyclicCategories, ItemNotFound
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.product_catalog import CATALOGS, CatalogContents
from canonical.catalog.references import Reference
from canonical.shared.aggregates import Link
from canonical.shared.editions import Named
from canonical.shared.overtaken import unless_overtaken
from canonical.shared.paging import Slice
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL
from tests.contract.conftest import SqlStore, Store
from tests.contract.keeping import at_once
from tests.support.builders import NOON
from tests.support.cataloguing import ACTIVE, Cataloguing, a_category
from tests.support.histories import live
from tests.support.waiting import until

MINUTE = timedelta(minutes=1)


@pytest.fixture
def catalog(store: Store) -> Cataloguing:
    return Cataloguing(store.unit_of_work)


@pytest.fixture
def succeeded(catalog: Cataloguing) -> tuple[Item, Item]:
    """Version 1.0 from noon on, 2.0 a minute later; and another item."""
    catalog.create(a_category("other", status=ACTIVE), "other")
    first = catalog.create(a_category("first", status=ACTIVE), "c1")
    catalog.clock.at += MINUTE
    return first, catalog.change(first, a_category("second"))


def test_versions_are_those_of_one_item_oldest_first(
    store: Store, catalog: Cataloguing, succeeded: tuple[Item, Item]
) -> None:
    with store.unit_of_work() as work:
        versions = work.repository(CATEGORIES).versions("c1")
        assert [one.edition for one in versions] == ["1.0", "2.0"]
        assert [work.repository(CATEGORIES).get(one.id) for one in succeeded] == versions
        assert all(work.repository(CATEGORIES).get(one.id) is one for one in versions)
        assert work.repository(CATEGORIES).versions("none") == work.repository(CATALOGS).versions("c1") == []
        assert work.repository(CATEGORIES).versions(succeeded[1].id) == []


def test_a_version_that_was_changed_through_another_is_written_with_what_is_carried(store: Store) -> None:
    catalog = Cataloguing(store.unit_of_work)
    with store.unit_of_work() as work:
        first = CATEGORIES.type.create("v1", "c1", "1.0", "acme", a_category(status=ACTIVE), NOON)
        work.repository(CATEGORIES).add(first)
        work.repository(CATEGORIES).carry("v1", {"shelf": 7})
        work.commit()
    second = catalog.change(first, a_category("renamed"))
    assert catalog.version("c1", "1.0").valid_until == second.counts_from
    _, carried, _ = store.reads.to_change(CATEGORIES, Named("c1", NOON, "1.0"), ALL)
    assert carried == {"shelf": 7}


def test_a_version_is_read_by_its_name_or_as_what_counts_at_a_moment(
    store: Store, succeeded: tuple[Item, Item]
) -> None:
    first, second = succeeded
    begin = NOON + MINUTE
    instant = timedelta(microseconds=1)
    for named, found in (
        (Named("c1", NOON, "1.0"), first),
        (Named("c1", NOON, "2.0"), second),
        (Named("c1", NOON), first),
        (Named("c1", begin - instant), first),
        (Named("c1", begin), second),
        (Named("c1", begin + 1000 * MINUTE), second),
    ):
        assert store.reads.document(CATEGORIES, named, ALL).id == found.id
        assert store.reads.aggregate(CATEGORIES, named, ALL).edition == found.edition
        revision = store.reads.revision(CATEGORIES, named, ALL)
        assert (revision.version, revision.edition) == (2 if found is first else 1, found.edition)
        aggregate, _, kept = store.reads.to_change(CATEGORIES, named, ALL)
        assert (aggregate.id, kept.edition) == (found.id, found.edition)


@pytest.mark.parametrize(
    "named",
    [
        Named("c1", NOON - MINUTE),
        Named("c1", NOON, "3.0"),
        Named("c1", NOON, ""),
        Named("c2", NOON),
        Named("", NOON),
        Named("c1' OR 1=1 --", NOON, "1.0"),
    ],
)
@pytest.mark.usefixtures("succeeded")
def test_what_no_version_answers_to_is_not_found(store: Store, named: Named) -> None:
    for read in (store.reads.document, store.reads.revision, store.reads.aggregate, store.reads.to_change):
        with pytest.raises(ItemNotFound) as missing:
            read(CATEGORIES, named, ALL)
        assert missing.value.details == {"id": named.reference}


def test_the_id_of_a_version_is_no_id_of_the_item(store: Store, succeeded: tuple[Item, Item]) -> None:
    with pytest.raises(ItemNotFound):
        store.reads.document(CATEGORIES, Named(succeeded[0].id, NOON), ALL)
    assert store.reads.document(CATEGORIES, succeeded[0].id, ALL).edition == "1.0"


def test_a_list_at_a_moment_has_what_counts_then(store: Store, succeeded: tuple[Item, Item]) -> None:
    def listed(*at: Any) -> list[tuple[str, str]]:
        found = store.reads.documents(CATEGORIES, SearchIndex(), ALL, Slice(0, 100), None, (), *at)
        assert found.total == len(found.members)
        return sorted((one.reference, one.edition) for one in found.members if one.reference in ("c1", "other"))

    assert listed(NOON - MINUTE) == []
    assert listed(NOON) == [("c1", "1.0"), ("other", "1.0")]
    assert listed(NOON + MINUTE) == [("c1", "2.0"), ("other", "1.0")]
    assert listed() == listed(None) == [("c1", "1.0"), ("c1", "2.0"), ("other", "1.0")]


def test_what_refers_to_an_item_is_known_by_its_kind(store: Store, catalog: Cataloguing) -> None:
    def referring(item_id: str, *but: str, kinds: tuple[str, ...] = ("catalog", CATEGORY)) -> str | None:
        with store.unit_of_work() as work:
            found: str | None = work.referring(Link(CATEGORY, item_id), kinds, but)
        return found

    top = catalog.create(a_category("top"), "top")
    assert referring("top") is None
    child = catalog.create(a_category("child", "top"), "child")
    assert (referring("top"), referring("child"), referring(top.id)) == (CATEGORY, None, None)
    assert referring("top", child.id) is None
    assert referring("top", kinds=("catalog",)) is None
    catalog.create(a_category("other", "top", status=ACTIVE), "other")
    assert referring("top", child.id) == CATEGORY
    shelf = Cataloguing(store.unit_of_work, identities=catalog.identities, kind=CATALOGS)
    holder = shelf.create(Definition(CatalogContents("shelf", categories=(Reference("top"),))), "shelf")
    assert (referring("top"), referring("top", holder.id)) == ("catalog", CATEGORY)
    shelf.remove(holder)
    catalog.change(child, a_category("child"))
    assert referring("top") == CATEGORY
    for one in catalog.versions("other"):
        catalog.remove(one)
    assert referring("top") is None


def test_a_long_id_is_referred_to_like_any_other(store: Store, catalog: Cataloguing) -> None:
    long = "€" * 100
    catalog.create(a_category("top"), long)
    catalog.create(a_category("child", long))
    with store.unit_of_work() as work:
        assert work.referring(Link(CATEGORY, long), (CATEGORY,), ()) == CATEGORY
        assert work.referring(Link(CATEGORY, long[:-1]), (CATEGORY,), ()) is None


def test_what_is_published_is_counted_once_it_is_committed(store: Store) -> None:
    before = store.published()
    with store.unit_of_work() as work:
        work.publications.take_turn()
        work.publications.count()
    assert store.published() == before
    for _ in range(2):
        with store.unit_of_work() as work:
            work.publications.take_turn()
            work.publications.count()
            work.commit()
    assert store.published() == before + 2


def test_a_publication_waits_for_the_one_under_way(request: pytest.FixtureRequest) -> None:
    store = SqlStore(request.getfixturevalue("postgres_database"))
    told: list[str] = []

    def second() -> None:
        with store.unit_of_work() as work:
            work.publications.take_turn()
            told.append("second has its turn")

    with store.unit_of_work() as work:
        work.publications.take_turn()
        waiting = threading.Thread(target=second)
        waiting.start()
        until(lambda: _waits_for_a_lock(store))
        told.append("first ends")
        work.commit()
    waiting.join()
    assert told == ["first ends", "second has its turn"]


def _waits_for_a_lock(store: SqlStore) -> bool:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with store.database.reading() as connection:
        return bool(connection.scalar(sa.text(asked)))


def test_drafts_that_are_published_at_once_never_count_together(store: Store, catalog: Cataloguing) -> None:
    for item_id in ("c1", "c2", "c3"):
        drafts = [catalog.create(a_category(f"draft {number}"), item_id) for number in range(4)]
        outcomes = at_once(4, _publishing(catalog, drafts))
        assert [getattr(one, "state", one) for one in outcomes] == [ACTIVE] * 4
        versions = catalog.versions(item_id)
        assert len([one for one in versions if one.valid_until is None]) == 1
        assert len([one for one in versions if one.shown_from is not None]) == 1


def _publishing(catalog: Cataloguing, drafts: list[Item]) -> Callable[[int], Item]:
    """As the edge does it: a change that another one overtook is planned anew."""
    return lambda number: unless_overtaken(lambda: catalog.change(drafts[number], status=ACTIVE))


def test_of_moves_that_would_close_a_circle_together_one_is_refused(store: Store, catalog: Cataloguing) -> None:
    for number in range(5):
        left, right = (catalog.create(a_category(name), f"{name} {number}") for name in ("left", "right"))
        moves = ((left, right.item_id), (right, left.item_id))

        def move(which: int, moves: tuple[tuple[Item, str], ...] = moves) -> Item | None:
            moved, below = moves[which]
            try:
                return catalog.change(moved, a_category("moved", below))
            except CyclicCategories:
                return None

        assert at_once(2, move).count(None) == 1


def test_changes_of_what_is_published_at_once_are_made_one_after_the_other(store: Store, catalog: Cataloguing) -> None:
    """Each was planned on the version that was read, and that may have been ended since."""
    first = catalog.create(a_category(status=ACTIVE), "c1")
    outcomes = at_once(4, lambda number: catalog.change(first, a_category(f"by {number}")))
    made = [one for one in outcomes if isinstance(one, Item)]
    assert made
    versions = catalog.versions("c1")
    assert len(versions) == len({one.edition for one in versions}) == 1 + len(made)
    assert len([one for one in versions if one.state is LifecycleStatus.ACTIVE and one.valid_until is None]) == 1


def test_at_every_instant_one_version_counts_at_most_and_is_found(store: Store, catalog: Cataloguing) -> None:
    steps, refused, published = live(lambda: (catalog, store.reads), range(1000, 1004), 12)
    assert refused < steps / 2
    assert published
