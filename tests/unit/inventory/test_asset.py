"""The asset: what changes it, and what its timeline tells afterwards."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.inventory.asset import ASSETS, Cause, CustomerAsset, TimelineEntry, differences
from canonical.inventory.contents import (
    AssetCharacteristic,
    AssetContents,
    AssetOffering,
    AssetOrder,
    AssetPlace,
    AssetRelationship,
    RelationshipType,
)
from canonical.inventory.errors import AssetUnchanged
from canonical.inventory.events import CustomerAssetActivated, CustomerAssetChanged, CustomerAssetStatusChanged
from canonical.inventory.states import TRANSITIONS, AssetStatus, Trigger
from canonical.shared.aggregates import Link
from canonical.shared.errors import InvalidTransition
from tests.support.builders import NOON

CAUSE = Cause("ordered", "acme", AssetOrder("o1", "1", "add"))
SPEED = AssetCharacteristic("speed", "TEXT", "100")
CONTENTS = st.builds(
    AssetContents,
    name=st.sampled_from([None, "Line", "Fibre"]),
    quantity=st.integers(1, 2),
    characteristics=st.sampled_from([(), (SPEED,), (replace(SPEED, text="200"),)]),
)
CHANGES = st.lists(
    st.tuples(st.sampled_from(Trigger), st.none() | CONTENTS, st.sampled_from([None, "C1", "C2"])), max_size=12
)


NOTHING = AssetContents()


def an_asset(contents: AssetContents = NOTHING, status: AssetStatus = AssetStatus.ACTIVE) -> CustomerAsset:
    return CustomerAsset.create("a1", "acme", "C1", contents, status, CAUSE, NOON)


def versions(asset: CustomerAsset) -> list[tuple[AssetContents, TimelineEntry]]:
    """The contents after each entry, as the entries after it tell."""
    contents, found = asset.contents, []
    for entry in reversed(asset.timeline):
        found.append((contents, entry))
        contents = entry.before or contents
    return found[::-1]


@given(CONTENTS, CHANGES)
def test_contents_status_and_customer_at_any_time_follow_from_the_timeline(
    first: AssetContents, changes: list[tuple[Trigger, AssetContents | None, str | None]]
) -> None:
    asset = an_asset(first, AssetStatus.CREATED)
    known = [(asset.contents, asset.state, asset.customer_id)]
    for number, (trigger, contents, customer) in enumerate(changes):
        before = replace(asset)
        try:
            asset.change(trigger, CAUSE, NOON + timedelta(minutes=number), contents, customer)
        except (InvalidTransition, AssetUnchanged):
            assert (asset.contents, asset.state, asset.timeline) == (before.contents, before.state, before.timeline)
            continue
        assert asset.state is TRANSITIONS[before.state, trigger]
        known.append((asset.contents, asset.state, asset.customer_id))
    assert [(contents, entry.status, entry.customer_id) for contents, entry in versions(asset)] == known
    assert [event.sequence for event in asset.events] == list(range(1, len(known) + 1))


def test_it_begins_when_it_is_activated_and_ends_when_it_is_terminated() -> None:
    asset = an_asset(status=AssetStatus.PENDING_ACTIVE)
    asset.change(Trigger.ACTIVATE, CAUSE, NOON)
    asset.change(Trigger.TERMINATE, CAUSE, NOON + timedelta(days=1))
    assert (asset.contents.started_at, asset.contents.ended_at) == (NOON, NOON + timedelta(days=1))
    assert [type(event) for event in asset.events[1:]] == [CustomerAssetActivated, CustomerAssetStatusChanged]


def test_times_that_are_known_already_stay() -> None:
    asset = an_asset(AssetContents(started_at=NOON), AssetStatus.PENDING_ACTIVE)
    asset.change(Trigger.ACTIVATE, CAUSE, NOON + timedelta(days=1))
    assert asset.contents.started_at == NOON


def test_an_event_names_what_changed() -> None:
    asset = an_asset()
    asset.change(Trigger.MOVE, CAUSE, NOON, AssetContents(places=(AssetPlace("installation", "p1"),)), "C2")
    event = asset.events[-1]
    assert isinstance(event, CustomerAssetChanged)
    assert event.fields == ("places", "customer_id")


def test_a_change_that_changes_nothing_is_refused() -> None:
    with pytest.raises(AssetUnchanged):
        an_asset().change(Trigger.MODIFY, CAUSE, NOON, AssetContents(), "C1")


def test_what_is_only_carried_may_change_alone() -> None:
    asset = an_asset()
    asset.change(Trigger.CORRECT, CAUSE, NOON, AssetContents(), changes_carried=True)
    assert (len(asset.timeline), asset.timeline[-1].before) == (2, None)


@pytest.mark.parametrize("name", [one.name for one in fields(AssetContents)])
def test_every_field_can_differ(name: str) -> None:
    other: Any = 2 if name == "quantity" else "other"
    assert differences(AssetContents(), replace(AssetContents(), **{name: other})).keys() == {name}


def test_it_is_found_by_what_it_has_and_what_it_names() -> None:
    contents = AssetContents(
        offering=AssetOffering("broadband", "2"),
        characteristics=(SPEED,),
        places=(AssetPlace("installation", "p1"), AssetPlace("billing", text="Main Street 1")),
        relationships=(AssetRelationship(RelationshipType.BUNDLES, "a2"),),
    )
    asset = an_asset(contents)
    known = {("customer", "C1"), ("offering", "broadband"), ("characteristic", "speed=100"), ("order", "o1")}
    assert set(ASSETS.found_by(asset)) == known | {("place", "p1")}
    assert set(ASSETS.links(asset)) == {Link("asset", "a2"), Link("offering", "broadband")}
