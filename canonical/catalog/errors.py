"""The errors of the catalog.

InvalidCommand
├── CyclicCategories  a category would be its own ancestor, or have too many
├── CyclicItems       an item would be made of itself or related to itself, or lead to too many
├── NotSellable       an offering that is to be launched could not be ordered as it says
└── VersionsOverlap   two published versions of one item would be valid at once
NotFound
├── ItemNotFound      the item, or this version of it, does not exist
├── JobNotFound       no such import or export
└── FileNotFound      no such file of a catalog
Conflict
├── ItemExists        the item has a version of this name already
├── ItemInUse         others refer to it
├── ItemTwice         two lines of a file say different things of one version
├── PublishingNotAllowed  who imports may not change what everybody sees
├── FileRefused       a file cannot be fetched, read or written
└── ImportRefused     nothing of a file was brought into the catalog
"""

from canonical.shared.errors import Conflict, InvalidCommand, NotFound


class CyclicCategories(InvalidCommand):
    code = "CYCLIC_CATEGORIES"


class CyclicItems(InvalidCommand):
    code = "CYCLIC_CATALOG_ITEMS"


class NotSellable(InvalidCommand):
    """`details`: faults, the rules of the catalog check that it breaks."""

    code = "OFFERING_NOT_SELLABLE"


class VersionsOverlap(InvalidCommand):
    """`details`: version, the other one."""

    code = "CATALOG_VERSIONS_OVERLAP"


class ItemNotFound(NotFound):
    """`details`: id."""

    code = "CATALOG_ITEM_NOT_FOUND"


class ItemExists(Conflict):
    """`details`: id, version."""

    code = "CATALOG_VERSION_EXISTS"


class ItemInUse(Conflict):
    """`details`: id, and by, the kind of what refers to it."""

    code = "CATALOG_ITEM_IN_USE"


class JobNotFound(NotFound):
    """`details`: id."""

    code = "CATALOG_JOB_NOT_FOUND"


class FileNotFound(NotFound):
    """`details`: name."""

    code = "CATALOG_FILE_NOT_FOUND"


class ItemTwice(Conflict):
    """`details`: id."""

    code = "CATALOG_ITEM_TWICE"


class PublishingNotAllowed(Conflict):
    code = "PUBLISHING_NOT_ALLOWED"


class FileRefused(Conflict):
    code = "CATALOG_FILE_REFUSED"


class ImportRefused(Conflict):
    code = "CATALOG_IMPORT_REFUSED"
