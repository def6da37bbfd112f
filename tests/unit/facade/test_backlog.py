"""New orders of a client whose orders wait too long are refused."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from canonical.shared.errors import StoreUnavailable
from facade.web.backlog import RETRY_AFTER, Backlog
from facade.web.limits import Overloaded

MINUTE = timedelta(minutes=1)


def backlog(seconds: float, **waits: timedelta) -> Backlog:
    made = Backlog(lambda: {client: datetime.now(UTC) - one for client, one in waits.items()}, seconds)
    made.round()
    return made


def test_who_waits_too_long_is_told_to_come_later_and_nobody_else() -> None:
    known = backlog(1800, late=40 * MINUTE, early=20 * MINUTE)
    known.check("early")
    known.check("unknown")
    with pytest.raises(Overloaded, match="waits for 2400 s") as told:
        known.check("late")
    assert told.value.retry_after == RETRY_AFTER


def test_without_a_bound_everybody_may_order() -> None:
    backlog(0, late=40 * MINUTE).check("late")


def test_a_database_that_does_not_answer_refuses_nobody_here() -> None:
    answers: list[Mapping[str, datetime]] = [{"late": datetime.now(UTC) - 40 * MINUTE}]

    def oldest() -> Mapping[str, datetime]:
        if not answers:
            raise StoreUnavailable("the database does not answer")
        return answers.pop()

    known = Backlog(oldest, 60)
    known.round()
    with pytest.raises(Overloaded):
        known.check("late")
    known.round()
    known.check("late")
