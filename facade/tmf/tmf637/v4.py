"""How TMF637's classes differ between v4 and v5: the table of its bridge."""

from collections.abc import Mapping

from facade.tmf.bridge import Bridge
from facade.tmf.bridge.classes import ClassMapping, always, same
from facade.tmf.bridge.converters import Resource
from facade.tmf.products import PARTS, RENAMED, V5_ONLY, product_classes

PART = "PartOfProduct"
"""The name in this table of a product that stands in another one: it may be a reference."""

CLASSES: Mapping[str, ClassMapping] = {
    **product_classes(PART),
    "Product": same(
        "Product",
        converter=Resource,
        parts={**PARTS, "product": PART},
        renamed=RENAMED,
        v5_only=V5_ONLY,
        v4_demands={"status": always("created")},
    ),
    "EventPayload": ClassMapping(parts={"product": "Product"}),
}

BRIDGE = Bridge(CLASSES)
