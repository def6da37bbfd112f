"""Files of catalogs: uploaded to be imported, and exported. And what became of jobs, line by line."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import flask

from canonical.catalog.errors import FileNotFound, JobNotFound
from canonical.catalog.jobs import EXPORT_JOBS, IMPORT_JOBS, Counts, Job
from canonical.processes.catalog_files import KeptFile, LineError
from canonical.processes.import_catalog import Cursor
from canonical.shared.aggregates import A, Kind
from canonical.shared.reader import Reader
from facade.clock import time_text
from facade.contract.bodies import BODY_LIMIT
from facade.contract.connexion_plugin import body_media_type
from facade.contract.violations import Code, ContractViolation, Violation
from facade.security.principal import current_principal
from facade.web.address import requested_address
from facade.web.json import answer_json, nothing
from facade.web.paging import only

_PLACE = re.compile(r"bytes (?P<first>\d{1,15})-(?P<last>\d{1,15})/(?P<total>\d{1,15})")
_RANGE = re.compile(r"bytes=(?P<first>\d{1,15})-(?P<last>\d{0,15})")


class Files(Protocol):
    def upload(self, owner: str, name: str, media_type: str, begin: int, part: bytes, total: int, /) -> KeptFile: ...

    def find(self, owner: str, name: str, /) -> KeptFile: ...

    def read(self, file: KeptFile, offset: int, size: int, /) -> bytes: ...

    def remove(self, owner: str, name: str, /) -> bool: ...


class Imports(Protocol):
    def cursor(self, job_id: str, /) -> Cursor | None: ...

    def errors(self, job_id: str, /) -> Sequence[LineError]: ...


class Reads(Protocol):
    def aggregate(self, kind: Kind[A], asked: str, reader: Reader, /) -> A: ...


@dataclass(frozen=True)
class PortalCatalogFiles:
    files: Files
    imports: Imports
    reads: Reads

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "uploadCatalogFile": self.upload,
            "downloadCatalogFile": self.download,
            "deleteCatalogFile": self.delete,
            "getCatalogJob": self.job,
        }

    def upload(self, name: str) -> flask.Response:
        """A whole file, or the part of it that Content-Range names. Raises FileRefused."""
        only(flask.request.args, ())
        part = flask.request.get_data()
        begin, total = _place(flask.request.headers.get("Content-Range"), len(part))
        kept = self.files.upload(current_principal().client_id, name, body_media_type(), begin, part, total)
        return answer_json(
            {"name": name, "url": requested_address(), "size": kept.size, "complete": kept.size == total}
        )

    def download(self, name: str) -> flask.Response:
        """The file, or the part of it that Range asks for. Raises FileNotFound."""
        only(flask.request.args, ())
        kept = self.files.find(current_principal().client_id, name)
        asked = _RANGE.fullmatch(flask.request.headers.get("Range", ""))
        first = int(asked["first"]) if asked else 0
        if asked is None or first >= kept.size:
            return flask.Response(self.files.read(kept, 0, kept.size), 200, {}, content_type=kept.media_type)
        last = min(int(asked["last"] or kept.size), kept.size - 1, first + BODY_LIMIT - 1)
        headers = {"Content-Range": f"bytes {first}-{last}/{kept.size}"}
        return flask.Response(
            self.files.read(kept, first, last + 1 - first), 206, headers, content_type=kept.media_type
        )

    def delete(self, name: str) -> flask.Response:
        only(flask.request.args, ())
        if not self.files.remove(current_principal().client_id, name):
            raise FileNotFound("File not found", name=name)
        return nothing()

    def job(self, id: str) -> flask.Response:
        """How far an import or export is, and every wrong line that is kept."""
        only(flask.request.args, ())
        job = self._job(id, current_principal().reader("catalog"))
        cursor = self.imports.cursor(id)
        counts: Counts = cursor.counts if cursor is not None and not job.finished else job.counts
        return answer_json(
            {
                "id": id,
                "state": job.state.value,
                "submittedAt": time_text(job.submitted_at),
                "completedAt": job.completed_at and time_text(job.completed_at),
                "lines": counts.lines,
                "added": counts.added,
                "changed": counts.changed,
                "unchanged": counts.unchanged,
                "wrong": counts.wrong,
                "errors": [
                    {"line": one.line, "pointer": one.pointer, "code": one.code, "message": one.message}
                    for one in self.imports.errors(id)
                ],
            }
        )

    def _job(self, job_id: str, reader: Reader) -> Job:
        try:
            found: Job = self.reads.aggregate(IMPORT_JOBS, job_id, reader)
        except JobNotFound:
            found = self.reads.aggregate(EXPORT_JOBS, job_id, reader)
        return found


def _place(header: str | None, length: int) -> tuple[int, int]:
    """Where the part begins, and how long the whole file is. Raises ContractViolation."""
    if header is None:
        return 0, length
    found = _PLACE.fullmatch(header)
    if found is not None:
        first, last, total = int(found["first"]), int(found["last"]), int(found["total"])
        if last < total and last + 1 - first == length:
            return first, total
    text = "Content-Range says which bytes of the file the body has, as in bytes 0-999999/2500000"
    raise ContractViolation([Violation("/Content-Range", Code.INVALID_VALUE, text)])
