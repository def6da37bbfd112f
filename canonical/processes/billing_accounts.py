"""The billing accounts that an order names: each has to be one of the customer who will own the product."""

from dataclasses import dataclass

from canonical.customers.errors import BillingAccountNotFound
from canonical.customers.ports import BillingAccounts
from canonical.ordering.order import Order

LONGEST_ID = 64
"""Characters that Billing's contract allows. A longer id, or a blank one, is no account's."""


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account that the order names, or its item `item_id`, and the customer who should have it."""

    id: str
    customer_id: str
    item_id: str | None = None


def accounts_of(order: Order) -> list[NamedAccount]:
    """Each account once for each customer, in the sequence of the order."""
    named = [] if order.billing_account_id is None else [NamedAccount(order.billing_account_id, order.customer_id)]
    for item in order.items:
        if item.wishes.billing_account_id is not None:
            owner = item.wishes.customer_id or order.customer_id
            named.append(NamedAccount(item.wishes.billing_account_id, owner, item.id))
    found: dict[tuple[str, str], NamedAccount] = {}
    for one in named:
        found.setdefault((one.id, one.customer_id), one)
    return list(found.values())


def verify(named: NamedAccount, accounts: BillingAccounts) -> str:
    """What was found out, for the record of the process. Raises BillingAccountNotFound or BackendError."""
    if accounts.missing is not None:
        return f"account {named.id} was not checked: {accounts.missing}"
    details = {} if named.item_id is None else {"itemId": named.item_id}
    if not named.id.strip() or len(named.id) > LONGEST_ID:
        raise BillingAccountNotFound.named(named.id, **details)
    try:
        account = accounts.account(named.id)
    except BillingAccountNotFound as error:
        raise BillingAccountNotFound.named(named.id, **details) from error
    if account.customer_id != named.customer_id:
        raise BillingAccountNotFound.named(named.id, **details)
    return f"account {account.id} is one of customer {account.customer_id}"
