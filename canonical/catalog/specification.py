"""What a product is, however it is sold."""

from dataclasses import dataclass

from canonical.catalog.category import CATEGORY
from canonical.catalog.characteristics import Characteristic
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.catalog.references import Reference, Relationship
from canonical.shared.aggregates import Link

SPECIFICATION = "specification"


@dataclass(frozen=True, slots=True)
class SpecificationContents:
    """`number` is what it is known by in stock (SKU). A `bundle` is made of `parts`."""

    name: str
    description: str | None = None
    brand: str | None = None
    number: str | None = None
    bundle: bool | None = None
    characteristics: tuple[Characteristic, ...] = ()
    parts: tuple[Reference, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    categories: tuple[Reference, ...] = ()

    @property
    def links(self) -> tuple[Link, ...]:
        named = (*self.parts, *(one.to for one in self.relationships))
        return (*(Link(SPECIFICATION, one.id) for one in named), *(Link(CATEGORY, one.id) for one in self.categories))

    @property
    def sought(self) -> Sought:
        return (self.number, self.brand), ()


@dataclass(slots=True)
class Specification(Item):
    contents: SpecificationContents


SPECIFICATIONS = kind_of_items(SPECIFICATION, Specification, "product specification")
