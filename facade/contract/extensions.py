"""Extensions: members of a body that no schema of the contract declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facade.contract.classes import ClassCatalog
from facade.contract.pointers import Tokens

_Members = Mapping[str, Any]
"""What is declared for an object: a schema node for each of its members. Nothing: it may have any."""


class ExtensionFinder:
    """Finds the extensions in bodies of one contract. Places are compiled when they are met first.

    What any class at a place declares is none: an order may say of a reference what only a product has. A class is what
    its schemas for creation, change and answers declare together. Names that begin with @ are about the JSON.
    """

    def __init__(self, catalog: ClassCatalog) -> None:
        self._catalog = catalog
        self._places: dict[int, _Members] = {}
        """By the identity of the schema node, which the contract keeps."""

    def find(self, body: Any, schema: Mapping[str, Any]) -> list[Tokens]:
        """The places of all extensions. An extension inside of one is not named."""
        found: list[Tokens] = []
        self._walk(body, schema, (), found)
        return found

    def _walk(self, value: Any, node: Any, at: Tokens, found: list[Tokens]) -> None:
        if isinstance(value, list):
            for index, entry in enumerate(value):
                self._walk(entry, node, (*at, index), found)
        elif isinstance(value, dict):
            known = self._place(node)
            for name, member in value.items() if known else ():
                if name not in known:
                    if name[:1] != "@":
                        found.append((*at, name))
                elif isinstance(member, dict | list):
                    self._walk(member, known[name], (*at, name), found)

    def _place(self, node: Any) -> _Members:
        """What may stand where `node` is the schema, or the one of a list."""
        place = self._places.get(id(node))
        if place is None:
            place = self._places[id(node)] = self._compiled(node)
        return place

    def _compiled(self, node: Any) -> _Members:
        if not isinstance(node, Mapping):
            return {}
        name = self._catalog.name_of(node)
        shape = self._catalog.shape_of(node) if name is None else self._catalog.shape(name)
        if shape.items is not None:
            return self._compiled(shape.items)
        slot = self._catalog.slot_of(node) if name is None else self._catalog.slot(name)
        if slot is not None:
            return self._catalog.declared(tuple(slot.classes.values()))
        return shape.properties if name is None else self._catalog.declared((name,))
