"""Whatever TMF620 takes, the canonical API can show."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.product import Node, running_product

TMF = "/tmf-api/productCatalogManagement/v5"
LONG = "x" * 5_000
ODD_VALUES = [
    {"value": "", "unitOfMeasure": "", "isDefault": True},
    {"value": {"a": [None]}, "valueType": ""},
    {"valueFrom": -5, "valueTo": 10**30, "regex": "(" * 600},
]
SPECIFICATION = {
    "name": "odd",
    "brand": "",
    "productNumber": "",
    "description": LONG,
    "productSpecCharacteristic": [
        {
            "name": LONG,
            "valueType": "",
            "id": "",
            "description": LONG,
            "regex": LONG,
            "minCardinality": -1,
            "maxCardinality": 10**9,
            "characteristicValueSpecification": ODD_VALUES,
        }
    ],
}
PRICE = {
    "name": "odd",
    "priceType": "recurring",
    "recurringChargePeriodType": "",
    "recurringChargePeriodLength": -3,
    "price": {"unit": "bonus points", "value": -1.5},
    "unitOfMeasure": {"amount": -1, "units": ""},
    "productOfferingTerm": [{"name": "", "description": LONG, "duration": {"amount": -1, "units": ""}}],
    "prodSpecCharValueUse": [
        {"name": "", "id": "", "minCardinality": -1, "productSpecCharacteristicValue": ODD_VALUES}
    ],
}
OFFERING = {
    "name": "odd",
    "description": "",
    "productOfferingPrice": [{"@type": "ProductOfferingPrice", **PRICE}],
    "bundledProductOffering": [
        {"id": "m", "bundledProductOfferingOption": {"numberRelOfferLowerLimit": -1, "numberRelOfferUpperLimit": 10**9}}
    ],
    "bundledGroupProductOffering": [
        {
            "name": "",
            "bundledGroupProductOfferingOption": {"numberRelOfferLowerLimit": -1, "numberRelOfferUpperLimit": -2},
        }
    ],
    "productOfferingRelationship": [{"id": "o", "relationshipType": LONG, "role": ""}],
    "allowedAction": [{"action": ""}],
}
CATALOG = {"name": "odd", "catalogType": "", "description": ""}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_product(tmp_path_factory.mktemp("odd")) as node:
        yield node


@pytest.mark.parametrize(
    ("resource", "address", "body"),
    [
        ("productSpecification", "product-specifications", SPECIFICATION),
        ("productOfferingPrice", "product-offering-prices", PRICE),
        ("productOffering", "product-offerings", OFFERING),
        ("productCatalog", "product-catalogs", CATALOG),
        ("category", "product-categories", {"name": "odd", "description": ""}),
    ],
)
def test_what_a_partner_sends_is_shown_by_the_canonical_api(
    product: Node, resource: str, address: str, body: dict[str, Any]
) -> None:
    made = product.post(f"{TMF}/{resource}", body | {"lifecycleStatus": "Active", "statusReason": ""})
    assert made.status_code == 201, made.text
    item = f"/api/v1/{address}/{made.json()['id']}"
    more = ("/configuration-model", "/pricing-model") if resource == "productOffering" else ()
    for path in (item, f"/api/v1/{address}", f"{item}/versions", *(f"{item}{one}" for one in more)):
        shown = product.get(path)
        assert shown.status_code == 200, (path, shown.text)
