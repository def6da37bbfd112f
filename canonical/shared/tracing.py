"""Traces: the work for one request, across processes, nodes and backends.

`install` decides where they go. Without a tracer nothing is recorded, and spans cost almost nothing.
"""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self


class Span(Protocol):
    """One piece of work with a beginning and an end."""

    def rename(self, name: str) -> None: ...

    def note(self, **attributes: str | float | bool) -> None: ...

    def failed(self, why: str) -> None:
        """`why` is a code or a type's name, never what a customer or a backend said."""
        ...


class Tracer(Protocol):
    def span(self, name: str, kind: str, parent: str | None) -> AbstractContextManager[Span]: ...

    def traceparent(self) -> str | None: ...


class _Nothing:
    """A span that nobody keeps."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def rename(self, name: str) -> None: ...

    def note(self, **attributes: str | float | bool) -> None: ...

    def failed(self, why: str) -> None: ...


_NOTHING = _Nothing()
_tracer: Tracer | None = None


def install(tracer: Tracer | None) -> None:
    """For this operating system process."""
    global _tracer  # noqa: PLW0603 - one for the whole process
    _tracer = tracer


def span(name: str, kind: str = "internal", parent: str | None = None) -> AbstractContextManager[Span]:
    """What is done inside belongs to it. It is below the span at hand, or below `parent` (W3C Trace Context).

    `kind` is internal, server or client. An error that leaves it marks it as failed, with the error's code or type.
    """
    return _NOTHING if _tracer is None else _tracer.span(name, kind, parent)


def traceparent() -> str | None:
    """The header with which others continue the current trace (W3C Trace Context); None without a trace."""
    return None if _tracer is None else _tracer.traceparent()
