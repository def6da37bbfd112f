"""TMF620 product catalog: what the resource engine serves of it."""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.shared.projection import SearchIndex
from facade.tmf.domains import Domain, Place
from facade.tmf.engine.declaration import ServedVersion, TmfApi
from facade.tmf.tmf620 import category, product_catalog, product_offering, product_offering_price, product_specification
from facade.tmf.tmf620.jobs import EXPORT_JOB, IMPORT_JOB
from facade.tmf.tmf620.v4 import BRIDGE

PUBLISH = "catalog:publish"
"""The scope for what changes what everybody sees."""

COLUMNS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {("id",): "reference", ("lifecycleStatus",): "shown_state", ("version",): "edition"}
)


def _index(*terms: str) -> SearchIndex:
    """What is found fast: by the columns, and by texts at these paths, the name among them."""
    return SearchIndex(COLUMNS, frozenset(tuple(path.split(".")) for path in ("name", *terms)))


STATUS = Place("/lifecycleStatus", Domain.LIFECYCLE_STATUSES)
ROLE = Place("/relatedParty/*/role", Domain.ROLES)
TERM = "productOfferingTerm/*/duration/units"

CATALOG = product_catalog.MAPPER.resource(
    "productCatalog", _index("catalogType", "category.id"), PUBLISH, v4_name="catalog", places=(STATUS, ROLE)
)
CATEGORY = category.MAPPER.resource(
    "category", _index("parent.id"), PUBLISH, places=(STATUS, Place("/productOffering/*/id", Domain.OFFERINGS))
)
PRODUCT_SPECIFICATION = product_specification.MAPPER.resource(
    "productSpecification",
    _index("productNumber", "brand", "category.id", "productSpecCharacteristic.name"),
    PUBLISH,
    places=(STATUS, ROLE),
)
PRODUCT_OFFERING_PRICE = product_offering_price.MAPPER.resource(
    "productOfferingPrice",
    _index("priceType", "popRelationship.id"),
    PUBLISH,
    places=(STATUS, Place(f"/{TERM}", Domain.UNITS)),
)
PRODUCT_OFFERING = product_offering.MAPPER.resource(
    "productOffering",
    _index(
        *("category.id", "productSpecification.id", "productOfferingPrice.id", "channel.id", "marketSegment.id"),
        *("place.id", "bundledProductOffering.id", "externalIdentifier.id"),
    ),
    PUBLISH,
    only=lambda principal: principal.profile.market.terms,
    found_by=product_offering.sold_at_document,
    places=(
        STATUS,
        Place("/id", Domain.OFFERINGS),
        Place("/bundledProductOffering/*/id", Domain.OFFERINGS),
        Place("/bundledGroupProductOffering/**/bundledProductOffering/*/id", Domain.OFFERINGS),
        Place("/productOfferingRelationship/*/id", Domain.OFFERINGS),
        Place(f"/{TERM}", Domain.UNITS),
        Place(f"/productOfferingPrice/*/{TERM}", Domain.UNITS),
    ),
)

TMF620 = TmfApi(
    name="TMF620",
    versions=MappingProxyType({"v5": ServedVersion("tmf/tmf620-v5.yaml"), "v4": ServedVersion("tmf/tmf620-v4.yaml")}),
    bridge=BRIDGE,
    resources=(
        *(CATALOG, CATEGORY, PRODUCT_OFFERING, PRODUCT_OFFERING_PRICE, PRODUCT_SPECIFICATION),
        *(IMPORT_JOB, EXPORT_JOB),
    ),
)
