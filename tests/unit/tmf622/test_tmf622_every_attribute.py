"""The account of every attribute at every depth, v4 and v5: what is sent comes back, is refused by name, or the bridge
says what became of it.

For each attribute of each class that an order can contain, by the contract, there is a payload that reaches it.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import pytest

from facade.app import contract_of, spec_of
from facade.contract.classes import ClassCatalog, plain_name
from facade.contract.violations import ContractViolation
from facade.tmf.bridge import Loss
from facade.tmf.engine.versions import Version
from facade.tmf.tmf622.items import REFUSED as ITEM_REFUSED
from facade.tmf.tmf622.product_order import REFUSED, from_order
from facade.tmf.tmf622.v4 import BRIDGE
from tests.support.builders import BROADBAND
from tests.unit.tmf622.payloads import an_item, carried_by, ordered, party
from tests.unit.tmf622.versions import ORDER, V4, V5, translated

ROOTS = {
    "v5": ("tmf/tmf622-v5.yaml", "ProductOrder_FVO", True),
    "v4": ("tmf/tmf622-v4.yaml", "ProductOrder_Create", False),
}
MEANT: dict[str, Any] = {
    "@schemaLocation": "https://x.example/s.json",
    "href": "https://x.example/1",
    "role": "Seller",
    "relationshipType": "reliesOn",
    "action": "add",
    "orderItemAction": "add",
    "quantity": 1,
    "amount": 1,
    "id": "2",
}
"""Values of attributes that take words of a list only, what the core bounds, and ids of another item."""

OUR_DEMANDS = {"OrderItemRelationship": {"id": "2", "relationshipType": "reliesOn"}}
"""What v4's classes leave open and our rules read: without it an order is refused, by name."""

SCALARS: dict[str | None, Any] = {"integer": 1, "number": 0.5, "boolean": True, "object": {"k": 1}}


@dataclass(frozen=True)
class Reached:
    """An attribute and the way to it: the class at each step, its attribute, and whether that holds a list."""

    version: str
    way: tuple[tuple[str, str, bool], ...]

    @property
    def tokens(self) -> list[Any]:
        return [token for _, name, many in self.way for token in ([name, 0] if many else [name])]

    def __str__(self) -> str:
        return f"{self.version}-{'.'.join(name for _, name, _ in self.way)}-{self.way[-1][0]}"


def reachable(version: str) -> list[Reached]:
    """Every attribute of every class, by the shortest way from an order."""
    catalog, root = catalog_of(version), ROOTS[version][1]
    waiting: deque[tuple[str, tuple[tuple[str, str, bool], ...]]] = deque([(root, ())])
    seen, found = {root}, []
    while waiting:
        name, way = waiting.popleft()
        for member, node in catalog.shape(name).properties.items():
            inner, many = (node["items"], True) if node.get("type") == "array" else (node, False)
            here = (*way, (name, member, many))
            found.append(Reached(version, here))
            for one in sorted(classes_at(catalog, inner) - seen):
                seen.add(one)
                waiting.append((one, here))
    return found


def classes_at(catalog: ClassCatalog, node: dict[str, Any]) -> set[str]:
    name = catalog.name_of(node)
    slot = catalog.slot(name) if name else None
    if slot is not None and slot.dispatches:
        return set(slot.classes.values())
    return {name} if name and catalog.shape(name).properties else set()


def catalog_of(version: str) -> ClassCatalog:
    return ClassCatalog(spec_of(ROOTS[version][0])["components"]["schemas"])


@dataclass(frozen=True)
class Least:
    """Makes the least that the contract takes."""

    catalog: ClassCatalog
    typed: bool

    def of_class(self, name: str) -> dict[str, Any]:
        shape = self.catalog.shape(name)
        body = {one: self.of(one, shape.properties[one]) for one in sorted(shape.required - {"@type"})}
        typed = "@type" in shape.required or (self.typed and "@type" in shape.properties)
        demanded = {} if self.typed else OUR_DEMANDS.get(name, {})
        return demanded | body | ({"@type": plain_name(name)} if typed else {})

    def of(self, member: str, node: dict[str, Any]) -> Any:
        if member in MEANT:
            return MEANT[member]
        name = self.catalog.name_of(node)
        node = self.catalog.schemas[name] if name else node
        if "enum" in node:
            return node["enum"][0]
        if classes := sorted(classes_at(self.catalog, {"$ref": f"#/components/schemas/{name}"})) if name else []:
            return self.of_class(classes[0])
        if node.get("type") == "array":
            return [self.of(member, node["items"])]
        if node.get("format") in ("date-time", "date"):
            return "2026-05-03T08:00:00Z"
        return SCALARS.get(node.get("type"), "a")


def payload(reached: Reached) -> dict[str, Any]:
    """An order with that attribute, and what has to be there."""
    least = Least(catalog_of(reached.version), reached.version == "v5")
    name, member, _ = reached.way[-1]
    value: Any = (
        plain_name(name) if member == "@type" else least.of(member, least.catalog.shape(name).properties[member])
    )
    for kind, attribute, many in reversed(reached.way):
        value = least.of_class(kind) | {attribute: [value] if many and not isinstance(value, list) else value}
    items = value.get("productOrderItem") if reached.way[0][1] == "productOrderItem" else None
    value["productOrderItem"] = [*(an_item() | item for item in items or [{}]), an_item()]
    for related in value.get("orderRelationship") or ():
        related["relationshipType"] = "amends"
    make_orderable(value["productOrderItem"], "")
    customer = party() if least.typed else {"id": "C12345", "role": "Customer", "@referredType": "Customer"}
    value["relatedParty"] = [*(value.get("relatedParty") or []), customer]
    return dict(value)


def make_orderable(items: list[dict[str, Any]], prefix: str) -> None:
    for number, item in enumerate(items, start=1):
        item["id"] = f"{prefix}{number}"
        item.setdefault("productOffering", {"@type": "ProductOfferingRef"})["id"] = BROADBAND.id
        make_orderable(item.get("productOrderItem", []), f"{prefix}{number}.")


def at(document: Any, tokens: list[Any]) -> Any:
    for token in tokens:
        document = document[token]
    return document


def holds(shown: Any, sent: Any) -> bool:
    """Whether everything sent is shown; the server may have added what it says itself."""
    if isinstance(sent, dict):
        return all(name in shown and holds(shown[name], value) for name, value in sent.items())
    if isinstance(sent, list):
        return len(shown) == len(sent) and all(map(holds, shown, sent))
    return bool(shown == sent)


def accounted(version: Version, body: dict[str, Any]) -> tuple[Any, tuple[Loss, ...]]:
    """The order's document in this version, and what the bridge could not keep."""
    checked = contract_of(ROOTS[version.name][0]).check_request("createProductOrder", body)
    if checked.violations:
        raise ContractViolation(checked.violations)
    translation = translated(version, checked.body)
    document = from_order(ordered(translation), carried_by(translation))
    if version.name == "v5":
        return document, ()
    there, back = BRIDGE.lift(ORDER, checked.body), BRIDGE.lower(ORDER, document)
    return back.body, (*there.losses, *back.losses)


def test_an_order_contains_more_than_a_hundred_classes_attributes() -> None:
    assert all(len(reachable(version)) > 250 for version in ROOTS)
    assert max(len(one.way) for version in ROOTS for one in reachable(version)) >= 5


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_every_attribute_comes_back_or_is_refused_by_name_or_told(version: Version) -> None:
    lost = [str(reached) for reached in reachable(version.name) if not is_accounted_for(version, reached)]
    assert lost == []


def is_accounted_for(version: Version, reached: Reached) -> bool:
    body = payload(reached)
    names = {name for _, name, _ in reached.way}
    try:
        document, losses = accounted(version, body)
    except ContractViolation as refusal:
        [violation] = refusal.violations
        return violation.pointer.rpartition("/")[2] in names & (REFUSED.keys() | ITEM_REFUSED.keys())
    tokens = [str(token) for token in reached.tokens]
    pointers = [pointer for loss in losses for pointer in (loss.pointer, BRIDGE.lower_pointer(ORDER, loss.pointer))]
    told = [pointer.split("/")[1:] for pointer in pointers]
    if any(one and tokens[: len(one)] == one[: len(tokens)] for one in told):
        return True
    try:
        return holds(at(document, reached.tokens), at(body, reached.tokens))
    except (KeyError, IndexError, TypeError):
        return False


def test_what_is_refused_is_what_the_tables_say() -> None:
    for name in REFUSED:
        with pytest.raises(ContractViolation) as refused:
            translated(V5, {"productOrderItem": [an_item()], "relatedParty": [party()], name: "x"})
        assert [violation.pointer for violation in refused.value.violations] == [f"/{name}"]
    for name in ITEM_REFUSED:
        with pytest.raises(ContractViolation) as refused:
            translated(V5, {"productOrderItem": [an_item(**{name: "x"})], "relatedParty": [party()]})
        assert [violation.pointer for violation in refused.value.violations] == [f"/productOrderItem/0/{name}"]
