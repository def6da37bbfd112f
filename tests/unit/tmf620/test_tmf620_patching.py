"""What a PATCH of a category comes to."""

from typing import Any

import pytest

from canonical.catalog.lifecycle import FOLLOWING, LifecycleStatus
from canonical.shared.errors import InvalidTransition
from facade.contract.violations import ContractViolation
from facade.tmf.engine.declaration import Payload
from facade.tmf.engine.error_translation import client_states
from facade.tmf.engine.versions import Version
from facade.tmf.tmf620.category import STATES, to_create_category
from tests.unit.tmf620.categories import ACME, BOTH, V4, V5, a_payload, after, created, patched

MERGE, JSON_PATCH, QUERY = (f"application/{name}+json" for name in ("merge-patch", "json-patch", "json-patch-query"))
ALL_MEDIA = [
    ("application/json", {"description": "new"}),
    (MERGE, {"description": "new"}),
    (JSON_PATCH, [{"op": "add", "path": "/description", "value": "new"}]),
    (QUERY, [{"op": "add", "path": "/description", "value": "new"}]),
]
PARENT = {"@type": "CategoryRef", "id": "1708", "name": "Cloud", "href": "https://acme.example/1708"}
FULL = a_payload(
    description="old",
    version="1.0",
    lifecycleStatus="Active",
    parent=PARENT,
    validFor={"startDateTime": "2026-06-01T08:00:00+02:00", "endDateTime": "2026-12-31T00:00:00Z"},
    subCategory=[{"@type": "CategoryRef", "id": number} for number in ("6086", "6087")],
    acmeShelf=7,
)


@BOTH
@pytest.mark.parametrize(("media_type", "patch"), ALL_MEDIA)
def test_every_media_type_changes_what_it_names_and_nothing_else(version: Version, media_type: str, patch: Any) -> None:
    before = {"description": "new", "lastUpdate": "2026-05-03T13:00:00.000Z"}
    assert after(FULL, patch, media_type, version) == document_of(FULL) | before


def document_of(body: Payload) -> Payload:
    translation = to_create_category(body, ACME)
    assert translation.carried is not None
    return V5.resource.project(created(translation), translation.carried)


@BOTH
def test_what_is_there_already_changes_nothing(version: Version) -> None:
    assert patched(FULL, {"description": "old", "lifecycleStatus": "Active"}, version=version) is None


def test_the_change_is_of_the_version_that_was_read() -> None:
    translation = patched(FULL, {"name": "Storage"})
    assert translation is not None
    command = translation.command
    assert (command.category_id, command.expected_version, translation.replannable) == (translation.changes, 0, True)
    assert (command.contents.name, command.contents.edition, command.contents.parent_id) == ("Storage", "1.0", "1708")


def test_null_removes() -> None:
    changed = after(FULL, {"description": None, "version": None, "validFor": None, "lifecycleStatus": None})
    assert not {"description", "version", "validFor"} & changed.keys()
    assert changed["lifecycleStatus"] == "Active"


def test_a_category_moves() -> None:
    below = after(FULL, [{"op": "replace", "path": "/parent", "value": {"id": "2"}}], JSON_PATCH)
    assert (below["parent"], below["isRoot"]) == ({"@type": "CategoryRef", "id": "2"}, False)
    merged = after(FULL, {"parent": {"id": "2"}})
    assert merged["parent"] == PARENT | {"id": "2"}, "a merge patch keeps what it does not name"
    root = after(FULL, {"parent": None})
    assert "parent" not in root
    assert root["isRoot"] is True
    v4 = after(FULL, {"parentId": "3"}, version=V4)
    assert (v4["parent"], v4["isRoot"]) == ({"@type": "CategoryRef", "id": "3"}, False)
    assert after(FULL, {"parent": None, "isRoot": True})["isRoot"] is True


@pytest.mark.parametrize(
    ("patch", "pointers"),
    [
        ({"isRoot": True}, ["/isRoot"]),
        ({"parent": {"@type": "CategoryRef", "id": " "}}, ["/parent/id"]),
        ({"@type": "Group", "@baseType": "Category"}, ["/@type", "/@baseType"]),
        ({"name": None}, ["/name"]),
        ({"name": ""}, ["/name"]),
        ({"lifecycleStatus": "Sleeping"}, ["/lifecycleStatus"]),
    ],
)
def test_what_could_not_have_been_created_is_refused(patch: Payload, pointers: list[str]) -> None:
    with pytest.raises(ContractViolation) as refused:
        patched(FULL, patch)
    assert sorted(one.pointer for one in refused.value.violations) == sorted(pointers)


@pytest.mark.parametrize("name", ["id", "href", "lastUpdate", "@schemaLocation"])
def test_what_is_never_changed_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ContractViolation, match=f"{name} cannot be changed: it is") as refused:
        patched(FULL, [{"op": "add", "path": f"/{name}", "value": "2026-06-01T08:00:00Z"}], JSON_PATCH)
    assert [one.pointer for one in refused.value.violations] == [f"/{name}"]


def test_a_query_picks_an_entry() -> None:
    changed = after(FULL, [{"op": "remove", "path": "/subCategory?id=6087"}], QUERY)
    assert [one["id"] for one in changed["subCategory"]] == ["6086"]


def test_a_status_that_does_not_follow_is_told_in_the_words_of_the_client() -> None:
    translation = patched(FULL, {"lifecycleStatus": "in study"})
    assert translation is not None
    category = created(to_create_category(FULL, ACME))
    with pytest.raises(InvalidTransition) as refused, client_states(STATES), translation.carried_out():
        category.change(translation.command.contents, category.created_at)
    assert refused.value.pointer == "/lifecycleStatus"
    assert refused.value.message == (
        "a category that is Active cannot become In Study; it can become Launched, Retired"
    )
    assert refused.value.details["allowedActions"] == ["Launched", "Retired"]


REFUSED_STATUSES = [
    (status, to) for status in LifecycleStatus for to in set(LifecycleStatus) - {status} - FOLLOWING[status]
]


@pytest.mark.parametrize(("status", "to"), sorted(REFUSED_STATUSES))
def test_every_refused_status_is_told_without_a_word_of_the_core(status: LifecycleStatus, to: LifecycleStatus) -> None:
    body = a_payload(lifecycleStatus=STATES[status])
    translation = patched(body, {"lifecycleStatus": STATES[to]})
    assert translation is not None
    category = created(to_create_category(body, ACME))
    with pytest.raises(InvalidTransition) as refused, client_states(STATES), translation.carried_out():
        category.change(translation.command.contents, category.created_at)
    assert not [word for word in LifecycleStatus if word in refused.value.message]
    assert set(refused.value.details["allowedActions"]) == {STATES[one] for one in FOLLOWING[status]}


def test_a_v4_patch_is_pointed_at_in_its_own_words() -> None:
    with pytest.raises(ContractViolation) as refused:
        patched(FULL, [{"op": "replace", "path": "/parentId", "value": " "}], JSON_PATCH, V4)
    assert [one.pointer for one in refused.value.violations] == ["/parentId"]
    translation = patched(FULL, [{"op": "replace", "path": "/parentId", "value": "4711"}], JSON_PATCH, V4)
    assert translation is not None
    assert translation.source_of("/parent_id") == "/parentId"


def test_the_trail_of_a_patch_has_what_the_patch_says() -> None:
    translation = patched(FULL, {"version": "2.0"})
    assert translation is not None
    assert {"/version": "/edition", "/name": "/name"}.items() <= {
        mapped.source: mapped.target for mapped in translation.trail
    }.items()
