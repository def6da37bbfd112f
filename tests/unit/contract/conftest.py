"""A small contract with every kind of class that TM Forum's files have."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from facade.contract.validator import Contract


def schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def extends(parent: str, properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    own: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        own["required"] = required
    return {"allOf": [schema(parent), own], **more}


def classes(**mapping: str) -> dict[str, Any]:
    refs = {key: f"#/components/schemas/{name}" for key, name in mapping.items()}
    return {"propertyName": "@type", "mapping": refs}


TEXT: dict[str, Any] = {"type": "string"}
SCHEMAS: dict[str, Any] = {
    "Extensible": {"type": "object", "properties": {"@type": TEXT, "@baseType": TEXT}, "required": ["@type"]},
    "Entity": extends("Extensible", {"id": TEXT, "href": TEXT}),
    "EntityRef": extends("Entity", {"name": TEXT, "@referredType": TEXT}, ["id"]),
    "Money": {"type": "object", "properties": {"unit": TEXT, "value": {"type": "number"}}},
    "Product_FVO": extends(
        "Entity",
        {"isBundle": {"type": "boolean"}, "characteristic": {"type": "array", "items": schema("Char")}},
    ),
    "ProductRef": extends("EntityRef", {}),
    "ProductRefOrValue": {
        "type": "object",
        "oneOf": [schema("Product_FVO"), schema("ProductRef")],
        "discriminator": classes(Product="Product_FVO", ProductRef="ProductRef"),
    },
    "PartyRef": extends("EntityRef", {}),
    "RoleRef": extends("EntityRef", {"partyId": TEXT}),
    "Party": extends("Entity", {"name": TEXT}),
    "Person": extends("Party", {"familyName": TEXT}, ["familyName"]),
    "Company": extends("Party", {"tradingName": TEXT}),
    "AnyParty": {
        "oneOf": [schema("RoleRef"), schema("PartyRef"), schema("Person"), schema("Company")],
        "discriminator": classes(RoleRef="RoleRef", PartyRef="PartyRef", Person="Person", Company="Company"),
    },
    "Char": extends(
        "Extensible",
        {"name": TEXT},
        ["name"],
        discriminator=classes(Char="Char", TextChar="TextChar", WholeChar="WholeChar"),
    ),
    "TextChar": extends("Char", {"value": TEXT}, ["value"]),
    "WholeChar": extends("Char", {"value": {"type": "integer"}}, ["value"]),
    "Target": {
        "type": "object",
        "properties": {"@type": TEXT, "@schemaLocation": TEXT},
        "required": ["@type", "@schemaLocation"],
    },
    "State": {"type": "string", "enum": ["draft", "acknowledged"]},
    "Item": extends(
        "Extensible",
        {
            "id": TEXT,
            "action": {"type": "string", "enum": ["add", "modify", "delete", "noChange"]},
            "quantity": {"type": "integer", "minimum": 1},
            "ratio": {"type": "number"},
            "product": schema("ProductRefOrValue"),
            "item": {"type": "array", "items": schema("Item")},
            "a/b~c": {"type": "boolean"},
        },
        ["id", "action"],
    ),
    "Order": extends(
        "Entity",
        {
            "date": {"type": "string", "format": "date-time"},
            "day": {"type": "string", "format": "date"},
            "link": {"type": "string", "format": "uri"},
            "initialState": {"allOf": [schema("State")], "default": "acknowledged"},
            "nickname": {"type": "string", "nullable": True, "maxLength": 5},
            "mood": {"type": "string", "nullable": True, "enum": ["good", "bad"]},
            "spare": {"nullable": True, "allOf": [schema("Money")]},
            "price": schema("Money"),
            "party": schema("AnyParty"),
            "target": schema("Target"),
            "item": {"type": "array", "minItems": 1, "maxItems": 3, "items": schema("Item")},
            "serverSet": {"type": "string", "readOnly": True},
            "secret": {"type": "string", "writeOnly": True},
            "code": {"type": "string", "pattern": "^[A-Z]+$"},
            "even": {"type": "integer", "multipleOf": 2, "maximum": 10, "minimum": 0, "exclusiveMinimum": True},
            "tags": {"type": "array", "uniqueItems": True, "items": TEXT},
            "closed": {"type": "object", "properties": {"x": TEXT}, "additionalProperties": False},
            "either": {"oneOf": [{"type": "string"}, {"type": "boolean"}]},
            "small": {"type": "integer", "format": "int32"},
        },
        ["item", "serverSet"],
        discriminator=classes(Order="Order"),
    ),
}  # fmt: skip
JSON_ORDER = {"application/json": {"schema": schema("Order")}}
SPEC: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Orders", "version": "1"},
    "servers": [{"url": "/orders/v1"}],
    "paths": {
        "/order": {
            "post": {
                "operationId": "createOrder",
                "requestBody": {"$ref": "#/components/requestBodies/Order"},
                "responses": {
                    "201": {"$ref": "#/components/responses/Order"},
                    "204": {"description": "nothing to say"},
                },
            },
        },
    },
    "components": {
        "schemas": SCHEMAS,
        "requestBodies": {"Order": {"required": True, "content": JSON_ORDER}},
        "responses": {"Order": {"description": "the order", "content": JSON_ORDER}},
    },
}


@pytest.fixture(scope="session")
def spec() -> dict[str, Any]:
    return copy.deepcopy(SPEC)


@pytest.fixture(scope="session")
def contract(spec: dict[str, Any]) -> Contract:
    return Contract(spec)


@pytest.fixture
def order() -> dict[str, Any]:
    """A valid order that uses no leniency."""
    return {
        "@type": "Order",
        "date": "2026-05-03T08:00:00.5+02:00",
        "item": [{"@type": "Item", "id": "1", "action": "add", "product": {"@type": "ProductRef", "id": "p1"}}],
    }
