"""Who owns the customers."""

from typing import Protocol

from canonical.customers.reference import CustomerReference


class Customers(Protocol):
    """Reads customers from their owner. Raises CustomerNotFound or BackendError."""

    def customer(self, customer_id: str) -> CustomerReference: ...
