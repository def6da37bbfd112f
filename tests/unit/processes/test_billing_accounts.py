"""The billing accounts that an order names are checked after its customer, before anything is changed."""

from typing import Any

import pytest

from canonical.ordering.commands import ItemAction
from canonical.ordering.errors import UnknownBillingAccount
from canonical.ordering.states import State
from canonical.ordering.wishes import Wishes
from canonical.processes.place_order import plan
from canonical.processes.progress import Progress
from canonical.shared.errors import BackendUnavailable
from tests.support.builders import a_change, a_command, a_line
from tests.support.fakes import Journal, KnowsAccounts
from tests.unit.processes.placing import Placing

MINE = "BA-12345"


def line(account: str, item_id: str = "1") -> Any:
    return a_line(id=item_id, wishes=Wishes(billing_account_id=account))


def placing(account: str | None = None, *lines: Any, **backends: Any) -> Placing:
    command = a_command(billing_account_id=account, lines=lines or (a_line(),))
    return Placing(command=command, **backends)


def asked(one: Placing) -> list[str]:
    return [operation for operation, _ in one.calls]


def test_an_order_that_names_no_account_asks_nobody() -> None:
    one = placing()
    assert one.carry_out().state is State.COMPLETED
    assert "account" not in asked(one)


def test_the_account_of_the_customer_is_verified_after_the_customer() -> None:
    one = placing(MINE, line(MINE, "a"), line(MINE, "b"))
    assert one.carry_out().state is State.COMPLETED
    assert asked(one)[:3] == ["customer", "account", "reserve"]
    assert one.progress.facts["verify-account-1"] == "account BA-12345 is one of customer C12345"
    assert [call.what for call in plan(one.kept) if call.step == "verify-account-1"] == [{"id": MINE}]


@pytest.mark.parametrize("account", ["BA-0", "BA-2", " ", "x" * 65])
def test_an_unknown_account_and_another_customers_end_the_order_alike(account: str) -> None:
    one = placing(account, accounts=KnowsAccounts({"BA-2": "C2"}))
    order = one.carry_out()
    assert order.failure is not None
    assert (order.state, order.failure.code) == (State.FAILED, "BILLING_ACCOUNT_NOT_FOUND")
    assert (order.failure.step, order.failure.details) == ("verify-account-1", {"billingAccountId": account})
    assert set(asked(one)) <= {"customer", "account"}, "nothing was changed"


def test_the_account_of_an_item_is_one_of_the_customer_who_gets_the_product() -> None:
    accounts = KnowsAccounts({MINE: "C12345", "BA-2": "C2"})
    wishes = Wishes(billing_account_id="BA-2", customer_id="C2")
    given_away = a_change(id="b", action=ItemAction.MOVE, wishes=wishes)
    one = placing(MINE, line(MINE, "a"), given_away, accounts=accounts)
    assert one.carry_out().state is State.COMPLETED
    assert one.progress.facts["verify-account-2"] == "account BA-2 is one of customer C2"
    other = placing(MINE, line("BA-2", "b"), accounts=accounts).carry_out()
    assert other.failure is not None
    assert other.failure.details == {"billingAccountId": "BA-2", "itemId": "b"}


def test_a_billing_without_accounts_is_not_asked_and_the_record_says_so() -> None:
    old = KnowsAccounts({}, missing="Billing has version 2.0.0 of its contract, which has no accounts")
    one, journal = placing("BA-0", accounts=old), Journal()
    assert one.carry_out(journal).state is State.COMPLETED
    assert "account" not in asked(one)
    assert one.progress.facts["verify-account-1"] == f"account BA-0 was not checked: {old.missing}"


def test_the_order_waits_while_billing_is_away() -> None:
    class Away(KnowsAccounts):
        def account(self, account_id: str) -> Any:
            raise BackendUnavailable("billing cannot be reached")

    one = placing(MINE, accounts=Away())
    progress = one.part(Progress())
    assert progress.waiting_for == "billing cannot be reached"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"billing_account_id": "BA-0"}, "/billing_account_id"),
        ({"lines": (a_line(), line("BA-0", "2"))}, "/lines/1/wishes/billing_account_id"),
    ],
)
def test_an_account_that_was_not_agreed_is_refused_at_once(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(UnknownBillingAccount) as refused:
        Placing(command=a_command(billing_accounts=(MINE,), **changes))
    assert refused.value.pointer == pointer
    Placing(command=a_command(billing_accounts=(MINE, "BA-0"), **changes))
    Placing(command=a_command(billing_accounts=(MINE,), tolerated=(UnknownBillingAccount.code,), **changes))
