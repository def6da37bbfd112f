"""Clients that write for one version and call the other are told so."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canonical.shared import jsontext
from facade.bootstrap.apis import other_forms
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import notifications_of, versions_of
from facade.contract.violations import ContractViolation
from facade.tmf.engine.versions import Version
from facade.tmf.query.attributes import Names, SchemaAttributes

PUBLISHED = Path(__file__).parents[3] / "fixtures" / "published"
FORMS = other_forms()
BASE = "/tmf-api/productOrderingManagement"
DEPTH = 3
PAIRS = [
    pytest.param(
        versions_of(api, name)[resource.name], versions_of(api, other)[resource.name], id=f"{name}-{resource.name}"
    )
    for api in TMF_APIS
    for resource in api.resources
    for name, other in (("v4", "v5"), ("v5", "v4"))
]


def refused(find: Any, path: str) -> str | None:
    with pytest.raises(ContractViolation) as raised:
        find("p", tuple(path.split(".")))
    return raised.value.violations[0].hint


def paths(attributes: SchemaAttributes, names: Names = ()) -> Iterator[Names]:
    for member in attributes.members(names):
        yield (*names, member)
        if len(names) + 1 < DEPTH:
            yield from paths(attributes, (*names, member))


@pytest.mark.parametrize(
    ("version", "path", "hint"),
    [
        ("v5", "orderDate", "did you mean `creationDate`? v4 names it `orderDate`"),
        ("v4", "creationDate", "did you mean `orderDate`? v5 names it `creationDate`"),
        ("v5", "relatedParty.id", "did you mean `relatedParty.partyOrPartyRole.id`? v4 names it `relatedParty.id`"),
        ("v4", "productOrderErrorMessage.code", "v5 has this attribute, v4 has not"),
        ("v4", "stat", "did you mean `state`?"),
    ],
)
def test_a_name_of_the_other_version_is_told_by_the_bridge(version: str, path: str, hint: str) -> None:
    found = versions_of(TMF_APIS[1], version)["productOrder"]
    assert refused(found.searchable.find, path) == hint
    assert refused(found.selectable.known, path) == hint


@pytest.mark.parametrize(
    ("version", "path", "hint"),
    [
        ("v5", "event.productOrder.orderDate", "did you mean `event.productOrder.creationDate`?"),
        ("v4", "event.productOrder.creationDate", "did you mean `event.productOrder.orderDate`?"),
    ],
)
def test_so_is_one_in_the_query_of_a_listener(version: str, path: str, hint: str) -> None:
    assert (refused(notifications_of(TMF_APIS[1], version).find, path) or "").startswith(hint)


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_no_hint_goes_by_spelling_where_the_other_version_has_the_name(here: Version, there: Version) -> None:
    for names in paths(there.selectable):
        if not here.selectable.has(names):
            hint = refused(here.selectable.known, ".".join(names)) or ""
            assert f"{there.name} names it `{'.'.join(names)}`" in hint or hint.startswith(f"{there.name} has this")
            if "`?" in hint:
                assert here.selectable.has(tuple(hint.partition("`")[2].partition("`")[0].split(".")))


def bodies(api: str, version: str) -> Iterator[Any]:
    for path in sorted((PUBLISHED / api.lower() / version).glob("*.json")):
        content = json.loads(path.read_bytes())
        yield from (one for one in (content if isinstance(content, list) else [content]) if isinstance(one, dict))


@pytest.mark.parametrize("version", ["v4", "v5"])
@pytest.mark.parametrize("api", TMF_APIS, ids=lambda api: api.name)
def test_no_published_body_is_taken_for_the_other_versions(api: Any, version: str) -> None:
    forms = set()
    for body in bodies(api.name, version):
        for resource in api.resources:
            if body.get("@type") in (resource.schema, resource.schema_in("v4")) and "eventType" not in body:
                forms.add(api.bridge.form_of(resource.schema, body))
    assert version in forms or not forms
    assert forms <= {version, None}


V4_ORDER = {"relatedParty": [{"id": "C12345", "role": "Customer", "@referredType": "Customer"}]}
V5_ORDER = {"relatedParty": [{"role": "Customer", "partyOrPartyRole": {"id": "C12345", "@type": "PartyRef"}}]}


@pytest.mark.parametrize("path", [f"{BASE}/v4/productOrder", f"{BASE}/v4/productOrder/1"])
def test_a_v5_body_on_v4_is_told_in_one_sentence(path: str) -> None:
    assert FORMS.told(path, jsontext.write(V5_ORDER)) == (
        "The body is written for v5, and this address takes v4: translate it, or send it to "
        "/tmf-api/productOrderingManagement/v5/productOrder."
    )
    assert FORMS.told(path, jsontext.write(V4_ORDER)) is None


@pytest.mark.parametrize("base", [f"{BASE}/v5", "/tmf-api/productOrdering/v5", "/tmf/v5/productOrdering"])
def test_a_v4_body_on_v5_is_told_in_one_sentence(base: str) -> None:
    told = FORMS.told(f"{base}/productOrder", jsontext.write(V4_ORDER)) or ""
    assert told.startswith("The body is written for v4, and this address takes v5: ")
    assert told.endswith(f"{BASE}/v4/productOrder.")


BOTH = V4_ORDER | {"externalId": [{"id": "PO-1"}]}


@pytest.mark.parametrize("body", [None, b"", b"{", b"[]", b"1", b'{"a":1}', jsontext.write(BOTH)])
def test_a_body_that_tells_no_version_is_not_told(body: bytes | None) -> None:
    for version in ("v4", "v5"):
        assert FORMS.told(f"{BASE}/{version}/productOrder", body) is None
