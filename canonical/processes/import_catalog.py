"""Bringing a file into the catalog: fetched, staged where nobody sees it, then made visible by one commit."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from canonical.catalog.commands import CreateItem
from canonical.catalog.cycles import KINDS, Items, circles, reached
from canonical.catalog.errors import ImportRefused
from canonical.catalog.importing import ImportedLine, ImportWork, import_item
from canonical.catalog.jobs import IMPORT_JOBS, Counts, ImportJob, JobState, Task
from canonical.catalog.loading import Outcome
from canonical.processes.catalog_files import CatalogFiles, KeptFile, LineError, patiently
from canonical.processes.progress import Facts, Progress, Step, failure_of
from canonical.processes.signs_of_life import at_work
from canonical.shared.aggregates import Kind
from canonical.shared.errors import CanonicalError, ConcurrentChange
from canonical.shared.ports import Clock, Identities, UnitOfWork

SHOWN_ERRORS = 20
"""Wrong lines that the error log of a job repeats; all that are kept are in the job's report."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a file is staged: `offset` in bytes, `line` in lines. `ended`: all of it."""

    offset: int = 0
    line: int = 0
    ended: bool = False
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was understood: the command and what is carried with it, or what is wrong.

    `source_of` turns a pointer into the command into one into the line.
    """

    number: int
    command: CreateItem | None = None
    carried: Any = None
    errors: tuple[LineError, ...] = ()
    source_of: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines of a file, and where the next ones begin."""

    lines: Sequence[Line]
    offset: int
    line: int
    ended: bool


class FileReader(Protocol):
    """Reads files in the words of partners."""

    def chunks(self, task: Task, file: KeptFile, cursor: Cursor, /) -> Iterator[Chunk]:
        """The lines from there on, understood. Raises FileRefused for a file that cannot be read any further."""
        ...


class StagingWork(ImportWork, Protocol):
    """A chunk that is being prepared. Without `keep` nothing comes of it."""

    def expect(self, commands: Collection[CreateItem], /) -> None:
        """Find what they are about, all at once."""
        ...

    def keep(self, cursor: Cursor, errors: Collection[LineError], /) -> None:
        """Keep what was staged, how far it goes, what was wrong: all of it or nothing.

        It may be written a little later. What is wrong with that is raised by the next `keep`, or at the end of
        the run: ConcurrentChange if another run of the import was first.
        """
        ...


class StagingRun(Protocol):
    """One run of an import, from chunk to chunk. Leaving it waits until all of them are kept."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: Any) -> None: ...  # noqa: PYI036 - those of a unit of work have types

    def chunk(self, cursor: Cursor, /) -> StagingWork:
        """The chunk that begins at `cursor`."""
        ...


class Staging(Protocol):
    """What imports have staged. Nobody else sees it."""

    def open(self, job_id: str, /) -> None:
        """Begin; may be repeated."""
        ...

    def cursor(self, job_id: str, /) -> Cursor | None:
        """None when nothing is staged for the job any more: it was made visible, or discarded."""
        ...

    def run(self, job_id: str, /) -> StagingRun: ...

    def errors(self, job_id: str, /) -> Sequence[LineError]:
        """The first that were wrong."""
        ...

    def discard(self, job_id: str, /) -> None:
        """Remove what is staged for the job; may be repeated."""
        ...

    def forget(self, job_id: str, /) -> None:
        """Remove the notes of an import that is visible; may be repeated."""
        ...


class PublishingWork(UnitOfWork, Protocol):
    def make_visible(self, job_id: str, /) -> Mapping[str, Collection[str]]:
        """The ids, by their kinds, of items that name others of their kind, if others changed the catalog meanwhile.
        Raises ImportRefused when they changed it so that it does not fit any more.
        """
        ...

    def current(self, kind: Kind[Any], ids: Collection[str], /) -> Items:
        """What items say that are there, in the versions that will be found by their ids in the end."""
        ...


@dataclass(frozen=True)
class ImportCatalog:
    """The process over one import."""

    files: CatalogFiles
    reader: FileReader
    staging: Staging
    unit_of_work: Callable[[], PublishingWork]
    clock: Clock
    identities: Identities

    def look(self, job_id: str, work: UnitOfWork) -> ImportJob:
        job: ImportJob = work.repository(IMPORT_JOBS).get(job_id)
        return job

    def resume(self, job: ImportJob) -> None:
        """Nothing is ever left that could not be undone."""

    def seconds_ahead(self, job: ImportJob) -> float:
        return 0.0

    def begin(self, job: ImportJob) -> None:
        if job.state is JobState.NOT_STARTED:
            job.start(self.clock.now())

    def steps(self, job: ImportJob) -> list[Step]:
        return [
            Step(
                "open",
                lambda facts: patiently(lambda: self.staging.open(job.id)),
                undo=lambda facts: patiently(lambda: self._clear(job)),
                effect=lambda facts: "what was staged is removed",
            ),
            Step("fetch", lambda facts: patiently(lambda: asdict(self.files.fetch(job.task, job.id)))),
            Step("stage", lambda facts: patiently(lambda: self._stage(job, KeptFile(**facts["fetch"])))),
            Step("publish", lambda facts: patiently(lambda: self._publish(job, facts))),
            Step("forget", lambda facts: patiently(lambda: self._forget(job))),
        ]

    def interruption(self, job_id: str) -> CanonicalError | None:
        return None

    def end(self, job: ImportJob, progress: Progress, work: UnitOfWork) -> None:
        now = self.clock.now()
        if progress.failure is None:
            job.succeed(Counts(**progress.facts["stage"]), now)
        else:
            failure = failure_of(progress, progress.failure)
            job.fail(failure.message, Counts(**failure.details.get("counts", {})), now)

    def _stage(self, job: ImportJob, file: KeptFile) -> dict[str, int]:
        while (cursor := self._cursor(job)) and not cursor.ended:
            # Another run of this job may be ahead, which was thought to hang: go on from where it is.
            with suppress(ConcurrentChange), self.staging.run(job.id) as run:
                for chunk in self.reader.chunks(job.task, file, cursor):
                    at_work()
                    cursor = self._stage_chunk(job, chunk, cursor, run)
        if not cursor.counts.lines:
            raise ImportRefused("the file has no lines")
        if cursor.counts.wrong:
            raise self._refusal(job, cursor.counts)
        return asdict(cursor.counts)

    def _cursor(self, job: ImportJob) -> Cursor:
        cursor = self.staging.cursor(job.id)
        if cursor is None:
            raise ImportRefused("what was staged is gone: import the file again")
        return cursor

    def _stage_chunk(self, job: ImportJob, chunk: Chunk, begin: Cursor, run: StagingRun) -> Cursor:
        counts, errors = asdict(begin.counts), list[LineError]()
        work = run.chunk(begin)
        work.expect([line.command for line in chunk.lines if line.command is not None])
        for line in chunk.lines:
            found = line.errors or self._staged(job.task, line, work, counts)
            errors += found
            counts["wrong"] += bool(found)
        end = Cursor(chunk.offset, chunk.line, chunk.ended, Counts(**counts))
        work.keep(end, errors)
        return end

    def _staged(self, task: Task, line: Line, work: StagingWork, counts: dict[str, int]) -> Collection[LineError]:
        assert line.command is not None, "a line without errors was understood"
        try:
            said = ImportedLine(line.command, line.carried, task.privileged)
            outcome: Outcome = import_item(said, work, self.clock, self.identities)
        except CanonicalError as error:
            pointer = "" if error.pointer is None else line.source_of(error.pointer)
            return (LineError(line.number, pointer, error.code, error.message),)
        counts[outcome.value] += 1
        return ()

    def _publish(self, job: ImportJob, facts: Facts) -> None:
        """May be repeated: what is visible is not staged any more."""
        with self.unit_of_work() as work:
            if self.staging.cursor(job.id) is not None:
                brought = work.make_visible(job.id)
                for kind in KINDS:
                    _check_no_circle(kind.name, reached(kind, brought.get(kind.name, ()), work.current))
                self.look(job.id, work).publish(Counts(**facts["stage"]), self.clock.now())
                work.commit()

    def _forget(self, job: ImportJob) -> None:
        self.staging.forget(job.id)
        self.files.forget(job.id)

    def _clear(self, job: ImportJob) -> None:
        self.staging.discard(job.id)
        self.files.forget(job.id)

    def _refusal(self, job: ImportJob, counts: Counts) -> ImportRefused:
        errors = self.staging.errors(job.id)
        shown = "\n".join(one.text for one in errors[:SHOWN_ERRORS])
        left = counts.wrong - len({one.line for one in errors[:SHOWN_ERRORS]})
        more = f"\nand {left} more wrong lines" if left > 0 else ""
        text = f"{counts.wrong} of {counts.lines} lines are wrong, so nothing was imported:\n{shown}{more}"
        return ImportRefused(text, counts=asdict(counts))


def _check_no_circle(kind: str, items: Items) -> None:
    """Raises ImportRefused."""
    for _, circle in circles(kind, items):
        text = "somebody changed the catalog while the file was imported, so that items would lead back to themselves"
        raise ImportRefused(f"{text}: {' → '.join(circle[:SHOWN_ERRORS])}. Correct the file, or import it again")
