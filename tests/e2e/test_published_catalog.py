"""TM Forum's examples of requests for TMF620, sent as they stand; docs/published-examples.md lists them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.product import ROOT, Node, running_product

API = "/tmf-api/productCatalogManagement/v5"
PUBLISHED = ROOT / "fixtures" / "published" / "tmf620" / "v5"
PATCHED = {
    "productCatalog": "102",
    "productOffering": "106",
    "productOfferingPrice": "108",
    "productSpecification": "110",
}
"""The example of each resource that its patches are sent about."""
TABLE = (ROOT / "docs" / "published-examples.md").read_text().partition("## TMF620")[2]
NOT_POSSIBLE = set(re.findall(r"^\| `(\d+)-[^|]*\|[^|]*\| refused \|", TABLE, re.MULTILINE))
"""The examples that the page calls refused."""
SAYS_WHAT_IS_SO = {"10"}
MEDIA_TYPES = {
    "patch-merge": "application/merge-patch+json",
    "implicit": "application/json",
    "json-patch-query": "application/json-patch-query+json",
    "json-patch": "application/json-patch+json",
}
RESOURCES = {
    "product-offering-price": "productOfferingPrice",
    "product-offering": "productOffering",
    "product-specification": "productSpecification",
    "product-catalog": "productCatalog",
    "import-job": "importJob",
    "export-job": "exportJob",
}


@dataclass(frozen=True)
class Sent:
    path: Path

    @property
    def number(self) -> str:
        return self.path.name.partition("-")[0]

    @property
    def resource(self) -> str:
        return next(name for part, name in RESOURCES.items() if part in self.path.name)

    @property
    def media_type(self) -> str:
        return next(
            (media for part, media in MEDIA_TYPES.items() if part in self.path.name), MEDIA_TYPES["patch-merge"]
        )

    @property
    def body(self) -> Any:
        return json.loads(self.path.read_text())


REQUESTS = [
    Sent(path)
    for path in sorted(PUBLISHED.glob("*-request.json"))
    if "event" not in path.name and "category" not in path.name
]
CREATIONS = [one for one in REQUESTS if "create" in one.path.name]
PATCHES = [one for one in REQUESTS if one not in CREATIONS]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("published")) as node:
        yield node


def created(product: Node, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = product.post(f"{API}/{resource}", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.parametrize("one", CREATIONS, ids=lambda one: one.path.name)
def test_a_creation_is_carried_out(product: Node, one: Sent) -> None:
    sent = one.body
    if "id" in sent:  # two of the examples have the same one
        sent["id"] += f" {one.number}"
    shown = created(product, one.resource, sent)
    kept = {name: shown[name] for name in sent if name not in ("href", "lastUpdate", "isBundle")}
    assert kept == {name: sent[name] for name in kept}
    assert str(shown.get("isBundle")).lower() == str(sent.get("isBundle")).lower()


@pytest.mark.parametrize("one", PATCHES, ids=lambda one: one.path.name)
def test_a_patch_makes_a_version_of_the_published_example(product: Node, one: Sent) -> None:
    base = json.loads(next(PUBLISHED.glob(f"{PATCHED[one.resource]}-*")).read_text())
    # What the patches are about: valid until some day, at a place with the id that is removed.
    base |= {
        "validFor": {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2999-01-01T00:00:00Z"},
        "version": "1.0",
    }
    if one.number == "161":
        base["place"] = [{"@type": "PlaceRef", "id": "2807"}]
    made = created(product, one.resource, base | {"id": f"{base['id']} {one.number}"})
    answer = product.request(
        "PATCH",
        f"{API}/{one.resource}/{made['id']}",
        data=json.dumps(one.body),
        headers={"Content-Type": one.media_type},
    )
    if one.number in NOT_POSSIBLE:
        assert answer.status_code == 400, answer.text
        return
    assert answer.status_code == 200, answer.text
    assert (answer.json() | {"href": made["href"]} == made) == (one.number in SAYS_WHAT_IS_SO)
