"""Payloads made from the contracts we serve: no refusal but by a rule of docs/rules.md, and what is sent comes back.

FUZZ_EXAMPLES says how many there are for each resource and version: half as many, 50 unless it is given. Every resource
that an API declares is tested in every version that the API is served in; `ACCEPTABLE` has a row for each.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from canonical.shared import jsontext
from facade.app import contract_of, spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import versions_of
from facade.contract.classes import ClassCatalog
from facade.contract.validator import Contract
from facade.contract.violations import ContractViolation, Violation
from facade.tmf.bridge import without_complement
from facade.tmf.engine.declaration import Resource, TmfApi, Verb
from facade.tmf.patch import apply_patch, changed
from facade.tmf.tmf620.api import TMF620
from facade.tmf.tmf622.api import TMF622
from tests.conformance.cataloguable import category_v4, category_v5, item
from tests.conformance.orderable import cancellation, job, order_v4, order_v5
from tests.conformance.recordable import product as recordable
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


@dataclass(frozen=True, repr=False)
class Posted:
    """One declared resource in one version. Hypothesis warns of a longer `repr` instead of showing what failed."""

    api: TmfApi
    version: str
    resource: Resource[Any]

    def __str__(self) -> str:
        return f"{self.api.name} {self.version} {self.resource.name}"

    __repr__ = __str__

    @property
    def spec(self) -> str:
        return self.api.versions[self.version].spec

    @property
    def operation(self) -> str:
        return self.resource.operation(Verb.CREATE, self.version)

    @property
    def schema(self) -> str:
        """The class of what is posted."""
        return f"{self.resource.schema_in(self.version)}{'_FVO' if self.version == 'v5' else '_Create'}"

    @property
    def others(self) -> list["Posted"]:
        """The same in the other versions, in which it has to be readable too."""
        return [Posted(self.api, name, self.resource) for name in self.api.versions if name != self.version]

    @property
    def address(self) -> str:
        return f"{contract_of(self.spec).base_path}/{self.resource.name_in(self.version)}"

    @property
    def acceptable(self) -> Callable[[Payload, str], Payload]:
        """Changes a payload so that our rules take it."""
        return ACCEPTABLE[str(self)]


ACCEPTABLE: Mapping[str, Callable[[Payload, str], Payload]] = {
    "TMF622 v5 productOrder": order_v5,
    "TMF622 v4 productOrder": order_v4,
    "TMF622 v5 cancelProductOrder": cancellation,
    "TMF622 v4 cancelProductOrder": cancellation,
    "TMF620 v5 category": category_v5,
    "TMF620 v4 category": category_v4,
    **{
        f"TMF620 {version} {resource.name}": item
        for version in TMF620.versions
        for resource in TMF620.resources
        if resource.kind.versioned and resource.name != "category"
    },
    "TMF637 v5 product": recordable,
    "TMF637 v4 product": recordable,
    **{f"TMF620 {version} {kind}": job for version in TMF620.versions for kind in ("importJob", "exportJob")},
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
KEPT = (
    *("DUPLICATE_EXTERNAL_ID", "PRODUCT_NOT_FOUND", "QUOTE_NOT_SUPPORTED", "RELATED_ORDER_NOT_FOUND"),
    "UNKNOWN_ORDER_RELATIONSHIP_TYPE",
)
ORDER_V5 = Posted(TMF622, "v5", TMF622.resource("productOrder"))


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Orders may change products that only BSS knows, share external ids, and be related to anything: what is generated
    is nobody's.
    """
    folder = tmp_path_factory.mktemp("generated")
    (folder / "partners").mkdir()
    kept = ", ".join(f"{code}: keep" for code in KEPT)
    (folder / "partners" / "qa.yaml").write_text(f"orderRules: {{{kept}}}\nexternalIds: {{uniqueness: free}}\n")
    with running_product(folder, HOLD_PROCESSES="true", PARTNERS=str(folder / "partners")) as node:
        yield node


def post(product: Node, address: str, body: Payload) -> requests.Response:
    return product.request("POST", address, data=jsontext.write(body), headers={"Content-Type": "application/json"})


def referred_id(product: Node, row: Posted) -> str:
    """The id of something that the resource may refer to."""
    body, address = {"name": "Cloud services"}, row.address
    if row.api is TMF622:
        body, address = partner_order(), ORDER_V5.address
    made: str = post(product, address, body).json()["id"]
    return made


def generated(row: Posted, seed: int) -> Payload:
    body = PAYLOADS[row.spec].of(row.schema, seed)
    assert contract_of(row.spec).check_request(row.operation, body).violations == (), "the generator is wrong"
    return body


def missing(shown: Any, sent: Any, at: str = "") -> Iterator[str]:
    """What was sent and is not shown, to the digit. Addresses are the server's, and so are ids of what is added."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        if sent.get("action") == "add" and "id" in shown.get("product", {}) and "id" in sent.get("product", {}):
            sent = sent | {"product": sent["product"] | {"id": shown["product"]["id"]}}
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
    body = row.acceptable(generated(row, seed), referred_id(product, row))
    created = post(product, row.address, body)
    assert created.status_code == 201, created.text
    resource_id = quote(created.json()["id"], safe="")
    shown = product.get(created.headers["Location"].removeprefix(product.url))
    for answer in (created, shown):
        assert list(missing(jsontext.read_kept(answer.content), body)) == []
    for other in row.others:
        answer = product.get(f"{other.address}/{resource_id}")
        assert answer.status_code == 200, answer.text
    if seed % 5 == 0:
        [listed] = jsontext.read_kept(product.get(f"{row.address}?id={resource_id}").content)
        assert listed == jsontext.read_kept(product.get(listed["href"].removeprefix(product.url)).content)
        assert listed == jsontext.read_kept(shown.content) | {"href": listed["href"]}


@dataclass(frozen=True)
class Patched:
    """One resource that can be patched, in both versions."""

    api: TmfApi
    resource: Resource[Any]

    def __str__(self) -> str:
        return f"{self.api.name} {self.resource.name}"

    def row(self, version: str) -> Posted:
        return Posted(self.api, version, self.resource)

    def contract(self, version: str) -> Contract:
        return contract_of(self.row(version).spec)

    def version(self, version: str) -> Any:
        return versions_of(self.api, version)[self.resource.name]

    def made(self, seed: int) -> Payload:
        """A generated body for v4."""
        return self.row("v4").acceptable(generated(self.row("v4"), seed), "1708")

    def sent_in_v4(self, seed: int) -> Payload:
        """A generated resource that was sent in v4, as it is kept."""
        document: Payload = self.version("v4").lifted(self.made(seed)).body
        return document

    def in_v4(self, document: Payload) -> Payload:
        shown: Payload = self.version("v4").lowered(document).body
        reading = self.resource.operation(Verb.RETRIEVE, "v4")
        assert self.contract("v4").response_errors(reading, 200, shown) == []
        creating = self.resource.operation(Verb.CREATE)
        assert self.contract("v5").check_request(creating, without_complement(document)).violations == ()
        return shown

    def mistakes(self, version: str, body: Payload) -> Sequence[Violation]:
        return self.contract(version).check_request(self.row(version).operation, body).violations


PATCHED = pytest.mark.parametrize(
    "one",
    [Patched(api, resource) for api in TMF_APIS for resource in api.resources if Verb.PATCH in resource.verbs],
    ids=str,
)


@PATCHED
@often
@given(seed=SEEDS)
def test_a_v4_patch_of_what_v4_sent_makes_v4_show_what_it_asks_for(one: Patched, seed: int) -> None:
    document, v4 = one.sent_in_v4(seed), one.version("v4")
    media_type, patch = a_patch(one.in_v4(document), one.made(seed + 1), seed)
    wanted = apply_patch(media_type, one.in_v4(document), patch)
    if one.mistakes("v4", wanted):
        with pytest.raises(ContractViolation):
            v4.patched(document, media_type, patch)
        return
    try:
        after = v4.patched(document, media_type, patch).body
    except ContractViolation as refusal:
        if "(relationshipType)" not in str(refusal):
            raise
        return  # our rules read it
    assert list(missing(one.in_v4(after), wanted)) == []


@PATCHED
@often
@given(seed=SEEDS)
def test_a_v5_patch_keeps_what_v4_sent_elsewhere(one: Patched, seed: int) -> None:
    document = one.sent_in_v4(seed)
    public = without_complement(document)
    other = without_complement(one.sent_in_v4(seed + 1))
    media_type, patch = a_patch(public, other, seed)
    wanted = apply_patch(media_type, public, patch)
    if one.mistakes("v5", wanted):
        return  # our contract refuses it
    after = one.version("v5").patched(document, media_type, patch).body
    assert without_complement(after) == wanted
    touched, before, shown = {*changed(public, wanted)}, one.in_v4(document), one.in_v4(after)
    named = {name: set(one.api.bridge.lifted_names(one.resource.schema, [name])) for name in before}
    assert [*missing(shown, {name: value for name, value in before.items() if not named[name] & touched})] == []
