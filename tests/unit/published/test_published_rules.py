"""The rules in the published contracts: they name what the code allows, and refuse what it refuses."""

import json
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.config import SchemathesisConfig

from canonical.catalog.lifecycle import LifecycleStatus
from canonical.inventory.states import AssetStatus
from canonical.ordering.states import State
from canonical.processes.process_status import ProcessState
from canonical.processes.recorded_events import SUBJECT_TYPES
from canonical.views.customer_context import ContextPart
from canonical.views.order_snapshot import SnapshotPart
from facade.bootstrap.apis import shown_by_v4
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.documents import published
from facade.bootstrap.versions import versions_of
from facade.portal.parts import NONE
from facade.tmf.engine.declaration import Verb
from facade.web.paging import MAX_LIMIT, MAX_OFFSET

ALL = {one.name: one for one in published(issues_tokens=True)}
CANONICAL, OPERATIONS = ALL["canonical"].document, ALL["operations"].document
TMF = {name: one.document for name, one in ALL.items() if name.startswith("tmf")}


def parameter(document: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    found = [one for one in document["paths"][path]["get"]["parameters"] if one.get("name") == name]
    [schema] = [one["schema"] for one in found]
    assert isinstance(schema, dict)
    return schema


def fits(document: dict[str, Any], name: str, body: Any) -> bool:
    """Whether a body keeps a schema of the document."""
    plain = json.loads(json.dumps(document["components"]["schemas"], default=float))
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": plain}}
    return jsonschema_rs.Draft4Validator(schema).is_valid(body)


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        (CANONICAL["components"]["parameters"]["LifecycleStatus"]["schema"], LifecycleStatus.__members__),
        (parameter(CANONICAL, "/customer-assets", "status"), AssetStatus.__members__),
        (parameter(CANONICAL, "/orders", "state"), State.__members__),
        (parameter(CANONICAL, "/orders/{orderId}", "include"), [NONE, *SnapshotPart]),
        (parameter(CANONICAL, "/customer/{customerId}/context", "include"), [NONE, *ContextPart]),
        (parameter(OPERATIONS, "/processes", "state"), list(ProcessState)),
    ],
)
def test_a_list_with_commas_takes_the_names_that_the_code_knows(schema: dict[str, Any], names: Iterable[str]) -> None:
    pattern = schema["pattern"]
    assert all(re.search(pattern, one) for one in names)
    assert re.search(pattern, ",".join(names))
    assert set(re.findall(r"[A-Za-z_]{3,}", pattern)) == set(names)
    assert not re.search(pattern, "unknown")


def test_the_names_of_resources_subjects_and_operations_are_those_of_the_code() -> None:
    created = {("canonical", "v1", "placeOrder")}
    for api in TMF_APIS:
        for version in api.versions:
            for one in versions_of(api, version).values():
                if Verb.CREATE in one.resource.verbs:
                    created.add((api.name, version, one.resource.operation(Verb.CREATE, version)))
    for path in ("/bridge-reports/{resource}", "/bridge-reports/{resource}/{id}"):
        assert set(parameter(CANONICAL, path, "resource")["enum"]) == shown_by_v4().keys()
    assert set(parameter(CANONICAL, "/events", "subjectType")["enum"]) == set(SUBJECT_TYPES)
    branches = [branch["properties"] for branch in CANONICAL["components"]["schemas"]["Translate"]["anyOf"]]
    assert created == {
        (api, version, operation)
        for one in branches
        for api in one["api"]["enum"]
        for version in one["version"]["enum"]
        for operation in one["operation"]["enum"]
    }


@pytest.mark.parametrize("name", sorted(TMF))
def test_pages_have_the_limits_of_the_code(name: str) -> None:
    lists = [path for path, operations in TMF[name]["paths"].items() if "{" not in path and "get" in operations]
    assert lists
    for path in lists:
        assert parameter(TMF[name], path, "limit")["maximum"] == MAX_LIMIT
        assert parameter(TMF[name], path, "offset")["maximum"] == MAX_OFFSET


@pytest.mark.parametrize(
    ("item", "fit"),
    [
        ({"sku": "SKU123"}, True),
        ({"action": "ADD", "offeringId": "po_tv_basic"}, True),
        ({"action": "MODIFY", "assetId": "A1"}, True),
        ({"action": "MODIFY", "assetId": "A1", "sku": "SKU123"}, True),
        ({"action": "MOVE", "assetId": "A1", "newCustomerId": "C12346"}, True),
        ({"action": "NO_CHANGE"}, True),
        ({}, False),
        ({"quantity": 2}, False),
        ({"action": "RESUME", "sku": "SKU123"}, False),
        ({"sku": "SKU123", "newCustomerId": "C12346"}, False),
    ],
)
def test_an_item_says_what_it_is_about(item: dict[str, Any], fit: bool) -> None:
    assert fits(CANONICAL, "PlaceOrderItem", item) == fit


@pytest.mark.parametrize(
    ("more", "fit"),
    [
        ({"action": "retry"}, True),
        ({"action": "skip", "call": "charge", "outcome": "done", "result": "CHG1042"}, True),
        ({"action": "skip"}, False),
        ({"action": "skip", "call": "charge"}, False),
        ({"action": "compensate", "outcome": "done"}, False),
    ],
)
def test_only_skip_says_what_became_of_a_call(more: dict[str, Any], fit: bool) -> None:
    assert fits(OPERATIONS, "Decide", {"reason": "ticket 4711", **more}) == fit


@pytest.mark.parametrize("name", sorted(TMF))
def test_a_listener_has_a_callback_and_a_query(name: str) -> None:
    [schema] = {"EventSubscriptionInput", "Hub_FVO"} & TMF[name]["components"]["schemas"].keys()
    typed = {"@type": "Hub"}
    for callback in ("https://listener.example", "https://listener.example:8443/events?a=b", "HTTPS://[2001:db8::1]/"):
        assert fits(TMF[name], schema, {"callback": callback, "query": "eventType=x", **typed})
    for wrong in ({"callback": "ftp://x"}, {"callback": "https://a/#b"}, {"callback": "https://u@a/"}, {"extra": 1}):
        assert not fits(TMF[name], schema, {"callback": "https://listener.example", **typed, **wrong})


@pytest.mark.parametrize("name", sorted(TMF))
def test_an_operation_of_a_json_patch_has_its_members(name: str) -> None:
    assert fits(TMF[name], "JsonPatch", {"op": "remove", "path": "/note/0"})
    assert fits(TMF[name], "JsonPatch", {"op": "replace", "path": "/productOrderItem/quantity?id=2", "value": None})
    assert fits(TMF[name], "JsonPatch", {"op": "move", "from": "/a~1b", "path": ""})
    for wrong in (
        {"op": "add", "path": "/note"},
        {"op": "move", "path": "/note"},
        {"op": "remove", "path": "note"},
        {"op": "remove", "path": "/a~b"},
    ):
        assert not fits(TMF[name], "JsonPatch", wrong)


def test_what_readers_leave_out_our_own_tests_do_not() -> None:
    root = Path(__file__).parents[3]
    theirs = SchemathesisConfig.from_path(root / "tests/conformance/schemathesis.toml").projects.get_default()
    assert theirs.generation.allow_x00 is False
    assert find_spec(str(theirs.hooks))
    assert not list(root.glob("schemathesis.toml")), "schemathesis finds it, and our tests take it"
