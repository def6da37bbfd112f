"""One version of a catalog item and its life."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from canonical.catalog.category import Category, CategoryContents
from canonical.catalog.events import Changed, Created, Published, Removed, Retired, StatusChanged
from canonical.catalog.item import Definition, Standing
from canonical.catalog.lifecycle import FOLLOWING, OFFERED, PUBLISHED, LifecycleStatus
from canonical.shared.errors import InvalidCommand, InvalidTransition
from tests.support.builders import NOON

CLOUD = Definition(CategoryContents("Cloud services"))
LATER = NOON + timedelta(hours=1)
ENDED = frozenset({LifecycleStatus.OBSOLETE, LifecycleStatus.REJECTED})


def an_item(definition: Definition = CLOUD) -> Category:
    return Category.create("v1", "c1", "1.0", "acme", definition, NOON)


def in_status(status: LifecycleStatus) -> Category:
    return an_item(replace(CLOUD, status=status))


def told(kind: type[Any], sequence: int, at: datetime, **facts: Any) -> Any:
    return kind(item_id="c1", edition="1.0", sequence=sequence, at=at, **facts)


# --- the life of an item ----------------------------------------------------------------------------------------------


def test_every_status_is_in_the_table() -> None:
    assert FOLLOWING.keys() == set(LifecycleStatus)


def test_every_status_is_reached_from_the_first_one() -> None:
    reached, waiting = set(), [LifecycleStatus.IN_STUDY]
    while waiting:
        status = waiting.pop()
        reached.add(status)
        waiting += FOLLOWING[status] - reached
    assert reached == set(LifecycleStatus)


def test_no_status_follows_itself_and_only_these_two_are_the_end() -> None:
    assert not [status for status in LifecycleStatus if status in FOLLOWING[status]]
    assert {status for status in LifecycleStatus if not FOLLOWING[status]} == ENDED


def test_what_is_published_is_never_a_draft_again() -> None:
    assert OFFERED < PUBLISHED
    for status in PUBLISHED:
        assert FOLLOWING[status] <= PUBLISHED
    for status in PUBLISHED - OFFERED:
        assert not FOLLOWING[status] & OFFERED, "what is retired is not offered again"


@pytest.mark.parametrize("to", LifecycleStatus)
@pytest.mark.parametrize("status", LifecycleStatus)
def test_an_item_takes_the_status_that_follows_and_keeps_its_own(status: LifecycleStatus, to: LifecycleStatus) -> None:
    item = in_status(status)
    change = item.restate if item.is_published else item.redefine
    if to is status or to in FOLLOWING[status]:
        change(replace(CLOUD, status=to), LATER)
        assert item.state is to
        return
    with pytest.raises(InvalidTransition) as refused:
        change(replace(CLOUD, contents=CategoryContents("changed"), status=to), LATER)
    assert refused.value.pointer == "/status"
    assert refused.value.details["state"] == status
    assert set(refused.value.details["allowedActions"]) == FOLLOWING[status]
    assert (item.state, item.contents, item.changed_at) == (status, CLOUD.contents, NOON)


@pytest.mark.parametrize("status", sorted(ENDED))
def test_what_has_ended_takes_no_other_status(status: LifecycleStatus) -> None:
    for to in set(LifecycleStatus) - {status}:
        with pytest.raises(InvalidTransition, match="it can become nothing"):
            in_status(status).redefine(replace(CLOUD, status=to), LATER)


@pytest.mark.parametrize("status", LifecycleStatus)
def test_an_item_may_be_created_in_any_status(status: LifecycleStatus) -> None:
    item = in_status(status)
    assert item.state is status
    assert item.is_published is (status in PUBLISHED)
    assert item.published_at == (NOON if status in PUBLISHED else None)


def test_an_item_without_a_status_is_in_study_and_keeps_its_status() -> None:
    item = an_item()
    assert item.state.value == "IN_STUDY"
    item.redefine(replace(CLOUD, status=LifecycleStatus.IN_DESIGN), LATER)
    item.redefine(CLOUD, LATER)
    assert item.state.value == "IN_DESIGN"


# --- what it says -----------------------------------------------------------------------------------------------------


def test_an_item_has_what_it_was_created_with() -> None:
    contents = CategoryContents("Storage", "disks", "p1")
    item = an_item(Definition(contents, NOON, LATER, LifecycleStatus.IN_TEST, "tried by few"))
    assert (item.id, item.item_id, item.edition, item.owner) == ("v1", "c1", "1.0", "acme")
    assert (item.created_at, item.changed_at, item.contents) == (NOON, NOON, contents)
    assert (item.valid_from, item.valid_until, item.status_reason) == (NOON, LATER, "tried by few")


def test_a_draft_is_redefined_as_a_whole() -> None:
    item = an_item(Definition(CategoryContents("Storage", "disks", "p1"), NOON, LATER, status_reason="new"))
    item.redefine(Definition(CategoryContents("Disks")), LATER)
    assert item.contents == CategoryContents("Disks")
    assert (item.valid_from, item.valid_until, item.status_reason, item.changed_at) == (None, None, None, LATER)


@pytest.mark.parametrize(("begin", "end"), [(NOON, NOON), (NOON, LATER), (None, NOON), (NOON, None), (None, None)])
def test_a_validity_may_be_open_at_both_ends(begin: datetime | None, end: datetime | None) -> None:
    item = an_item(replace(CLOUD, valid_from=begin, valid_until=end))
    assert (item.valid_from, item.valid_until) == (begin, end)


def test_a_validity_does_not_end_before_it_begins() -> None:
    backwards = replace(CLOUD, valid_from=LATER, valid_until=NOON)
    with pytest.raises(InvalidCommand) as refused:
        an_item(backwards)
    assert refused.value.pointer == "/valid_until"
    with pytest.raises(InvalidCommand):
        an_item().redefine(backwards, LATER)
    published = an_item(replace(CLOUD, valid_from=LATER, status=LifecycleStatus.ACTIVE))
    with pytest.raises(InvalidCommand):
        published.restate(replace(CLOUD, valid_until=NOON), LATER)


def test_what_is_published_says_the_same_but_for_status_reason_and_end() -> None:
    item = an_item(replace(CLOUD, status=LifecycleStatus.ACTIVE))
    same = replace(CLOUD, valid_until=LATER, status=LifecycleStatus.RETIRED, status_reason="nobody wants it")
    assert item.says_the_same(same)
    assert item.says_the_same(replace(CLOUD, edition="1.0"))
    others: tuple[dict[str, Any], ...] = ({"contents": CategoryContents("x")}, {"valid_from": NOON}, {"edition": "2"})
    assert not any(item.says_the_same(replace(CLOUD, **other)) for other in others)


def test_what_was_said_of_a_published_item_is_kept_with_its_time() -> None:
    item = an_item(replace(CLOUD, status=LifecycleStatus.ACTIVE))
    item.restate(replace(CLOUD, status=LifecycleStatus.LAUNCHED, valid_until=LATER), LATER)
    item.restate(replace(CLOUD, status=LifecycleStatus.RETIRED, status_reason="old", valid_until=LATER), LATER)
    assert item.standings == (
        Standing(NOON, LifecycleStatus.ACTIVE, None, None),
        Standing(LATER, LifecycleStatus.LAUNCHED, None, LATER),
        Standing(LATER, LifecycleStatus.RETIRED, "old", LATER),
    )
    assert item.published_at == item.counts_from == NOON


@pytest.mark.parametrize(("begin", "counts_from"), [(None, NOON), (NOON - timedelta(days=1), NOON), (LATER, LATER)])
def test_an_item_counts_from_its_validity_on_and_not_before_it_is_published(
    begin: datetime | None, counts_from: datetime
) -> None:
    definition = replace(CLOUD, valid_from=begin)
    assert an_item(definition).counts_from is None
    assert an_item(replace(definition, status=LifecycleStatus.ACTIVE)).counts_from == counts_from


# --- its events -------------------------------------------------------------------------------------------------------


def test_what_happens_to_an_item_is_recorded_in_order() -> None:
    item = an_item()
    item.redefine(replace(CLOUD, contents=CategoryContents("Cloud services", "more")), LATER)
    item.redefine(replace(CLOUD, status=LifecycleStatus.IN_DESIGN), LATER)
    item.redefine(replace(CLOUD, status=LifecycleStatus.ACTIVE), LATER)
    item.restate(replace(CLOUD, status=LifecycleStatus.LAUNCHED), LATER)
    item.end(LATER, LATER)
    item.restate(replace(CLOUD, status=LifecycleStatus.RETIRED), LATER)
    item.remove(LATER)
    open_end: dict[str, Any] = {"valid_until": None}
    assert item.events == [
        told(Created, 1, NOON, name="Cloud services"),
        told(Changed, 2, LATER),
        told(Changed, 3, LATER),
        told(StatusChanged, 4, LATER, status=LifecycleStatus.IN_DESIGN, **open_end),
        told(Changed, 5, LATER),
        told(Published, 6, LATER, status=LifecycleStatus.ACTIVE, **open_end),
        told(StatusChanged, 7, LATER, status=LifecycleStatus.LAUNCHED, **open_end),
        told(StatusChanged, 8, LATER, status=LifecycleStatus.LAUNCHED, valid_until=LATER),
        told(Retired, 9, LATER, status=LifecycleStatus.RETIRED, **open_end),
        told(Removed, 10, LATER),
    ]


def test_only_a_removed_item_says_so() -> None:
    item = an_item()
    assert not item.removed
    item.remove(LATER)
    assert item.removed


def test_an_item_is_about_no_customer() -> None:
    assert an_item().customer_id == ""
