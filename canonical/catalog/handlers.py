"""Commands carried out, each inside a unit of work that the caller commits."""

from types import MappingProxyType

from canonical.catalog.category import CATEGORIES, Category
from canonical.catalog.commands import ChangeCategory, CreateCategory, RemoveCategory
from canonical.catalog.errors import CategoryInUse, CategoryNotFound, CyclicCategories, UnknownParent
from canonical.shared.aggregates import Repository, require_version
from canonical.shared.ports import Clock, Handlers, Identities, UnitOfWork

DEEPEST = 30
"""Categories above one another."""


def create_category(command: CreateCategory, work: UnitOfWork, clock: Clock, identities: Identities) -> Category:
    """Raises a kind of InvalidCommand with a pointer into the contents."""
    category = Category.create(identities.new_id(), command.owner, command.contents, clock.now())
    _check_place(category, work)
    work.repository(CATEGORIES).add(category)
    return category


def change_category(command: ChangeCategory, work: UnitOfWork, clock: Clock, identities: Identities) -> Category:
    """Raises the same, InvalidTransition and ConcurrentChange."""
    category = work.repository(CATEGORIES).get(command.category_id)
    require_version(category, command.expected_version)
    before = category.parent_id
    category.change(command.contents, clock.now())
    if category.parent_id != before:
        _check_place(category, work)
    return category


def remove_category(command: RemoveCategory, work: UnitOfWork, clock: Clock, identities: Identities) -> Category:
    """Raises CategoryInUse while others stand below it, or ConcurrentChange."""
    categories = work.repository(CATEGORIES)
    category = categories.get(command.category_id)
    require_version(category, command.expected_version)
    if categories.refers_to(category.id):
        raise CategoryInUse("other categories stand below it: move or remove them first", categoryId=category.id)
    category.remove(clock.now())
    return category


def _check_place(category: Category, work: UnitOfWork) -> None:
    """Every category above it is there, and it is not among them."""
    categories, above = work.repository(CATEGORIES), [category.id]
    parent = category.parent_id
    while parent is not None:
        if parent in above or len(above) > DEEPEST:
            text = f"a category stands below at most {DEEPEST} others, and never below itself"
            raise CyclicCategories(text, pointer="/parent_id")
        above.append(parent)
        parent = _parent_of(parent, categories)


def _parent_of(category_id: str, categories: Repository[Category]) -> str | None:
    try:
        return categories.get(category_id).parent_id
    except CategoryNotFound as error:
        raise UnknownParent(f"there is no category {category_id[:60]}", pointer="/parent_id") from error


HANDLERS: Handlers = MappingProxyType(
    {CreateCategory: create_category, ChangeCategory: change_category, RemoveCategory: remove_category}
)
