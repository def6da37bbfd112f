"""How each version of TMF622 is spoken. The mappers and the documents that are kept speak v5; v4 is bridged to it.

What a v4 client sends is held against the v4 contract, lifted, held against the v5 contract and mapped as v5 is; what
is answered is lowered. Pointers in errors and records are those of the version that was spoken.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from canonical.audit.record import Mapped
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.shared.errors import OrderNotFound
from facade.contract.validator import Contract
from facade.contract.violations import ContractViolation
from facade.tmf.bridge import Bridged, NotVisible, lift, lift_patch, lift_path, lower, lower_pointer
from facade.tmf.query.attributes import Attribute, Attributes, Names, SchemaAttributes
from facade.tmf.query.selection import KnownAttributes

ORDER = "ProductOrder"
CANCELLATION = "CancelProductOrder"

Select = Callable[[dict[str, Any]], dict[str, Any]]
"""The part of a resource that was asked for."""

MERGE_PATCHES = frozenset({"application/json", "application/merge-patch+json"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource as JSON text, and what differs from the one that is kept: None where nothing is bridged."""

    text: bytes
    losses: int | None = None


class Version(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def contract(self) -> Contract:
        """That of v5, which everything is held against in the end."""
        ...

    @property
    def searchable(self) -> Attributes: ...

    @property
    def selectable(self) -> KnownAttributes: ...

    def knows(self, order: Order) -> bool:
        """Whether there is such an order in this version."""
        ...

    def lifted(self, resource: str, operation: str, body: Any) -> Bridged:
        """The body in v5. Raises ContractViolation with this version's pointers."""
        ...

    def lifted_patch(self, resource: str, media_type: str, patch: Any) -> Any: ...

    def spoken(self, resource: str, pointer: str) -> str:
        """A v5 pointer in this version's words."""
        ...

    def shown(self, resource: str, document: str, href: str, select: Select | None) -> Shown:
        """A document kept as text without its href. Raises OrderNotFound for what this version does not have."""
        ...

    def written(self, resource: str, document: dict[str, Any], select: Select | None) -> Shown:
        """A whole v5 document."""
        ...


@dataclass(frozen=True)
class V5:
    contract: Contract
    selectable: SchemaAttributes
    name: str = "v5"

    @property
    def searchable(self) -> SchemaAttributes:
        return self.selectable

    def knows(self, order: Order) -> bool:
        return True

    def lifted(self, resource: str, operation: str, body: Any) -> Bridged:
        return Bridged(body)

    def lifted_patch(self, resource: str, media_type: str, patch: Any) -> Any:
        return patch

    def spoken(self, resource: str, pointer: str) -> str:
        return pointer

    def shown(self, resource: str, document: str, href: str, select: Select | None) -> Shown:
        """Without a selection, neither parsing nor writing JSON."""
        text = b'{"href":%b,%b' % (orjson.dumps(href), document[1:].encode())
        return Shown(text) if select is None else self.written(resource, orjson.loads(text), select)

    def written(self, resource: str, document: dict[str, Any], select: Select | None) -> Shown:
        return Shown(orjson.dumps(document if select is None else select(document)))


@dataclass(frozen=True)
class V4:
    contract: Contract
    selectable: SchemaAttributes
    v5_attributes: SchemaAttributes
    name: str = "v4"

    @property
    def searchable(self) -> "LiftedAttributes":
        return LiftedAttributes(ORDER, self.selectable, self.v5_attributes)

    def knows(self, order: Order) -> bool:
        return order.state is not State.DRAFT

    def lifted(self, resource: str, operation: str, body: Any) -> Bridged:
        bridged = lift(resource, body)
        # v4 is open where v5 is not.
        checked = self.contract.check_request(operation, bridged.body)
        if checked.violations:
            with speaking(self, resource):
                raise ContractViolation(checked.violations)
        return replace(bridged, body=checked.body)

    def lifted_patch(self, resource: str, media_type: str, patch: Any) -> Any:
        return (lift if media_type in MERGE_PATCHES else lift_patch)(resource, patch).body

    def spoken(self, resource: str, pointer: str) -> str:
        return lower_pointer(resource, pointer)

    def shown(self, resource: str, document: str, href: str, select: Select | None) -> Shown:
        return self.written(resource, {"href": href} | orjson.loads(document), select)

    def written(self, resource: str, document: dict[str, Any], select: Select | None) -> Shown:
        bridged = lowered(resource, document)
        return Shown(orjson.dumps(bridged.body if select is None else select(bridged.body)), len(bridged.losses))


def lowered(resource: str, document: Mapping[str, Any]) -> Bridged:
    """The document in v4. Raises OrderNotFound for a draft, which v4 does not know."""
    try:
        return lower(resource, document)
    except NotVisible as error:
        raise OrderNotFound("Order not found") from error


@contextmanager
def speaking(version: Version, resource: str) -> Iterator[None]:
    """What is raised about a v5 body is raised about the body that was sent."""
    try:
        yield
    except ContractViolation as error:
        told = [replace(found, pointer=version.spoken(resource, found.pointer)) for found in error.violations]
        raise ContractViolation(told) from error


def retold(version: Version, resource: str, trail: tuple[Mapped, ...], bridged: Bridged) -> tuple[Mapped, ...]:
    """How each field was read, from what was sent on; what the bridge lost has no target."""
    if version.name == "v5":
        return trail
    spoken = (replace(mapped, source=version.spoken(resource, mapped.source)) for mapped in trail)
    losses = (Mapped(loss.pointer, "", f"{loss.kind.value} in v5: {loss.reason}") for loss in bridged.losses)
    return (*spoken, *losses)


@dataclass(frozen=True)
class LiftedAttributes:
    """v4's names of a resource, as steps in the v5 documents that are kept."""

    resource: str
    v4: SchemaAttributes
    v5: SchemaAttributes

    def find(self, parameter: str, names: Names) -> Attribute:
        self.v4.find(parameter, names)
        return self.v5.find(parameter, tuple(lift_path(self.resource, ".".join(names)).split(".")) if names else ())
