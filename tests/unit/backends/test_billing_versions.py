"""Whether this Billing has accounts that can be read, by the version of its contract."""

from typing import Any

import pytest

from adapters.backends.billing import HttpBillingAccounts

NO_BACKEND: Any = None


@pytest.mark.parametrize("version", ["1.0.0", "1.9.0", "2.0.0"])
def test_a_billing_with_an_older_contract_has_no_accounts_and_the_text_says_why(version: str) -> None:
    missing = HttpBillingAccounts(NO_BACKEND, lambda: version).missing
    assert missing == f"Billing has version {version} of its contract, which has no accounts"


@pytest.mark.parametrize("version", [None, "2.1.0", "2.10.0", "3.0.0"])
def test_a_later_contract_has_them_and_so_has_one_that_nobody_knows(version: str | None) -> None:
    assert HttpBillingAccounts(NO_BACKEND, lambda: version).missing is None
