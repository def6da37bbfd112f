"""Several backends asked at once: none waits for another, and nobody waits for ever."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars, get_contextvars

from adapters.backends.parallel_queries import MOST_KEPT, ParallelQueries
from canonical.ordering.errors import OrderNotFound
from canonical.shared.errors import BackendContractError, BackendRefused, BackendUnavailable, CanonicalError
from canonical.views.parts import Part, PartQuery
from tests.support.builders import NOON
from tests.support.fakes import StandingClock
from tests.support.waiting import LONG, until

PATIENT = LONG


class Inquiry:
    """Inquiries to crm and scm, and the switch that ends calls that hang."""

    def __init__(self) -> None:
        self.clock = StandingClock()
        self.released = threading.Event()
        self.made: list[ParallelQueries] = []

    def make(self, seconds: float = PATIENT, at_once: int = 2, last_known: float = 0.0) -> ParallelQueries:
        part_queries = ParallelQueries(
            ("crm", "scm"),
            self.clock,
            at_once=at_once,
            seconds=seconds,
            last_known_seconds=last_known,
            ticks=lambda: (self.clock.now() - NOON).total_seconds(),  # noqa: PLW0108 - the clock goes on
        )
        self.made.append(part_queries)
        return part_queries

    def hang(self) -> str:
        self.released.wait(LONG)
        return "late"


@pytest.fixture
def inquiry() -> Iterator[Inquiry]:
    made = Inquiry()
    yield made
    made.released.set()
    for part_queries in made.made:
        part_queries.close()


def asked(part_queries: ParallelQueries, answer: Any, source: str = "crm", about: str = "C1") -> Part:
    def ask() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    return part_queries.ask([PartQuery("profile", source, about, ask)]).part("profile")


def test_backends_are_asked_at_the_same_time(inquiry: Inquiry) -> None:
    both = threading.Barrier(2, timeout=LONG)
    questions = [PartQuery(name, name, "C1", lambda: both.wait() >= 0) for name in ("crm", "scm")]
    found = inquiry.make().ask(questions)
    assert [found.part(name).value for name in ("crm", "scm")] == [True, True]


def test_an_answer_of_nothing_is_an_answer(inquiry: Inquiry) -> None:
    assert asked(inquiry.make(), None) == Part(None)


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (BackendUnavailable("away"), True),
        (BackendContractError("strange"), False),
        (BackendRefused("no"), False),
        (OrderNotFound("no"), False),
    ],
)
def test_an_error_makes_the_part_missing(inquiry: Inquiry, error: CanonicalError, retryable: bool) -> None:
    part = asked(inquiry.make(), error)
    assert part.error is error
    assert part.missing is not None
    assert (part.missing.code, part.missing.retryable, part.missing.since) == (error.code, retryable, NOON)


def test_a_defect_is_no_missing_part(inquiry: Inquiry) -> None:
    for defect in (ZeroDivisionError(), TimeoutError("of somebody else")):
        with pytest.raises(type(defect)):
            asked(inquiry.make(), defect)


def test_a_backend_that_hangs_is_missing_and_the_others_are_not(inquiry: Inquiry) -> None:
    part_queries = inquiry.make(seconds=0.05)
    hanging = asked(part_queries, inquiry.hang)
    assert hanging.missing is not None
    assert (hanging.missing.code, hanging.missing.retryable) == ("BACKEND_UNAVAILABLE", True)
    assert asked(inquiry.make(), "here", source="scm").value == "here"


def test_calls_that_hang_leave_the_other_backends_their_threads(inquiry: Inquiry) -> None:
    part_queries = inquiry.make(seconds=0.05, at_once=2)
    for _ in range(4):
        assert asked(part_queries, inquiry.hang).missing is not None
    assert sum(thread.name.startswith("ask-crm") for thread in threading.enumerate()) <= 2
    assert "limit of concurrent calls" in str(asked(part_queries, "never asked").error)
    part_queries._seconds = PATIENT
    assert asked(part_queries, "here", source="scm").value == "here"
    inquiry.released.set()
    until(lambda: asked(part_queries, "here").missing is None)


def test_a_part_is_missing_since_it_was_first_missing(inquiry: Inquiry) -> None:
    part_queries = inquiry.make()

    def since() -> Any:
        missing = asked(part_queries, BackendUnavailable("away")).missing
        assert missing is not None
        return missing.since

    assert since() == NOON
    inquiry.clock.pass_(60)
    assert since() == NOON
    asked(part_queries, "back")
    assert since() == inquiry.clock.now()


def test_a_backend_that_says_no_is_not_away(inquiry: Inquiry) -> None:
    part_queries = inquiry.make()
    asked(part_queries, OrderNotFound("no"))
    inquiry.clock.pass_(60)
    part = asked(part_queries, BackendUnavailable("away"))
    assert part.missing is not None
    assert part.missing.since == inquiry.clock.now()


def test_nothing_stands_in_unless_it_is_allowed(inquiry: Inquiry) -> None:
    part_queries = inquiry.make()
    asked(part_queries, "known")
    assert asked(part_queries, BackendUnavailable("away")).value is None


def test_the_last_known_value_stands_in_for_a_while_and_says_from_when_it_is(inquiry: Inquiry) -> None:
    part_queries = inquiry.make(last_known=60)
    asked(part_queries, "known")
    inquiry.clock.pass_(60)
    part = asked(part_queries, BackendUnavailable("away"))
    assert part.missing is not None
    assert (part.value, part.missing.as_of) == ("known", NOON)
    assert asked(part_queries, BackendUnavailable("away"), about="C2").value is None, "another customer's"
    inquiry.clock.pass_(1)
    late = asked(part_queries, BackendUnavailable("away"))
    assert late.missing is not None
    assert (late.value, late.missing.as_of) == (None, None)


def test_what_is_gone_does_not_stand_in(inquiry: Inquiry) -> None:
    part_queries = inquiry.make(last_known=60)
    asked(part_queries, "known")
    asked(part_queries, OrderNotFound("gone"))
    assert asked(part_queries, BackendUnavailable("away")).value is None


def test_only_so_many_values_are_kept(inquiry: Inquiry) -> None:
    part_queries = inquiry.make(last_known=60)
    for number in range(MOST_KEPT + 1):
        asked(part_queries, number, about=f"C{number}")
    assert asked(part_queries, BackendUnavailable("away"), about="C0").value is None
    assert asked(part_queries, BackendUnavailable("away"), about=f"C{MOST_KEPT}").value == MOST_KEPT


def test_the_correlation_id_goes_with_the_question(inquiry: Inquiry) -> None:
    with bound_contextvars(correlation_id="corr-7"):
        assert asked(inquiry.make(), lambda: get_contextvars()["correlation_id"]).value == "corr-7"
