"""A category and its life."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from canonical.catalog.category import Category
from canonical.catalog.commands import CategoryContents
from canonical.catalog.events import CategoryChanged, CategoryCreated, CategoryRemoved, CategoryStatusChanged
from canonical.catalog.lifecycle import FOLLOWING, LifecycleStatus
from canonical.shared.errors import InvalidCommand, InvalidTransition
from tests.support.builders import NOON

CLOUD = CategoryContents("Cloud services")
LATER = NOON + timedelta(hours=1)
ENDED = frozenset({LifecycleStatus.OBSOLETE, LifecycleStatus.REJECTED})


def a_category(contents: CategoryContents = CLOUD) -> Category:
    return Category.create("c1", "acme", contents, NOON)


def in_status(status: LifecycleStatus) -> Category:
    return a_category(replace(CLOUD, status=status))


# --- the life of a category -------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("to", LifecycleStatus)
@pytest.mark.parametrize("status", LifecycleStatus)
def test_a_category_takes_the_status_that_follows_and_keeps_its_own(
    status: LifecycleStatus, to: LifecycleStatus
) -> None:
    category = in_status(status)
    if to is status or to in FOLLOWING[status]:
        category.change(replace(CLOUD, status=to), LATER)
        assert category.state is to
        return
    with pytest.raises(InvalidTransition) as refused:
        category.change(replace(CLOUD, name="changed", status=to), LATER)
    assert refused.value.pointer == "/status"
    assert refused.value.details["state"] == status
    assert refused.value.details["allowedActions"] == sorted(FOLLOWING[status])
    assert (category.state, category.name, category.changed_at) == (status, "Cloud services", NOON)


@pytest.mark.parametrize("status", sorted(ENDED))
def test_what_has_ended_takes_no_other_status(status: LifecycleStatus) -> None:
    for to in set(LifecycleStatus) - {status}:
        with pytest.raises(InvalidTransition, match="it can become nothing"):
            in_status(status).change(replace(CLOUD, status=to), LATER)


@pytest.mark.parametrize("status", LifecycleStatus)
def test_a_category_may_be_created_in_any_status(status: LifecycleStatus) -> None:
    assert in_status(status).state is status


def test_a_category_without_a_status_is_in_study_and_keeps_its_status() -> None:
    category = a_category()
    assert category.state.value == "IN_STUDY"
    category.change(replace(CLOUD, status=LifecycleStatus.IN_DESIGN), LATER)
    category.change(CLOUD, LATER)
    assert category.state.value == "IN_DESIGN"


# --- its contents -----------------------------------------------------------------------------------------------------


def test_a_category_has_what_it_was_created_with() -> None:
    contents = CategoryContents("Storage", "disks", "2.0", "p1", NOON, LATER, LifecycleStatus.ACTIVE)
    category = a_category(contents)
    assert (category.id, category.owner, category.created_at, category.changed_at) == ("c1", "acme", NOON, NOON)
    assert (category.name, category.description, category.edition, category.parent_id) == contents_of(contents)
    assert (category.valid_from, category.valid_until) == (NOON, LATER)


def contents_of(contents: CategoryContents) -> tuple[str, str | None, str | None, str | None]:
    return contents.name, contents.description, contents.edition, contents.parent_id


def test_a_change_replaces_all_contents() -> None:
    category = a_category(CategoryContents("Storage", "disks", "2.0", "p1", NOON, LATER))
    category.change(CategoryContents("Disks"), LATER)
    assert (category.name, category.description, category.edition, category.parent_id) == ("Disks", None, None, None)
    assert (category.valid_from, category.valid_until, category.changed_at) == (None, None, LATER)


@pytest.mark.parametrize(("begin", "end"), [(NOON, NOON), (NOON, LATER), (None, NOON), (NOON, None), (None, None)])
def test_a_validity_may_be_open_at_both_ends(begin: datetime | None, end: datetime | None) -> None:
    category = a_category(replace(CLOUD, valid_from=begin, valid_until=end))
    assert (category.valid_from, category.valid_until) == (begin, end)


def test_a_validity_does_not_end_before_it_begins() -> None:
    backwards = replace(CLOUD, valid_from=LATER, valid_until=NOON)
    with pytest.raises(InvalidCommand) as refused:
        a_category(backwards)
    assert refused.value.pointer == "/valid_until"
    with pytest.raises(InvalidCommand):
        a_category().change(backwards, LATER)


# --- its events -------------------------------------------------------------------------------------------------------


def test_what_happens_to_a_category_is_recorded_in_order() -> None:
    category = a_category()
    category.change(replace(CLOUD, description="more"), LATER)
    category.change(replace(CLOUD, status=LifecycleStatus.IN_DESIGN), LATER)
    category.remove(LATER)
    assert category.events == [
        CategoryCreated(category_id="c1", sequence=1, at=NOON, name="Cloud services"),
        CategoryChanged(category_id="c1", sequence=2, at=LATER),
        CategoryChanged(category_id="c1", sequence=3, at=LATER),
        CategoryStatusChanged(category_id="c1", sequence=4, at=LATER, status=LifecycleStatus.IN_DESIGN),
        CategoryRemoved(category_id="c1", sequence=5, at=LATER),
    ]


def test_only_a_removed_category_says_so() -> None:
    category = a_category()
    assert not category.removed
    category.remove(LATER)
    assert category.removed


def test_a_category_is_about_no_customer() -> None:
    assert a_category().customer_id == ""
