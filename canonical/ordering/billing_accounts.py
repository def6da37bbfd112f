"""The billing accounts that an order may name, as was agreed with the client."""

from canonical.ordering.commands import SubmitOrder
from canonical.ordering.errors import UnknownBillingAccount


def check_billing_accounts(command: SubmitOrder) -> None:
    """Raises UnknownBillingAccount for the first account that was not agreed, unless that is tolerated."""
    if not command.billing_accounts or UnknownBillingAccount.code in command.tolerated:
        return
    named = [("/billing_account_id", command.billing_account_id)] + [
        (f"/lines/{index}/wishes/billing_account_id", line.wishes.billing_account_id)
        for index, line in enumerate(command.lines)
    ]
    for pointer, account in named:
        if account is not None and account not in command.billing_accounts:
            text = f"no billing account {account[:64]} was agreed with you: send one of those that were"
            raise UnknownBillingAccount(text, pointer=pointer)
