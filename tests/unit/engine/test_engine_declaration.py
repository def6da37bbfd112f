"""What is declared of a resource, and what the engine makes of it."""

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from canonical.shared import jsontext
from canonical.shared.aggregates import Kind
from canonical.shared.errors import NotFound
from canonical.shared.projection import Projection, SearchIndex
from facade.application.requests import Translation
from facade.bootstrap.declared import TMF_APIS, projectors
from facade.tmf.engine.declaration import TASK_VERBS, Resource, Sender, Verb, terms_of
from facade.tmf.engine.payload import Payload


@dataclass(frozen=True)
class Thing:
    id: str
    state: str


def to_thing(body: Payload, sender: Sender) -> Translation:
    return Translation(body)


def from_thing(thing: Thing, carried: Payload) -> Payload:
    return {**carried, "id": thing.id, "lifecycle": thing.state.lower()}


THINGS: Kind[Any] = Kind("thing", Thing, missing=lambda thing_id: NotFound("Thing not found", id=thing_id))


def a_resource(**changes: Any) -> Resource[Any]:
    declared: dict[str, Any] = {
        "name": "someThing",
        "schema": "SomeThing",
        "kind": THINGS,
        "to_command": to_thing,
        "project": from_thing,
        "states": MappingProxyType({"OPEN": "open"}),
        "state_attribute": "lifecycle",
    }
    return Resource(**(declared | changes))


def test_operations_are_named_as_tm_forum_names_them() -> None:
    assert [a_resource().operation(verb) for verb in Verb] == [
        "createSomeThing",
        "retrieveSomeThing",
        "listSomeThing",
        "patchSomeThing",
        "deleteSomeThing",
    ]


def test_a_projection_has_the_document_its_state_and_what_it_is_found_by() -> None:
    index = SearchIndex(terms=frozenset({("party", "id"), ("name",)}))
    carried = {"name": "n", "party": [{"id": "p1"}, {"id": "p2"}, {"role": "x"}]}
    projection = a_resource(index=index).projection(Thing("t1", "OPEN"), carried)
    assert projection == Projection(
        "open",
        jsontext.text({**carried, "id": "t1", "lifecycle": "open"}),
        frozenset({("party.id", "p1"), ("party.id", "p2"), ("name", "n")}),
    )


NUMBER, BOOLEAN = "a.b:number", "a.b:boolean"


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({}, set()),
        ({"a": None}, set()),
        ({"a": "x"}, set()),
        ({"a": {"b": None}}, set()),
        ({"a": {"b": "x"}}, {("a.b", "x")}),
        ({"a": {"b": 70}}, {(NUMBER, "7E+1")}),
        ({"a": {"b": [Decimal("7.0"), 7]}}, {(NUMBER, "7E+0")}),
        ({"a": {"b": [True, 1, "true"]}}, {(BOOLEAN, "true"), (NUMBER, "1E+0"), ("a.b", "true")}),
        ({"a": {"b": ["x", {"c": 1}, "y"]}}, {("a.b", "x"), ("a.b", "y")}),
        ({"a": [{"b": "x"}, {"b": ["y"]}, "z", {"c": "no"}]}, {("a.b", "x"), ("a.b", "y")}),
    ],
)
def test_terms_are_the_values_that_stand_at_a_path(document: Payload, found: set[tuple[str, str]]) -> None:
    assert terms_of(document, [("a", "b")]) == found


def test_addresses_are_its_own_and_those_of_what_it_refers_to() -> None:
    assert a_resource().addresses == {"href"}
    assert a_resource(references={"order": "productOrder"}).addresses == {"href", "order.href"}


def test_a_resource_may_have_another_name_in_v4() -> None:
    resource = a_resource(name="productCatalog", schema="ProductCatalog", v4_name="catalog")
    for version, name, schema in (("v5", "productCatalog", "ProductCatalog"), ("v4", "catalog", "Catalog")):
        assert (resource.name_in(version), resource.schema_in(version)) == (name, schema)
        assert resource.operation(Verb.CREATE, version) == f"create{schema}"


def test_most_resources_have_one_name() -> None:
    resource = a_resource(name="order", schema="ProductOrder")
    assert {(resource.name_in(one), resource.schema_in(one)) for one in ("v4", "v5")} == {("order", "ProductOrder")}


def test_a_task_is_neither_patched_nor_deleted() -> None:
    assert set(Verb) - {Verb.PATCH, Verb.DELETE} == TASK_VERBS


EVERY = [(api, resource) for api in TMF_APIS for resource in api.resources]


@pytest.mark.parametrize(("api", "resource"), EVERY, ids=[f"{api.name}-{one.name}" for api, one in EVERY])
def test_what_is_declared_is_complete(api: Any, resource: Resource[Any]) -> None:
    assert (Verb.PATCH in resource.verbs) == (resource.patch is not None)
    assert (Verb.DELETE in resource.verbs) == (resource.to_removal is not None)
    assert {api.resource(name).name for name in resource.references.values()} == set(resource.references.values())
    assert resource.states
    assert projectors()[resource.kind.name] == resource.projection
