"""How TMF620's classes differ between v4 and v5: the table of its bridge."""

from collections.abc import Mapping

from facade.tmf.bridge import Bridge
from facade.tmf.bridge.classes import ClassMapping, reference, same
from facade.tmf.bridge.converters import Resource
from facade.tmf.bridge.special import ReferenceById

CLASSES: Mapping[str, ClassMapping] = {
    "Category": same(
        "Category",
        converter=Resource,
        parts={"parentId": "ParentCategory", "productOffering": "ProductOfferingRef", "subCategory": "CategoryRef"},
        renamed={"parentId": "parent"},
    ),
    "CategoryRef": reference("CategoryRef"),
    "ParentCategory": ClassMapping(v5="CategoryRef", converter=ReferenceById),
    "EventPayload": ClassMapping(parts={"category": "Category"}),
}

BRIDGE = Bridge(CLASSES)
