"""Attributes that no schema declares: named where they are carried, refused where a profile says so."""

from dataclasses import replace
from typing import Any

import flask
import pytest

from canonical.ordering.states import State
from facade.application.requests import Result, Translation
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import versions_of
from facade.contract.violations import ContractViolation, Violation
from facade.evidence import MOST_PLACES
from facade.partners.extensions import EXTENSION_NOT_AGREED
from facade.partners.profiles import DEFAULT, Profile, compile_profile
from facade.security.principal import Principal
from facade.tmf.engine.changes import Patch
from facade.tmf.engine.extensions import HEADER, LONGEST, MOST_REFUSED, RECORD, headers_of
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from tests.support.builders import an_order_in
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.tmf622.payloads import ACME, a_payload, an_item, party
from tests.unit.tmf622.versions import V4, V5, plan_of

API = {api.name: api for api in TMF_APIS}
V4_PARTY = {"role": "Customer", "@referredType": "Customer", "id": "C12345"}
REFUSING = compile_profile({"extensions": {"allowed": ["campaign", "/note/*/x_tone"], "others": "refuse"}})
VERSIONS = pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])


def translated(version: Version, body: Any, profile: Profile = DEFAULT) -> Translation:
    principal = Principal("partner-acme", frozenset({"catalog:publish"}), profile=profile)
    with flask.Flask("x").test_request_context():
        return ResourceTranslator(version, ReadsFromMemory(Memory())).translate(body, principal)


def carried(translation: Translation) -> list[str]:
    return [one.source for one in translation.trail if one.rule == "carried: no schema declares it"]


def refused(version: Version, body: Any, profile: Profile = REFUSING) -> list[Violation]:
    with pytest.raises(ContractViolation) as error:
        translated(version, body, profile)
    return list(error.value.violations)


def an_order(version: Version, **changes: Any) -> dict[str, Any]:
    parties = {"relatedParty": [V4_PARTY if version is V4 else party()]}
    return a_payload(**parties) | changes


@VERSIONS
def test_an_extension_is_named_at_every_level(version: Version) -> None:
    inner = an_item(id="2", x_inner={"any": ["thing"]})
    item = an_item(x_item=1, product={"x_product": 1}, productOrderItem=[inner])
    note = {"@type": "Note", "text": "hello", "x_tone": "friendly"}
    found = translated(version, an_order(version, discount={"percent": 50}, note=[note], productOrderItem=[item]))
    places = [
        *("/discount", "/note/0/x_tone", "/productOrderItem/0/x_item", "/productOrderItem/0/product/x_product"),
        "/productOrderItem/0/productOrderItem/0/x_inner",
    ]
    assert sorted(carried(found)) == sorted(places)
    assert sorted(found.headers[HEADER].split(", ")) == sorted(places)
    assert {one.target for one in found.trail if one.source == "/discount"} == {"/carried/discount"}


@VERSIONS
def test_an_order_without_extensions_names_none(version: Version) -> None:
    found = translated(version, an_order(version, description="plain", note=[{"@type": "Note", "text": "hello"}]))
    assert (carried(found), dict(found.headers)) == ([], {})


def test_what_v4_understands_by_its_name_in_v5_is_not_called_carried() -> None:
    found = translated(V4, an_order(V4, relatedParty=[party()]))
    assert (carried(found), dict(found.headers)) == ([], {})


@VERSIONS
def test_a_profile_refuses_what_it_does_not_allow(version: Version) -> None:
    note = {"@type": "Note", "text": "hello", "x_tone": "friendly"}
    allowed = an_order(version, campaign="spring", note=[note], productOrderItem=[an_item(campaign=1)])
    assert translated(version, allowed, REFUSING).command is not None
    [wrong] = refused(version, an_order(version, discount={"percent": 50}))
    assert (wrong.pointer, wrong.reason) == ("/discount", EXTENSION_NOT_AGREED)
    assert wrong.allowed == ("campaign", "/note/*/x_tone")
    found = refused(version, an_order(version, x_tone=1, productOrderItem=[an_item(x_item=1)]))
    assert {one.pointer for one in found} == {"/x_tone", "/productOrderItem/0/x_item"}


def many(version: Version, **last: Any) -> dict[str, Any]:
    """An order with more extensions than are told, all of them allowed but that of the last item."""
    items = [an_item(id=str(number), campaign=1) for number in range(MOST_PLACES)]
    return an_order(version, productOrderItem=[*items, an_item(id="last", **last)])


@VERSIONS
def test_rules_count_for_every_extension_and_a_hundred_are_told(version: Version) -> None:
    place = f"/productOrderItem/{MOST_PLACES}/x_secret"
    assert [one.pointer for one in refused(version, many(version, x_secret=1))] == [place]
    assert len(carried(translated(version, many(version, campaign=1), REFUSING))) == MOST_PLACES
    assert len(refused(version, {**many(version), **{f"x_{number}": 1 for number in range(99)}})) == MOST_REFUSED


@pytest.mark.parametrize(
    ("api", "resource", "body"),
    [
        ("TMF620", "category", {"name": "Fibre"}),
        ("TMF620", "productOffering", {"name": "Fibre"}),
        ("TMF637", "product", {"name": "Fibre", "status": "active"}),
    ],
)
@pytest.mark.parametrize("spoken", ["v5", "v4"])
def test_every_api_names_and_refuses_extensions(api: str, resource: str, body: Any, spoken: str) -> None:
    version = versions_of(API[api], spoken)[resource]
    assert carried(translated(version, body | {"x_shelf": [1, 2]})) == ["/x_shelf"]
    assert [one.pointer for one in refused(version, body | {"x_shelf": [1, 2]})] == ["/x_shelf"]


# --- patches ----------------------------------------------------------------------------------------------------------


def patched(version: Version, patch: Any, profile: Profile = DEFAULT, media_type: str = "") -> Translation:
    order = an_order_in(State.ACKNOWLEDGED)
    sent = a_payload(x_old="kept", note=[{"@type": "Note", "text": "hello", "x_old": 1}])
    sender = replace(ACME, extensions=profile.extensions)
    asked = Patch(media_type or "application/merge-patch+json", patch, "/productOrder/1")
    found = plan_of(asked, order, sent, version, sender)
    assert found is not None
    return found


@VERSIONS
def test_a_patch_names_the_extensions_that_it_makes_or_changes(version: Version) -> None:
    assert patched(version, {"description": "new"}).headers == {}
    assert patched(version, {"x_new": 1}).headers[HEADER] == "/x_new"
    assert carried(patched(version, {"x_new": 1, "x_old": "other"})) == ["/x_old", "/x_new"]
    true = {"@type": "Note", "text": "hello", "x_old": True}  # equal to 1 in Python, and not in JSON
    assert carried(patched(version, {"note": [true]})) == ["/note/0/x_old"]
    operations = [{"op": "add", "path": "/note/0/x_tone", "value": "friendly"}]
    found = patched(version, operations, media_type="application/json-patch+json")
    assert carried(found) == ["/note/0/x_tone"]


@VERSIONS
def test_a_patch_may_leave_what_was_stored_before_and_add_only_what_is_agreed(version: Version) -> None:
    assert patched(version, {"description": "new"}, REFUSING)
    assert patched(version, {"x_old": None}, REFUSING)
    assert patched(version, {"campaign": "spring"}, REFUSING)
    with pytest.raises(ContractViolation) as error:
        patched(version, {"x_new": 1}, REFUSING)
    assert [(one.pointer, one.reason) for one in error.value.violations] == [("/x_new", EXTENSION_NOT_AGREED)]


# --- the answer -------------------------------------------------------------------------------------------------------


def test_the_header_leads_to_the_audit_record_and_is_bounded() -> None:
    names = {f"x_{index}_ü\n" + "y" * 40: index for index in range(90)}
    [listed] = translated(V5, an_order(V5, **names)).headers.values()
    assert len(listed) <= LONGEST
    assert listed.isascii()
    assert listed.isprintable()
    assert listed.endswith(", ...")
    told = headers_of(Result("1", {"record": "7", "headers": {HEADER: "/x"}}))
    assert told == {HEADER: "/x", RECORD: "/api/v1/audit-records/7"}
    assert headers_of(Result("1", {"record": "7"})) == {}
