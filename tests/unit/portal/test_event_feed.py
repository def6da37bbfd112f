"""The feed of events: what a page has, and how requests wait for one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from canonical.events.ports import EVERYTHING, Wanted
from canonical.events.recorded import Origin, RecordedEvent
from canonical.shared.reader import CustomerSet
from facade.contract.violations import ContractViolation
from facade.portal import event_waits, events
from facade.portal.event_shapes import event_document
from facade.portal.event_waits import Advances
from facade.portal.events import PortalEvents
from facade.security.principal import Principal
from tests.support.builders import NOON
from tests.support.waiting import LONG

ALL = Principal("portal", frozenset({"events:read", "events:read:all"}))
ACME = Principal("acme", frozenset({"events:*"}))
TYPES = ("OrderSubmitted", "OrderCompleted")
SUBJECT_TYPES = ("order", "asset")


def an_event(number: int, owner: str = "acme", customer_id: str = "C1", **changes: Any) -> RecordedEvent:
    members: dict[str, Any] = {
        "type": "OrderSubmitted",
        "at": NOON,
        "subject_type": "order",
        "subject": f"o{number}",
        "sequence": 1,
        "origin": Origin(owner, "corr", "audit"),
        "hints": {"order_id": f"o{number}", "customer_id": customer_id},
        "document": '{"@complement":[],"id":"x"}',
    }
    return RecordedEvent(number=number, owner=owner, customer_id=customer_id, **members | changes)


@dataclass
class Stream:
    events: list[RecordedEvent] = field(default_factory=list)
    queries: int = 0

    def head(self) -> int:
        return self.events[-1].number if self.events else 0

    def after(self, number: int, limit: int, wanted: Wanted = EVERYTHING) -> Sequence[RecordedEvent]:
        self.queries += 1
        most = self.head() if wanted.up_to is None else wanted.up_to
        found = [one for one in self.events if number < one.number <= most]
        return [one for one in found if wanted.types is None or one.type in wanted.types][:limit]

    def before_time(self, at: datetime) -> int:
        return next((one.number - 1 for one in self.events if one.at >= at), self.head())

    def find(self, event_id: str) -> RecordedEvent:
        return next(one for one in self.events if one.id == event_id)


def a_feed(stream: Stream, advances: Advances | None = None) -> PortalEvents:
    return PortalEvents(stream, advances or Advances(stream.head), TYPES, SUBJECT_TYPES)


def page(stream: Stream, principal: Principal = ALL, **query: str) -> Any:
    """The numbers on the page, where to go on, and the last number."""
    feed = a_feed(stream)
    found = feed._page(feed._asked(query), events._reader(principal))
    return [event.number for event in found.events], found.next, found.last


def test_a_page_goes_on_after_its_cursor() -> None:
    stream = Stream([an_event(number) for number in range(1, 6)])
    assert page(stream) == ([1, 2, 3, 4, 5], 5, 5)
    assert page(stream, after="2", limit="2") == ([3, 4], 4, 5)
    assert page(stream, after="5") == ([], 5, 5)
    assert page(stream, after="9") == ([], 9, 5), "a cursor never goes back"
    assert page(Stream()) == ([], 0, 0)


def test_what_the_caller_does_not_see_is_passed_over_and_the_cursor_goes_on() -> None:
    stream = Stream([an_event(number, owner="other" if number % 2 else "acme") for number in range(1, 8)])
    assert page(stream, ACME) == ([2, 4, 6], 7, 7)
    assert page(stream, ACME, limit="2") == ([2, 4], 4, 7)
    assert page(Stream([an_event(1, owner="other")]), ACME) == ([], 1, 1)
    bound = Principal("acme", frozenset({"events:read"}), CustomerSet(frozenset({"C2"})))
    assert page(Stream([an_event(1), an_event(2, customer_id="C2")]), bound) == ([2], 2, 2)


def test_a_rare_type_is_looked_for_in_steps_and_the_page_ends_with_its_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "NUMBERS_AT_ONCE", 10)
    monkeypatch.setattr(events, "QUERIES_AT_ONCE", 3)
    stream = Stream([an_event(number) for number in range(1, 100)] + [an_event(100, type="OrderCompleted")])
    assert page(stream, types="OrderCompleted") == ([], 30, 100)
    assert stream.queries == 3
    assert page(stream, after="90", types="OrderCompleted, ") == ([100], 100, 100)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"types": "OrderSubmitted,OrderPlaced"}, "/types"),
        ({"types": ""}, "/types"),
        ({"types": " ,"}, "/types"),
        ({"subjectType": "bogus"}, "/subjectType"),
        ({"subjectType": ""}, "/subjectType"),
        ({"include": "documents"}, "/include"),
        ({"after": "-1"}, "/after"),
        ({"limit": "201"}, "/limit"),
        ({"wait": "31"}, "/wait"),
        ({"subjectId": "\0"}, "/subjectId"),
        ({"subjectType": "a\0"}, "/subjectType"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_its_pointer(query: dict[str, str], pointer: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        a_feed(Stream())._asked(query)
    assert [one.pointer for one in refused.value.violations] == [pointer]


def test_an_event_is_shown_with_the_words_of_the_canonical_api() -> None:
    hints = {"asset_id": "a1", "fields": ("customer_id", "ended_at")}
    shown = event_document(an_event(7, type="CustomerAssetChanged", hints=hints), with_document=True)
    assert shown == {
        "number": 7,
        "id": "o7-1",
        "type": "CustomerAssetChanged",
        "version": 1,
        "at": "2026-05-03T12:00:00.000000Z",
        "subject": {"type": "order", "id": "o7", "sequence": 1},
        "owner": "acme",
        "customerId": "C1",
        "actor": "acme",
        "correlationId": "corr",
        "causationId": "audit",
        "hints": {"assetId": "a1", "fields": ["customerId", "endedAt"]},
        "document": {"id": "x"},
    }
    assert event_document(an_event(7, document=None), with_document=True)["document"] is None
    assert "document" not in event_document(an_event(7), with_document=False)


# --- waiting ----------------------------------------------------------------------------------------------------------


def a_scope(query: bytes, principal: Principal | None = ALL) -> dict[str, Any]:
    known = {} if principal is None else {"token_info": {"principal": principal}}
    return {"query_string": query, "extensions": {"connexion_context": known}}


def test_a_request_waits_for_an_event_that_it_asks_for() -> None:
    stream = Stream([an_event(1)])
    advances = Advances(stream.head)
    feed = a_feed(stream, advances)

    async def follow() -> list[bool]:
        waiting = asyncio.ensure_future(feed.wait(a_scope(b"after=1&wait=30&types=OrderCompleted", ACME)))
        seen = []
        for event in (an_event(2), an_event(3, "other", type="OrderCompleted"), an_event(4, type="OrderCompleted")):
            await asyncio.sleep(0.01)
            seen.append(waiting.done())
            stream.events.append(event)
            advances.advanced()
        await asyncio.wait_for(waiting, LONG)
        return seen

    assert asyncio.run(follow()) == [False, False, False], "another type, and another client's"


@pytest.mark.parametrize(
    ("query", "principal"),
    [
        (b"after=0&wait=30", ALL),  # there is one already
        (b"after=1&wait=0", ALL),
        (b"after=1", ALL),
        (b"after=1&wait=30", None),
        (b"after=x&wait=30", ALL),
        (b"after=1&wait=30&types=Nothing", ALL),
        (b"after=1&wait=30&unknown=", ALL),
    ],
)
def test_a_request_that_need_not_wait_goes_on_at_once(query: bytes, principal: Principal | None) -> None:
    feed = a_feed(Stream([an_event(1)]))
    asyncio.run(asyncio.wait_for(feed.wait(a_scope(query, principal)), LONG))


def test_a_request_goes_on_when_its_time_is_over() -> None:
    feed = a_feed(Stream([an_event(1)]))
    asyncio.run(asyncio.wait_for(feed.wait(a_scope(b"after=1&wait=1")), LONG))


@pytest.mark.parametrize(("most", "asked"), [(5.0, [True]), (30.0, [False])])
def test_the_operator_bounds_how_long_a_request_waits(most: float, asked: list[bool]) -> None:
    waits: list[float] = []

    class Recording(Advances):
        async def beyond(self, number: int, seconds: float, client: str) -> bool:
            waits.append(seconds)
            return False

    stream = Stream([an_event(1)])
    feed = PortalEvents(stream, Recording(stream.head), TYPES, SUBJECT_TYPES, most)
    asyncio.run(feed.wait(a_scope(b"after=1&wait=20")))
    assert [seconds <= 5.0 for seconds in waits] == asked


def test_no_more_requests_wait_than_the_process_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_waits, "MOST_WAITING", 2)
    stream = Stream([an_event(1)])
    advances = Advances(stream.head)

    async def crowd() -> list[bool]:
        waiting = [asyncio.ensure_future(advances.beyond(1, LONG, client)) for client in ("a", "b")]
        await asyncio.sleep(0)
        assert await advances.beyond(1, LONG, "c") is False
        stream.events.append(an_event(2))
        await asyncio.to_thread(advances.advanced)
        return [*await asyncio.gather(*waiting), await advances.beyond(1, LONG, "c")]

    assert asyncio.run(crowd()) == [True, True, True]


def test_the_waiting_requests_of_one_client_leave_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_waits, "MOST_OF_CLIENT", 1)
    stream = Stream([an_event(1)])
    advances = Advances(stream.head)

    async def crowd() -> list[bool]:
        waiting = [asyncio.ensure_future(advances.beyond(1, LONG, client)) for client in "aab"]
        await asyncio.wait(waiting[1:2])
        first, second, third = (one.done() for one in waiting)
        stream.events.append(an_event(2))
        advances.advanced()
        await asyncio.gather(*waiting)
        return [first, second, third]

    assert asyncio.run(crowd()) == [False, True, False]


def test_a_small_page_is_looked_for_in_batches_of_the_largest() -> None:
    stream = Stream([an_event(number, "other") for number in range(1, 150)] + [an_event(150)])
    assert page(stream, ACME, limit="1") == ([150], 150, 150)
    assert stream.queries == 1


def test_numbers_before_anybody_waits_wake_nobody() -> None:
    stream = Stream()
    Advances(stream.head).advanced()
