"""Takes scheduled processes that no node has: at once after a signal, and otherwise four times a second."""

import threading

import structlog

from adapters.orchestration.agenda import Agenda
from adapters.persistence.node_table import NodeTable
from canonical.shared.errors import StoreUnavailable

log = structlog.get_logger()

POLL_SECONDS = 0.25
"""A lost signal delays a process by this much."""
PAUSE = 1.0
"""Seconds until the next attempt after a failure, mostly of the database."""


class Intake:
    """A thread that takes as many processes as the agenda has room for; the others are left to other nodes.

    Clients take turns, so one with thousands of orders does not hold up one with a single order.
    """

    def __init__(self, nodes: NodeTable, agenda: Agenda, node: str) -> None:
        self._nodes = nodes
        self._agenda = agenda
        self._node = node
        self._last_client = ""
        self._left_some = False
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="intake", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """There may be something to take."""
        self._woken.set()

    @property
    def behind(self) -> bool:
        """Whether some may wait that nobody took yet. They go before one that arrives now."""
        return self._left_some or self._woken.is_set()

    def round(self) -> None:
        room = self._agenda.room
        waiting = self._nodes.unattended(room, self._last_client) if room else []
        self._left_some = len(waiting) == room
        # A run that starts at this moment takes its turn by itself; a pause ends, because somebody decided.
        left = [claim for claim in waiting if not self._agenda.runs(claim.process, claim.subject)]
        for claim in self._nodes.claim(left, self._node) if left else ():
            self._agenda.add(claim.process, claim.subject)
            self._last_client = claim.client

    def _rounds(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait(POLL_SECONDS)
            self._woken.clear()
            try:
                self.round()
            except StoreUnavailable as error:
                log.warning("scheduled processes could not be taken, will try again", reason=error.message)
                self._stopped.wait(PAUSE)
            except Exception:
                log.exception("scheduled processes could not be taken, will try again")
                self._stopped.wait(PAUSE)
