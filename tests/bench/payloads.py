"""What is sent: a TMF622 order of about 4 KB, the document a read answers, and an order of the portal."""

from typing import Any

import orjson

PRODUCT_ORDERS = "/tmf-api/productOrderingManagement/v5/productOrder"
PORTAL_ORDERS = "/api/v1/orders"
SERIAL = "00000000"
"""Stands in the bodies where the load generator puts a running number of the same length."""

OFFERINGS = (
    ("po_broadband_1g", "Broadband 1 Gbit/s", "49.90", {"installation": "by a technician", "wifiName": "Doe"}),
    ("po_router_premium", "Premium router", "129.00", {"colour": "white"}),
    ("po_tv_basic", "TV Basic", "9.90", {"resolution": "UHD", "installation": "by a technician"}),
)
"""Id, name and one-time price of offerings of the sample catalog, and characteristics that it takes."""


def product_order() -> dict[str, Any]:
    return {
        "@type": "ProductOrder",
        "category": "residential",
        "description": "Broadband with a router and television for the flat on the third floor",
        "priority": "2",
        "externalId": [
            {
                "@type": "ExternalIdentifier",
                "owner": "acme",
                "externalIdentifierType": "purchaseOrder",
                "id": f"PO-2026-{SERIAL}",
            }
        ],
        "requestedStartDate": "2026-12-01T08:00:00.000Z",
        "requestedCompletionDate": "2026-12-04T18:00:00.000Z",
        "relatedParty": [
            _party("Customer", "C12345", "John Doe"),
            _party("Seller", "acme", "Acme Telecommunications GmbH"),
        ],
        "billingAccount": {"@type": "BillingAccountRef", "id": "BA-4711", "name": "John Doe, monthly invoice"},
        "channel": [
            {
                "@type": "RelatedChannel",
                "role": "Used channel for order capture",
                "channel": {"@type": "ChannelRef", "id": "web", "name": "Online shop"},
            }
        ],
        "note": [
            _note("1", "Please ring twice: the bell of the front door does not work and the house has two entrances."),
            _note("2", "The customer asked for an appointment in the afternoon, if one can be had, or on a Saturday."),
        ],
        "productOrderItem": [_item(number, *offering) for number, offering in enumerate(OFFERINGS, start=1)],
    }


def product_order_document() -> dict[str, Any]:
    """The same order as it is read later."""
    order = product_order()
    order_id = "01945b2e-7c5e-7d4e-9d0e-000000000000"
    items = [item | {"state": "acknowledged"} for item in order["productOrderItem"]]
    return {
        "href": f"http://127.0.0.1:8080{PRODUCT_ORDERS}/{order_id}",
        **order,
        "id": order_id,
        "state": "acknowledged",
        "creationDate": "2026-11-21T20:00:00.000Z",
        "productOrderItem": items,
    }


def product_order_body() -> bytes:
    return orjson.dumps(product_order())


def portal_order_body() -> bytes:
    return orjson.dumps({"customerId": "C12345", "items": [{"sku": "SKU123", "quantity": 1}]})


def _party(role: str, party_id: str, name: str) -> dict[str, Any]:
    return {
        "@type": "RelatedPartyRefOrPartyRoleRef",
        "role": role,
        "partyOrPartyRole": {"@type": "PartyRef", "@referredType": "Individual", "id": party_id, "name": name},
    }


def _note(number: str, text: str) -> dict[str, Any]:
    return {"@type": "Note", "id": number, "author": "Jane Clerk", "date": "2026-11-20T09:30:00.000Z", "text": text}


def _item(number: int, offering_id: str, name: str, price: str, chosen: dict[str, str]) -> dict[str, Any]:
    value = float(price)
    return {
        "@type": "ProductOrderItem",
        "id": str(number),
        "action": "add",
        "quantity": 1,
        "productOffering": {"@type": "ProductOfferingRef", "id": offering_id, "name": name},
        "product": {
            "@type": "Product",
            "isBundle": False,
            "name": name,
            "productCharacteristic": [_characteristic(*one) for one in chosen.items()],
        },
        "itemPrice": [
            {
                "@type": "OrderPrice",
                "name": f"One-time charge of {name}",
                "priceType": "nonRecurring",
                "price": {
                    "@type": "Price",
                    "taxRate": 19.0,
                    "taxIncludedAmount": {"unit": "EUR", "value": value},
                    "dutyFreeAmount": {"unit": "EUR", "value": round(value / 1.19, 2)},
                },
            }
        ],
        "itemTerm": [
            {
                "@type": "OrderTerm",
                "name": "Minimum term",
                "description": "Twenty-four months from the day of activation",
                "duration": {"amount": 24, "units": "month"},
            }
        ],
    }


def _characteristic(name: str, value: str) -> dict[str, Any]:
    return {"@type": "StringCharacteristic", "name": name, "valueType": "string", "value": value}
