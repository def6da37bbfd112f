"""The kinds of catalog items that the canonical API serves."""

from functools import partial

from canonical.catalog.category import CATEGORIES
from canonical.catalog.decomposition import TEMPLATES
from canonical.catalog.offering import OFFERINGS
from canonical.catalog.price import PRICES
from canonical.catalog.product_catalog import CATALOGS
from canonical.catalog.rule import RULES
from canonical.catalog.specification import SPECIFICATIONS
from facade.portal.catalog_documents import Section
from facade.portal.catalog_reads import CatalogReads
from facade.portal.catalog_shapes import CatalogShape, CategoryShape, OfferingShape, PriceShape, SpecificationShape
from facade.portal.offerings import FILTERS, criteria, resolved
from facade.portal.rule_shapes import RuleShape, TemplateShape


def sections(reads: CatalogReads) -> tuple[Section, ...]:
    return (
        Section(CATALOGS, "ProductCatalog", CatalogShape()),
        Section(CATEGORIES, "ProductCategory", CategoryShape()),
        Section(SPECIFICATIONS, "ProductSpecification", SpecificationShape()),
        Section(
            OFFERINGS,
            "ProductOffering",
            OfferingShape(),
            version="offeringVersion",
            by_market=True,
            filters=FILTERS,
            criteria=partial(criteria, reads),
            more=partial(resolved, reads),
        ),
        Section(PRICES, "ProductOfferingPrice", PriceShape()),
        Section(RULES, "ProductOfferingRule", RuleShape()),
        Section(TEMPLATES, "DecompositionTemplate", TemplateShape()),
    )
