"""A customer with what CRM, BSS, Billing and SCM know about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from canonical.customers.ports import CustomerProfiles, OutstandingBalances
from canonical.subscriptions.ports import CustomerSubscriptions
from canonical.views.parts import Missing, PartQueries, PartQuery, answers, missing_of
from canonical.views.ports import Shipments


class ContextPart(StrEnum):
    PROFILE = "profile"
    SUBSCRIPTIONS = "subscriptions"
    BALANCES = "outstandingBalances"
    SHIPMENTS = "recentShipments"


SOURCES: Mapping[ContextPart, str] = MappingProxyType(
    {
        ContextPart.PROFILE: "crm",
        ContextPart.SUBSCRIPTIONS: "bss",
        ContextPart.BALANCES: "billing",
        ContextPart.SHIPMENTS: "scm",
    }
)


@dataclass(frozen=True)
class CustomerContext:
    """`parts` has the wanted parts; a part that is None may be named in `missing`."""

    customer_id: str
    parts: Mapping[ContextPart, Any]
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class CustomerContexts:
    profiles: CustomerProfiles
    subscriptions: CustomerSubscriptions
    balances: OutstandingBalances
    shipments: Shipments
    part_queries: PartQueries

    def context(self, customer_id: str, wanted: frozenset[ContextPart]) -> CustomerContext:
        """The wanted parts.

        Raises CustomerNotFound if CRM says so. CRM is always asked, because only CRM can tell an unknown customer from
        a customer without data.
        """
        asks: Mapping[ContextPart, Callable[[], Any]] = {
            ContextPart.PROFILE: lambda: self.profiles.profile(customer_id),
            ContextPart.SUBSCRIPTIONS: lambda: self.subscriptions.of_customer(customer_id),
            ContextPart.BALANCES: lambda: self.balances.outstanding(customer_id),
            ContextPart.SHIPMENTS: lambda: self.shipments.recent(customer_id),
        }
        asked = wanted | {ContextPart.PROFILE}
        questions = [PartQuery(part, SOURCES[part], customer_id, asks[part]) for part in ContextPart if part in asked]
        found = answers(self.part_queries, questions, decisive=ContextPart.PROFILE)
        parts = {part: found[part].value for part in ContextPart if part in wanted}
        return CustomerContext(customer_id, parts, missing_of(found))
