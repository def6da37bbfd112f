"""Times functions from outside: each call is a span, and what spans inside it take is not its own."""

import functools
import inspect
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Span:
    layer: str
    thread: int
    begin: float
    end: float
    inside: float = 0.0

    @property
    def own(self) -> float:
        return self.end - self.begin - self.inside


@dataclass
class Recorder:
    """Spans of the request under way. `recording` is off while nothing is to be kept."""

    recording: bool = False
    spans: list[Span] = field(default_factory=list)

    def add(self, layer: str, begin: float) -> None:
        if self.recording:
            self.spans.append(Span(layer, threading.get_ident(), begin, time.perf_counter()))

    def taken(self) -> list[Span]:
        found, self.spans = self.spans, []
        return found

    def wrap(self, owner: Any, name: str, layer: str) -> None:
        """Replace `owner.name`, a function, method or coroutine function, by one that leaves a span."""
        original = getattr(owner, name)

        if inspect.iscoroutinefunction(original):

            @functools.wraps(original)
            async def timed_coroutine(*arguments: Any, **named: Any) -> Any:
                begin = time.perf_counter()
                try:
                    return await original(*arguments, **named)
                finally:
                    self.add(layer, begin)

            setattr(owner, name, timed_coroutine)
            return

        @functools.wraps(original)
        def timed(*arguments: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return original(*arguments, **named)
            finally:
                self.add(layer, begin)

        setattr(owner, name, timed)


def nest(spans: Iterable[Span], across_threads: bool) -> list[Span]:
    """Fill in what each span spent inside others: by time alone where only one thing happens at a time."""
    groups: dict[int, list[Span]] = defaultdict(list)
    for span in spans:
        groups[0 if across_threads else span.thread].append(span)
    done: list[Span] = []
    for group in groups.values():
        group.sort(key=lambda span: (span.begin, -span.end))
        around: list[Span] = []
        for span in group:
            while around and around[-1].end < span.end:
                around.pop()
            if around:
                around[-1].inside += span.end - span.begin
            around.append(span)
        done += group
    return done


@dataclass(frozen=True)
class Layer:
    """Medians over requests, in microseconds, of all calls of one request together."""

    name: str
    calls: float
    own: float
    total: float


def layers(requests: Iterable[list[Span]], key: Callable[[Layer], float] = lambda layer: -layer.own) -> list[Layer]:
    """Of nested spans, one list for each request; the costliest first. A layer that a request lacks counts as 0."""
    per_request = []
    for spans in requests:
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for span in spans:
            known = sums[span.layer]
            known[0] += 1
            known[1] += span.own
            known[2] += span.end - span.begin
        per_request.append(sums)
    names = sorted({name for sums in per_request for name in sums})
    found = []
    for name in names:
        rows = [sums.get(name, [0.0, 0.0, 0.0]) for sums in per_request]
        calls, own, total = (statistics.median(row[index] for row in rows) for index in range(3))
        found.append(Layer(name, calls, own * 1e6, total * 1e6))
    return sorted(found, key=key)
