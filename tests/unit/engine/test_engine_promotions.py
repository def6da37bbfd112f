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
    again = wording(version, PROMOTING).read(sent)
    assert again.sent(again.body) == sent


@VERSIONS
def test_what_the_extension_may_not_say_is_refused_with_its_pointer(version: Version) -> None:
    assert refused(version, x_channel="web") == [("/x_channel", "WORD_NOT_AGREED", ("shop", "tel"))]
    assert refused(version, x_priority=2) == [("/x_priority", "WORD_NOT_AGREED", ())]
    assert refused(version, x_account="BA1")[0][:2] == ("/x_account", "WORD_NOT_AGREED")
    assert refused(version, x_priority="2", priority="3") == [("/x_priority", "WORD_NOT_AGREED", ())]
    assert translated(version, PROMOTING, an_order(version, x_priority="2", priority="2")).command is not None


@VERSIONS
def test_what_the_extension_cannot_say_is_shown_in_the_attribute_only(version: Version) -> None:
    channel = {"id": "other"} if version is V4 else {"channel": {"id": "other"}}
    words = wording(version, PROMOTING)
    assert words.shown({"channel": [channel]}) == {"channel": [channel]}
    assert "x_channel" not in words.shown({"channel": [channel, channel]})


def patched(version: Version, patch: Any, media_type: str) -> Translation:
    words = wording(version, PROMOTING).read(patch, media_type)
    assert words.sent(words.body) == patch
    rules = version.resource.patch
    assert rules is not None
    sent = a_payload(
        priority="1", channel=[{"@type": "RelatedChannel", "channel": {"@type": "ChannelRef", "id": "web"}}]
    )
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
