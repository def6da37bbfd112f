"""What a product is, however it is sold."""

from dataclasses import dataclass
from enum import StrEnum

from canonical.catalog.category import CATEGORY
from canonical.catalog.characteristics import Characteristic
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.catalog.references import Reference, Relationship
from canonical.shared.aggregates import Link

SPECIFICATION = "specification"


class Instantiation(StrEnum):
    """What a quantity of a product means for what is kept of it: so many products with a life each, one product with a
    quantity, or none.
    """

    SERIALIZED = "SERIALIZED"
    COUNTED = "COUNTED"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class SpecificationContents:
    """`number` is its name in stock (SKU). A `bundle` is made of `parts`. Without `instantiation` it is serialized."""

    name: str
    description: str | None = None
    brand: str | None = None
    number: str | None = None
    bundle: bool | None = None
    characteristics: tuple[Characteristic, ...] = ()
    parts: tuple[Reference, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    categories: tuple[Reference, ...] = ()
    instantiation: Instantiation | None = None

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
