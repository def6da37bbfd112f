"""TMF620 v5 productCatalog, v4 catalog: a collection of categories for one purpose."""

from canonical.catalog.product_catalog import CATALOGS, CatalogContents
from facade.tmf.engine.mapping import Field
from facade.tmf.engine.parts import Parts
from facade.tmf.tmf620.items import ItemMapper
from facade.tmf.tmf620.shapes import identifier, reference

CONTENTS = (
    Field("name", "name", identifier),
    Field("description", "description"),
    Field("catalogType", "type"),
    Parts("category", "categories", reference("CategoryRef")),
)
CARRIED = frozenset({"relatedParty"})

MAPPER = ItemMapper.of_rows(CATALOGS, "ProductCatalog", CatalogContents, CONTENTS)
