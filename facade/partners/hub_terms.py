"""What a partner's registrations for events may name, and what they get if they ask for nothing in particular.

profile["hub"]     {"callbackHosts": ["*.acme.example"], "eventTypes": {"TMF622": ["ProductOrderStateChangeEvent"]}}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from facade.partners.faults import ProfileFault

_CHANGES = ("Create", "StateChange", "AttributeValueChange", "Delete")


def _events(*resources: str) -> tuple[str, ...]:
    return tuple(f"{resource}{change}Event" for resource in resources for change in _CHANGES)


EVENT_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "TMF620": _events("Category", "ProductOffering", "ProductOfferingPrice", "ProductSpecification"),
        "TMF622": (
            *_events("ProductOrder"),
            *("ProductOrderInformationRequiredEvent", "CancelProductOrderInformationRequiredEvent"),
            *("CancelProductOrderCreateEvent", "CancelProductOrderStateChangeEvent"),
        ),
        "TMF637": (*_events("Product"), "ProductBatchEvent"),
    }
)
"""The event types of each API that all its versions have."""
ANY_OF = "*."

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "callbackHosts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": {"type": "string", "pattern": r"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$"},
        },
        "eventTypes": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                api: {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(types)}}
                for api, types in EVENT_TYPES.items()
            },
        },
    },
}
"""The form of the key `hub` of a profile."""


@dataclass(frozen=True)
class HubTerms:
    """`hosts` that callbacks may have, any with none; `*.` stands for every name below. `event_types` by API are asked
    for if a registration has no query.
    """

    hosts: tuple[str, ...] = ()
    event_types: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def allows(self, host: str) -> bool:
        return not self.hosts or any(_meant(allowed, host.lower()) for allowed in self.hosts)

    def query(self, api: str) -> str:
        """The query of a registration that has none; empty for all events."""
        types = self.event_types.get(api, ())
        return f"eventType={','.join(types)}" if types else ""


ANY_HUB = HubTerms()


def hub_terms(said: Mapping[str, Any]) -> HubTerms:
    """The terms in a profile that keeps its schema. Raises ProfileFault."""
    hosts = tuple(host.lower() for host in said.get("callbackHosts", ()))
    for number, host in enumerate(hosts):
        if host in hosts[:number]:
            raise ProfileFault(f"/hub/callbackHosts/{number}", f"{host} is there twice: keep one")
    types = {api: tuple(names) for api, names in said.get("eventTypes", {}).items()}
    return HubTerms(hosts, MappingProxyType(types)) if said else ANY_HUB


def _meant(allowed: str, host: str) -> bool:
    return host.endswith(allowed[1:]) if allowed.startswith(ANY_OF) else host == allowed
