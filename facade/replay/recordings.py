"""Payloads to be translated again: lines of a recording, or files with a payload each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canonical.audit.recording import Recording
from canonical.shared import jsontext

LINES = ".jsonl"
JSON = "application/json"
OPERATION = ("api", "version", "operation")
NEEDED = (*OPERATION, "client", "payload")
OPTIONAL = ("name", "claims", "outcome")


class RecordingError(ValueError):
    """A file that cannot be replayed; the message names the file, the line and the mistake."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A payload of a client. `operation` is API, version and operationId; `claims` are those of the client's token.
    `outcome` is what was understood when it was recorded.
    """

    name: str
    operation: tuple[str, str, str]
    client: str
    payload: Any
    claims: Mapping[str, Any] = field(default_factory=dict)
    outcome: Mapping[str, Any] | None = None

    def as_line(self, outcome: Mapping[str, Any]) -> str:
        operation = dict(zip(OPERATION, self.operation, strict=True))
        sent = {"client": self.client, "claims": self.claims, "payload": self.payload}
        return jsontext.text({"name": self.name, **operation, **sent, "outcome": outcome})


def read_recordings(files: Iterable[Path], operation: str | None, client: str) -> Iterator[Recorded]:
    """What is in the files: lines of recordings (.jsonl), or in others a payload of `client` for `operation`, such as
    "TMF622 v5 createProductOrder". Raises RecordingError.
    """
    named = None if operation is None else _three(operation)
    for path in files:
        if path.suffix == LINES:
            yield from _lines(path)
        elif named is None:
            raise RecordingError(f"{path} does not say its operation: add --as 'TMF622 v5 createProductOrder'")
        else:
            yield Recorded(path.name, named, client, _read(path.read_bytes(), str(path)))


def _three(operation: str) -> tuple[str, str, str]:
    try:
        api, version, name = operation.split()
    except ValueError as error:
        raise RecordingError(f"{operation!r} is not an API, a version and an operationId") from error
    return api, version, name


def _lines(path: Path) -> Iterator[Recorded]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _recorded(_read(line, where := f"{path}, line {number}"), where)


def _read(content: bytes, where: str) -> Any:
    try:
        return jsontext.read(content)
    except ValueError as error:
        raise RecordingError(f"{where}: {error}") from error


def _recorded(said: Any, where: str) -> Recorded:
    if not isinstance(said, dict):
        raise RecordingError(f"{where}: a line is a JSON object")
    if missing := [name for name in NEEDED if name not in said]:
        raise RecordingError(f"{where}: {', '.join(missing)} missing")
    if unknown := said.keys() - {*NEEDED, *OPTIONAL}:
        allowed = ", ".join((*NEEDED, *OPTIONAL))
        raise RecordingError(f"{where}: {', '.join(sorted(unknown))} unknown; allowed: {allowed}")
    if wrong := [name for name in (*OPERATION, "client", "name") if not isinstance(said.get(name, ""), str)]:
        raise RecordingError(f"{where}: {', '.join(wrong)} must be text")
    if wrong := [name for name in ("claims", "outcome") if not isinstance(said.get(name, {}), dict)]:
        raise RecordingError(f"{where}: {', '.join(wrong)} must be an object")
    api, version, operation = (said[name] for name in OPERATION)
    sent = said["client"], said["payload"], said.get("claims", {}), said.get("outcome")
    return Recorded(said.get("name", where), (api, version, operation), *sent)


def recorded_of(client: str, kept: Iterable[Recording]) -> Iterator[Recorded]:
    """What was recorded of a client. A body of a PATCH alone does not say what it asks for, so it is left out."""
    for one in kept:
        if one.media_type == JSON and not one.operation.startswith("patch"):
            yield Recorded(one.id, (one.api, one.version, one.operation), client, jsontext.read(one.payload.encode()))
