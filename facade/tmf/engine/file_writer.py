"""Files that are exported: the resources as clients are shown them, but for what depends on where and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from canonical.catalog.errors import FileRefused
from canonical.catalog.jobs import Task
from canonical.processes.signs_of_life import at_work
from canonical.shared import jsontext
from canonical.shared.aggregates import Kind
from canonical.shared.criteria import Criterion, all_of
from canonical.shared.projection import SearchIndex
from facade.contract.violations import ContractViolation
from facade.tmf.engine.file_resources import MEDIA_TYPES, Dialects, Spoken, check_media_type, resources_in
from facade.tmf.query.listing import read_listing
from facade.tmf.query.refusals import NotSupported

JSON, JSON_LINES = MEDIA_TYPES
LEFT_OUT = ("href", "lastUpdate")
"""Another catalog has them otherwise."""
ROUND = 500
"""Lines after which the process says that it is at work."""


class Snapshots(Protocol):
    def documents(
        self, asked: Sequence[tuple[Kind[Any], SearchIndex, Criterion | None]], at: datetime, /
    ) -> Iterator[tuple[int, str]]:
        """All of one moment, each with the number of what asked for it."""
        ...


@dataclass(frozen=True)
class ResourceExports:
    """The core's `FileWriter`. `dialects`: what files may hold."""

    dialects: Dialects
    snapshots: Snapshots

    def media_type(self, task: Task) -> str:
        check_media_type(task.media_type)
        return JSON_LINES if task.media_type is None else task.media_type.split(";")[0].strip().lower()

    def lines(self, task: Task, at: datetime) -> Iterator[bytes]:
        spoken = resources_in(self.dialects[task.dialect], task.part)
        criterion = _criterion(task.query, spoken)
        asked = [(one.resource.kind, one.resource.index, _seen(one, task, criterion)) for one in spoken]
        for count, (number, text) in enumerate(self.snapshots.documents(asked, at)):
            if count % ROUND == 0:
                at_work()
            document = jsontext.read_kept(text)
            for name in LEFT_OUT:
                document.pop(name, None)
            shown = spoken[number].version.written(document, None).text
            yield jsontext.write(_sorted(jsontext.read_kept(shown)))

    def framed(self, lines: Iterator[bytes], media_type: str) -> Iterator[bytes]:
        if media_type == JSON_LINES:
            yield from (line + b"\n" for line in lines)
            return
        begin = b"[\n"
        for line in lines:
            yield begin + line
            begin = b",\n"
        yield b"[]\n" if begin == b"[\n" else b"\n]\n"


def _sorted(value: Any) -> Any:
    """The same with the names of objects in order, so that files can be compared: it may have been sent in any."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def _criterion(query: str | None, spoken: tuple[Spoken, ...]) -> Criterion | None:
    """As the list of the resource understands it. Raises FileRefused."""
    if not query:
        return None
    if len(spoken) > 1:
        raise FileRefused("a query is about one resource: name it at the end of path")
    (one,) = spoken
    try:
        listing = read_listing(query.removeprefix("?").encode(), one.version.searchable, one.name)
    except ContractViolation as error:
        raise FileRefused(f"query: {error.violations[0].message}") from error
    except NotSupported as error:
        raise FileRefused(f"query: {error}") from error
    if listing.sort or listing.page.asked or listing.fields:
        raise FileRefused("query: offset, limit, cursor, sort and fields say nothing about a file")
    return listing.criterion


def _seen(one: Spoken, task: Task, criterion: Criterion | None) -> Criterion | None:
    public = None if task.privileged else one.resource.outsiders_see
    return all_of(one.version.visible, public, criterion)
