"""How an order of the canonical API was understood, and where the core's errors point in it."""

from canonical.shared.reader import Reader
from facade.partners.profiles import compile_profile
from facade.portal.handlers import to_submit_order

ORDER = {
    "customerId": "C12345",
    "items": [
        {"sku": "SKU123", "quantity": 1},
        {"offeringId": "po_router_premium", "quantity": 2, "characteristics": [{"name": "wifi", "value": 6}]},
    ],
}


def test_a_mistake_in_a_characteristic_is_shown_at_its_value() -> None:
    translation = to_submit_order(ORDER, Reader("portal"))
    assert translation.source_of("/lines/1/characteristics/0/text") == "/items/1/characteristics/0/value"
    assert translation.source_of("/lines/1/characteristics") == "/items/1/characteristics"
    assert translation.source_of("/lines/0/characteristics") == "/items/0"


def test_the_command_names_the_profile_version_of_its_sender() -> None:
    profile = compile_profile({}, "portal@2")
    assert to_submit_order(ORDER, Reader("portal"), profile).command.agreed_version == "portal@2"


def test_the_trail_names_the_characteristics_that_an_item_has() -> None:
    sources = {one.source for one in to_submit_order(ORDER, Reader("portal")).trail}
    place = "/items/1"
    assert sources >= {f"{place}/offeringId", f"{place}/characteristics/0/name", f"{place}/characteristics/0/value"}
    assert not sources & {"/items/0/characteristics", "/items/0/offeringId", "/items/1/sku", "/items/1/action"}
