"""Null at any attribute of any resource: read as absent, kept where it is a value, or refused; never a crash."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest

from canonical.ordering.states import State
from canonical.shared.errors import CanonicalError
from facade.app import contract_of
from facade.application.requests import Translation
from facade.bootstrap.answers import answer_to
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import versions_of
from facade.contract.nulls import MOST_TOLD, NULL_NOT_AGREED, without_nulls
from facade.contract.pointers import Tokens, pointer
from facade.contract.validator import Checked, Contract
from facade.contract.violations import ContractViolation
from facade.evidence import MOST_PLACES
from facade.partners.profiles import DEFAULT, compile_profile
from facade.security.principal import Principal
from facade.tmf.engine.changes import Patch
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.mapping import LEFT_OUT
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.translations import Translatable, tried
from tests.support.builders import an_order_in
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.tmf622.payloads import ACME, a_payload
from tests.unit.tmf622.versions import V4, V5, plan_of

API = {api.name: api for api in TMF_APIS}
GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden"
NAMES = {"50-every-kind-of-attribute": "category", "80-product": "product"}
REFUSING = compile_profile({"nulls": "refuse"})
EVERYWHERE = ("catalog:publish", "catalog:write", "inventory:correct", "order:create")


def spoken(api: str, version: str, name: str) -> tuple[Version, Contract, str]:
    one = versions_of(API[api], version)[name]
    return one, contract_of(API[api].versions[version].spec), one.resource.operation(Verb.CREATE, version)


def cases() -> Iterator[Any]:
    for version in ("v5", "v4"):
        for path in sorted(GOLDEN.glob(f"tmf6[23]?/{version}/*.request.json")):
            api, stem = path.parts[-3].upper(), path.name.removesuffix(".request.json")
            name = NAMES.get(stem, stem.partition("-")[2])
            if api != "TMF622" and name in versions_of(API[api], version):
                yield pytest.param(api, version, name, json.loads(path.read_text()), id=f"{version}-{stem}")
    order = json.loads((GOLDEN / "tmf622/v5/50-every-kind-of-attribute.request.json").read_text())
    yield pytest.param("TMF622", "v5", "productOrder", order, id="v5-order")
    in_v4 = V5.bridge.lower("ProductOrder", order).body
    yield pytest.param("TMF622", "v4", "productOrder", in_v4, id="v4-order")


def places(value: Any, at: Tokens = ()) -> Iterator[Tokens]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for token, entry in entries:
        if isinstance(value, dict):
            yield (*at, token)
        yield from places(entry, (*at, token))


def changed(body: Any, at: Tokens, *, absent: bool) -> Any:
    copied = copy.deepcopy(body)
    around = copied
    for token in at[:-1]:
        around = around[token]
    if absent:
        del around[at[-1]]
    else:
        around[at[-1]] = None
    return copied


def outcome(version: Version, checked: Checked) -> Any:
    """What becomes of a body: its command, or that it is refused."""
    if checked.violations:
        return "refused"
    principal = Principal("partner-acme", frozenset(EVERYWHERE))
    try:
        with flask.Flask("x").test_request_context():
            translation = ResourceTranslator(version, ReadsFromMemory(Memory())).translate(checked.body, principal)
    except (ContractViolation, CanonicalError):
        return "refused"
    return translation.command, translation.carried


@pytest.mark.parametrize(("api", "version", "name", "body"), list(cases()))
def test_null_is_read_as_absent_wherever_it_cannot_be_a_value(api: str, version: str, name: str, body: Any) -> None:
    one, contract, operation = spoken(api, version, name)
    left_out = 0
    for at in places(body):
        with_null = contract.check_request(operation, changed(body, at, absent=False))
        without = contract.check_request(operation, changed(body, at, absent=True))
        found = outcome(one, with_null)
        if pointer(at) in with_null.nulls:
            left_out += 1
            assert (with_null.body, found) == (without.body, outcome(one, without)), pointer(at)
        elif at[-1] == "@type":
            assert found == outcome(one, without), pointer(at)
        elif with_null.violations:
            assert {one.pointer for one in with_null.violations} & {pointer(at)}, pointer(at)
    assert left_out > len(body) // 2


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_what_only_answers_have_may_be_sent_as_null(version: Version) -> None:
    """Generated clients send every member of their class."""
    body = json.loads((GOLDEN / "tmf622/v5/51-the-least-that-is-needed.request.json").read_text())
    sent = V4.bridge.lower("ProductOrder", body).body if version is V4 else body
    made = "orderDate" if version is V4 else "creationDate"
    nothing = dict.fromkeys(("id", "href", "state", made, "completionDate", "cancellationReason"))
    one, contract, operation = spoken("TMF622", version.name, "productOrder")
    checked = contract.check_request(operation, sent | nothing)
    assert set(checked.nulls) == {f"/{name}" for name in nothing}
    assert outcome(one, checked) == outcome(one, contract.check_request(operation, sent))


def test_the_canonical_api_reads_null_as_absent() -> None:
    contract = contract_of("canonical/v1.yaml")
    body = {"customerId": "C12345", "items": [{"sku": "SKU123", "quantity": None}], "externalIdentifiers": None}
    checked = contract.check_request("placeOrder", body)
    assert (checked.violations, checked.body) == ((), {"customerId": "C12345", "items": [{"sku": "SKU123"}]})
    refused = contract.check_request("placeOrder", body | {"items": None})
    assert [(one.pointer, one.message) for one in refused.violations] == [
        ("/items", "items must be an array, not null.")
    ]


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_a_dry_run_names_nulls_and_refuses_them_by_profile(version: Version) -> None:
    _, contract, operation = spoken("TMF622", version.name, "productOrder")
    body = json.loads((GOLDEN / "tmf622/v5/51-the-least-that-is-needed.request.json").read_text())
    body = V4.bridge.lower("ProductOrder", body).body if version is V4 else body
    translatable = Translatable(contract, ResourceTranslator(version, ReadsFromMemory(Memory())))
    principal = Principal("partner-acme", frozenset(EVERYWHERE))
    with flask.Flask("x").test_request_context():
        found = tried(translatable, operation, body | {"note": None}, principal, answer_to)
        assert found["accepted"]
        assert {"pointer": "/note", "rule": "nullAsAbsent", "understood": "absent"} in found["leniencies"]
        found = tried(translatable, operation, body | {"note": None}, replace(principal, profile=REFUSING), answer_to)
    assert [(one["pointer"], one["reason"]) for one in found["errors"]] == [("/note", NULL_NOT_AGREED)]


# --- patches ----------------------------------------------------------------------------------------------------------

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
SENT = a_payload(
    description="old",
    note=[{"@type": "Note", "text": "hello", "author": "me"}],
    billingAccount={"@type": "BillingAccountRef", "id": "BA1", "name": "mine"},
)


def patched(version: Version, patch: Any, media_type: str, profile: Any = DEFAULT) -> Translation | None:
    operation = version.resource.operation(Verb.PATCH, version.name)
    checked = contract_of(API["TMF622"].versions[version.name].spec).check_request(operation, patch, media_type)
    assert not checked.violations
    sender = replace(ACME, refuses_nulls=profile is REFUSING)
    asked = Patch(media_type, checked.body, "/productOrder/1", nulls=checked.nulls)
    return plan_of(asked, an_order_in(State.ACKNOWLEDGED), SENT, version, sender)


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_null_in_a_merge_patch_removes_at_every_level(version: Version) -> None:
    account = {"@type": "BillingAccountRef", "id": "BA1", "name": None}
    found = patched(version, {"description": None, "billingAccount": account}, MERGE)
    assert found is not None
    assert found.carried is not None
    assert "description" not in found.carried
    assert found.carried["billingAccount"] == {"@type": "BillingAccountRef", "id": "BA1"}
    assert [one for one in found.trail if one.rule == LEFT_OUT] == []


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
@pytest.mark.parametrize(
    ("patch", "media_type"),
    [
        ({"note": [{"text": "new", "author": None}]}, MERGE),
        ([{"op": "replace", "path": "/note/0", "value": {"text": "new", "author": None}}], JSON_PATCH),
        ([{"op": "replace", "path": "/note/0/text", "value": "new"},
          {"op": "replace", "path": "/note/0/author", "value": None}], JSON_PATCH),
    ],
    ids=["merge", "value", "operation"],
)  # fmt: skip
def test_null_in_what_a_patch_writes_is_read_as_absent(version: Version, patch: Any, media_type: str) -> None:
    found = patched(version, patch, media_type)
    assert found is not None
    assert found.carried is not None
    [note] = found.carried["note"]
    assert {name: value for name, value in note.items() if name != "@type"} == {"text": "new"}
    assert [one.source for one in found.trail if one.rule == LEFT_OUT] == ["/note/0/author"]


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_null_by_a_json_patch_at_any_attribute_is_removal_or_refusal(version: Version) -> None:
    for name in SENT:
        outcomes = []
        for operation in ({"op": "replace", "value": None}, {"op": "remove"}):
            try:
                found = patched(version, [operation | {"path": f"/{name}"}], JSON_PATCH)
                outcomes.append(found and (found.command, found.carried))
            except (ContractViolation, CanonicalError):
                outcomes.append(None)
        assert outcomes[0] == outcomes[1], name


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_a_patch_with_nulls_is_refused_by_profile_unless_it_removes_by_them(version: Version) -> None:
    assert patched(version, {"description": None}, MERGE, REFUSING)
    with pytest.raises(ContractViolation) as refused:
        patched(version, [{"op": "replace", "path": "/note/0/author", "value": None}], JSON_PATCH, REFUSING)
    assert [(one.pointer, one.reason) for one in refused.value.violations] == [("/note/0/author", NULL_NOT_AGREED)]


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_a_patch_with_thousands_of_nulls_is_read_in_one_walk_and_names_a_hundred(version: Version) -> None:
    """One walk for each null would copy 100 million elements."""
    notes = [{"text": f"n{number}", "author": None, "date": None, "id": None} for number in range(6_000)]
    found = patched(version, [{"op": "add", "path": "/note", "value": notes}], JSON_PATCH)
    assert found is not None
    assert found.carried is not None
    assert [one["text"] for one in found.carried["note"]] == [one["text"] for one in notes]
    assert not any({"author", "date", "id"} & one.keys() for one in found.carried["note"])
    assert len([one for one in found.trail if one.rule == LEFT_OUT]) == MOST_PLACES
    with pytest.raises(ContractViolation) as refused:
        patched(version, [{"op": "add", "path": "/note", "value": notes}], JSON_PATCH, REFUSING)
    assert len(refused.value.violations) == MOST_TOLD


def test_members_are_left_out_wherever_they_stand() -> None:
    body: Any = {"a": None, "b~/c": [{"d": None, "e": 1}, 2, [{"f": None}]], "g": {"h": {"i": None}}, "j": [{}]}
    assert without_nulls(body, ["/a", "/b~0~1c/0/d", "/b~0~1c/2/0/f", "/g/h/i"]) == {
        "b~/c": [{"e": 1}, 2, [{}]], "g": {"h": {}}, "j": [{}],
    }  # fmt: skip
    assert body["a"] is None
