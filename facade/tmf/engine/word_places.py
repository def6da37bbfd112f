"""Where partners may have ids and words of their own: the places that an API declares, as a tree to walk documents."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from facade.contract.pointers import Token, Tokens, pointer, tokens_of
from facade.tmf.bridge import Bridge
from facade.tmf.bridge.paths import is_position
from facade.tmf.domains import Domain, Place

ELEMENT, NESTED = "*", "**"

Convert = Callable[[Domain, str, Tokens], str | None]
"""The word to put at a place instead of the one that stands there; None for null."""
IsCustomer = Callable[[Mapping[str, Any]], bool]
"""Whether an element of a list has the role of a customer."""


@dataclass(eq=False)
class Node:
    """`of_customers`: what counts below an element of a list if that has the role of a customer; its nodes are
    `conditional`.
    """

    members: dict[str, "Node"] = field(default_factory=dict)
    element: "Node | None" = None
    of_customers: "Node | None" = None
    domain: Domain | None = None
    conditional: bool = False

    def converted(self, value: Any, convert: Convert, is_customer: IsCustomer, at: Tokens = ()) -> Any:
        """`value` with converted words. It is not changed itself; without a change the result is the value."""
        if isinstance(value, str):
            return value if self.domain is None else convert(self.domain, value, at)
        if isinstance(value, list) and self.element is not None:
            element = self.element
            entries = [element.converted(one, convert, is_customer, (*at, index)) for index, one in enumerate(value)]
            return value if all(new is old for new, old in zip(entries, value, strict=True)) else entries
        if not isinstance(value, dict):
            return value
        if self.element is not None:  # a patch may add one element by the name of its list
            return self.element.converted(value, convert, is_customer, at)
        found = value
        if self.of_customers is not None and is_customer(value):
            found = self.of_customers.converted(found, convert, is_customer, at)
        for name in self.members.keys() & value.keys():
            new = self.members[name].converted(found[name], convert, is_customer, (*at, name))
            if new is not found[name]:
                found = {**found, name: new}
        return found

    def at(self, tokens: Iterable[Token]) -> "list[Node]":
        """The nodes at a place; positions of elements may be left out."""
        found = [self]
        for token in tokens:
            found = [below for node in found for below in _below(node, token)]
        return found

    def leaf(self, tokens: Iterable[Token]) -> "Node | None":
        """The node with a domain at a place."""
        found = [one for node in self.at(tokens) for one in _with_elements(node)]
        return next((node for node in found if node.domain is not None), None)


def _with_elements(node: Node) -> tuple[Node, ...]:
    return (node,) if node.element is None else (node, node.element)


def _below(node: Node, token: Token) -> Iterator[Node]:
    """The nodes of a member, or of an element of a list. The position of the element may be left out."""
    if node.element is not None and is_position(token):
        yield node.element
        return
    for known in _with_elements(node):
        for one in (known, known.of_customers):
            if one is not None and token in one.members:
                yield one.members[str(token)]


def tree_of(places: Iterable[Place]) -> Node:
    """The tree of places whose pointers begin at the document."""
    root = Node()
    for place in places:
        _add(root, place)
    return root


def in_v4(places: Iterable[Place], bridge: Bridge, schema: str) -> Iterator[Place]:
    """The places as v4 names them. What v4 does not have its clients may send as v5 names it."""
    for place in places:
        yield Place(_in_v4(place.pointer, bridge, schema), place.domain, place.of_customers)


def _add(root: Node, place: Place) -> None:
    tokens = tokens_of(place.pointer)
    last_element = max((index for index, token in enumerate(tokens) if token in (ELEMENT, NESTED)), default=None)
    node, name = root, ""
    for index, token in enumerate(tokens):
        if token in (ELEMENT, NESTED):
            list_node, node = node, _element_of(node)
            if token == NESTED:
                node.members[name] = list_node
            if place.of_customers and index == last_element:
                node.of_customers = node.of_customers or Node(conditional=True)
                node = node.of_customers
        else:
            node, name = node.members.setdefault(token, Node(conditional=node.conditional)), token
    node.domain = place.domain


def _element_of(node: Node) -> Node:
    node.element = node.element or Node()
    return node.element


def _in_v4(text: str, bridge: Bridge, schema: str) -> str:
    tokens = tokens_of(text)
    stars = [token for token in tokens if token in (ELEMENT, NESTED)]
    sample = [0 if token in (ELEMENT, NESTED) else token for token in tokens]
    lowered = [int(one) if one.isdecimal() else one for one in tokens_of(bridge.lower_pointer(schema, pointer(sample)))]
    if bridge.lift_names(schema, lowered) != tuple(sample):
        return text
    left = iter(stars)
    return pointer(next(left) if isinstance(token, int) else token for token in lowered)
