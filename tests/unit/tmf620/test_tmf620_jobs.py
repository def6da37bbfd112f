"""The mapper of importJob and exportJob: every attribute in one table, and both directions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from canonical.catalog.jobs import Counts, ExportJob, ImportJob, JobState
from facade.app import spec_of
from facade.contract.classes import ClassCatalog
from facade.contract.violations import ContractViolation
from facade.tmf.engine.declaration import Sender
from facade.tmf.tmf620 import jobs
from facade.tmf.vocabulary import STANDARD

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HERE = "https://facade.example"
SENDER = Sender("qa", STANDARD, version="v4", origin=HERE, may=lambda scope: scope == "catalog:publish")
IMPORT = {"@type": "ImportJob", "url": f"{HERE}/api/v1/catalog-files/spring.jsonl", "path": "/category"}


@pytest.mark.parametrize(
    ("schema", "rows"), [("ImportJob", jobs.FIELDS), ("ExportJob", jobs.EXPORT_FIELDS)], ids=["import", "export"]
)
def test_every_attribute_stands_in_one_table(schema: str, rows: Any) -> None:
    published = set(ClassCatalog(spec_of("tmf/tmf620-v5.yaml")["components"]["schemas"]).shape(schema).properties)
    mapped = {row.attribute for row in rows}
    assert published == mapped | jobs.CARRIED | {"href"}
    assert jobs.REFUSED.keys() - {"href"} <= mapped
    assert set(jobs.STATES) == set(JobState)


def test_a_job_remembers_who_asked_in_which_words_and_what_it_may_do() -> None:
    task = jobs.to_start_import(IMPORT, SENDER).command.task
    assert (task.owner, task.dialect, task.privileged, task.file, task.part) == (
        *("qa", "v4", True),
        *("spring.jsonl", "/category"),
    )
    assert not jobs.to_start_import(IMPORT, Sender("qa", STANDARD, origin=HERE)).command.task.privileged
    assert jobs.to_start_import(IMPORT, replace(SENDER, profile="qa@3")).command.task.profile == "qa@3"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://files.example/spring.jsonl",
        "https://other.example/api/v1/catalog-files/spring.jsonl",
        f"{HERE}/api/v1/catalog-files/",
        f"{HERE}/api/v1/catalog-files/../secret",
        f"{HERE}.example/api/v1/catalog-files/x",
    ],
)
def test_any_other_address_is_no_file_of_ours(url: str) -> None:
    assert jobs.file_of(url, HERE) is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"status": "Running"}, "/status"),
        ({"completionDate": "2026-06-01T00:00:00Z"}, "/completionDate"),
        ({"url": "http://x/" + "x" * 2000}, "/url"),
    ],
)
def test_what_the_server_sets_and_what_is_too_long_is_refused(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ContractViolation) as refused:
        jobs.to_start_export(IMPORT | changes, SENDER)
    assert [one.pointer for one in refused.value.violations] == [pointer]


def test_a_job_is_shown_as_it_was_sent_with_what_became_of_it() -> None:
    translation = jobs.to_start_import(IMPORT, SENDER)
    job = ImportJob("j1", translation.command.task, NOON, NOON)
    assert jobs.from_import(job, IMPORT) == {
        **IMPORT,
        "id": "j1",
        "status": "Not Started",
        "creationDate": "2026-06-01T12:00:00.000Z",
    }
    job.start(NOON)
    job.fail("line 1: wrong", Counts(wrong=1), NOON)
    shown = jobs.from_import(job, IMPORT)
    assert (shown["status"], shown["errorLog"], shown["completionDate"]) == (
        *("Failed", "line 1: wrong"),
        "2026-06-01T12:00:00.000Z",
    )


def test_an_export_shows_its_query() -> None:
    sent = IMPORT | {"@type": "ExportJob", "query": "name=x"}
    job = ExportJob("j2", jobs.to_start_export(sent, SENDER).command.task, NOON, NOON)
    assert jobs.from_export(job, sent)["query"] == "name=x"
