"""The background work of each node that carries out processes: count heartbeats, take over from dead nodes, delete old
records.

A node detects that another node or a process stands still by counters and its own rounds, and never compares times. So
neither a step of the wall clock nor different clocks of two machines matter.
"""

import threading
from collections.abc import Callable, Iterable

import structlog

from adapters.orchestration.agenda import Agenda
from adapters.persistence.node_table import Claim, NodeTable

log = structlog.get_logger()

ROUNDS_IN_LEASE = 4
HANGING_SECONDS = 120.0
"""A run hangs if its call has no answer for this long; every call has a shorter deadline."""


class Upkeep:
    """A thread that makes four rounds in every lease.

    A node is dead if its heartbeat count did not change during the rounds of one lease. Failed rounds do not count,
    because no node can count heartbeats while the database does not answer.
    """

    def __init__(
        self,
        nodes: NodeTable,
        agenda: Agenda,
        node: str,
        lease_seconds: float,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self._nodes = nodes
        self._agenda = agenda
        self._node = node
        self._lease = lease_seconds
        self._forget = forget
        self._seen: dict[str, tuple[int, int]] = {}
        self._orphans: set[Claim] = set()
        self._round = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="upkeep", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _rounds(self) -> None:
        while not self._stopped.wait(self._lease / ROUNDS_IN_LEASE):
            try:
                self.round()
            except Exception:
                log.exception("upkeep failed, will try again")

    def round(self) -> None:
        self._nodes.beat(self._node)
        for dead in self._standing_still():
            self._nodes.bury(dead)
            log.warning("a node is dead; its processes are left to the others", node=dead)
        for process, subject in self._agenda.replace_hanging(HANGING_SECONDS):
            log.error("a run hangs and is replaced", process=process, order_id=subject)
        self._take_up(self._still_orphaned())
        if self._round % ROUNDS_IN_LEASE == 0:
            self._take_up(self._nodes.in_hand(self._node))
        self._round += 1
        self._forget()

    def _standing_still(self) -> list[str]:
        """The other nodes whose heartbeats have stood still for a lease."""
        now = self._nodes.beats()
        seen = {node: self._seen.get(node, (-1, 0)) for node in now if node != self._node}
        self._seen = {
            node: (now[node], still + 1 if before == now[node] else 0) for node, (before, still) in seen.items()
        }
        return [node for node, (_, still) in self._seen.items() if still >= ROUNDS_IN_LEASE]

    def _still_orphaned(self) -> list[Claim]:
        """The processes of unknown nodes that made no turn since our last round. A node that was removed as dead and
        lives registers itself again.
        """
        orphans = self._nodes.orphaned(limit=self._agenda.room)
        still = [claim for claim in orphans if claim in self._orphans]
        self._orphans = set(orphans)
        return still

    def _take_up(self, claims: Iterable[Claim]) -> None:
        """Start a process that this node does not have yet, unless another node takes it first."""
        left = [claim for claim in claims if not self._agenda.holds(claim.process, claim.subject)]
        for claim in self._nodes.claim(left, self._node) if left else ():
            log.warning("taking up a process that stood still", process=claim.process, order_id=claim.subject)
            self._agenda.add(claim.process, claim.subject)
