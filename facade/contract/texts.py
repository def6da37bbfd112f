"""Texts of an overlay that belong to names instead of places: `x-texts`, an extension of ours.

x-texts:
  ProductOrder: An order for products.               a class, in each of its forms (_FVO, _MVO, _Create…)
  ProductOrder.state: Where the order stands.        an attribute of that class
  description: In words.                             an attribute of any class that has no text of its own
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from facade.contract.classes import plain_name


def apply_texts(document: dict[str, Any], texts: Mapping[str, str]) -> set[str]:
    """Describe the classes and attributes that `texts` names and nothing else described; return the names used."""
    used = set()
    for schema_name, schema in document.get("components", {}).get("schemas", {}).items():
        class_name = plain_name(schema_name)
        used |= _describe(schema, (class_name,), texts)
        for attribute, node in _attributes(schema):
            used |= _describe(node, (f"{class_name}.{attribute}", attribute), texts)
    return used


def _attributes(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in (schema, *schema.get("allOf", ())):
        yield from part.get("properties", {}).items()


def _describe(node: dict[str, Any], names: tuple[str, ...], texts: Mapping[str, str]) -> set[str]:
    found = [name for name in names if name in texts]
    if found:
        node.setdefault("description", texts[found[0]])
    return set(found)
