"""The scopes of the product, and the clients of the development authorization server."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from facade.security.principal import Principal

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "audit:read": "Read the audit records of the client's own requests",
        "catalog:read": "Read the catalog: categories, offerings, prices, specifications",
        "catalog:publish": "Change what everybody sees of the catalog: publish, give new versions, retire",
        "catalog:write": "Prepare changes of the catalog, and see what is not published yet",
        "customer:read": "Read a customer's context",
        "events:read": "Read the events of what belongs to the client",
        "events:read:all": "Read the events of what belongs to any client",
        "events:subscribe": "Register for notifications",
        "inventory:correct": "Record, correct and remove what customers have, for administrators of the installed base",
        "inventory:read": "Read what customers have, as far as the client ordered it",
        "inventory:read:all": "Read what all customers have, not only what the client ordered",
        "operations:*": "See stuck work and decide about it",
        "order:all": "See the orders of all clients, not only its own",
        "order:cancel": "Cancel orders",
        "order:create": "Place orders",
        "order:delete": "Delete orders permanently, for administrators",
        "order:modify": "Change orders, as far as their state allows",
        "order:read": "Read orders and their progress",
        "partners:activate": "Activate and retire versions of partner profiles",
        "partners:read": "Read partner profiles",
        "partners:write": "Draft versions of partner profiles",
        "subscription:modify": "Change a customer's subscription",
    }
)
"""Every scope that a contract may require, and what it allows."""


@dataclass(frozen=True, slots=True)
class DevelopmentClient:
    """A client that may ask the development server for tokens. Answers what Authlib asks a client model.

    Its secret is its name + `-secret`, which is why it must never be known outside development.
    """

    client_id: str
    scopes: frozenset[str]
    known: bool = True
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def secret(self) -> str:
        return f"{self.client_id}-secret"

    def get_client_id(self) -> str:
        return self.client_id

    def check_client_secret(self, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), self.secret.encode()) and self.known

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token" and method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The granted scopes: all requested ones, or None. A request without scopes gets every scope of the client."""
        if not scope or not scope.split():
            return " ".join(sorted(self.scopes))
        asked = sorted(set(scope.split()))
        return " ".join(asked) if Principal(self.client_id, self.scopes).may_all(asked) else None


PARTNERS_SCOPES = frozenset(
    {
        *("audit:read", "catalog:read", "events:read", "events:subscribe", "inventory:read"),
        *("order:cancel", "order:create", "order:modify", "order:read"),
    }
)
CATALOG_SCOPES = frozenset({"catalog:write", "catalog:publish"})
CUSTOMERS_SCOPES = frozenset({"customer:read", "inventory:read:all", "order:all", "subscription:modify"})
WAREHOUSE_SCOPES = frozenset({"events:read", "events:read:all", "inventory:read", "inventory:read:all"})
_CLIENTS = (
    DevelopmentClient("partner-acme", PARTNERS_SCOPES),
    DevelopmentClient("conformance", PARTNERS_SCOPES | CATALOG_SCOPES),
    DevelopmentClient("partner-list", PARTNERS_SCOPES),
    DevelopmentClient("partner-pattern", PARTNERS_SCOPES),
    DevelopmentClient("partner-claim", PARTNERS_SCOPES | CUSTOMERS_SCOPES, claims={"customers": ["C12345", "C12346"]}),
    DevelopmentClient("partner-alpha", PARTNERS_SCOPES),
    DevelopmentClient("partner-beta", PARTNERS_SCOPES),
    DevelopmentClient("portal", (PARTNERS_SCOPES - {"events:subscribe"}) | CUSTOMERS_SCOPES | {"events:read:all"}),
    DevelopmentClient("warehouse", WAREHOUSE_SCOPES),
    DevelopmentClient("qa", frozenset(SCOPES)),
)
DEVELOPMENT_CLIENTS: Mapping[str, DevelopmentClient] = MappingProxyType({one.client_id: one for one in _CLIENTS})
"""A partner that sees its own orders, another whose orders are judged after they were acknowledged and that maintains
the catalog, three that are bound to customers, two that have ids and words of their own, the operator's portal that
sees all, its warehouse that reads all events and products, and one client that may do everything.
"""


def find_client(client_id: str) -> DevelopmentClient:
    """The client, or one whose secret never matches: unknown names and wrong secrets get the same answer."""
    return DEVELOPMENT_CLIENTS.get(client_id) or DevelopmentClient(client_id, frozenset(), known=False)
