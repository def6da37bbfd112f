"""Versions of catalog items, made and changed in units of work in memory."""

from typing import Any

import pytest

from canonical.catalog.errors import ItemExists, VersionsOverlap
from canonical.catalog.item import Definition
from canonical.catalog.lifecycle import PUBLISHED, LifecycleStatus
from canonical.shared.errors import InvalidCommand
from tests.support.builders import NOON
from tests.support.cataloguing import ACTIVE, LAUNCHED, RETIRED, a_category, as_it_is
from tests.unit.catalog.tree import HOUR, Catalog


def test_a_draft_is_changed_in_place(catalog: Catalog) -> None:
    draft = catalog.create(a_category())
    changed = catalog.change(draft, a_category("renamed", status=LifecycleStatus.IN_DESIGN, edition="0.9"))
    assert (changed.id, changed.edition, changed.version) == (draft.id, "0.9", 2)
    assert catalog.editions(draft) == {"0.9": LifecycleStatus.IN_DESIGN}


def test_a_change_of_what_is_published_makes_a_version_that_takes_its_place(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=LAUNCHED))
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed"))
    assert (second.item_id, second.edition, second.state) == (first.item_id, "2.0", LAUNCHED)
    assert second.id != first.id
    assert second.valid_from == second.counts_from == catalog.clock.at
    kept = catalog.version(first.item_id, "1.0")
    assert (kept.contents, kept.valid_until, kept.state) == (first.contents, second.counts_from, LAUNCHED)
    assert (kept.shown_from, kept.shown_until) == (NOON, catalog.clock.at)
    assert (second.shown_from, second.shown_until) == (catalog.clock.at, None)
    assert catalog.told[-4:] == ["Published 1.0", "StatusChanged 1.0", "Created 2.0", "Published 2.0"]


def test_status_reason_and_end_of_what_is_published_change_in_place(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    end = NOON + HOUR
    changed = catalog.change(first, a_category(status=LAUNCHED, status_reason="asked for", valid_until=end))
    assert (changed.id, changed.state, changed.status_reason, changed.valid_until) == (
        first.id,
        LAUNCHED,
        "asked for",
        end,
    )
    assert catalog.editions(first) == {"1.0": LAUNCHED}


def test_a_version_that_was_made_by_a_change_takes_another_status_in_place(catalog: Catalog) -> None:
    """Documents show times with milliseconds, and clients send back what they were shown."""
    catalog.clock.at = NOON.replace(microsecond=123_456)
    second = catalog.change(catalog.create(a_category(status=ACTIVE)), a_category("renamed"))
    begin, end = second.valid_from, catalog.versions(second.item_id)[0].valid_until
    assert begin == end == NOON.replace(microsecond=123_000)
    retired = catalog.change(second, Definition(second.contents, begin, None, RETIRED))
    assert (retired.id, retired.state) == (second.id, RETIRED)


def test_a_change_may_name_its_version_and_when_it_begins(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    begin = NOON + 24 * HOUR
    second = catalog.change(first, a_category("renamed", edition="2026.Q3", valid_from=begin))
    assert (second.edition, second.counts_from, second.shown_from) == ("2026.Q3", begin, begin)
    assert catalog.version(first.item_id, "1.0").valid_until == begin


def test_a_change_that_says_that_it_was_valid_before_counts_from_now_on(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed", valid_from=NOON - HOUR))
    assert (second.valid_from, second.counts_from) == (NOON - HOUR, catalog.clock.at)
    assert catalog.version(first.item_id, "1.0").valid_until == catalog.clock.at


def test_a_change_whose_validity_is_over_is_kept_and_ends_nothing(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    past: dict[str, Any] = {"valid_from": NOON - 48 * HOUR, "valid_until": NOON - 24 * HOUR}
    second = catalog.change(first, a_category("renamed", edition="0.9", **past))
    assert (second.valid_from, second.valid_until) == (past["valid_from"], past["valid_until"])
    assert catalog.version(first.item_id, "1.0").valid_until is None
    assert second.shown_from is None
    draft = catalog.create(a_category("draft", **past), first.item_id)
    catalog.change(draft, status=ACTIVE)
    assert catalog.version(first.item_id, "1.0").valid_until is None


def test_what_was_never_valid_is_found_while_there_is_nothing_else(catalog: Catalog) -> None:
    """As in the published examples, whose offering was valid until 2021."""
    past: dict[str, Any] = {"valid_from": NOON - 48 * HOUR, "valid_until": NOON - 24 * HOUR}
    first = catalog.create(a_category(status=ACTIVE, **past))
    assert (first.shown_from, first.shown_until) == (NOON, None)
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed", **past))
    assert (second.shown_from, second.shown_until) == (catalog.clock.at, None)


def test_what_is_retired_with_a_change_ends_the_version_before(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    catalog.clock.pass_(60)
    second = catalog.change(first, a_category("renamed", status=RETIRED))
    assert (second.state, second.shown_from) == (RETIRED, catalog.clock.at)
    assert catalog.version(first.item_id, "1.0").valid_until == catalog.clock.at


def test_no_two_versions_have_one_name(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    draft = catalog.create(a_category(edition="beta"), first.item_id)
    with pytest.raises(ItemExists) as refused:
        catalog.create(a_category(edition="1.0"), first.item_id)
    assert refused.value.details == {"id": first.item_id, "version": "1.0"}
    with pytest.raises(ItemExists):
        catalog.change(first, a_category("renamed", edition="beta"))
    with pytest.raises(ItemExists):
        catalog.change(draft, a_category(edition="1.0"))
    assert catalog.editions(first) == {"1.0": ACTIVE, "beta": LifecycleStatus.IN_STUDY}


@pytest.mark.parametrize(
    ("known", "following"),
    [
        (["1.0"], "2.0"),
        (["1.9", "1.10"], "2.0"),
        (["beta"], "1.0"),
        (["7"], "8.0"),
        (["2026.Q3"], "2027.0"),
        (["٣.1"], "4.0"),
        (["²"], "1.0"),
        (["9" * 60], "1.0"),
        (["9" * 60, "1.0", "999999999.0", "1000000000.0"], "1000000001.0"),
    ],
)
def test_the_next_version_has_the_next_number(catalog: Catalog, known: list[str], following: str) -> None:
    for edition in known:
        catalog.create(a_category(edition=edition), "c1")
    assert catalog.create(a_category(), "c1").edition == following


def test_a_version_that_counts_later_is_neither_ended_nor_overlapped(catalog: Catalog) -> None:
    later = catalog.create(a_category(status=ACTIVE, valid_from=NOON + 2 * HOUR))
    with pytest.raises(VersionsOverlap, match=r"version 1\.0 is valid from 2026-05-03T14:00:00\+00:00 on") as refused:
        catalog.create(a_category(status=ACTIVE), later.item_id)
    assert (refused.value.pointer, refused.value.details["version"]) == ("/valid_until", "1.0")
    between = catalog.create(a_category(status=ACTIVE, valid_until=NOON + 2 * HOUR), later.item_id)
    assert between.edition == "2.0"
    with pytest.raises(VersionsOverlap):
        catalog.change(between, valid_until=NOON + 3 * HOUR)


def test_a_version_that_was_ended_by_its_successor_does_not_count_again(catalog: Catalog) -> None:
    first = catalog.create(a_category(status=ACTIVE))
    catalog.clock.pass_(60)
    catalog.change(first, a_category("renamed"))
    for status in (None, RETIRED, None):
        for end in (None, catalog.clock.at + HOUR):
            with pytest.raises(VersionsOverlap):
                catalog.change(first, valid_until=end)
        assert catalog.change(first, status=status, valid_until=NOON).valid_until == NOON


def test_of_two_that_begin_together_the_one_published_later_counts(catalog: Catalog) -> None:
    begin = NOON + HOUR
    first = catalog.create(a_category(status=ACTIVE, valid_from=begin))
    second = catalog.create(a_category("other", status=ACTIVE, valid_from=begin), first.item_id)
    assert catalog.version(first.item_id, "1.0").valid_until == begin
    launched = catalog.change(first, status=LAUNCHED)
    assert launched.state is LAUNCHED
    assert catalog.version(first.item_id, "2.0").valid_until is None
    assert (second.shown_from, catalog.version(first.item_id, "1.0").shown_from) == (NOON, None)


def test_the_newest_draft_is_found_until_one_is_published(catalog: Catalog) -> None:
    def found() -> list[str]:
        return [one.edition for one in catalog.versions("c1") if one.shown_from is not None]

    first = catalog.create(a_category(), "c1")
    catalog.clock.pass_(1)
    second = catalog.create(a_category(), "c1")
    assert found() == ["2.0"]
    catalog.change(second, status=LifecycleStatus.IN_DESIGN)
    catalog.change(second, status=LifecycleStatus.IN_TEST)
    catalog.change(second, status=LifecycleStatus.REJECTED)
    assert found() == ["1.0"]
    catalog.change(first, status=ACTIVE)
    catalog.create(a_category(), "c1")
    assert found() == ["1.0"]


def test_a_version_that_ends_before_it_would_begin_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidCommand):
        catalog.create(a_category(valid_from=NOON, valid_until=NOON - HOUR))
    assert catalog.names == set()


def test_every_definition_that_is_kept_is_what_a_patch_sends_back(catalog: Catalog) -> None:
    """A change to what is there already makes no version."""
    for number, status in enumerate(sorted(PUBLISHED)):
        made = catalog.create(a_category(status=status, valid_from=NOON - HOUR), f"c{number}")
        assert catalog.change(made, as_it_is(made)).id == made.id
