"""The versions of the backends' contracts, asked at `GET /contract` while the product runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Event, Thread
from types import MappingProxyType

import requests
import structlog
from marshmallow import fields, validate
from requests.adapters import BaseAdapter
from urllib3.exceptions import HTTPError

from adapters.backends.answers import BackendAnswer, read
from adapters.backends.errors import CallFailed
from adapters.backends.messages import Outgoing, received
from adapters.backends.transport import Transport
from canonical.shared.deadline import within
from canonical.shared.errors import BackendUnavailable

log = structlog.get_logger()

EVERY_SECONDS = 60.0
TIMEOUT_SECONDS = 2.0
TOO_MANY_REQUESTS = 429
"""From this status on an answer says nothing about what the backend knows."""
VERSION = r"\d{1,6}\.\d{1,6}(\.[0-9A-Za-z.+-]{1,64})?"


def number(version: str) -> tuple[int, int]:
    """The major and the minor version."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


class Agreement(StrEnum):
    UNKNOWN = "unknown"
    """The backend could not be reached, or does not answer a version."""
    SAME = "same"
    OTHER_MINOR = "otherMinor"
    OTHER_MAJOR = "otherMajor"


@dataclass(frozen=True, slots=True)
class ContractVersion:
    """`ours` is the version that we call; `theirs` what the backend said last, if it ever did."""

    backend: str
    ours: str
    theirs: str | None = None

    @property
    def agreement(self) -> Agreement:
        if self.theirs is None:
            return Agreement.UNKNOWN
        if self.theirs == self.ours:
            return Agreement.SAME
        same_major = self.theirs.partition(".")[0].lstrip("0") == self.ours.partition(".")[0].lstrip("0")
        return Agreement.OTHER_MINOR if same_major else Agreement.OTHER_MAJOR

    @property
    def problem(self) -> str | None:
        """Why the backend cannot be used, in words."""
        if self.agreement is not Agreement.OTHER_MAJOR:
            return None
        return f"{self.backend} has version {self.theirs} of its contract, and we call version {self.ours}"


class ContractAnswer(BackendAnswer):
    version = fields.String(required=True, validate=validate.Regexp(f"{VERSION}$"))


SILENT = ""


def ask(base_url: str, transport: BaseAdapter) -> str | None:
    """The version that the backend says it keeps, SILENT if it answers without one, None if it cannot be reached. Needs
    no token.
    """
    request = Outgoing("GET", f"{base_url.rstrip('/')}/contract", {"Accept": "application/json"}, None).open()
    try:
        with (
            within(2 * TIMEOUT_SECONDS),
            transport.send(request, stream=True, timeout=(TIMEOUT_SECONDS, TIMEOUT_SECONDS)) as response,
        ):
            answer = received(response)
        if answer.status >= TOO_MANY_REQUESTS:
            return None
        return str(read(answer.json(), ContractAnswer())["version"]) if answer.fine else SILENT
    except CallFailed:
        return SILENT
    except (requests.RequestException, HTTPError):
        return None


class ContractWatch:
    """The version of each backend's contract. A separate thread asks at once and then every minute.

    If a backend is unavailable, its last known version stays. `transports` are those of the backends.
    """

    def __init__(
        self,
        ours: Mapping[str, str],
        addresses: Mapping[str, str],
        transports: Mapping[str, BaseAdapter] = MappingProxyType({}),
        ask: Callable[[str, BaseAdapter], str | None] = ask,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._known = {name: ContractVersion(name, version) for name, version in ours.items()}
        self._answered: set[str] = set()
        self._addresses = addresses
        self._transports = {name: transports.get(name) or Transport(pool_connections=1) for name in addresses}
        self._ask = ask
        self._every_seconds = every_seconds
        self._ending = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        self._thread = Thread(target=self._watch, name="contract versions", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join(2 * TIMEOUT_SECONDS)

    def versions(self) -> dict[str, ContractVersion]:
        return dict(self._known)

    def version_of(self, name: str) -> str | None:
        """What the backend says, None if it says nothing. Asks now if it never answered.

        Raises BackendUnavailable if it cannot be reached.
        """
        if name not in self._answered:
            self._ask_one(name)
        if name not in self._answered:
            text = f"{name} has not said yet which version of its contract it has"
            raise BackendUnavailable(text, backend=name, operation="getContract")
        return self._known[name].theirs

    def ask_all(self) -> None:
        """One round. A change is logged once."""
        for name in self._addresses:
            if self._ending.is_set():
                break
            self._ask_one(name)

    def _ask_one(self, name: str) -> None:
        before, said = self._known[name], self._ask(self._addresses[name], self._transports[name])
        found = ContractVersion(name, before.ours, said or before.theirs)
        self._known[name] = found
        if said is not None:
            self._answered.add(name)
        if found != before:
            level = log.error if found.problem else log.info
            level("contract version", backend=name, ours=found.ours, theirs=found.theirs, problem=found.problem)

    def _watch(self) -> None:
        self.ask_all()
        while not self._ending.wait(self._every_seconds):
            self.ask_all()
