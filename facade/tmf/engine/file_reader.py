"""Files that are imported, line by line: each is checked and read as if it were sent in a request of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from canonical.catalog.jobs import Task
from canonical.processes.catalog_files import CatalogFiles, KeptFile, LineError
from canonical.processes.import_catalog import Chunk, Cursor, Line
from facade.application.requests import Translation
from facade.contract.documents import document_of
from facade.contract.pointers import shortened
from facade.contract.violations import BodyRefused, Code, ContractViolation, Violation
from facade.partners.profiles import Profile
from facade.tmf.bridge import Bridged
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.error_translation import client_pointers
from facade.tmf.engine.file_pieces import LONGEST, Piece, pieces
from facade.tmf.engine.file_resources import Dialects, Spoken, check_media_type, resources_in
from facade.tmf.engine.senders import sender_of

UNREADABLE = "MALFORMED_BODY"


@dataclass(frozen=True)
class ResourceFiles:
    """The core's `FileReader`. `dialects`: what files may hold. `profile_of` gives the version of a client's profile
    that its job names.
    """

    dialects: Dialects
    files: CatalogFiles
    profile_of: Callable[[str, str | None], Profile]

    def chunks(self, task: Task, file: KeptFile, cursor: Cursor) -> Iterator[Chunk]:
        check_media_type(task.media_type)
        spoken = resources_in(self.dialects[task.dialect], task.part)
        profile = self.profile_of(task.owner, task.profile)
        sender = sender_of(task.owner, profile, version=task.dialect, told=False)
        for found in pieces(partial(self.files.read, file), file.size, cursor.offset, cursor.line):
            lines = [_understood(one, spoken, sender) for one in found.found]
            yield Chunk(lines, found.offset, found.line, found.ended)


def _understood(piece: Piece, spoken: tuple[Spoken, ...], sender: Sender) -> Line:
    try:
        return _line(piece, spoken, sender)
    except ContractViolation as error:
        return Line(piece.number, errors=tuple(_told(piece, one) for one in error.violations))
    except BodyRefused as error:
        return Line(piece.number, errors=(LineError(piece.number, "", UNREADABLE, str(error)),))


def _line(piece: Piece, spoken: tuple[Spoken, ...], sender: Sender) -> Line:
    if piece.text is None:
        raise _violation(Code.OTHER_ISSUE, f"a line has at most {LONGEST} bytes")
    sent = document_of(piece.text)
    if not isinstance(sent, dict):
        raise _violation(Code.INVALID_FORMAT, "a line is a JSON object")
    one = _resource_of(sent, spoken)
    checked = one.contract.check_request(one.creation, sent)
    if checked.violations:
        raise ContractViolation(checked.violations)
    body, version = checked.body, one.version
    bridged = version.lifted(body)
    with client_pointers(lambda pointer: version.client_pointer(pointer, body, bridged.body)):
        translation = one.resource.to_command(bridged.body, sender)
    source = partial(_source_of, one, sender, bridged, body)
    return Line(piece.number, translation.command, translation.carried, source_of=source)


def _resource_of(sent: dict[str, Any], spoken: tuple[Spoken, ...]) -> Spoken:
    if len(spoken) == 1:
        return spoken[0]
    for name in ("@type", "@baseType"):
        for one in spoken:
            if sent.get(name) == one.schema:
                return one
    allowed = tuple(one.schema for one in spoken)
    said = shortened(str(sent["@type"])) if "@type" in sent else "nothing"
    text = f"@type says {said}: it names the resource, unless the path of the job does"
    raise ContractViolation([Violation("/@type", Code.INVALID_VALUE, text, allowed)])


def _source_of(one: Spoken, sender: Sender, bridged: Bridged, body: Any, pointer: str) -> str:
    """Few lines are wrong: only those are read once more, with the trail."""
    translation: Translation = one.resource.to_command(bridged.body, replace(sender, told=True))
    trail = one.version.client_trail(translation.trail, bridged, body)
    return replace(translation, trail=trail).source_of(pointer)


def _told(piece: Piece, found: Violation) -> LineError:
    allowed = f" (allowed: {', '.join(found.allowed)})" if found.allowed else ""
    return LineError(piece.number, found.pointer, found.reason or found.code.value, f"{found.message}{allowed}")


def _violation(code: Code, text: str) -> ContractViolation:
    return ContractViolation([Violation("", code, text)])
