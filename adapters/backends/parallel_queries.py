"""Parallel queries to several backends, each in its own threads, and their last known values."""

import contextvars
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any

from canonical.shared.deadline import seconds_left, within
from canonical.shared.errors import BackendError, BackendRefused, BackendUnavailable, CanonicalError, OutcomeUnknown
from canonical.shared.ports import Clock
from canonical.views.parts import Missing, Part, PartQuery

MOST_KEPT = 2000
"""Last known values of one process."""


class Desk:
    """The threads that query one backend, at most `at_once`. They are created when needed, and kept.

    No query waits for a free thread. There are as many threads as concurrent requests, so all are busy only if earlier
    callers have stopped waiting for their answers.
    """

    def __init__(self, backend: str, at_once: int) -> None:
        self._backend = backend
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=f"ask-{backend}")
        self._places = BoundedSemaphore(at_once)

    def ask(self, call: Callable[[], Any]) -> "Future[Any]":
        if not self._places.acquire(blocking=False):
            crowded: Future[Any] = Future()
            crowded.set_exception(
                BackendUnavailable(f"{self._backend} has reached its limit of concurrent calls", backend=self._backend)
            )
            return crowded
        # The correlation id and the deadline go with the call.
        asking = self._threads.submit(contextvars.copy_context().run, call)
        asking.add_done_callback(lambda _: self._places.release())
        return asking

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class LastKnown:
    """The newest answers of the last `seconds` by the monotonic clock `ticks`; none if it is 0."""

    def __init__(self, seconds: float, clock: Clock, ticks: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ticks = ticks
        self._kept: OrderedDict[tuple[str, str], tuple[Any, datetime, float]] = OrderedDict()
        self._lock = Lock()

    def keep(self, question: PartQuery, value: Any) -> None:
        if not self._seconds:
            return
        with self._lock:
            self._kept[question.part, question.about] = value, self._clock.now(), self._ticks()
            self._kept.move_to_end((question.part, question.about))
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def forget(self, question: PartQuery) -> None:
        with self._lock:
            self._kept.pop((question.part, question.about), None)

    def find(self, question: PartQuery) -> tuple[Any, datetime] | None:
        """The value and the time when it was read."""
        with self._lock:
            kept = self._kept.get((question.part, question.about))
        if kept is None or self._ticks() - kept[2] > self._seconds:
            return None
        return kept[0], kept[1]


class ParallelQueries:
    """Queries backends at the same time and waits for each until `seconds` after the start.

    A backend without an answer by then counts as unavailable. Its thread has the same deadline.
    """

    def __init__(
        self,
        backends: Iterable[str],
        clock: Clock,
        *,
        at_once: int,
        seconds: float,
        last_known_seconds: float,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._desks = {backend: Desk(backend, at_once) for backend in backends}
        self._clock = clock
        self._seconds = seconds
        self._last_known = LastKnown(last_known_seconds, clock, ticks)
        self._failing: dict[tuple[str, str], datetime] = {}

    def ask(self, questions: Sequence[PartQuery]) -> "SentQuery":
        with within(self._seconds):
            asking = {question.part: (question, self._put(question)) for question in questions}
            return SentQuery(self, asking, monotonic() + seconds_left())

    def settle(self, question: PartQuery, asking: "Future[Any]", until: float) -> Part:
        """The result of a query. Raises errors that are not the core's."""
        try:
            value = asking.result(max(0.0, until - monotonic()))
        except CanonicalError as error:
            return self._without(question, error)
        except TimeoutError:
            if asking.done():
                raise
            late = BackendUnavailable(f"{question.source} did not answer in time", backend=question.source)
            return self._without(question, late)
        self._failing.pop((question.source, question.part), None)
        return Part(value)

    def close(self) -> None:
        for desk in self._desks.values():
            desk.close()

    def _put(self, question: PartQuery) -> "Future[Any]":
        def ask() -> Any:
            value = question.ask()
            self._last_known.keep(question, value)
            return value

        return self._desks[question.source].ask(ask)

    def _without(self, question: PartQuery, error: CanonicalError) -> Part:
        place, now = (question.source, question.part), self._clock.now()
        if not isinstance(error, BackendError) or isinstance(error, BackendRefused):  # it works, and has said no
            self._failing.pop(place, None)
            self._last_known.forget(question)
            return Part(None, Missing(question.part, question.source, error.code, now, retryable=False), error)
        retryable = isinstance(error, BackendUnavailable | OutcomeUnknown)
        since = self._failing.setdefault(place, now)
        missing = Missing(question.part, question.source, error.code, since, retryable)
        known = self._last_known.find(question)
        if known is None:
            return Part(None, missing, error)
        return Part(known[0], replace(missing, as_of=known[1]), error)


class SentQuery:
    """Queries that were started together."""

    def __init__(
        self, part_queries: ParallelQueries, asking: dict[str, tuple[PartQuery, "Future[Any]"]], until: float
    ) -> None:
        self._queries = part_queries
        self._asking = asking
        self._until = until

    def part(self, name: str) -> Part:
        question, asking = self._asking[name]
        return self._queries.settle(question, asking, self._until)
