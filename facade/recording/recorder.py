"""Records what partners send if their profiles say so, in the background: no request waits for it or fails by it."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import Empty, Full, Queue
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from canonical.audit.recording import Recording
from canonical.shared import jsontext
from canonical.shared.errors import StoreUnavailable
from canonical.shared.ports import Clock
from facade.contract.connexion_plugin import OnBody
from facade.identities import new_id
from facade.partners.recording_terms import RecordingTerms
from facade.recording.masking import Mask
from facade.security.principal import principal_in

LONGEST = 256 * 1024
"""Bytes of a payload that is recorded."""
MOST_WAITING = 200
SECONDS = 600.0
"""Between two looks for what expired."""
LONGEST_END = 10.0
"""Seconds in which what waits is written at the end."""
ATTEMPTS = 3
"""To record a payload whose client's key is deleted meanwhile."""

log = structlog.get_logger()


class Recordings(Protocol):
    def key(self, client: str) -> bytes: ...

    def add(self, made: Sequence[Recording], key: bytes) -> bool: ...

    def forget(self, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A body as it was sent, in UTF-8. `operation` is API, version and operationId."""

    client: str
    operation: tuple[str, str, str]
    path: str
    media_type: str
    profile: str
    terms: RecordingTerms
    at: datetime
    content: bytes


class Recorder:
    """Masks and writes in a thread of its own, in which it also deletes what expired. What comes while too much waits,
    what is too long and what is no JSON is not recorded.
    """

    def __init__(self, store: Recordings, clock: Clock, seconds: float = SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._waiting: Queue[Sent | None] = Queue(MOST_WAITING)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = LONGEST_END) -> None:
        """Write what waits, and end: at once if the database is away, and after so many seconds in any case."""
        self._ending.set()
        if self._thread.is_alive():
            with suppress(Full):  # then it is not idle, and looks whether it is to end
                self._waiting.put_nowait(None)
            self._thread.join(seconds)
        if lost := sum(one is not None for one in self._waiting.queue):
            log.warning("payloads not recorded", count=lost, reason="the process ended")

    def of(self, api: str, version: str, operations: Collection[str]) -> OnBody:
        """Records the bodies of these operations of a version of an API."""

        def sent(context: Mapping[str, Any], path: str, operation: str, media_type: str, content: bytes) -> None:
            caller = principal_in(context)
            if caller is None or caller.profile.recording is None or operation not in operations:
                return
            what, terms, at = (api, version, operation), caller.profile.recording, self._clock.now()
            self._take(Sent(caller.client_id, what, path, media_type, caller.profile.version, terms, at, content))

        return sent

    def _take(self, sent: Sent) -> None:
        if len(sent.content) > LONGEST:
            return
        try:
            self._waiting.put_nowait(sent)
        except Full:
            log.warning("payload not recorded", client=sent.client, reason="too many wait")

    def _run(self) -> None:
        look = time.monotonic() + self._seconds
        while True:
            if time.monotonic() >= look:
                self._safely(lambda: self._store.forget(self._clock.now()), "expired payloads not deleted")
                look = time.monotonic() + self._seconds
            try:
                left = 0.0 if self._ending.is_set() else max(0.0, look - time.monotonic())
                sent = self._waiting.get(timeout=left)
            except Empty:
                if self._ending.is_set():
                    return
                continue
            if sent is not None and not self._keep(sent) and self._ending.is_set():
                return

    def _keep(self, sent: Sent) -> bool:
        """Whether the database answers."""
        try:
            body = jsontext.read(sent.content)
        except ValueError:
            return True
        return self._safely(lambda: self._record(sent, body), "payload not recorded")

    def _record(self, sent: Sent, body: Any) -> None:
        for _ in range(ATTEMPTS):
            key = self._store.key(sent.client)
            if self._store.add([self._masked(sent, body, key)], key):
                return
        log.warning("payload not recorded", client=sent.client, reason="its key is deleted all the time")

    def _masked(self, sent: Sent, body: Any, key: bytes) -> Recording:
        masked = Mask(key, frozenset(sent.terms.masked)).masked(body, sent.media_type)
        api, version, operation = sent.operation
        return Recording(
            new_id(),
            sent.client,
            sent.at,
            sent.at + timedelta(days=sent.terms.retention_days),
            api,
            version,
            operation,
            sent.path,
            sent.media_type,
            sent.profile,
            jsontext.text(masked),
        )

    def _safely(self, act: Callable[[], None], event: str) -> bool:
        """Whether the database answers."""
        try:
            act()
        except StoreUnavailable as error:
            log.warning(event, reason=error.message)
            return False
        except SQLAlchemyError:
            log.exception(event)
        return True
