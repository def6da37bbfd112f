"""A branch of the tree that offerings are sorted into."""

from dataclasses import dataclass

from canonical.catalog.errors import CyclicCategories
from canonical.catalog.item import Item, Sought, kind_of_items
from canonical.shared.aggregates import Link, Repository

DEEPEST = 30
"""Categories above one another."""


@dataclass(frozen=True, slots=True)
class CategoryContents:
    """Without a parent it is a root. A parent that nobody knows is kept: it may come later."""

    name: str
    description: str | None = None
    parent_id: str | None = None

    @property
    def links(self) -> tuple[Link, ...]:
        return () if self.parent_id is None else (Link(CATEGORY, self.parent_id),)

    @property
    def sought(self) -> Sought:
        return (), ()


@dataclass(slots=True)
class Category(Item):
    contents: CategoryContents


CATEGORY = "category"
CATEGORIES = kind_of_items(CATEGORY, Category, "category")


def check_place(category: Category, before: CategoryContents | None, categories: Repository[Category]) -> None:
    """Raises CyclicCategories where it would stand below itself, or was put below too many."""
    above = [category.item_id]
    parent = category.contents.parent_id
    moved = before is None or before.parent_id != parent
    while parent is not None:
        if parent in above or (moved and len(above) > DEEPEST):
            text = f"a category has at most {DEEPEST} ancestors, and is never its own ancestor"
            raise CyclicCategories(text, pointer="/contents/parent_id")
        above.append(parent)
        found = [one for one in categories.versions(parent) if one.shown_from is not None and one.shown_until is None]
        parent = found[0].contents.parent_id if found else None
