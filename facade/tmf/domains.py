"""Domains: what kind of id or word stands at a place, such as the id of an offering or the state of an order.

A partner may have ids and words of its own for each of them. An API declares where each domain stands in its documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from canonical.catalog.lifecycle import LifecycleStatus
from facade.tmf.vocabulary import PARTY_ROLES, RELATIONSHIP_TYPES


class Domain(StrEnum):
    """Its value is its key in a partner's profile."""

    OFFERINGS = "offerings"
    CUSTOMERS = "customers"
    BILLING_ACCOUNTS = "billingAccounts"
    PRODUCTS = "products"
    ORDER_STATES = "states"
    CANCELLATION_STATES = "cancellationStates"
    PRODUCT_STATUSES = "productStatuses"
    LIFECYCLE_STATUSES = "lifecycleStatuses"
    ACTIONS = "actions"
    ROLES = "roles"
    RELATIONSHIPS = "relationships"
    UNITS = "units"
    ERROR_CODES = "errors"


ID_DOMAINS = (Domain.OFFERINGS, Domain.CUSTOMERS, Domain.BILLING_ACCOUNTS, Domain.PRODUCTS)
OF_PERSONS = frozenset({Domain.CUSTOMERS, Domain.BILLING_ACCOUNTS})
"""Domains whose ids stand for persons: audit records do not repeat them."""
OF_CUSTOMERS = OF_PERSONS | {Domain.PRODUCTS}
"""Domains whose ids are those of single customers: errors do not list them."""
WORD_DOMAINS = tuple(domain for domain in Domain if domain not in (*ID_DOMAINS, Domain.ERROR_CODES))

ORDER_STATES = (
    *("acknowledged", "rejected", "pending", "held", "inProgress", "cancelled", "completed", "failed", "partial"),
    *("assessingCancellation", "pendingCancellation", "draft", "inProgress.accepted"),
)

OURS: Mapping[Domain, tuple[str, ...]] = MappingProxyType(
    {
        Domain.ORDER_STATES: ORDER_STATES,
        Domain.CANCELLATION_STATES: (
            *("acknowledged", "rejected", "inProgress", "cancelled", "done", "terminatedWithError"),
        ),
        Domain.PRODUCT_STATUSES: (
            *("created", "pendingActive", "cancelled", "active", "pendingTerminate", "terminated", "suspended"),
            "aborted",
        ),
        Domain.LIFECYCLE_STATUSES: (*(status.value.replace("_", " ").title() for status in LifecycleStatus),),
        Domain.ACTIONS: ("add", "modify", "delete", "noChange"),
        Domain.ROLES: PARTY_ROLES,
        Domain.RELATIONSHIPS: tuple(RELATIONSHIP_TYPES),
    }
)
"""Our words, where they are enumerated: those that the contracts publish, and those of our vocabulary."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a domain stands in a v5 document.

    `pointer` is a JSON pointer. `*` is any element of a list; `**` is the same, and any element of the list of the same
    name in such an element, at any depth. `of_customers`: the place counts only if the innermost element of a list
    around it has the role of a customer.
    """

    pointer: str
    domain: Domain
    of_customers: bool = False


@dataclass(frozen=True, slots=True)
class Promotable:
    """Where a v5 document has what an extension of a partner's may say. `beside` are other members that the element of
    its list needs.
    """

    pointer: str
    beside: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def places_of_product(prefix: str) -> tuple[Place, ...]:
    """Where a product has ids and words, of one that stands at the pointer `prefix`."""
    return (
        Place(f"{prefix}/id", Domain.PRODUCTS),
        Place(f"{prefix}/status", Domain.PRODUCT_STATUSES),
        Place(f"{prefix}/productOffering/id", Domain.OFFERINGS),
        Place(f"{prefix}/billingAccount/id", Domain.BILLING_ACCOUNTS),
        Place(f"{prefix}/productRelationship/*/id", Domain.PRODUCTS),
        Place(f"{prefix}/productTerm/*/duration/units", Domain.UNITS),
        Place(f"{prefix}/relatedParty/*/role", Domain.ROLES),
        Place(f"{prefix}/relatedParty/*/partyOrPartyRole/id", Domain.CUSTOMERS, of_customers=True),
    )
