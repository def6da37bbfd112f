"""Records what partners send if their profiles say so, in the background: no request waits for it or fails by it."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
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

log = structlog.get_logger()


class Recordings(Protocol):
    def key(self, client: str) -> bytes: ...

    def add(self, made: Sequence[Recording]) -> None: ...

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
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

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
                sent = self._waiting.get(timeout=max(0.0, look - time.monotonic()))
            except Empty:
                continue
            if sent is None:
                return
            self._keep(sent)

    def _keep(self, sent: Sent) -> None:
        try:
            body = jsontext.read(sent.content)
        except ValueError:
            return
        self._safely(lambda: self._store.add([self._masked(sent, body)]), "payload not recorded")

    def _masked(self, sent: Sent, body: Any) -> Recording:
        masked = Mask(self._store.key(sent.client), frozenset(sent.terms.masked)).masked(body)
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

    def _safely(self, act: Callable[[], None], event: str) -> None:
        try:
            act()
        except StoreUnavailable as error:
            log.warning(event, reason=error.message)
        except SQLAlchemyError:
            log.exception(event)
