"""The systems that own the customers and know their debts."""

from typing import Protocol

from canonical.customers.balance import OutstandingBalance
from canonical.customers.reference import BillingAccount, CustomerProfile, CustomerReference


class Customers(Protocol):
    """Reads customers from their owner. Raises CustomerNotFound or BackendError."""

    def customer(self, customer_id: str) -> CustomerReference: ...


class CustomerProfiles(Protocol):
    """Reads customers from their owner, with all attributes. Raises CustomerNotFound or BackendError."""

    def profile(self, customer_id: str) -> CustomerProfile: ...


class BillingAccounts(Protocol):
    """Reads billing accounts from their owner."""

    @property
    def missing(self) -> str | None:
        """Why no account can be read, as a text; None if accounts can be read."""
        ...

    def account(self, account_id: str) -> BillingAccount:
        """Raises BillingAccountNotFound or BackendError."""
        ...


class OutstandingBalances(Protocol):
    def outstanding(self, customer_id: str) -> tuple[OutstandingBalance, ...]:
        """One for each currency; a customer who is not known there owes nothing. Raises BackendError."""
        ...
