"""The reader: the clients and customers whose orders it sees."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CustomerSet:
    """Customers, by their ids: those in `ids`, and those whose id begins with one of `prefixes`.

    Ids are compared character by character: another case, a blank more or a letter that only looks alike is another
    customer.
    """

    ids: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def __contains__(self, customer_id: str) -> bool:
        return customer_id in self.ids or customer_id.startswith(self.prefixes)


Only = tuple[tuple[str, frozenset[str]], ...]
"""Paths of texts that aggregates are found by, each with the texts of which one has to be there."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Sees the orders of `client`, or `everybody`'s; of any customer, or of `customers` only.

    What comes with an order (its document, its cancellations) is seen by those who see the order. An order that names
    no customer, as a rejected one may, is seen by the client that sent it. `only`: nothing is seen but what is found by
    one of the texts at each of these paths.
    """

    client: str
    everybody: bool = False
    customers: CustomerSet | None = None
    only: Only = ()

    def sees(self, owner: str, customer_id: str) -> bool:
        """Whether it sees what belongs to this client and is about this customer."""
        return (self.everybody or owner == self.client) and self.may_act_for(customer_id)

    def may_act_for(self, customer_id: str) -> bool:
        return self.customers is None or customer_id in self.customers

    @property
    def unbounded(self) -> bool:
        """Whether there is no order that it does not see."""
        return self.everybody and self.customers is None


ALL = Reader("", everybody=True)
"""For what the product reads on its own account."""
