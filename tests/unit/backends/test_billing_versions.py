"""Whether this Billing has accounts that can be read, by the version of its contract."""

from typing import Any

import pytest

from adapters.backends.billing import HttpBillingAccounts
from adapters.backends.registry import NEEDED, connect
from adapters.backends.settings import BackendSettings
from canonical.shared.errors import BackendUnavailable

NO_BACKEND: Any = None


@pytest.mark.parametrize("version", ["1.0.0", "1.9.0", "2.0.0"])
def test_a_billing_with_an_older_contract_has_no_accounts_and_the_text_says_why(version: str) -> None:
    missing = HttpBillingAccounts(NO_BACKEND, lambda: version).missing
    assert missing == f"Billing has version {version} of its contract, which has no accounts"


@pytest.mark.parametrize("version", [None, "2.1.0", "2.10.0", "3.0.0"])
def test_a_later_contract_has_them_and_so_has_one_that_is_not_named(version: str | None) -> None:
    assert HttpBillingAccounts(NO_BACKEND, lambda: version).missing is None


def test_right_after_the_start_billing_is_asked_for_its_version_before_an_account_is_read() -> None:
    nobody = BackendSettings("http://127.0.0.1:1/", "http://127.0.0.1:1/token", "id", "secret")
    backends = connect(dict.fromkeys(NEEDED, nobody))
    with pytest.raises(BackendUnavailable, match="billing has not said yet"):
        _ = backends.accounts.missing
    backends.close()
