"""The mapper of TMF620's category, in both directions."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from canonical.catalog.category import CATEGORIES, Category, CategoryContents
from canonical.catalog.commands import CreateItem
from canonical.catalog.item import Definition
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.shared import jsontext
from facade.app import contract_of, spec_of
from facade.contract.classes import ClassCatalog
from facade.contract.violations import ContractViolation
from facade.tmf.engine.mapping import Field, Written
from facade.tmf.engine.versions import Version
from facade.tmf.tmf620 import category, items, shapes
from facade.tmf.tmf620.api import TMF620
from facade.tmf.tmf620.category import MAPPER
from facade.tmf.tmf620.v4 import BRIDGE
from tests.support.builders import NOON
from tests.support.golden import REQUEST, name_of, requests, require_as_agreed
from tests.support.specs import mistakes
from tests.unit.tmf620.categories import (
    ACME,
    BOTH,
    CATEGORY_ID,
    V4,
    V5,
    a_payload,
    created,
    refusals,
    shown,
    translated,
)
from tests.unit.tmf620.offered import MODULES

GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden" / "tmf620"
VERSIONS = {one.name: one for one in (V5, V4)}
CASES = pytest.mark.parametrize(
    "request_file",
    [file for file in requests(GOLDEN) if file.name.removesuffix(REQUEST).partition("-")[2] not in MODULES],
    ids=name_of,
)
"""Those that do not have the name of another resource."""

# --- every attribute --------------------------------------------------------------------------------------------------

FIELDS = (*items.FIELDS, *category.FIELDS)
MAPPED = {row.attribute for row in FIELDS if isinstance(row, Field)}
WRITTEN = {row.attribute for row in FIELDS if isinstance(row, Written)}
SHAPED = items.SHAPED | category.SHAPED
CARRIED = items.CARRIED | category.CARRIED


def published(version: str, *names: str) -> set[str]:
    catalog = ClassCatalog(spec_of(TMF620.versions[version].spec)["components"]["schemas"])
    return {attribute for name in names for attribute in catalog.shape(name).properties}


def test_every_attribute_is_mapped_shaped_carried_or_refused_and_none_twice() -> None:
    accounted = [*MAPPED, *WRITTEN, *SHAPED, *CARRIED, *items.IGNORED]
    assert set(accounted) == published("v5", "Category", "Category_FVO", "Category_MVO")
    assert len(accounted) == len(set(accounted))


def test_the_mapper_knows_what_its_tables_map() -> None:
    assert MAPPER.mapped == category.SHAPED | {row.attribute for row in category.FIELDS}


def test_what_the_server_writes_is_never_changed_or_is_ignored() -> None:
    assert items.NEVER_CHANGED.keys() | items.UNSAID >= WRITTEN | items.IGNORED


def test_the_attributes_of_a_validity_are_all_mapped() -> None:
    assert {name for row in shapes.PERIOD for name in row.attributes} == published("v5", "TimePeriod")


def test_v4_has_the_same_attributes_and_calls_one_otherwise() -> None:
    v4 = published("v4", "Category", "Category_Create", "Category_Update")
    assert {BRIDGE.classes["Category"].renamed.get(name, name) for name in v4} == published("v5", "Category")


def test_every_status_has_a_name_of_its_own() -> None:
    assert items.STATES.keys() == set(LifecycleStatus)
    assert len(items.STATUSES) == len(LifecycleStatus)


# --- golden files -----------------------------------------------------------------------------------------------------


def every_kind(version: Version) -> Any:
    return jsontext.read_kept((GOLDEN / version.name / f"50-every-kind-of-attribute{REQUEST}").read_text())


@CASES
def test_a_golden_request_becomes_its_command(request_file: Path) -> None:
    version, request = VERSIONS[request_file.parent.name], jsontext.read_kept(request_file.read_text())
    assert mistakes(contract_of(TMF620.versions[version.name].spec), "createCategory", request) == []
    command = translated(version, request).command
    require_as_agreed(request_file, asdict(command) | {"kind": command.kind.name}, "command")


@CASES
def test_a_golden_request_is_answered_as_written(request_file: Path) -> None:
    version = VERSIONS[request_file.parent.name]
    translation = translated(version, jsontext.read_kept(request_file.read_text()))
    assert translation.carried is not None
    document = jsontext.text(MAPPER.from_item(created(translation), translation.carried))
    answer = jsontext.read_kept(version.shown(document, "https://x.example/1", None).text)
    require_as_agreed(request_file, answer)
    assert contract_of(TMF620.versions[version.name].spec).response_errors("retrieveCategory", 200, answer) == []


# --- inwards ----------------------------------------------------------------------------------------------------------


def test_the_least_that_is_needed_becomes_a_command() -> None:
    command = translated(V5, a_payload()).command
    assert command == CreateItem(CATEGORIES, "partner-acme", Definition(CategoryContents("Cloud services")))


def test_an_id_names_the_item_that_gets_a_version() -> None:
    for version in (V5, V4):
        command = translated(version, a_payload(id="42", version="1.1")).command
        assert (command.item_id, command.definition.edition) == ("42", "1.1")


@pytest.mark.parametrize("status", LifecycleStatus)
def test_a_status_is_understood_in_any_spelling(status: LifecycleStatus) -> None:
    word = items.STATES[status]
    for spelling in (word, word.upper(), word.replace(" ", ""), status.value, word.replace(" ", "-").lower()):
        translation = translated(V5, a_payload(lifecycleStatus=spelling))
        assert translation.command.definition.status is status
        assert MAPPER.from_item(created(translation), {"lifecycleStatus": spelling})["lifecycleStatus"] == word


@pytest.mark.parametrize("word", ["", "Sleeping", "Inactive", "In", "x" * 30])
def test_any_other_status_is_refused_with_those_there_are(word: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        translated(V5, a_payload(lifecycleStatus=word))
    [violation] = refused.value.violations
    assert (violation.pointer, violation.reason) == ("/lifecycleStatus", "UNKNOWN_LIFECYCLE_STATUS")
    assert violation.allowed == tuple(items.STATES.values())
    assert len(violation.message) < 120


def test_times_are_understood_in_utc_and_shown_as_they_were_sent() -> None:
    sent = {"startDateTime": "2026-06-01T08:00:00+02:00", "endDateTime": "2026-06-01T06:00:00Z", "acme": 1}
    meant = translated(V5, a_payload(validFor=sent)).command.definition
    assert meant.valid_from == meant.valid_until == datetime(2026, 6, 1, 6, tzinfo=UTC)
    assert shown(a_payload(validFor=sent))["validFor"] == sent


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"name": " "}, [("/name", "invalidValue")]),
        ({"lifecycleStatus": "x" * 31}, [("/lifecycleStatus", "invalidValue")]),
        ({"name": "n" * 101}, [("/name", "invalidValue")]),
        ({"version": "v" * 101}, [("/version", "invalidValue")]),
        ({"parent": {"id": " "}, "isRoot": False}, [("/parent/id", "invalidValue")]),
        ({"parent": {"id": "p" * 101}}, [("/parent/id", "invalidValue")]),
        ({"isRoot": True, "parent": {"id": "1"}}, [("/isRoot", "invalidValue")]),
        ({"validFor": {"startDateTime": "0001-01-01T00:00:00+14:00"}}, [("/validFor/startDateTime", "invalidFormat")]),
        ({"validFor": {"endDateTime": "9999-12-31T23:59:59-14:00"}}, [("/validFor/endDateTime", "invalidFormat")]),
        ({"version": " "}, [("/version", "invalidValue")]),
        ({"version": "1.0)"}, [("/version", "invalidValue")]),
        ({"id": " "}, [("/id", "invalidValue")]),
        ({"id": "i" * 101}, [("/id", "invalidValue")]),
        ({"id": "a/b"}, [("/id", "invalidValue")]),
        ({"id": "42:(version=1.0)"}, [("/id", "invalidValue")]),
        ({"id": "."}, [("/id", "invalidValue")]),
        ({"id": ".."}, [("/id", "invalidValue")]),
        (
            {"id": "", "name": "", "lifecycleStatus": "x"},
            [
                ("/name", "invalidValue"),
                ("/id", "invalidValue"),
                ("/lifecycleStatus", "invalidValue"),
            ],
        ),
    ],
)
def test_everything_that_is_refused_is_told_at_once(changes: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert refusals(a_payload(**changes)) == found


def test_an_error_of_the_core_points_into_the_payload() -> None:
    period = {"startDateTime": "2026-06-02T00:00:00Z", "endDateTime": "2026-06-01T00:00:00Z"}
    for version, parent in ((V5, {"parent": {"id": "1"}}), (V4, {"parentId": "1"})):
        translation = translated(version, {"name": "x", "validFor": period, "lifecycleStatus": "Active", **parent})
        sources = {"/contents/parent_id": "/parentId" if version is V4 else "/parent/id", "/status": "/lifecycleStatus"}
        for pointer, source in (sources | {"/valid_until": "/validFor/endDateTime"}).items():
            assert translation.source_of(pointer) == source


def test_a_v4_client_is_pointed_at_what_it_sent() -> None:
    with pytest.raises(ContractViolation) as refused:
        translated(V4, {"name": "x", "parentId": " "})
    [violation] = refused.value.violations
    assert (violation.pointer, violation.message) == ("/parentId", "the identifier of the parent is not blank")


@BOTH
def test_the_trail_has_every_attribute_that_was_sent(version: Version) -> None:
    request = every_kind(version)
    trail = {mapped.source: mapped.target for mapped in translated(version, request).trail}
    expected = {name: f"/carried/{name}" for name in ("@type", "@baseType", "@schemaLocation", "acmeShelf")}
    expected |= {name: f"/carried/{name}" for name in ("subCategory", "productOffering")}
    expected |= {"name": "/contents/name", "description": "/contents/description"}
    expected |= {"version": "/edition", "lifecycleStatus": "/status"}
    expected |= {"validFor/startDateTime": "/valid_from", "validFor/endDateTime": "/valid_until"}
    expected |= {"parentId" if version is V4 else "parent/id": "/contents/parent_id"}
    assert trail == {f"/{name}": target for name, target in expected.items()}


# --- outwards ---------------------------------------------------------------------------------------------------------


def test_what_the_core_owns_is_written_from_the_category() -> None:
    document = shown(a_payload(parent={"@type": "CategoryRef", "id": "1708", "name": "Cloud"}))
    assert (document["id"], document["lastUpdate"]) == (CATEGORY_ID, "2026-05-03T12:00:00.000Z")
    assert (document["lifecycleStatus"], document["isRoot"], document["version"]) == ("In Study", False, "1.0")
    assert document["parent"] == {"@type": "CategoryRef", "id": "1708", "name": "Cloud"}
    assert shown(a_payload())["isRoot"] is True


def test_a_category_of_which_nothing_is_carried_is_a_valid_category() -> None:
    definition = Definition(CategoryContents("Storage", None, "1708"), NOON, None, LifecycleStatus.RETIRED)
    document = MAPPER.from_item(Category.create(CATEGORY_ID, "42", "1.0", "acme", definition, NOON), {})
    assert (document["id"], document["version"]) == ("42", "1.0")
    assert document["parent"] == {"@type": "CategoryRef", "id": "1708"}
    assert document["validFor"] == {"startDateTime": "2026-05-03T12:00:00.000Z"}
    for version in (V5, V4):
        answer = jsontext.read_kept(version.shown(jsontext.text(document), "https://x.example/1", None).text)
        assert contract_of(TMF620.versions[version.name].spec).response_errors("retrieveCategory", 200, answer) == []


def test_what_the_server_sets_is_ignored_when_a_client_sends_it_back() -> None:
    document = shown(a_payload(lastUpdate="1999-12-31T23:59:59Z"))
    assert document["lastUpdate"] == "2026-05-03T12:00:00.000Z"


@pytest.mark.parametrize("carried", ["Active", 7, None])
def test_what_is_carried_is_never_read_as_a_status(carried: Any) -> None:
    """Documents that were kept by another release may carry anything."""
    translation = translated(V5, a_payload())
    assert MAPPER.from_item(created(translation), {"lifecycleStatus": carried})["lifecycleStatus"] == "In Study"


# --- v4 and v5 --------------------------------------------------------------------------------------------------------


def test_what_v4_sent_is_what_v4_shows() -> None:
    request = every_kind(V4)
    translation = translated(V4, request)
    assert translation.carried is not None
    document = jsontext.text(MAPPER.from_item(created(translation), translation.carried))
    answer = jsontext.read_kept(V4.shown(document, "https://x.example/1", None).text)
    for name in ("subCategory", "productOffering"):
        for entry in answer[name]:
            del entry["@type"]  # which the bridge supplies
    assert {name: answer[name] for name in request} == request


@pytest.mark.parametrize(
    ("v4", "v5"), [(("parentId",), ("parent", "id")), (("name",), ("name",)), (("lifecycleStatus",),) * 2]
)
def test_a_v4_name_is_searched_for_where_v5_documents_keep_its_value(v4: tuple[str, ...], v5: tuple[str, ...]) -> None:
    assert V4.searchable.find("filter", v4) == V5.searchable.find("filter", v5)


def test_the_client_is_the_owner() -> None:
    assert MAPPER.to_create(a_payload(), ACME).command.owner == ACME.client
