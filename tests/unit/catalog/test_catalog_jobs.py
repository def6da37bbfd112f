"""Jobs: their course, their events, and when they can be removed."""

from datetime import UTC, datetime

import pytest

from canonical.catalog.job_handlers import (
    EXPORT_CATALOG,
    IMPORT_CATALOG,
    RemoveJob,
    StartExport,
    StartImport,
    remove_job,
    start_export,
    start_import,
)
from canonical.catalog.jobs import EXPORT_JOBS, FOLLOWING, IMPORT_JOBS, Counts, ExportJob, ImportJob, JobState, Task
from canonical.shared.errors import InvalidTransition
from tests.support.fakes import SteppingClock
from tests.support.memory import Memory

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TASK = Task("qa", "ftp://files.example/x", "v5")


class Numbered:
    def __init__(self) -> None:
        self.last = 0

    def new_id(self) -> str:
        self.last += 1
        return f"j{self.last}"


def test_an_import_runs_publishes_and_succeeds() -> None:
    job = ImportJob("j1", TASK, NOON, NOON)
    job.created()
    job.start(NOON)
    job.publish(Counts(added=2), NOON)
    job.succeed(Counts(added=2, unchanged=1), NOON)
    assert (job.state, job.completed_at, job.counts.lines, job.finished) == (JobState.SUCCEEDED, NOON, 3, True)
    names = [type(one).__name__ for one in job.events]
    assert names == ["ImportJobCreated", "ImportJobStateChanged", "CatalogImported", "ImportJobStateChanged"]
    assert [one.sequence for one in job.events] == [1, 2, 3, 4]


def test_an_export_that_fails_says_why() -> None:
    job = ExportJob("j1", TASK, NOON, NOON)
    job.start(NOON)
    job.fail("no such file", Counts(), NOON)
    assert (job.state, job.error_log) == (JobState.FAILED, "no such file")
    assert [type(one).__name__ for one in job.events] == ["ExportJobStateChanged"] * 2


def test_every_state_is_reached_and_what_has_ended_takes_no_other() -> None:
    reached = {JobState.NOT_STARTED} | {after for following in FOLLOWING.values() for after in following}
    assert reached == set(JobState) == set(FOLLOWING)
    job = ImportJob("j1", TASK, NOON, NOON, state=JobState.FAILED)
    with pytest.raises(InvalidTransition, match="a job that is FAILED cannot become RUNNING"):
        job.start(NOON)


@pytest.mark.parametrize("state", [JobState.NOT_STARTED, JobState.RUNNING])
def test_a_job_at_work_is_not_removed(state: JobState) -> None:
    with pytest.raises(InvalidTransition, match="wait until it has ended"):
        ImportJob("j1", TASK, NOON, NOON, state=state).remove(NOON)


def test_jobs_are_begun_with_their_processes_and_removed_for_good() -> None:
    memory, clock, identities = Memory(), SteppingClock(), Numbered()
    with memory.unit_of_work() as work:
        first = start_import(StartImport(TASK), work, clock, identities)
        second = start_export(StartExport(TASK), work, clock, identities)
        work.commit()
    assert set(memory.processes) == {(IMPORT_CATALOG, first.id), (EXPORT_CATALOG, second.id)}
    with memory.unit_of_work() as work:
        job = work.repository(EXPORT_JOBS).get(second.id)
        job.start(NOON)
        job.succeed(Counts(), NOON)
        remove_job(RemoveJob(EXPORT_JOBS, second.id), work, clock, identities)
        work.commit()
    with memory.unit_of_work() as work:
        assert work.repository(IMPORT_JOBS).get(first.id).state is JobState.NOT_STARTED
        with pytest.raises(Exception, match="Job not found"):
            work.repository(EXPORT_JOBS).get(second.id)
