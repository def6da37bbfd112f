"""The principal: the client behind the request, its scopes, and what it may see."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connexion.context import context

from canonical.customers.errors import CustomerNotFound
from canonical.shared.reader import CustomerSet, Reader
from facade.partners.profiles import DEFAULT, Nulls, Profile
from facade.security.errors import MISSING, ScopeMissing, TokenRefused

WILDCARD = ":*"


@dataclass(frozen=True, slots=True)
class Principal:
    """The client a verified access token was issued to, the scopes it holds and the customers it may act for.

    `customers` None are all of them. `profile` is what was agreed with the client when the request came: the request is
    judged by nothing else, even if another version is activated meanwhile.
    """

    client_id: str
    scopes: frozenset[str]
    customers: CustomerSet | None = None
    profile: Profile = DEFAULT

    def may(self, scope: str) -> bool:
        """Whether a scope is held, by its name or by a wildcard: `operations:*` holds `operations:read`."""
        return scope in self.scopes or any(
            held.endswith(WILDCARD) and scope.startswith(held[:-1]) for held in self.scopes
        )

    def may_all(self, scopes: Iterable[str]) -> bool:
        return all(self.may(scope) for scope in scopes)

    def require(self, scopes: Collection[str]) -> None:
        """Raises ScopeMissing unless all are held."""
        if not self.may_all(scopes):
            raise ScopeMissing(self, scopes)

    def may_act_for(self, customer_id: str) -> bool:
        """Whether the client may act for a customer. Only this method decides it, by the id only: no
        backend is asked.
        """
        return self.customers is None or customer_id in self.customers

    def check_customer(self, customer_id: str, pointer: str | None = None) -> None:
        """Raises CustomerNotFound for a customer for whom it may not act, whether or not the customer exists."""
        if not self.may_act_for(customer_id):
            raise CustomerNotFound.named(customer_id, pointer)

    def reader(self, resource: str = "order") -> Reader:
        """Whose orders (quotes, assets…) the caller sees: its own, or everybody's; of the customers it may act for.

        Everybody's takes the scope `order:all` by name. `order:*` is not enough: a partner that may do everything
        with its own orders must not see another's by it.
        """
        return Reader(self.client_id, everybody=f"{resource}:all" in self.scopes, customers=self.customers)


def principal_in(request_context: Mapping[str, Any]) -> Principal | None:
    """The caller, from Connexion's context of a request (`request.context`); None where no token was needed."""
    found = (request_context.get("token_info") or {}).get("principal")
    return found if isinstance(found, Principal) else None


def refuses_nulls(request_context: Mapping[str, Any]) -> bool:
    """Whether it was agreed with the caller that it sends no nulls."""
    caller = principal_in(request_context)
    return caller is not None and caller.profile.nulls is Nulls.REFUSE


def current_principal() -> Principal:
    """The caller of the operation that is being handled.

    Works in a handler of Connexion's FlaskApp: the context set on the event loop is copied to the WSGI worker thread.
    It is not copied to threads that a handler starts itself. Raises TokenRefused where the operation's contract asks
    for no token and none was sent: a handler that wants to know its caller never runs without one.
    """
    found = principal_in(context)
    if found is None:
        raise TokenRefused(MISSING)
    return found
