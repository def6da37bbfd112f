"""Payloads made from the contracts we serve: no refusal but by a rule of docs/rules.md, and what is sent comes back.

FUZZ_EXAMPLES says how many there are for each resource and version: half as many, 50 unless it is given. Every resource
that an API declares is tested in every version that the API is served in; `ACCEPTABLE` has a row for each.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import jsontext
from facade.app import contract_of, spec_of
from facade.bootstrap.apis import versions_of
from facade.bootstrap.declared import TMF_APIS
from facade.contract.classes import ClassCatalog
from facade.contract.violations import ContractViolation
from facade.tmf.bridge import without_complement
from facade.tmf.engine.declaration import Resource, TmfApi, Verb
from facade.tmf.patch import apply_patch, changed
from facade.tmf.tmf622.api import TMF622
from tests.conformance.orderable import cancellation, order_v4, order_v5
from tests.conformance.rules import EVERY_RESOURCE, refusals, refusing
from tests.support.generated import Payloads, a_patch
from tests.support.product import Node, partner_order, running_product

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100")) // 2
Payload = dict[str, Any]

often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES <= 50,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SEEDS = st.integers(0, 2**32)


@dataclass(frozen=True)
class Posted:
    """One declared resource in one version."""

    api: TmfApi
    version: str
    resource: Resource[Any]

    def __str__(self) -> str:
        return f"{self.api.name} {self.version} {self.resource.name}"

    @property
    def spec(self) -> str:
        return self.api.versions[self.version].spec

    @property
    def operation(self) -> str:
        return self.resource.operation(Verb.CREATE)

    @property
    def schema(self) -> str:
        """The class of what is posted."""
        return f"{self.resource.schema}{'_FVO' if self.version == 'v5' else '_Create'}"

    @property
    def others(self) -> list["Posted"]:
        """The same in the other versions, in which it has to be readable too."""
        return [Posted(self.api, name, self.resource) for name in self.api.versions if name != self.version]

    @property
    def address(self) -> str:
        return f"{contract_of(self.spec).base_path}/{self.resource.name}"

    @property
    def acceptable(self) -> Callable[[Payload, str], Payload]:
        """Changes a payload so that our rules take it."""
        return ACCEPTABLE[str(self)]


ACCEPTABLE: Mapping[str, Callable[[Payload, str], Payload]] = {
    "TMF622 v5 productOrder": order_v5,
    "TMF622 v4 productOrder": order_v4,
    "TMF622 v5 cancelProductOrder": cancellation,
    "TMF622 v4 cancelProductOrder": cancellation,
}
ROWS = [
    Posted(api, version, resource)
    for api in TMF_APIS
    for resource in api.resources
    for version in api.versions
    if Verb.CREATE in resource.verbs
]
SPECS = {row.spec: spec_of(row.spec) for row in ROWS}
WORDS = {
    name
    for spec in SPECS.values()
    for schema in spec["components"]["schemas"]
    for name in ClassCatalog(spec["components"]["schemas"]).shape(schema).properties
} - {"@type"}
PAYLOADS = {name: Payloads(spec, WORDS) for name, spec in SPECS.items()}
ORDER_V5, ORDER_V4 = (Posted(TMF622, version, TMF622.resource("productOrder")) for version in ("v5", "v4"))


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("generated"), HOLD_PROCESSES="true") as node:
        yield node


def post(product: Node, address: str, body: Payload) -> requests.Response:
    return product.request("POST", address, data=jsontext.write(body), headers={"Content-Type": "application/json"})


def an_order_id(product: Node) -> str:
    order_id: str = post(product, ORDER_V5.address, partner_order()).json()["id"]
    return order_id


def generated(row: Posted, seed: int) -> Payload:
    body = PAYLOADS[row.spec].of(row.schema, seed)
    assert contract_of(row.spec).check_request(row.operation, body).violations == (), "the generator is wrong"
    return body


def missing(shown: Any, sent: Any, at: str = "") -> Iterator[str]:
    """What was sent and is not shown, to the digit. Addresses are the server's."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        for name, value in sent.items():
            if name not in shown:
                yield f"{at}/{name}"
            elif name != "href" or not at.endswith("/productOrder"):
                yield from missing(shown[name], value, f"{at}/{name}")
    elif isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown):
        for index, pair in enumerate(zip(shown, sent, strict=True)):
            yield from missing(*pair, f"{at}/{index}")
    elif type(sent) is not type(shown) or str(sent) != str(shown):
        yield f"{at}: {sent!r} is {shown!r}"


def unruled(row: Posted, answer: requests.Response) -> list[tuple[str, str]]:
    """What a refusal says that no rule for the resource explains; no generated payload is too large, deep or odd."""
    return [
        one
        for one in refusals(answer.json())
        if all(rule.resource == EVERY_RESOURCE for rule in refusing(row.resource.name, row.version, *one))
    ]


@pytest.mark.parametrize("row", ROWS, ids=str)
@often
@given(seed=SEEDS)
def test_nothing_that_a_contract_allows_is_refused_but_by_a_rule(product: Node, row: Posted, seed: int) -> None:
    body = generated(row, seed)
    answer = post(product, row.address, body)
    if answer.status_code != 201:
        assert answer.status_code in (400, 404, 409), answer.text
        assert unruled(row, answer) == [], answer.text


@pytest.mark.parametrize("row", ROWS, ids=str)
@often
@given(seed=SEEDS)
def test_what_was_sent_comes_back_as_it_was_sent(product: Node, row: Posted, seed: int) -> None:
    """The product holds its own answers against their contracts: one that breaks them is a 500."""
    order_id = an_order_id(product) if row.acceptable is cancellation else ""
    body = row.acceptable(generated(row, seed), order_id)
    created = post(product, row.address, body)
    assert created.status_code == 201, created.text
    resource_id = created.json()["id"]
    shown = product.get(f"{row.address}/{resource_id}")
    for answer in (created, shown):
        assert list(missing(jsontext.read_kept(answer.content), body)) == []
    for other in row.others:
        answer = product.get(f"{other.address}/{resource_id}")
        assert answer.status_code == 200, answer.text
    if seed % 5 == 0:
        listed = product.get(f"{row.address}?id={resource_id}")
        assert jsontext.read_kept(listed.content) == [jsontext.read_kept(shown.content)]


V5 = versions_of(TMF622, "v5")["productOrder"]
V4: Any = versions_of(TMF622, "v4")["productOrder"]


def an_order_of_v4(seed: int) -> Payload:
    """A generated order that was sent in v4, as it is kept."""
    document: Payload = V4.lifted(order_v4(generated(ORDER_V4, seed), "")).body
    return document


def in_v4(document: Payload) -> Payload:
    shown: Payload = V4.lowered(document).body
    assert contract_of(ORDER_V4.spec).response_errors("retrieveProductOrder", 200, shown) == []
    assert contract_of(ORDER_V5.spec).check_request("createProductOrder", without_complement(document)).violations == ()
    return shown


@often
@given(seed=SEEDS)
def test_a_v4_patch_of_what_v4_sent_makes_v4_show_what_it_asks_for(seed: int) -> None:
    document = an_order_of_v4(seed)
    media_type, patch = a_patch(in_v4(document), order_v4(generated(ORDER_V4, seed + 1), ""), seed)
    wanted = apply_patch(media_type, in_v4(document), patch)
    if contract_of(ORDER_V4.spec).check_request("createProductOrder", wanted).violations:
        with pytest.raises(ContractViolation):
            V4.patched(document, media_type, patch)
        return
    try:
        after = V4.patched(document, media_type, patch).body
    except ContractViolation as refusal:
        if "(relationshipType)" not in str(refusal):
            raise
        return  # our rules read it
    assert list(missing(in_v4(after), wanted)) == []


@often
@given(seed=SEEDS)
def test_a_v5_patch_keeps_what_v4_sent_elsewhere(seed: int) -> None:
    document = an_order_of_v4(seed)
    public = without_complement(document)
    other = without_complement(an_order_of_v4(seed + 1))
    media_type, patch = a_patch(public, other, seed)
    wanted = apply_patch(media_type, public, patch)
    if contract_of(ORDER_V5.spec).check_request("createProductOrder", wanted).violations:
        return  # our contract refuses it
    after = V5.patched(document, media_type, patch).body
    assert without_complement(after) == wanted
    touched, before, shown = changed(public, wanted), in_v4(document), in_v4(after)
    assert [*missing(shown, {name: value for name, value in before.items() if name not in touched})] == []
