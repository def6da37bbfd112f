from typing import Any

import pytest

from facade.contract.pointers import pointer, tokens_of
from facade.contract.violations import ContractViolation
from facade.tmf.tmf622.v4 import BRIDGE

PRODUCT = "productOrderItem.product"
PATHS = [
    ("state", "state"),
    ("orderDate", "creationDate"),
    ("externalId", "externalId.id"),
    ("relatedParty.id", "relatedParty.partyOrPartyRole.id"),
    ("relatedParty.@referredType", "relatedParty.partyOrPartyRole.@referredType"),
    ("relatedParty.role", "relatedParty.role"),
    ("channel.name", "channel.channel.name"),
    (f"{PRODUCT}.place.id", f"{PRODUCT}.place.place.id"),
    (f"{PRODUCT}.place.role", f"{PRODUCT}.place.role"),
    (f"{PRODUCT}.orderDate", f"{PRODUCT}.orderDate"),
    (f"{PRODUCT}.agreement.id", f"{PRODUCT}.agreementItem.agreementId"),
    (f"{PRODUCT}.productOrderItem.productOrderId", f"{PRODUCT}.productOrderItem.orderId"),
    (f"{PRODUCT}.productPrice.productPriceAlteration.name", f"{PRODUCT}.productPrice.priceAlteration.name"),
    (f"{PRODUCT}.productCharacteristic.value", f"{PRODUCT}.productCharacteristic.value"),
    (f"{PRODUCT}.productRelationship.product.id", f"{PRODUCT}.productRelationship.id"),
    ("productOrderItem.quoteItem.id", "productOrderItem.quoteItem.quoteItemId"),
    ("productOrderItem.productOrderItem.product.product.place.id",
     "productOrderItem.productOrderItem.product.product.place.place.id"),
    ("colour.deep", "colour.deep"),
]  # fmt: skip


@pytest.mark.parametrize(("v4", "v5"), PATHS)
def test_a_path_leads_to_the_same_attribute_in_both_versions(v4: str, v5: str) -> None:
    assert BRIDGE.lift_path("ProductOrder", v4) == v5
    assert BRIDGE.lower_pointer("ProductOrder", f"/{v5.replace('.', '/')}") == f"/{v4.replace('.', '/')}"


def test_a_draft_is_no_order_of_v4() -> None:
    assert BRIDGE.hidden_values("ProductOrder") == {"state": ("draft",)}


POINTERS = [
    ("", ""),
    ("/orderDate", "/creationDate"),
    ("/relatedParty/0/id", "/relatedParty/0/partyOrPartyRole/id"),
    ("/relatedParty/0", "/relatedParty/0"),
    ("/productOrderItem/2/product/place/1/x~1y", "/productOrderItem/2/product/place/1/place/x~1y"),
    ("/productOrderItem/0/quoteItem/id", "/productOrderItem/0/quoteItem/quoteItemId"),
]


@pytest.mark.parametrize(("v4", "v5"), POINTERS)
def test_a_pointer_leads_to_the_same_place_in_both_versions(v4: str, v5: str) -> None:
    assert pointer(BRIDGE.lift_names("ProductOrder", tokens_of(v4))) == v5
    assert BRIDGE.lower_pointer("ProductOrder", v5) == v4


def test_a_pointer_to_what_v4_lacks_leads_to_the_nearest_place() -> None:
    assert BRIDGE.lower_pointer("ProductOrder", "/productOrderMilestone/0/name") == ""
    assert BRIDGE.lower_pointer("ProductOrder", "/productOrderItem/3/note/0/text") == "/productOrderItem/3"
    assert BRIDGE.lower_pointer("ProductOrder", "/externalId/0/id") == "/externalId"
    assert BRIDGE.lower_pointer("ProductOrder", "/relatedParty/0/partyOrPartyRole") == "/relatedParty/0"


def test_a_patch_puts_its_values_in_v5_shape() -> None:
    party = {"id": "7", "role": "Buyer", "@referredType": "Individual"}
    operations: list[dict[str, Any]] = [
        {"op": "add", "path": "/relatedParty/-", "value": party},
        {"op": "replace", "path": "/externalId", "value": "PO-7"},
        {"op": "test", "path": "/externalId", "value": "PO-6"},
        {"op": "remove", "path": "/relatedParty/0/name"},
        {"op": "copy", "from": "/orderDate", "path": "/colour"},
        {"op": "replace", "path": "/category", "value": "B2B"},
    ]
    assert BRIDGE.lift_patch("ProductOrder", operations).body == [
        {"op": "add", "path": "/relatedParty/-", "value": BRIDGE.lift("RelatedParty", party).body},
        {"op": "replace", "path": "/externalId", "value": [{"@type": "ExternalIdentifier", "id": "PO-7"}]},
        {"op": "test", "path": "/externalId/0/id", "value": "PO-6"},
        {"op": "remove", "path": "/relatedParty/0/partyOrPartyRole/name"},
        {"op": "copy", "from": "/creationDate", "path": "/colour"},
        {"op": "replace", "path": "/category", "value": "B2B"},
    ]


def test_the_class_of_a_characteristic_follows_a_patched_value() -> None:
    place = "/productOrderItem/0/product/productCharacteristic/0"
    assert BRIDGE.lift_patch("ProductOrder", [{"op": "replace", "path": f"{place}/value", "value": 5}]).body == [
        {"op": "replace", "path": f"{place}/value", "value": 5},
        {"op": "add", "path": f"{place}/@type", "value": "IntegerCharacteristic"},
    ]


def test_losses_in_a_patch_point_into_its_values() -> None:
    bridged = BRIDGE.lift_patch("ProductOrder", [{"op": "add", "path": "/relatedParty/-", "value": {"id": "7"}}])
    assert [loss.pointer for loss in bridged.losses] == ["/0/value/role"]


@pytest.mark.parametrize(
    ("v4", "v5"),
    [
        ("/productOrderItem/billingAccount/id?productOrderItem.id=120",
         "/productOrderItem/billingAccount/id?productOrderItem.id=120"),
        ("/relatedParty?id=7", "/relatedParty?partyOrPartyRole.id=7"),
        ("/relatedParty/name?relatedParty.id=7&role=x",
         "/relatedParty/partyOrPartyRole/name?relatedParty.partyOrPartyRole.id=7&role=x"),
    ],
)  # fmt: skip
def test_a_query_in_a_path_is_translated_from_the_root_or_the_array(v4: str, v5: str) -> None:
    [operation] = BRIDGE.lift_patch("ProductOrder", [{"op": "remove", "path": v4}]).body
    assert operation["path"] == v5


def test_a_step_into_a_related_product_is_refused() -> None:
    path = "/productOrderItem/0/product/productRelationship/0/product"
    with pytest.raises(ContractViolation):
        BRIDGE.lift_patch("ProductOrder", [{"op": "replace", "path": path, "value": {"id": "1"}}])
