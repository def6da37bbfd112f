from decimal import Decimal
from typing import Any

import pytest

from facade.tmf.bridge import Bridged, Kind, NotVisible
from facade.tmf.tmf622.v4 import BRIDGE


def order(**attributes: Any) -> dict[str, Any]:
    return {"productOrderItem": [{"id": "1", "action": "add"}], **attributes}


def item(**attributes: Any) -> dict[str, Any]:
    return {"productOrderItem": [{"id": "1", "action": "add", **attributes}]}


def product(**attributes: Any) -> dict[str, Any]:
    return item(product={"isBundle": False, **attributes})


def lifted(body: dict[str, Any]) -> Any:
    return BRIDGE.lift("ProductOrder", body).body


def lowered(body: dict[str, Any]) -> Any:
    return BRIDGE.lower("ProductOrder", body).body


def lifted_product(**attributes: Any) -> Any:
    return lifted(product(**attributes))["productOrderItem"][0]["product"]


def report(bridged: Bridged) -> list[tuple[str, Kind]]:
    return [(loss.pointer, loss.kind) for loss in bridged.losses]


def test_the_external_id_is_an_identifier_without_owner_and_type() -> None:
    identifier = {"@type": "ExternalIdentifier", "id": "7"}
    assert lifted(order(externalId="7"))["externalId"] == [identifier]
    assert lowered({"externalId": [{"id": "1", "owner": "x"}, identifier]})["externalId"] == "7"


def test_other_identifiers_are_reported_lost() -> None:
    bridged = BRIDGE.lower("ProductOrder", {"externalId": [{"id": "1", "owner": "x"}, {"id": "2", "owner": "y"}]})
    assert bridged.body == {"externalId": "1"}
    assert report(bridged) == [("/externalId/1", Kind.LOST), ("/externalId/0/owner", Kind.LOST)]
    assert BRIDGE.lower("ProductOrder", {"externalId": []}).body == {}


def test_a_merge_patch_removes_by_null_in_both_versions() -> None:
    removal = {"externalId": None, "relatedParty": None, "billingAccount": None}
    assert lifted(removal) == {**removal, "@type": "ProductOrder"}
    assert lowered(removal) == removal


@pytest.mark.parametrize(
    ("referred", "inner"),
    [("Individual", "PartyRef"), ("Organization", "PartyRef"), ("Customer", "PartyRoleRef"), (None, "PartyRef")],
)
def test_a_party_is_wrapped_as_party_or_role(referred: str | None, inner: str) -> None:
    sent = {"id": "c", "role": "Buyer", **({"@referredType": referred} if referred else {})}
    [party] = lifted(order(relatedParty=[sent]))["relatedParty"]
    assert party["@type"] == "RelatedPartyRefOrPartyRoleRef"
    assert party["role"] == "Buyer"
    assert party["partyOrPartyRole"]["@type"] == inner


def test_a_customer_without_a_role_plays_the_customer() -> None:
    bridged = BRIDGE.lift("ProductOrder", order(relatedParty=[{"id": "c", "@referredType": "Customer"}]))
    assert bridged.body["relatedParty"][0]["role"] == "Customer"
    assert report(bridged) == [("/relatedParty/0/role", Kind.DEFAULTED)]


def test_the_class_of_a_party_sent_as_type_becomes_its_referred_type() -> None:
    [party] = lifted(order(relatedParty=[{"id": "c", "role": "x", "@type": "Organization"}]))["relatedParty"]
    assert party["partyOrPartyRole"] == {"id": "c", "@referredType": "Organization", "@type": "PartyRef"}


def test_a_party_by_value_shrinks_to_a_reference() -> None:
    person = {"@type": "Individual", "id": "p", "name": "Ann", "familyName": "Lee"}
    bridged = BRIDGE.lower("ProductOrder", {"relatedParty": [{"role": "Buyer", "partyOrPartyRole": person}]})
    [party] = bridged.body["relatedParty"]
    assert party == {"role": "Buyer", "id": "p", "name": "Ann", "@referredType": "Individual"}
    assert ("/relatedParty/0/partyOrPartyRole/familyName", Kind.LOST) in report(bridged)


def test_a_party_without_id_cannot_be_shown() -> None:
    party = {"role": "x", "partyOrPartyRole": {"@type": "Organization"}}
    bridged = BRIDGE.lower("ProductOrder", {"relatedParty": [party]})
    assert bridged.body["relatedParty"] == []
    assert report(bridged) == [("/relatedParty/0", Kind.LOST)]


def test_a_channel_is_wrapped() -> None:
    [channel] = lifted(order(channel=[{"id": "1", "name": "Web", "role": "sales"}]))["channel"]
    inner = {"id": "1", "name": "Web", "@type": "ChannelRef"}
    assert channel == {"role": "sales", "@type": "RelatedChannel", "channel": inner}


def test_a_place_is_a_reference_or_an_address() -> None:
    first, second = lifted_product(place=[{"id": "1", "role": "at"}, {"role": "at", "city": "Ulm"}])["place"]
    assert first["place"] == {"id": "1", "@type": "PlaceRef"}
    assert second["place"] == {"city": "Ulm", "@type": "GeographicAddress"}


def test_a_place_already_written_as_in_v5_is_understood() -> None:
    bridged = BRIDGE.lift("ProductOrder", product(place=[{"role": "at", "place": {"id": "1"}}]))
    [place] = bridged.body["productOrderItem"][0]["product"]["place"]
    assert place == {"role": "at", "place": {"id": "1", "@type": "PlaceRef"}, "@type": "RelatedPlaceRefOrValue"}
    assert report(bridged) == [("/productOrderItem/0/product/place/0/place", Kind.RESHAPED)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "String"), (True, "Boolean"), (1, "Integer"), (Decimal("1.5"), "Number"),
        (2**53, "Number"), (Decimal("2.0"), "Number"), (2**53 - 1, "Integer"), ({"a": 1}, "Object"), (None, ""),
        (["x"], "StringArray"), ([True], "BooleanArray"), ([1, 2], "IntegerArray"),
        ([1, Decimal("2.5")], "NumberArray"), ([1, 2**65], "NumberArray"),
        ([{}], "ObjectArray"), ([], "ObjectArray"), ([1, "x"], ""), ([[1]], ""), ([None], ""),
    ],
)  # fmt: skip
def test_a_characteristic_is_typed_by_its_value(value: Any, kind: str) -> None:
    [characteristic] = lifted_product(productCharacteristic=[{"name": "n", "value": value}])["productCharacteristic"]
    assert characteristic == {"name": "n", "value": value, "@type": f"{kind}Characteristic"}
    shown = lowered(lifted(product(productCharacteristic=[{"name": "n", "value": value}])))
    assert shown["productOrderItem"][0]["product"]["productCharacteristic"] == [
        {"name": "n", "value": value, "@type": "Characteristic"}
    ]


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ({"amount": 12, "units": "month"}, {"amount": 12, "units": "month"}),
        ({"amount": Decimal("12.0"), "units": "month"}, {"amount": 12, "units": "month"}),
        ({"amount": Decimal("1.5"), "units": "year"}, {"amount": 18, "units": "month"}),
        ({"amount": Decimal("0.5"), "units": "Days"}, {"amount": 12, "units": "hour"}),
        ({"amount": Decimal("0.3333333333333333"), "units": "hours"}, {"amount": 20, "units": "minute"}),
        (
            {"amount": Decimal(f"{'1' * 40}.5"), "units": "hours"},
            {"amount": 60 * int("1" * 40) + 30, "units": "minute"},
        ),
    ],
)
def test_a_duration_is_made_whole(sent: dict[str, Any], understood: dict[str, Any]) -> None:
    assert lifted_product(productTerm=[{"duration": sent}])["productTerm"][0]["duration"] == understood


def test_a_whole_duration_is_not_reported() -> None:
    for sent in ({"amount": Decimal("12.0"), "units": "month"}, {"amount": Decimal("1E+1")}):
        assert report(BRIDGE.lift("ProductOrder", product(productTerm=[{"duration": sent}]))) == []


@pytest.mark.parametrize("amount", ["1.5", "1E-300"])
def test_a_duration_that_cannot_be_made_whole_stays_as_it_is(amount: str) -> None:
    sent = {"amount": Decimal(amount), "units": "month"}
    assert lifted_product(productTerm=[{"duration": sent}])["productTerm"][0]["duration"] == sent


def test_a_related_product_is_hoisted_and_put_back() -> None:
    relation = {"relationshipType": "bundles", "product": {"id": "7", "name": "n"}}
    [related] = lifted_product(productRelationship=[relation])["productRelationship"]
    assert related == {"relationshipType": "bundles", "id": "7", "name": "n", "@type": "ProductRelationship"}
    [again] = lowered(lifted(product(productRelationship=[relation])))["productOrderItem"][0]["product"][
        "productRelationship"
    ]
    assert again["product"] == {"id": "7", "name": "n", "@type": "ProductRef"}


def test_what_a_related_product_says_beyond_its_name_rides_along() -> None:
    relation = {"relationshipType": "bundles", "product": {"id": "7", "agreement": [{"id": "a"}]}}
    [related] = lifted_product(productRelationship=[relation])["productRelationship"]
    assert related["id"] == "7"
    assert related["product"]["agreementItem"] == [{"agreementId": "a", "@type": "AgreementItemRef"}]


def test_a_product_is_a_reference_when_it_shows_nothing_else() -> None:
    body = lifted(item(product={"id": "7", "@referredType": "Mobile"}))
    assert body["productOrderItem"][0]["product"]["@type"] == "ProductRef"
    assert lifted_product(name="x")["@type"] == "Product"
    assert lifted_product(**{"@type": "UNI"})["@type"] == "UNI"


def test_the_class_of_the_target_moves_to_the_referred_type() -> None:
    bridged = BRIDGE.lift("ProductOrder", order(billingAccount={"id": "1", "@type": "BillingAccount"}))
    account = {"id": "1", "@type": "BillingAccountRef", "@referredType": "BillingAccount"}
    assert bridged.body["billingAccount"] == account
    assert report(bridged) == [
        ("/billingAccount/@type", Kind.RESHAPED),
        ("/billingAccount/@referredType", Kind.DEFAULTED),
    ]


def test_change_is_understood_as_modify() -> None:
    related = lifted_product(
        productOrderItem=[{"productOrderId": "1", "orderItemId": "2", "orderItemAction": "change"}]
    )
    [order_item] = related["productOrderItem"]
    assert order_item["orderId"] == "1"
    assert order_item["orderItemAction"] == "modify"


def test_extensions_ride_along_untouched() -> None:
    extended = order(colour={"deep": [1]}, **{"x/y": None})
    assert lifted(extended)["colour"] is extended["colour"]
    assert lowered(lifted(extended))["colour"] == {"deep": [1]}
    assert lifted(extended)["x/y"] is None


def test_drafts_are_not_visible() -> None:
    with pytest.raises(NotVisible):
        BRIDGE.lower("ProductOrder", {"state": "draft"})


def test_states_that_v4_lacks_are_shown_as_their_nearest() -> None:
    assert lowered({"state": "inProgress.accepted"})["state"] == "inProgress"
    items = [{"id": "1", "state": "partial"}]
    assert lowered({"state": "inProgress", "productOrderItem": items})["productOrderItem"][0]["state"] == "inProgress"
    assert lowered({"state": "partial", "productOrderItem": items})["productOrderItem"][0]["state"] == "failed"
    assert BRIDGE.lower("CancelProductOrder", {"state": "rejected"}).body == {"state": "done"}


def test_what_only_v5_has_is_dropped_and_reported() -> None:
    bridged = BRIDGE.lower("ProductOrder", {"id": "1", "productOrderMilestone": [{"id": "m"}]})
    assert bridged.body == {"id": "1"}
    [loss] = bridged.losses
    assert loss.as_document() == {
        "pointer": "/productOrderMilestone",
        "kind": "lost",
        "reason": "v4 has no such attribute",
        "value": [{"id": "m"}],
    }


def test_an_event_is_spelled_and_named_as_its_version_does() -> None:
    event = {
        "eventType": "ProductOrderStateChangeEvent",
        "timeOccurred": "2026-05-03T08:00:00Z",
        "@type": "ProductOrderStateChangeEvent",
        "@baseType": "Event",
        "source": {"id": "1"},
        "event": {"productOrder": {"@type": "ProductOrder", "id": "1", "creationDate": "2026-05-03T08:00:00Z"}},
    }
    bridged = BRIDGE.lower("Event", event)
    assert bridged.body == {
        "eventType": "ProductOrderStateChangeEvent",
        "timeOcurred": "2026-05-03T08:00:00Z",
        "event": {"productOrder": {"@type": "ProductOrder", "id": "1", "orderDate": "2026-05-03T08:00:00Z"}},
    }
    assert report(bridged) == [("/source", Kind.LOST)]
    assert BRIDGE.lift("Event", bridged.body).body == {name: value for name, value in event.items() if name != "source"}


def test_information_required_is_a_field_path_in_v4() -> None:
    event = {
        "eventType": "CancelProductOrderInformationRequiredEvent",
        "event": {
            "cancelProductOrder": {"id": "1", "@type": "CancelProductOrderRef"},
            "informationRequired": {"op": "add", "path": "cancellationReason"},
        },
    }
    shown = BRIDGE.lower("Event", event).body
    assert shown["fieldPath"] == "cancellationReason"
    assert shown["event"] == {"cancelProductOrder": {"id": "1", "@type": "CancelProductOrderRef"}}
    v4 = {**shown, "event": {"cancelProductOrder": {"id": "1", "state": "done"}}}
    again = BRIDGE.lift("Event", v4).body["event"]
    assert again["informationRequired"] == {"op": "add", "path": "cancellationReason"}
    assert again["cancelProductOrder"] == {"id": "1", "@type": "CancelProductOrderRef"}


def test_the_misspelt_payload_of_a_cancellation_is_read() -> None:
    event = {"eventType": "CancelProductOrderStateChangeEvent", "event": {"canccelProductOrder": {"id": "1"}}}
    assert BRIDGE.lower("Event", event).body["event"] == {"cancelProductOrder": {"id": "1"}}


def test_events_about_what_v4_lacks_are_not_visible() -> None:
    with pytest.raises(NotVisible):
        BRIDGE.lower("Event", {"eventType": "ProductOrderMilestoneEvent"})


def test_errors_and_subscriptions_get_their_class() -> None:
    assert BRIDGE.lift("Error", {"code": "x"}).body == {"code": "x", "@type": "Error"}
    assert BRIDGE.lift("Hub", {"callback": "https://c"}).body == {"callback": "https://c", "@type": "Hub"}
    assert BRIDGE.lower("Hub", {"id": "1", "callback": "https://c", "@type": "Hub"}).body == {
        "id": "1",
        "callback": "https://c",
    }
