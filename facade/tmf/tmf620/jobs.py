"""TMF620 v5 importJob and exportJob: tasks that bring a file into the catalog, or the catalog into a file."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from canonical.catalog.job_handlers import RemoveJob, StartExport, StartImport
from canonical.catalog.jobs import EXPORT_JOBS, IMPORT_JOBS, Job, JobState, Task
from canonical.shared.aggregates import Kind
from canonical.shared.projection import SearchIndex
from facade.application.requests import Translation
from facade.clock import time_text
from facade.contract.violations import ContractViolation
from facade.tmf.engine.declaration import TASK_VERBS, Resource, Sender, Verb
from facade.tmf.engine.mapping import Field, Row, Written, read, show
from facade.tmf.engine.payload import SERVER_SET, Payload, overlong, refused

FILES = "/api/v1/catalog-files/"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LONGEST: Mapping[str, int] = MappingProxyType({"url": 2_000, "contentType": 60, "path": 500, "query": 4_000})
"""Characters."""

STATES: Mapping[JobState, str] = MappingProxyType(
    {
        JobState.NOT_STARTED: "Not Started",
        JobState.RUNNING: "Running",
        JobState.SUCCEEDED: "Succeeded",
        JobState.FAILED: "Failed",
    }
)
FIELDS: tuple[Row, ...] = (
    Written("id", "id"),
    Written("status", "state", STATES.__getitem__),
    Written("creationDate", "created_at", time_text),
    Written("completionDate", "completed_at", time_text),
    Written("errorLog", "error_log"),
    Field("url", "url"),
    Field("contentType", "media_type"),
    Field("path", "part"),
)
EXPORT_FIELDS: tuple[Row, ...] = (*FIELDS, Field("query", "query"))
CARRIED = frozenset({"@type", "@baseType", "@schemaLocation"})
REFUSED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("id", "href", "status", "creationDate", "completionDate", "errorLog"), SERVER_SET)
)
INDEX = SearchIndex(MappingProxyType({("id",): "id", ("status",): "shown_state", ("creationDate",): "created_at"}))


def to_start_import(body: Payload, sender: Sender) -> Translation:
    """Whoever may publish does so by a line that says it."""
    return _translation(StartImport, FIELDS, body, sender, sender.may("catalog:publish"))


def to_start_export(body: Payload, sender: Sender) -> Translation:
    """Whoever sees what is not published exports that, too."""
    insider = sender.may("catalog:write") or sender.may("catalog:publish")
    return _translation(StartExport, EXPORT_FIELDS, body, sender, insider)


def from_import(job: Job, carried: Payload) -> Payload:
    return {**carried, "@type": carried.get("@type", "ImportJob"), **show(FIELDS, job, carried)}


def from_export(job: Job, carried: Payload) -> Payload:
    return {**carried, "@type": carried.get("@type", "ExportJob"), **show(EXPORT_FIELDS, job, carried)}


def _translation(
    command: Callable[[Task], Any], rows: tuple[Row, ...], body: Payload, sender: Sender, privileged: bool
) -> Translation:
    """Raises ContractViolation with everything that is refused."""
    fields, trail, wrong = read(rows, body, to="/task")
    violations = [*refused(body, REFUSED), *wrong]
    for name, longest in LONGEST.items():
        violations += overlong(name, body.get(name) or "", longest, f"/{name}")
    if violations:
        raise ContractViolation(violations)
    file = file_of(body["url"], sender.origin)
    task = Task(
        sender.client, dialect=sender.version, file=file, privileged=privileged, profile=sender.profile, **fields
    )
    return Translation(command(task), carried=body, trail=tuple(trail))


def file_of(url: str, origin: str) -> str | None:
    """The name of one of our files, by the address of it that the client uses; None for any other address."""
    name = url.removeprefix(f"{origin}{FILES}")
    return name if name != url and FILE_NAME.fullmatch(name) else None


def _resource(name: str, kind: Kind[Any], to_command: Any, project: Any) -> Resource[Any]:
    return Resource(
        name=name,
        schema=f"{name[0].upper()}{name[1:]}",
        kind=kind,
        owned_by_scope="catalog",
        verbs=TASK_VERBS | {Verb.DELETE},
        to_command=to_command,
        project=project,
        states=STATES,
        state_attribute="status",
        index=INDEX,
        to_removal=lambda job_id, expected, *_: Translation(RemoveJob(kind, job_id, expected), changes=job_id),
    )


IMPORT_JOB = _resource("importJob", IMPORT_JOBS, to_start_import, from_import)
EXPORT_JOB = _resource("exportJob", EXPORT_JOBS, to_start_export, from_export)
