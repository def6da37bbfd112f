"""Extensions that say what an attribute says: read as it, shown beside it, in both versions."""

from typing import Any

import pytest

from canonical.ordering.states import State
from canonical.shared import jsontext
from facade.app import spec_of
from facade.application.requests import Translation
from facade.contract.classes import ClassCatalog
from facade.contract.violations import ContractViolation
from facade.partners.faults import ProfileFault
from facade.partners.profiles import compile_profile
from facade.tmf.engine.changes import Patch, planned
from facade.tmf.engine.promotions import promoted_patch
from facade.tmf.engine.versions import Version
from facade.tmf.policies import ORDER_ATTRIBUTES, PROMOTABLE
from facade.tmf.tmf622.api import PRODUCT_ORDER, TMF622
from tests.support.builders import an_order_in
from tests.unit.engine.worded import VERSIONS, translated, wording
from tests.unit.tmf622.payloads import ACME, a_payload, party
from tests.unit.tmf622.versions import V4, V5, V5_TASK

CHANNELS = {"shop": "web", "tel": "phone"}
PROMOTING = compile_profile(
    {
        "promoted": {
            "/x_channel": {"to": "salesChannel", "table": CHANNELS},
            "/x_account": {"to": "billingAccount"},
            "/x_priority": {"to": "priority"},
        },
        "ids": {"billingAccounts": {"template": "BK-{id}"}},
        "extensions": {"others": "refuse"},
    },
    "acme@3",
)
MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"


def an_order(version: Version, **changes: Any) -> dict[str, Any]:
    v4 = {"role": "Customer", "@referredType": "Customer", "id": "C12345"}
    return a_payload(relatedParty=[v4 if version is V4 else party()]) | changes


def refused(version: Version, **changes: Any) -> list[tuple[str, str | None, tuple[str, ...]]]:
    with pytest.raises(ContractViolation) as error:
        translated(version, PROMOTING, an_order(version, **changes))
    return [(one.pointer, one.reason, one.allowed) for one in error.value.violations]


def test_what_can_be_promoted_to_is_declared_by_the_resource() -> None:
    assert set(PRODUCT_ORDER.promotable) == set(PROMOTABLE)
    assert V5_TASK.wording(compile_profile({"promoted": {"/x": {"to": "priority"}}})) is None


def test_what_the_contracts_declare_of_orders_is_no_extension() -> None:
    declared: set[str] = set()
    for spoken in TMF622.versions.values():
        schemas = spec_of(spoken.spec)["components"]["schemas"]
        declared |= ClassCatalog(schemas).declared((PRODUCT_ORDER.schema,)).keys()
    assert {name for name in declared if not name.startswith("@")} == ORDER_ATTRIBUTES


@VERSIONS
def test_an_extension_is_read_as_the_attribute_and_shown_beside_it(version: Version) -> None:
    sent = an_order(version, x_channel="tel", x_account="BK-BA1", x_priority="2")
    found = translated(version, PROMOTING, sent)
    assert found.command.markets[-1].channels == ("phone",)
    assert found.command.billing_account_id == "BA1"
    assert found.carried is not None
    assert found.carried["priority"] == "2"
    assert not {"x_channel", "x_account", "x_priority"} & found.carried.keys()
    rules = {(one.source, one.target): one.rule for one in found.trail}
    assert rules["/x_channel", "/markets"].startswith("promoted by profile: x_channel is salesChannel; ")
    assert rules["/x_account", "/billing_account_id"].startswith("promoted by profile: x_account is billingAccount; ")
    assert not {"/channel", "/priority"} & {one.source for one in found.trail}
    document = PRODUCT_ORDER.project(an_order_in(State.ACKNOWLEDGED), found.carried)
    shown = jsontext.read_kept(version.written(document, None, wording(version, PROMOTING)).text)
    assert {name: shown[name] for name in ("x_channel", "x_account", "x_priority")} == {
        "x_channel": "tel", "x_account": "BK-BA1", "x_priority": "2",
    }  # fmt: skip
    for body in (sent, sent | {"priority": "2"}):
        again = wording(version, PROMOTING).read(body)
        assert again.sent(again.body) == body


@VERSIONS
def test_what_the_extension_may_not_say_is_refused_with_its_pointer(version: Version) -> None:
    assert refused(version, x_channel="web") == [("/x_channel", "WORD_NOT_AGREED", ("shop", "tel"))]
    assert refused(version, x_priority=2) == [("/x_priority", "WORD_NOT_AGREED", ())]
    assert refused(version, x_account="BA1")[0][:2] == ("/x_account", "WORD_NOT_AGREED")
    assert refused(version, x_priority="2", priority="3") == [("/x_priority", "WORD_NOT_AGREED", ())]
    assert translated(version, PROMOTING, an_order(version, x_priority="2", priority="2")).command is not None


def test_accounts_of_customers_are_not_told_as_allowed() -> None:
    known = compile_profile({"promoted": {"/x_account": {"to": "billingAccount", "table": {"A-1": "BA1"}}}})
    [wrong] = wording(V5, known).read({"x_account": "A-2"}).promoted.wrong
    assert wrong.allowed == ()


@VERSIONS
def test_what_the_extension_cannot_say_is_shown_in_the_attribute_only(version: Version) -> None:
    channel = {"id": "other"} if version is V4 else {"channel": {"id": "other"}}
    words = wording(version, PROMOTING)
    assert words.shown({"channel": [channel]}) == {"channel": [channel]}
    assert "x_channel" not in words.shown({"channel": [channel, channel]})


def a_channel(name: str) -> dict[str, Any]:
    return {"@type": "RelatedChannel", "role": "sales", "channel": {"@type": "ChannelRef", "id": name}}


def patched(version: Version, patch: Any, media_type: str, **before: Any) -> Translation:
    words = wording(version, PROMOTING).read(patch, media_type)
    assert words.sent(words.body) == patch
    rules = version.resource.patch
    assert rules is not None
    stored = a_payload(priority="1", channel=[a_channel("web")]) | before
    sent = {name: value for name, value in stored.items() if value is not None}
    asked = Patch(media_type, words.body, "", words)
    found = planned(version, rules, asked, an_order_in(State.ACKNOWLEDGED), sent, ACME)
    assert found is not None
    assert found.carried is not None
    return found


@VERSIONS
def test_a_patch_of_the_extension_changes_the_attribute(version: Version) -> None:
    for patch, media_type in (
        ({"x_channel": "tel", "x_priority": None}, MERGE),
        (
            [{"op": "replace", "path": "/x_channel", "value": "tel"}, {"op": "remove", "path": "/x_priority"}],
            JSON_PATCH,
        ),
    ):
        found = patched(version, patch, media_type)
        assert found.carried is not None
        assert found.carried["channel"][0]["channel"]["id"] == "phone"
        assert "priority" not in found.carried
    with pytest.raises(ContractViolation) as error:
        patched(version, [{"op": "test", "path": "/x_channel", "value": "shop"}], JSON_PATCH)
    assert [one.pointer for one in error.value.violations] == ["/0/path"]


SET = ({"x_account": "BK-BA2"}, MERGE), ([{"op": "add", "path": "/x_account", "value": "BK-BA2"}], JSON_PATCH)


@VERSIONS
@pytest.mark.parametrize(("patch", "media_type"), SET, ids=["merge", "operation"])
def test_nothing_of_an_earlier_element_stays(version: Version, patch: Any, media_type: str) -> None:
    earlier = {"@type": "BillingAccountRef", "id": "BA1", "name": "private", "href": "http://crm/BA1", "x_own": 1}
    found = patched(version, patch, media_type, billingAccount=earlier)
    assert found.carried is not None
    assert found.carried["billingAccount"] == {"@type": "BillingAccountRef", "id": "BA2"}


@VERSIONS
@pytest.mark.parametrize(
    ("patch", "media_type", "at"),
    [({"x_channel": "tel"}, MERGE, "/x_channel"), ({"x_channel": None}, MERGE, "/x_channel"),
     ([{"op": "add", "path": "/x_channel", "value": "tel"}], JSON_PATCH, "/0/path"),
     ([{"op": "remove", "path": "/x_channel"}], JSON_PATCH, "/0/path")],
    ids=["merge", "null", "operation", "remove"],
)  # fmt: skip
def test_several_elements_are_not_replaced_by_one(version: Version, patch: Any, media_type: str, at: str) -> None:
    with pytest.raises(ContractViolation) as error:
        patched(version, patch, media_type, channel=[a_channel("web"), a_channel("phone")])
    assert [(one.pointer, one.reason) for one in error.value.violations] == [(at, "WORD_NOT_AGREED")]


@VERSIONS
@pytest.mark.parametrize("verb", ["replace", "add"])
def test_an_extension_in_a_whole_document_is_read_as_the_attribute(version: Version, verb: str) -> None:
    stored = {
        "href": "",
        **PRODUCT_ORDER.project(an_order_in(State.ACKNOWLEDGED), a_payload(channel=[a_channel("web")])),
    }
    shown = version.as_shown(stored)
    words = wording(version, PROMOTING)
    value = {name: member for name, member in shown.items() if name != "channel"} | {"x_channel": "tel"}
    found = patched(version, [{"op": verb, "path": "", "value": value}], JSON_PATCH)
    assert found.carried is not None
    assert "x_channel" not in found.carried
    assert found.carried["channel"][0]["channel"]["id"] == "phone"
    read = words.read([{"op": "test", "path": "", "value": words.shown(shown)}], JSON_PATCH)
    assert read.body == [{"op": "test", "path": "", "value": shown}]
    wrong = words.read([{"op": verb, "path": "", "value": {"x_channel": "web"}}], JSON_PATCH).promoted.wrong
    assert [one.pointer for one in wrong] == ["/0/value/x_channel"]


@VERSIONS
@pytest.mark.parametrize(
    ("patch", "media_type"),
    [({"x_channel": None}, MERGE), ([{"op": "remove", "path": "/x_channel"}], JSON_PATCH)],
    ids=["merge", "operation"],
)
def test_what_was_stored_under_the_name_before_is_removed(version: Version, patch: Any, media_type: str) -> None:
    found = patched(version, patch, media_type, x_channel="old")
    assert found.carried is not None
    assert not {"x_channel", "channel"} & found.carried.keys()
    found = patched(version, patch, media_type, x_channel="old", channel=None)
    assert found.carried is not None
    assert "x_channel" not in found.carried
    found = patched(version, {"x_channel": "tel"}, MERGE, x_channel="old", channel=None)
    assert found.carried is not None
    assert "x_channel" not in found.carried


def test_a_name_is_read_from_the_path_of_an_operation_as_it_is_escaped() -> None:
    rules = wording(V5, compile_profile({"promoted": {"/x~0~1y": {"to": "category"}}})).promoting
    found = promoted_patch([{"op": "add", "path": "/x~0~1y", "value": "a"}], rules)
    assert found.body == [{"op": "add", "path": "/category", "value": "a"}]
    assert promoted_patch([{"op": "add", "path": "/x~0~1y?id=1", "value": "a"}], rules).wrong


def test_entity_tags_change_with_what_is_promoted() -> None:
    other = compile_profile({"promoted": {"/x_channel": {"to": "salesChannel"}}})
    tags = {wording(V5, one).tag for one in (PROMOTING, other)}
    assert len(tags) == 2
    assert "" not in tags


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"x_channel": {"to": "salesChannel"}}, "/promoted/x_channel"),
        ({"/a/b": {"to": "salesChannel"}}, "/promoted/~1a~1b"),
        ({"/description": {"to": "category"}}, "/promoted/~1description"),
        ({"/orderDate": {"to": "category"}}, "/promoted/~1orderDate"),
        ({"/creationDate": {"to": "category"}}, "/promoted/~1creationDate"),
        ({"/x": {"to": "state"}}, "/promoted/~1x/to"),
        ({"/x": {"table": {"a": "b"}}}, "/promoted/~1x"),
        ({"/x": {"to": "priority"}, "/y": {"to": "priority"}}, "/promoted/~1y/to"),
        ({"/x": {"to": "priority", "table": {"a": "1", "b": "1"}}}, "/promoted/~1x/table/b"),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_pointer(said: Any, at: str) -> None:
    with pytest.raises(ProfileFault) as error:
        compile_profile({"promoted": said})
    assert error.value.pointer == at
