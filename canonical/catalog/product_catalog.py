"""A collection of categories for one purpose."""

from dataclasses import dataclass

from canonical.catalog.category import CATEGORY
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.catalog.references import Reference
from canonical.shared.aggregates import Link


@dataclass(frozen=True, slots=True)
class CatalogContents:
    name: str
    description: str | None = None
    type: str | None = None
    categories: tuple[Reference, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(Link(CATEGORY, one.id) for one in self.categories)

    @property
    def sought(self) -> Sought:
        return (self.type,), ()


@dataclass(slots=True)
class ProductCatalog(Item):
    contents: CatalogContents


CATALOGS = kind_of_items("catalog", ProductCatalog, "product catalog")
