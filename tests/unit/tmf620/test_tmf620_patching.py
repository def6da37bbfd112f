"""What a PATCH of a category comes to."""

from typing import Any

import pytest

from canonical.catalog.lifecycle import FOLLOWING, PUBLISHED, LifecycleStatus
from canonical.shared.errors import InvalidTransition
from facade.contract.violations import ContractViolation
from facade.tmf.engine.error_translation import client_states
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.versions import Version
from facade.tmf.tmf620.category import MAPPER
from facade.tmf.tmf620.items import STATES
from tests.unit.tmf620.categories import ACME, BOTH, CATEGORY_ID, V4, V5, a_payload, after, created, patched

MERGE, JSON_PATCH, QUERY = (f"application/{name}+json" for name in ("merge-patch", "json-patch", "json-patch-query"))
ALL_MEDIA = [
    ("application/json", {"description": "new"}),
    (MERGE, {"description": "new"}),
    (JSON_PATCH, [{"op": "add", "path": "/description", "value": "new"}]),
    (QUERY, [{"op": "add", "path": "/description", "value": "new"}]),
]
PARENT = {"@type": "CategoryRef", "id": "1708", "name": "Cloud", "href": "https://acme.example/1708"}
DRAFT = a_payload(
    description="old",
    version="1.0",
    lifecycleStatus="In Design",
    parent=PARENT,
    validFor={"startDateTime": "2026-06-01T08:00:00+02:00", "endDateTime": "2026-12-31T00:00:00Z"},
    subCategory=[{"@type": "CategoryRef", "id": number} for number in ("6086", "6087")],
    acmeShelf=7,
)
FULL = DRAFT | {"lifecycleStatus": "Active"}
"""The same, published: a change makes version 2.0."""


@BOTH
@pytest.mark.parametrize(("media_type", "patch"), ALL_MEDIA)
def test_every_media_type_changes_what_it_names_and_nothing_else(version: Version, media_type: str, patch: Any) -> None:
    changed = {"description": "new", "lastUpdate": "2026-05-03T13:00:00.000Z"}
    assert after(DRAFT, patch, media_type, version) == document_of(DRAFT) | changed
    assert after(FULL, patch, media_type, version) == document_of(FULL) | changed | {"version": "2.0"}


def document_of(body: Payload) -> Payload:
    translation = MAPPER.to_create(body, ACME)
    assert translation.carried is not None
    return V5.resource.project(created(translation), translation.carried)


@BOTH
def test_what_is_there_already_changes_nothing(version: Version) -> None:
    assert patched(FULL, {"description": "old", "lifecycleStatus": "Active"}, version=version) is None


def test_the_change_is_of_the_version_that_was_read() -> None:
    translation = patched(FULL, {"name": "Storage"})
    assert translation is not None
    command = translation.command
    assert (command.version_id, command.expected_version, translation.replannable) == (CATEGORY_ID, 0, True)
    definition = command.definition
    assert (definition.contents.name, definition.edition, definition.contents.parent_id) == ("Storage", "1.0", "1708")
    assert (command.owner, translation.customer_id) == (ACME.client, None)


def test_null_removes() -> None:
    changed = after(DRAFT, {"description": None, "version": None, "validFor": None, "lifecycleStatus": None})
    assert not {"description", "validFor"} & changed.keys()
    assert (changed["lifecycleStatus"], changed["version"]) == ("In Design", "1.0")


NEVER_ENDED = a_payload(lifecycleStatus="Active", version="1.0", acmeShelf=7, parent=PARENT)
ENDS = {"validFor": {"endDateTime": "2026-12-31T00:00:00Z"}}


@BOTH
@pytest.mark.parametrize(
    ("patch", "made"),
    [
        ({"lifecycleStatus": "Retired"}, "1.0"),
        (ENDS, "1.0"),
        (ENDS | {"lifecycleStatus": "launched", "lastUpdate": "2026-05-03T12:00:01Z"}, "1.0"),
        ({"name": "x"}, "2.0"),
        ({"name": "x", "lifecycleStatus": None}, "2.0"),
        ({"version": "1.1"}, "1.1"),
        ({"version": "1.1", **ENDS}, "1.1"),
        ({"acmeShelf": 8}, "2.0"),
        ({"acmeShelf": None, "lifecycleStatus": "Launched"}, "2.0"),
        ({"productOffering": [{"@type": "ProductOfferingRef", "id": "po_tv_basic"}]}, "2.0"),
        ({"validFor": {"startDateTime": "2026-06-01T00:00:00Z"}}, "2.0"),
    ],
)
def test_what_is_published_keeps_its_version_only_with_another_status_or_end(
    version: Version, patch: Payload, made: str
) -> None:
    translation = patched(NEVER_ENDED, patch, version=version)
    assert translation is not None
    assert (translation.changes is None) is (made != "1.0")
    assert after(NEVER_ENDED, patch, version=version)["version"] == made


def test_what_is_only_carried_with_a_reference_belongs_to_the_version() -> None:
    assert after(NEVER_ENDED, {"parent": {"name": "Clouds"}})["version"] == "2.0"


@pytest.mark.parametrize(
    ("body", "patch", "needed"),
    [
        (DRAFT, {"description": "new"}, ()),
        (DRAFT, {"lifecycleStatus": "In Test"}, ()),
        (DRAFT, {"lifecycleStatus": "Active"}, ("catalog:publish",)),
        (FULL, {"description": "new"}, ("catalog:publish",)),
        (FULL, {"description": "new", "lifecycleStatus": None}, ("catalog:publish",)),
        (FULL, {"acmeShelf": 8, "lifecycleStatus": None}, ("catalog:publish",)),
        (FULL, {"lifecycleStatus": "Retired"}, ("catalog:publish",)),
    ],
)
def test_what_everybody_sees_is_changed_with_a_scope_of_its_own(
    body: Payload, patch: Payload, needed: tuple[str, ...]
) -> None:
    translation = patched(body, patch)
    assert translation is not None
    shown = V5.resource.states[created(MAPPER.to_create(body, ACME)).state]
    assert V5.resource.scopes_of(translation.command, shown) == needed
    removal = MAPPER.to_removal(CATEGORY_ID, None, False, ACME).command
    assert V5.resource.scopes_of(removal, shown) == (("catalog:publish",) if body is FULL else ())


@pytest.mark.parametrize("status", LifecycleStatus)
def test_what_is_created_for_everybody_needs_that_scope(status: LifecycleStatus) -> None:
    command = MAPPER.to_create(a_payload(lifecycleStatus=STATES[status]), ACME).command
    assert V5.resource.scopes_of(command, None) == (("catalog:publish",) if status in PUBLISHED else ())


def test_a_category_moves() -> None:
    below = after(DRAFT, [{"op": "replace", "path": "/parent", "value": {"id": "2"}}], JSON_PATCH)
    assert (below["parent"], below["isRoot"]) == ({"@type": "CategoryRef", "id": "2"}, False)
    merged = after(DRAFT, {"parent": {"id": "2"}})
    assert merged["parent"] == PARENT | {"id": "2"}, "a merge patch keeps what it does not name"
    root = after(DRAFT, {"parent": None})
    assert "parent" not in root
    assert root["isRoot"] is True
    v4 = after(DRAFT, {"parentId": "3"}, version=V4)
    assert (v4["parent"], v4["isRoot"]) == ({"@type": "CategoryRef", "id": "3"}, False)
    assert after(DRAFT, {"parent": None, "isRoot": True})["isRoot"] is True


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


@pytest.mark.parametrize("name", ["id", "href", "@schemaLocation"])
def test_what_is_never_changed_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ContractViolation, match=f"{name} cannot be changed: it (is|names)") as refused:
        patched(FULL, [{"op": "add", "path": f"/{name}", "value": "2026-06-01T08:00:00Z"}], JSON_PATCH)
    assert [one.pointer for one in refused.value.violations] == [f"/{name}"]


def test_the_time_of_the_last_change_is_ignored() -> None:
    assert patched(FULL, {"lastUpdate": "1999-12-31T23:59:59Z"}) is None
    assert after(DRAFT, {"lastUpdate": "1999-12-31T23:59:59Z", "name": "x"})["lastUpdate"] == "2026-05-03T13:00:00.000Z"


def test_a_query_picks_an_entry() -> None:
    changed = after(DRAFT, [{"op": "remove", "path": "/subCategory?id=6087"}], QUERY)
    assert [one["id"] for one in changed["subCategory"]] == ["6086"]


def test_a_status_that_does_not_follow_is_told_in_the_words_of_the_client() -> None:
    translation = patched(FULL, {"lifecycleStatus": "in study"})
    assert translation is not None
    category = created(MAPPER.to_create(FULL, ACME))
    with pytest.raises(InvalidTransition) as refused, client_states(STATES), translation.carried_out():
        category.check_status(translation.command.definition.status)
    assert refused.value.pointer == "/lifecycleStatus"
    assert refused.value.message == ("what is Active cannot become In Study; it can become Launched, Retired")
    assert refused.value.details["allowedActions"] == ["Launched", "Retired"]


REFUSED_STATUSES = [
    (status, to) for status in LifecycleStatus for to in set(LifecycleStatus) - {status} - FOLLOWING[status]
]


@pytest.mark.parametrize(("status", "to"), sorted(REFUSED_STATUSES))
def test_every_refused_status_is_told_without_a_word_of_the_core(status: LifecycleStatus, to: LifecycleStatus) -> None:
    body = a_payload(lifecycleStatus=STATES[status])
    translation = patched(body, {"lifecycleStatus": STATES[to]})
    assert translation is not None
    category = created(MAPPER.to_create(body, ACME))
    with pytest.raises(InvalidTransition) as refused, client_states(STATES), translation.carried_out():
        category.check_status(translation.command.definition.status)
    assert not [word for word in LifecycleStatus if word in refused.value.message]
    assert set(refused.value.details["allowedActions"]) == {STATES[one] for one in FOLLOWING[status]}


def test_a_v4_patch_is_pointed_at_in_its_own_words() -> None:
    with pytest.raises(ContractViolation) as refused:
        patched(FULL, [{"op": "replace", "path": "/parentId", "value": " "}], JSON_PATCH, V4)
    assert [one.pointer for one in refused.value.violations] == ["/parentId"]
    translation = patched(FULL, [{"op": "replace", "path": "/parentId", "value": "4711"}], JSON_PATCH, V4)
    assert translation is not None
    assert translation.source_of("/contents/parent_id") == "/parentId"


def test_the_trail_of_a_patch_has_what_the_patch_says() -> None:
    translation = patched(FULL, {"version": "2.0"})
    assert translation is not None
    assert {"/version": "/edition", "/name": "/contents/name"}.items() <= {
        mapped.source: mapped.target for mapped in translation.trail
    }.items()


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_the_record_of_a_patch_has_the_attributes_that_it_changes(version: Version) -> None:
    name = "parentId" if version is V4 else "description"
    translation = patched(FULL, {name: "4711"}, version=version)
    assert translation is not None
    assert translation.told is not None
    assert {one.source.split("/")[1] for one in translation.told} == {name}
