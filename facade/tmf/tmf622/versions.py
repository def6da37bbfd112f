"""How each version of TMF622 is spoken. The mappers and the documents that are kept speak v5; v4 is bridged to it.

What a v4 client sends is held against the v4 contract, lifted, held against the v5 contract and mapped as v5 is; what
is answered is lowered. Pointers in errors and records are those of the version that was spoken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import jsontext
from canonical.audit.record import Mapped
from canonical.ordering.order import Order
from canonical.shared.criteria import Compare, Criterion, Not, Operator, Step
from canonical.shared.errors import OrderNotFound
from facade.contract.pointers import shortened
from facade.contract.validator import Contract
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge import Bridged, Loss, NotVisible
from facade.tmf.patch import apply_patch
from facade.tmf.query.attributes import Attribute, Attributes, Names, SchemaAttributes
from facade.tmf.query.refusals import refusal
from facade.tmf.query.selection import KnownAttributes, Selection, selected
from facade.tmf.tmf622.account import STATES
from facade.tmf.tmf622.patching import patched_in_v4
from facade.tmf.tmf622.v4 import BRIDGE
from facade.tmf.tmf622.words import speaking

ORDER = "ProductOrder"
CANCELLATION = "CancelProductOrder"

HIDDEN_STATES = BRIDGE.hidden_values(ORDER)["state"]
"""Of the orders that do not exist in v4."""


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

    def searchable(self, resource: str) -> Attributes:
        """What its lists are filtered and sorted by."""
        ...

    @property
    def visible(self) -> Criterion | None:
        """Which orders there are in this version; None for all."""
        ...

    def knows(self, order: Order) -> bool:
        """Whether there is such an order in this version."""
        ...

    def selectable(self, resource: str) -> KnownAttributes:
        """What `fields` may name."""
        ...

    def recorded(self, operation: str) -> str:
        """The name under which requests of an operation are kept: with the version's where it is not the main one."""
        ...

    def lifted(self, resource: str, operation: str, body: Any) -> Bridged:
        """The body in v5. Raises ContractViolation with this version's pointers."""
        ...

    def meant(self, resource: str, body: Any) -> Any:
        """The body in v5, held against no contract."""
        ...

    def losses(self, resource: str, body: Any) -> Sequence[Loss]:
        """What the other version would not say of a body that keeps this version's contract."""
        ...

    def patched(self, resource: str, document: dict[str, Any], media_type: str, patch: Any) -> Bridged:
        """The v5 document with a patch in this version's words. Raises what `apply_patch` does."""
        ...

    def spoken(self, resource: str, pointer: str, sent: Any) -> str:
        """Where a v5 pointer leads in `sent`, a body in this version."""
        ...

    def retold(self, resource: str, trail: tuple[Mapped, ...], bridged: Bridged, sent: Any) -> tuple[Mapped, ...]:
        """How each field was read, from what was sent on; what the bridge lost has no target."""
        ...

    def shown(self, resource: str, document: str, href: str, selection: Selection | None) -> Shown:
        """A document kept as text without its href. Raises OrderNotFound for what this version does not have."""
        ...

    def written(self, resource: str, document: dict[str, Any], selection: Selection | None) -> Shown:
        """A whole v5 document."""
        ...


@dataclass(frozen=True)
class V5:
    """`attributes`: of each resource, by its name."""

    contract: Contract
    attributes: Mapping[str, SchemaAttributes]
    name: str = "v5"
    visible: Criterion | None = None

    def searchable(self, resource: str) -> SchemaAttributes:
        return self.attributes[resource]

    def knows(self, order: Order) -> bool:
        return True

    def selectable(self, resource: str) -> SchemaAttributes:
        return self.attributes[resource]

    def recorded(self, operation: str) -> str:
        return operation

    def lifted(self, resource: str, operation: str, body: Any) -> Bridged:
        return Bridged(body)

    def meant(self, resource: str, body: Any) -> Any:
        return body

    def losses(self, resource: str, body: Any) -> Sequence[Loss]:
        return BRIDGE.lower(resource, body).losses

    def patched(self, resource: str, document: dict[str, Any], media_type: str, patch: Any) -> Bridged:
        return Bridged(apply_patch(media_type, document, patch))

    def spoken(self, resource: str, pointer: str, sent: Any) -> str:
        return pointer

    def retold(self, resource: str, trail: tuple[Mapped, ...], bridged: Bridged, sent: Any) -> tuple[Mapped, ...]:
        return trail

    def shown(self, resource: str, document: str, href: str, selection: Selection | None) -> Shown:
        """Without a selection, neither parsing nor writing JSON."""
        text = b'{"href":%b,%b' % (jsontext.write(href), document[1:].encode())
        return Shown(text) if selection is None else self.written(resource, jsontext.read_kept(text), selection)

    def written(self, resource: str, document: dict[str, Any], selection: Selection | None) -> Shown:
        return Shown(jsontext.write(selected(document, selection)))


@dataclass(frozen=True)
class V4:
    """`attributes`: of each resource, by its name; `kept` those of the resources as they are kept, in v5."""

    contract: Contract
    attributes: Mapping[str, SchemaAttributes]
    kept: Mapping[str, SchemaAttributes]
    name: str = "v4"
    visible: Criterion = Not(Compare((Step("state"),), Operator.EQUAL, HIDDEN_STATES))

    def searchable(self, resource: str) -> "LiftedAttributes":
        return LiftedAttributes(resource, self.attributes[resource], self.kept[resource])

    def knows(self, order: Order) -> bool:
        return STATES[order.state] not in HIDDEN_STATES

    def selectable(self, resource: str) -> SchemaAttributes:
        return self.attributes[resource]

    def recorded(self, operation: str) -> str:
        return f"{self.name} {operation}"

    def lifted(self, resource: str, operation: str, body: Any) -> Bridged:
        bridged = BRIDGE.lift(resource, body)
        if resource == ORDER and bridged.body.get("requestedInitialState") in HIDDEN_STATES:
            text = "an order that is a draft cannot be seen in v4; use v5"
            raise ContractViolation([Violation("/requestedInitialState", Code.INVALID_VALUE, text, ("acknowledged",))])
        # v4 is open where v5 is not.
        checked = self.contract.check_request(operation, bridged.body)
        if checked.violations:
            with speaking(lambda pointer: self.spoken(resource, pointer, body)):
                raise ContractViolation(checked.violations)
        return replace(bridged, body=checked.body)

    def meant(self, resource: str, body: Any) -> Any:
        return BRIDGE.lift(resource, body).body

    def losses(self, resource: str, body: Any) -> Sequence[Loss]:
        return BRIDGE.lift(resource, body).losses

    def patched(self, resource: str, document: dict[str, Any], media_type: str, patch: Any) -> Bridged:
        return patched_in_v4(resource, document, lowered(resource, document), media_type, patch)

    def spoken(self, resource: str, pointer: str, sent: Any) -> str:
        return BRIDGE.sent_pointer(resource, pointer, sent)

    def retold(self, resource: str, trail: tuple[Mapped, ...], bridged: Bridged, sent: Any) -> tuple[Mapped, ...]:
        spoken = (replace(mapped, source=self.spoken(resource, mapped.source, sent)) for mapped in trail)
        losses = (Mapped(loss.pointer, "", f"{loss.kind.value} in v5: {loss.reason}") for loss in bridged.losses)
        return (*spoken, *losses)

    def shown(self, resource: str, document: str, href: str, selection: Selection | None) -> Shown:
        return self.written(resource, {"href": href} | jsontext.read_kept(document), selection)

    def written(self, resource: str, document: dict[str, Any], selection: Selection | None) -> Shown:
        bridged = lowered(resource, document)
        return Shown(jsontext.write(selected(bridged.body, selection)), len(bridged.losses))


def lowered(resource: str, document: Mapping[str, Any]) -> Bridged:
    """The document in v4. Raises OrderNotFound for a draft, which v4 does not know."""
    try:
        return BRIDGE.lower(resource, document)
    except NotVisible as error:
        raise OrderNotFound("Order not found") from error


@dataclass(frozen=True)
class LiftedAttributes:
    """v4's names of a resource, as steps in the v5 documents that are kept."""

    resource: str
    v4: SchemaAttributes
    v5: SchemaAttributes

    def find(self, parameter: str, names: Names) -> Attribute:
        self.v4.find(parameter, names)
        path = ".".join(names)
        try:
            return self.v5.find(parameter, tuple(BRIDGE.lift_path(self.resource, path).split(".")) if names else ())
        except ContractViolation:
            raise refusal(parameter, f"{shortened(path)} is only carried and cannot be searched") from None
