"""Ids: UUID version 7, unique everywhere and sortable by the time they were made."""

from uuid6 import uuid7


def new_id() -> str:
    return str(uuid7())


class SortableIdentities:
    """The `Identities` of the core."""

    def new_id(self) -> str:
        return new_id()
