"""Orders without a key that are equal to one of a moment ago."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from canonical.ordering.commands import SubmitOrder
from canonical.ordering.external_ids import ExternalIdRules, Uniqueness
from canonical.ordering.order import ORDERS
from canonical.ordering.states import State
from canonical.shared.errors import RequestRepeated
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application, Repeats
from facade.bootstrap.use_cases import use_cases
from tests.support.builders import NOON, a_command
from tests.support.fakes import CountingIdentities, StandingClock, Starts
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory

ASKING = Request("partner-acme", "placeOrder", payload={"quantity": 2})
PLAIN = a_command(external_identifiers=())
WINDOW = Repeats(seconds=10)


class Shop:
    """Places the same order as often as one likes. `at` is the time on the clock."""

    def __init__(self, repeats: Repeats = WINDOW) -> None:
        self.memory, self.repeats, self.at = Memory(), repeats, NOON
        self._identities = CountingIdentities()

    def place(self, request: Request = ASKING, command: SubmitOrder = PLAIN) -> Result:
        application = Application(
            self.memory.unit_of_work,
            ReadsFromMemory(self.memory),
            StandingClock(self.at),
            self._identities,
            Starts(),
            use_cases({}),
            repeats=self.repeats,
        )
        return application.execute(request, Translation(command, carried={}), 201)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_it_is_told_with_the_last_one() -> None:
    shop = Shop()
    first, second, third = shop.place(), shop.place(), shop.place()
    assert (first.repeats, second.repeats, third.repeats) == (None, first.subject, second.subject)
    assert len({first.subject, second.subject, third.subject}) == 3


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKING, client="partner-globe"),
        replace(ASKING, operation="createProductOrder"),
        replace(ASKING, payload={"quantity": 3}),
        replace(ASKING, key="key-1"),
    ],
    ids=["client", "operation", "payload", "key"],
)
def test_another_request_repeats_nothing(other: Request) -> None:
    shop = Shop()
    shop.place()
    assert shop.place(other).repeats is None


def test_after_the_time_it_is_an_order_like_others() -> None:
    shop = Shop()
    first = shop.place()
    shop.at = later(10)
    assert shop.place().repeats == first.subject
    shop.at = later(20.1)
    assert shop.place().repeats is None


def test_it_can_be_refused_and_leaves_nothing_then() -> None:
    shop = Shop(replace(WINDOW, refused=True))
    first = shop.place()
    with pytest.raises(RequestRepeated) as refused:
        shop.place()
    assert refused.value.details == {"id": first.subject}
    assert (len(shop.memory.orders), len(shop.memory.audit)) == (1, 1)


def test_an_order_that_came_to_nothing_is_not_repeated() -> None:
    shop = Shop(replace(WINDOW, refused=True))
    failed = shop.place().subject
    shop.memory.orders[failed].state = State.FAILED
    removed = shop.place()
    assert removed.repeats is None
    del shop.memory.rows[ORDERS.name, removed.subject]
    assert shop.place().repeats is None


def test_the_same_order_by_agreement_is_not_repeated() -> None:
    shop = Shop(replace(WINDOW, refused=True))
    same = a_command(external_id_rules=ExternalIdRules(uniqueness=Uniqueness.SAME_ORDER))
    first = shop.place(command=same)
    again = shop.place(command=same)
    assert (again.subject, again.repeats) == (first.subject, None)


def test_without_a_window_nothing_counts_as_repeated() -> None:
    shop = Shop(Repeats())
    assert [shop.place().repeats for _ in range(2)] == [None, None]
