"""TM Forum's own examples, each in its role, against the contracts we serve; listed in docs/published-examples.md."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from facade.app import contract_of
from facade.bootstrap.declared import TMF_APIS
from facade.contract.lenient_defaults import Leniency
from facade.contract.validator import Contract
from facade.tmf.engine.declaration import Resource, TmfApi, Verb
from tests.support.specs import mistakes

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "fixtures" / "published"
TABLE = ROOT / "docs" / "published-examples.md"
HEADING = re.compile(r"^## (?P<api>TMF\d+) (?P<version>v\d)$")
ROW = re.compile(r"^\| `(?P<file>[^`]+)` \| (?P<role>[^|]+) \| (?P<verdict>[^|]+) \| (?P<rule>[^|]*) \|")
MEDIA_TYPES = {
    "json": "application/json",
    "merge-patch": "application/merge-patch+json",
    "json-patch": "application/json-patch+json",
    "json-patch-query": "application/json-patch-query+json",
}
METHODS = {"POST": Verb.CREATE, "PATCH": Verb.PATCH, "GET": Verb.RETRIEVE}
SUPPLIED = {Leniency.TYPE_BY_POSITION, Leniency.BOOLEAN_AS_TEXT}
"""Leniencies that make another body of the one that was sent."""
FAULTY, NOT_SERVED = "faulty", "not served"
# Where requests leave the letter of the schema, and the rule that lets them in.
LENIENCIES = {
    ("TMF622", "108"): [("/productOrderItem/3/productOrderItemRelationship/0/@type", Leniency.TYPE_BY_BASE_CLASS)],
    ("TMF622", "110"): [("/productOrderItem/0/product/@type", Leniency.TYPE_BY_BASE_CLASS)],
    ("TMF622", "112"): [("/productOrderItem/2/product/intent/expression/@type", Leniency.TYPE_BY_BASE_CLASS)],
    ("TMF620", "08-"): [("/@type", Leniency.TYPE_BY_POSITION), ("/isBundle", Leniency.BOOLEAN_AS_TEXT)],
    ("TMF637", "13-"): [("/intent/expression/@type", Leniency.TYPE_BY_BASE_CLASS)],
    ("TMF637", "107"): [("/intent/expression/@type", Leniency.TYPE_BY_BASE_CLASS)],
    ("TMF620", "119"): [("/serviceLevelAgreement/@type", Leniency.TYPE_BY_BASE_CLASS)],
}


@dataclass(frozen=True)
class Example:
    """One row of the tables and the body it speaks of."""

    api: TmfApi
    version: str
    file: str
    role: str
    verdict: str
    rule: str

    @property
    def body(self) -> Any:
        return orjson.loads((PUBLISHED / self.api.name.lower() / self.version / self.file).read_bytes())

    @property
    def contract(self) -> Contract:
        return contract_of(self.api.versions[self.version].spec)

    @property
    def resource(self) -> Resource[Any]:
        """Of those whose class the role names, the one with the longest name."""
        named = (one for one in self.api.resources if one.schema.casefold() in self.role.casefold())
        return max(named, key=lambda one: len(one.schema))

    @property
    def operation(self) -> str:
        return self.operation_in(self.version)

    def operation_in(self, version: str) -> str:
        """The operation whose body or answer it is; a sample is what a read answers."""
        verb = next((verb for key, verb in METHODS.items() if key in self.role), Verb.RETRIEVE)
        listed = isinstance(self.body, list) and verb is Verb.RETRIEVE
        return self.resource.operation(Verb.LIST if listed else verb, version)

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.role.partition(" as ")[2] or "json"]


def _examples() -> list[Example]:
    apis = {api.name: api for api in TMF_APIS}
    found: list[Example] = []
    heading: re.Match[str] | None = None
    for line in TABLE.read_text().splitlines():
        heading, row = HEADING.match(line) or heading, ROW.match(line)
        if heading is not None and row is not None:
            of = apis[heading["api"]], heading["version"]
            cells: dict[str, Any] = {name: text.strip() for name, text in row.groupdict().items()}
            found.append(Example(*of, **cells))
    return found


EXAMPLES = _examples()
SERVED = [e for e in EXAMPLES if e.verdict not in (NOT_SERVED, FAULTY)]
REQUESTS = [e for e in SERVED if e.role.startswith(("POST", "PATCH"))]
ANSWERS = [e for e in SERVED if e not in REQUESTS]
CREATIONS = [e for e in REQUESTS if e.operation == "createProductOrder"]


def _name(example: Example) -> str:
    return f"{example.api.name}-{example.version}-{example.file.removesuffix('.json')}"


def test_the_tables_name_every_file() -> None:
    listed = [f"{e.api.name.lower()}/{e.version}/{e.file}" for e in EXAMPLES]
    assert sorted(listed) == sorted(str(path.relative_to(PUBLISHED)) for path in PUBLISHED.rglob("*.json"))


def test_only_events_are_not_served() -> None:
    assert all((e.role == "event") == (e.verdict == NOT_SERVED) for e in EXAMPLES)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.verdict == FAULTY], ids=lambda e: e.file)
def test_only_what_nobody_sends_us_is_faulty(example: Example) -> None:
    assert example.role.startswith(("answer", "sample"))
    assert example.contract.response_errors(example.operation, 200, example.body) != []


@pytest.mark.parametrize("example", REQUESTS, ids=_name)
def test_a_request_is_accepted_under_named_leniencies(example: Example) -> None:
    contract, body = example.contract, example.body
    checked = contract.check_request(example.operation, body, example.media_type)
    assert checked.violations == ()
    allowances = contract.allowances(example.operation, body, example.media_type)
    assert (checked.body is body) == SUPPLIED.isdisjoint(a.rule for a in allowances)
    assert [(a.pointer, a.rule) for a in allowances] == LENIENCIES.get((example.api.name, example.file[:3]), [])
    assert {one for one in Leniency if one in example.rule} == {a.rule for a in allowances}


@pytest.mark.parametrize("example", ANSWERS, ids=_name)
def test_an_answer_keeps_the_contract(example: Example) -> None:
    status = 201 if example.operation.startswith("create") else 200
    assert example.contract.response_errors(example.operation, status, example.body) == []


@pytest.mark.parametrize("example", SERVED, ids=_name)
def test_it_is_valid_in_the_other_version_too(example: Example) -> None:
    if isinstance(example.body, list) and example in REQUESTS:
        return  # a JSON patch is no resource
    bridge = example.api.bridge
    other, translate = ("v5", bridge.lift) if example.version == "v4" else ("v4", bridge.lower)
    contract = contract_of(example.api.versions[other].spec)
    bridged = translate(example.resource.schema, example.body).body
    if example in REQUESTS:
        assert mistakes(contract, example.operation_in(other), bridged, example.media_type) == []
    else:
        status = 201 if example.operation.startswith("create") else 200
        assert contract.response_errors(example.operation_in(other), status, bridged) == []


@pytest.mark.parametrize("example", CREATIONS, ids=_name)
def test_an_order_is_accepted_without_any_type(example: Example) -> None:
    checked = example.contract.check_request("createProductOrder", _without_types(example.body))
    assert checked.violations == ()
    assert checked.body["@type"] == "ProductOrder"
    assert all(item["@type"] == "ProductOrderItem" for item in checked.body["productOrderItem"])


@pytest.mark.parametrize("example", CREATIONS, ids=_name)
def test_one_fault_in_an_order_is_found_where_it_is(example: Example) -> None:
    body = example.body
    body["productOrderItem"][0]["action"] = "change"
    [found] = mistakes(example.contract, "createProductOrder", body)
    assert found.pointer == "/productOrderItem/0/action"
    assert found.hint == "did you mean `modify`?"


def _without_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_types(member) for name, member in value.items() if name != "@type"}
    return [_without_types(entry) for entry in value] if isinstance(value, list) else value
