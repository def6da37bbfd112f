"""Refuses new orders of a client whose accepted orders wait too long for a node."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from canonical.shared.errors import StoreUnavailable
from facade.web.limits import Overloaded

log = structlog.get_logger()

LOOKS_EVERY = 1.0
RETRY_AFTER = 10
"""Seconds after which it is worth asking again."""


class Backlog:
    """`oldest` tells of each client since when its oldest process waits; a thread asks it once a second.

    `seconds` is the longest wait with which orders are accepted; 0: any.
    """

    def __init__(self, oldest: Callable[[], Mapping[str, datetime]], seconds: float) -> None:
        self._oldest = oldest
        self._seconds = seconds
        self._known: Mapping[str, datetime] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="backlog", daemon=True)

    def begin(self) -> None:
        if self._seconds:
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def check(self, client: str) -> None:
        """Raises Overloaded if the client's oldest order waits too long."""
        since = self._known.get(client)
        waits = (datetime.now(UTC) - since).total_seconds() if since is not None else 0.0
        if waits > self._seconds > 0:
            text = f"Your oldest accepted order waits for {waits:.0f} s to be carried out. Nothing was done."
            raise Overloaded(text, RETRY_AFTER)

    def round(self) -> None:
        """While the database does not answer, nothing is refused here."""
        try:
            self._known = self._oldest()
        except StoreUnavailable:
            self._known = {}

    def _rounds(self) -> None:
        while not self._stopped.wait(LOOKS_EVERY):
            try:
                self.round()
            except Exception:
                log.exception("the backlog could not be read, will try again")
