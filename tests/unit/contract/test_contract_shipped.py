"""What we promise about the contracts in specs/tmf, whatever official file they came from."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from facade.contract.classes import ClassCatalog
from facade.contract.loading import load_spec
from facade.contract.official import operations
from facade.contract.schema import SchemaConverter, Side
from facade.contract.validator import Contract

SPECS = Path(__file__).parents[3] / "specs"
SHIPPED = sorted((SPECS / "tmf").glob("*.yaml"))
ALWAYS = {"400", "401", "403", "404", "405", "406", "429", "500", "503"}
WRITING = ALWAYS | {"409", "413", "415", "422"}


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda path: path.stem)
def shipped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return load_spec(request.param, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def ordering(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return load_spec(SPECS / "tmf" / "tmf622-v5.yaml", tmp_path_factory.mktemp("cache"))


def test_there_is_a_contract() -> None:
    assert SHIPPED


def test_every_operation_has_our_text_and_its_scope(shipped: dict[str, Any]) -> None:
    scopes = shipped["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]
    for _, _, operation in operations(shipped):
        assert operation["summary"], operation["operationId"]
        assert operation["description"], operation["operationId"]
        [requirement] = operation["security"]
        assert set(requirement["oauth2"]) <= set(scopes)
        assert requirement["oauth2"]


def test_every_operation_declares_what_it_may_answer(shipped: dict[str, Any]) -> None:
    for _, method, operation in operations(shipped):
        declared = set(operation["responses"])
        assert (WRITING if method in ("post", "patch") else ALWAYS) <= declared, operation["operationId"]
        assert not declared & {"202", "default"}
        assert any(status.startswith("2") for status in declared)


def test_every_operation_that_changes_something_takes_a_key_and_no_other_does(shipped: dict[str, Any]) -> None:
    for _, method, operation in operations(shipped):
        takes_one = {"$ref": "#/components/parameters/Idempotency-Key"} in operation["parameters"]
        assert takes_one == (method in ("post", "patch", "delete")), operation["operationId"]
        assert "409" in operation["responses"] or not takes_one, operation["operationId"]


def test_every_answer_parameter_and_header_is_described(shipped: dict[str, Any]) -> None:
    for kind in ("responses", "parameters", "headers"):
        for name, component in shipped["components"][kind].items():
            assert component["description"], f"{kind} {name}"
    for _, _, operation in operations(shipped):
        for part in (*operation["parameters"], *operation["responses"].values()):
            assert "$ref" in part or part["description"]


def test_every_answer_carries_the_correlation_id(shipped: dict[str, Any]) -> None:
    answers = list(shipped["components"]["responses"].values())
    answers += [a for _, _, o in operations(shipped) for a in o["responses"].values() if "$ref" not in a]
    assert all("X-Correlation-Id" in answer["headers"] for answer in answers)


def test_a_registration_is_followed_by_events_and_declares_what_it_answers(shipped: dict[str, Any]) -> None:
    registration = shipped["paths"]["/hub"]["post"]
    assert "Location" in registration["responses"]["201"]["headers"]
    assert set(shipped["paths"]["/hub/{id}"]) == {"get", "delete"}
    for name, callback in registration["callbacks"].items():
        [(address, item)] = callback.items()
        assert address == "{$request.body#/callback}"
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert schema.endswith("Event"), name
        assert {"eventType", "event"} <= set(ClassCatalog(shipped["components"]["schemas"]).shape(schema).properties)


def test_every_mend_gives_its_reason(shipped: dict[str, Any]) -> None:
    assert shipped["x-mended"]
    assert all(mend["reason"] and mend["places"] > 0 for mend in shipped["x-mended"])


def test_no_example_is_shipped(shipped: dict[str, Any]) -> None:
    def names(node: Any) -> set[str]:
        if isinstance(node, dict):
            return set(node).union(*map(names, node.values()))
        return set().union(*map(names, node)) if isinstance(node, list) else set()

    assert not names(shipped) & {"example", "examples", "externalDocs"}


def test_every_schema_converts_into_valid_json_schema_and_compiles(shipped: dict[str, Any]) -> None:
    contract = Contract(shipped)
    for side in Side:
        converter = SchemaConverter(ClassCatalog(shipped["components"]["schemas"]), side)
        for name in shipped["components"]["schemas"]:
            jsonschema.Draft7Validator.check_schema(converter.document({"$ref": f"#/components/schemas/{name}"}))
    for _, _, operation in operations(shipped):
        for media_type in operation.get("requestBody", {}).get("content", {}):
            contract.check_request(operation["operationId"], {}, media_type)
        for status in operation["responses"]:
            contract.response_errors(operation["operationId"], int(status), {})


def test_the_error_is_tm_forums_and_says_more(shipped: dict[str, Any]) -> None:
    contract = Contract(shipped)
    error = {
        "@type": "Error",
        "code": "invalidBody",
        "reason": "The body breaks the contract",
        "status": "400",
        "id": "err-1",
        "errors": [{"pointer": "/a", "code": "invalidValue", "message": "no", "allowed": ["x"], "hint": "x?"}],
    }
    for _, _, operation in operations(shipped):
        assert contract.response_errors(operation["operationId"], 400, error) == []
        assert contract.response_errors(operation["operationId"], 400, {**error, "reason": None})


# TMF622 v5


def test_ordering_serves_what_it_serves(ordering: dict[str, Any]) -> None:
    served = {(method, path): operation["operationId"] for path, method, operation in operations(ordering)}
    assert served == {
        ("post", "/productOrder"): "createProductOrder",
        ("get", "/productOrder"): "listProductOrder",
        ("get", "/productOrder/{id}"): "retrieveProductOrder",
        ("patch", "/productOrder/{id}"): "patchProductOrder",
        ("delete", "/productOrder/{id}"): "deleteProductOrder",
        ("post", "/cancelProductOrder"): "createCancelProductOrder",
        ("get", "/cancelProductOrder"): "listCancelProductOrder",
        ("get", "/cancelProductOrder/{id}"): "retrieveCancelProductOrder",
        ("post", "/hub"): "createHub",
        ("get", "/hub/{id}"): "hubGet",
        ("delete", "/hub/{id}"): "hubDelete",
    }
    assert Contract(ordering).base_path == "/tmf-api/productOrderingManagement/v5"
    scopes = {o["operationId"]: o["security"][0]["oauth2"] for _, _, o in operations(ordering)}
    contract = Contract(ordering)
    assert scopes == {name: list(contract.scopes(name)) for name in contract.operation_ids}
    assert scopes == {
        "createProductOrder": ["order:create"],
        "listProductOrder": ["order:read"],
        "retrieveProductOrder": ["order:read"],
        "patchProductOrder": ["order:modify"],
        "deleteProductOrder": ["order:delete"],
        "createCancelProductOrder": ["order:cancel"],
        "listCancelProductOrder": ["order:read"],
        "retrieveCancelProductOrder": ["order:read"],
        "createHub": ["events:subscribe"],
        "hubGet": ["events:subscribe"],
        "hubDelete": ["events:subscribe"],
    }


def test_ordering_answers_with_the_headers_clients_need(ordering: dict[str, Any]) -> None:
    collection, single = ordering["paths"]["/productOrder"], ordering["paths"]["/productOrder/{id}"]
    assert {"Location", "ETag"} <= set(collection["post"]["responses"]["201"]["headers"])
    assert "ETag" in single["get"]["responses"]["200"]["headers"]
    for status in ("200", "206"):
        headers = set(collection["get"]["responses"][status]["headers"])
        assert {"X-Total-Count", "X-Result-Count", "Link"} <= headers
    assert {"$ref": "#/components/parameters/Idempotency-Key"} in collection["post"]["parameters"]
    for name in ("TooManyRequests", "Unavailable"):
        assert "Retry-After" in ordering["components"]["responses"][name]["headers"]


ORDER = [
    "@type",
    "@baseType",
    "@schemaLocation",
    "id",
    "agreement",
    "billingAccount",
    "requestedInitialState",
    "category",
    "channel",
    "description",
    "externalId",
    "note",
    "notificationContact",
    "orderTotalPrice",
    "payment",
    "orderRelationship",
    "priority",
    "productOfferingQualification",
    "quote",
    "productOrderErrorMessage",
    "productOrderJeopardyAlert",
    "productOrderMilestone",
    "productOrderItem",
    "relatedParty",
    "requestedCompletionDate",
    "requestedStartDate",
]
ITEM = [
    "@type",
    "@baseType",
    "@schemaLocation",
    "id",
    "quantity",
    "action",
    "appointment",
    "billingAccount",
    "itemPrice",
    "itemTerm",
    "itemTotalPrice",
    "note",
    "payment",
    "product",
    "productOffering",
    "productOfferingQualificationItem",
    "quoteItem",
    "productOrderItem",
    "productOrderItemRelationship",
    "state",
    "qualification",
]
PROVIDER = [
    "state",
    "cancellationDate",
    "cancellationReason",
    "expectedCompletionDate",
    "creationDate",
    "completionDate",
]


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("ProductOrder_FVO", ORDER), ("ProductOrder", [*ORDER, "href", *PROVIDER]),
        ("ProductOrderItem_FVO", ITEM), ("ProductOrderItem", ITEM),
    ],
)  # fmt: skip
def test_no_attribute_was_lost_and_each_has_our_text(
    ordering: dict[str, Any], name: str, attributes: list[str]
) -> None:
    properties = ClassCatalog(ordering["components"]["schemas"]).shape(name).properties
    assert set(properties) == set(attributes)
    assert [attribute for attribute in attributes if not properties[attribute].get("description")] == []


def test_classes_that_only_a_mapping_names_are_there(ordering: dict[str, Any]) -> None:
    schemas = ordering["components"]["schemas"]
    for name, schema in schemas.items():
        for target in schema.get("discriminator", {}).get("mapping", {}).values():
            assert target.rsplit("/", 1)[-1] in schemas, name
    mapping = schemas["Characteristic_FVO"]["discriminator"]["mapping"]
    assert {"StringCharacteristic", "BooleanCharacteristic", "FloatArrayCharacteristic"} <= set(mapping)


def test_the_overlays_say_why_for_every_mend() -> None:
    for path in (SPECS / "overlays").glob("*.yaml"):
        for action in yaml.safe_load(path.read_text())["actions"]:
            assert "x-mends" not in action or action["x-mends"].strip()
