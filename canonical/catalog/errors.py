"""What can go wrong in the catalog.

InvalidCommand
├── UnknownParent    no category has the id of the parent
└── CyclicCategories a category would stand below itself, or below too many
NotFound
└── CategoryNotFound no such category
Conflict
└── CategoryInUse    other categories stand below it
"""

from canonical.shared.errors import Conflict, InvalidCommand, NotFound


class UnknownParent(InvalidCommand):
    code = "UNKNOWN_PARENT_CATEGORY"


class CyclicCategories(InvalidCommand):
    code = "CYCLIC_CATEGORIES"


class CategoryNotFound(NotFound):
    code = "CATEGORY_NOT_FOUND"


class CategoryInUse(Conflict):
    """`details`: categoryId."""

    code = "CATEGORY_IN_USE"
