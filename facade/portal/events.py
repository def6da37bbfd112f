"""The canonical API's events: pages of the stream, with long polling, and single events with their documents."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import flask
from starlette.types import Scope

from canonical.events.errors import EventNotFound
from canonical.events.ports import EventStream, Wanted
from canonical.events.recorded import RecordedEvent
from canonical.shared.errors import StoreUnavailable
from canonical.shared.reader import Reader
from facade.answers import AnswerRow, AnswerTable
from facade.contract.violations import Code, ContractViolation, Violation
from facade.portal.event_shapes import event_document
from facade.portal.event_waits import Advances
from facade.security.principal import Principal, current_principal, principal_in
from facade.web.json import answer_json
from facade.web.limits import Overloaded
from facade.web.paging import MAX_LIMIT, only, whole_number
from facade.web.threads import BoundedThreads, Queue

ANSWERS: AnswerTable = MappingProxyType({EventNotFound: AnswerRow(404, "Event not found")})
READ = "events:read"
DOCUMENT = "document"
PARAMETERS = ("after", "limit", "types", "subjectType", "subjectId", "include", "wait")
DEFAULT_LIMIT = 100
LONGEST_WAIT = 30
LAST_NUMBER = 2**53 - 1
"""The greatest integer that every reader of JSON keeps."""
NUMBERS_AT_ONCE = 10_000
"""Numbers that one query goes through, so that a rare type of event does not take it too long."""
QUERIES_AT_ONCE = 20
"""Queries for one page. Then the page is answered as it is, and its `next` goes on."""
THREADS = 2
"""For the queries of those who wait."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of events, and how long to wait for its first one."""

    after: int
    limit: int
    wanted: Wanted
    with_documents: bool
    wait: int


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, and the number after which to go on."""

    events: Sequence[RecordedEvent]
    next: int
    last: int


class PortalEvents:
    """`types` and `subject_types` are those that there are. No request waits longer than `seconds`."""

    def __init__(
        self,
        stream: EventStream,
        advances: Advances,
        types: Collection[str],
        subject_types: Collection[str],
        seconds: float = LONGEST_WAIT,
    ) -> None:
        self._stream = stream
        self._advances = advances
        self._types = frozenset(types)
        self._subject_types = frozenset(subject_types)
        self._seconds = seconds
        self._threads = BoundedThreads(THREADS, Queue(1000, 5.0), "event-waits")

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"listEvents": self.list_events, "getEvent": self.get_event}

    def list_events(self) -> flask.Response:
        """The caller's events after a number; perhaps none."""
        only(flask.request.args, PARAMETERS)
        asked = self._asked(flask.request.args)
        page = self._page(asked, _reader(current_principal()))
        items = [event_document(event, with_document=asked.with_documents) for event in page.events]
        return answer_json({"items": items, "next": page.next, "last": page.last})

    def get_event(self, eventId: str) -> flask.Response:
        only(flask.request.args, ())
        event = self._stream.find(eventId)
        if not _reader(current_principal()).sees(event.owner, event.customer_id):
            raise EventNotFound("Event not found", eventId=eventId)
        return answer_json(event_document(event, with_document=True))

    async def wait(self, scope: Scope) -> None:
        """Wait on the event loop until there is an event for the request, or its time is over."""
        query = dict(parse_qsl(scope["query_string"].decode("latin1"), keep_blank_values=True))
        principal = principal_in(scope["extensions"]["connexion_context"])
        try:
            asked = self._asked(query)
        except ContractViolation:
            return  # the handler refuses it
        if principal is None or not asked.wait or query.keys() - set(PARAMETERS):
            return
        reader, loop = _reader(principal), asyncio.get_running_loop()
        until = loop.time() + min(asked.wait, self._seconds)
        with suppress(Overloaded, StoreUnavailable):  # the handler meets the same, and says so
            while await self._advances.beyond(asked.after, until - loop.time(), principal.client_id):
                page = await self._threads.run(partial(self._page, asked, reader))
                if page.events:
                    return
                asked = replace(asked, after=page.next)

    def _page(self, asked: Asked, reader: Reader) -> EventPage:
        last, cursor, found = self._stream.head(), asked.after, list[RecordedEvent]()
        for _ in range(QUERIES_AT_ONCE):
            if len(found) == asked.limit or cursor >= last:
                break
            up_to = min(cursor + NUMBERS_AT_ONCE, last)
            batch = self._stream.after(cursor, MAX_LIMIT, replace(asked.wanted, up_to=up_to))
            for event in batch:
                cursor = event.number
                if reader.sees(event.owner, event.customer_id):
                    found.append(event)
                if len(found) == asked.limit:
                    break
            else:
                cursor = up_to if len(batch) < MAX_LIMIT else cursor
        return EventPage(found, cursor, last)

    def _asked(self, query: Mapping[str, str]) -> Asked:
        """Raises ContractViolation."""
        return Asked(
            after=whole_number(query, "after", LAST_NUMBER),
            limit=max(1, whole_number(query, "limit", MAX_LIMIT, DEFAULT_LIMIT)),
            wanted=Wanted(self._types_in(query), self._subject_type_in(query), _plain(query, "subjectId")),
            with_documents=_with_documents(query),
            wait=whole_number(query, "wait", LONGEST_WAIT),
        )

    def _types_in(self, query: Mapping[str, str]) -> frozenset[str] | None:
        if "types" not in query:
            return None
        names = frozenset(name.strip() for name in query["types"].split(",")) - {""}
        if unknown := sorted(names - self._types):
            text = f"there is no event of the type {unknown[0][:60]}"
            raise ContractViolation([Violation("/types", Code.INVALID_VALUE, text, tuple(sorted(self._types)))])
        if not names:
            text = "types names the event types that are wanted, with commas between them: leave it out for all"
            raise ContractViolation([Violation("/types", Code.INVALID_VALUE, text, tuple(sorted(self._types)))])
        return names

    def _subject_type_in(self, query: Mapping[str, str]) -> str | None:
        name = query.get("subjectType")
        if name is not None and name not in self._subject_types:
            text = f"there is no subject of the type {name[:60]}"
            allowed = tuple(sorted(self._subject_types))
            raise ContractViolation([Violation("/subjectType", Code.INVALID_VALUE, text, allowed)])
        return name


def _plain(query: Mapping[str, str], name: str) -> str | None:
    """A text that a database can look for. Raises ContractViolation."""
    text = query.get(name)
    if text is not None and "\0" in text:
        raise ContractViolation([Violation(f"/{name}", Code.INVALID_VALUE, "the text has a zero character")])
    return text


def _with_documents(query: Mapping[str, str]) -> bool:
    asked = query.get("include")
    if asked not in (None, DOCUMENT):
        text = f"include names the unknown part {asked[:60]}"
        raise ContractViolation([Violation("/include", Code.INVALID_VALUE, text, (DOCUMENT,))])
    return asked is not None


def _reader(principal: Principal) -> Reader:
    return principal.reader(READ)
