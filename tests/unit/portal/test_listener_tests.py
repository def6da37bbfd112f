"""Each client tests one listener at a time: a silent one holds a thread."""

import pytest

from facade.portal.listeners import OneEach
from facade.web.limits import RateLimited


def test_a_client_has_one_test_under_way_and_others_have_theirs() -> None:
    testing = OneEach()
    with testing.one("a"), testing.one("b"):
        with pytest.raises(RateLimited) as refused, testing.one("a"):
            raise AssertionError("not reached")
        assert refused.value.retry_after == 1
    with pytest.raises(ValueError, match="failed"), testing.one("a"):
        raise ValueError("failed")
    with testing.one("a"):
        pass
