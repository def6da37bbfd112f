"""Times, aggregates and events as they are kept."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.persistence.encoding import converter, decoded, encoded, timestamp
from canonical.ordering.order import Order
from canonical.shared import jsontext
from canonical.shared.failure import Failure
from tests.support.builders import an_order


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(823, 12, 2, 13, 29, 40, tzinfo=UTC),
        datetime(2026, 5, 3, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2))),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_every_time_is_read_as_it_was_written_and_sorts_as_text(at: datetime) -> None:
    assert len(timestamp(at)) == 27
    assert decoded(encoded(at), datetime) == at


def test_a_year_that_was_once_written_with_three_digits_is_read() -> None:
    assert converter.structure("823-12-02T13:29:40.000000Z", datetime) == datetime(823, 12, 2, 13, 29, 40, tzinfo=UTC)


def test_an_event_keeps_every_digit_of_what_a_backend_said() -> None:
    failure = Failure("INSUFFICIENT_STOCK", "too few", "reserve", {"available": 10**30})
    kept = encoded(failure)
    assert '{"available":1000000000000000000000000000000}' in kept
    assert decoded(kept, Failure) == failure


def test_an_order_of_an_earlier_release_does_not_say_which_agreement_judged_it() -> None:
    kept = jsontext.read_kept(encoded(an_order(agreed_version="partner-acme@1")))
    del kept["agreed_version"], kept["events"]
    assert decoded(jsontext.text(kept), Order).agreed_version is None
