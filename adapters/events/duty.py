"""Whether this node has a duty, and the time that goes on with the duty."""

from time import monotonic

from adapters.persistence.duties import DutyRow, DutyTable

LOOKS_IN_LEASE = 4
NEVER = float("-inf")


class Duty:
    """Held by one node at a time. Another node takes it over if it sees no heartbeat for a lease. It counts its own
    looks, not failed ones, at most LOOKS_IN_LEASE in a lease, and compares no clock times.
    """

    def __init__(self, table: DutyTable, node: str, lease_seconds: float) -> None:
        self._table = table
        self.node = node
        self.pause = lease_seconds / LOOKS_IN_LEASE
        self._lease = lease_seconds
        self._seen: DutyRow | None = None
        self._still = 0
        self._looked_at = NEVER
        self._taken_at: float | None = None
        self._beaten_at = 0.0
        self._before = 0

    @property
    def held(self) -> bool:
        """Whether it is this node's, as far as that is known without asking: it has counted a heartbeat lately."""
        return self._taken_at is not None and monotonic() - self._beaten_at < self._lease

    @property
    def needs_beat(self) -> bool:
        return monotonic() - self._beaten_at >= self.pause

    @property
    def milliseconds(self) -> int:
        """The time of the duty, which stands still while no node has it."""
        return self._before + int(1000 * (monotonic() - (self._taken_at or monotonic())))

    def take(self) -> int | None:
        """Look at the duty if it is time to, and take it if no living node has it. Returns its cursor if it is this
        node's now. It may be called at any time: new events wake the nodes more often than heartbeats are counted.
        """
        if monotonic() - self._looked_at < self.pause:
            return None
        row, before = self._table.read(), self._seen
        self._looked_at = monotonic()
        as_before = before is not None and (row.node, row.beats) == (before.node, before.beats)
        self._still = self._still + 1 if as_before else 0
        self._seen = row
        if row.node and self._still < LOOKS_IN_LEASE:
            return None
        begun = monotonic()
        if not self._table.take(self.node, row):
            return None
        now = self._table.read()
        self._taken_at, self._beaten_at, self._before = begun, begun, now.milliseconds
        return now.cursor

    def beaten(self, begun: float) -> None:
        """A heartbeat was counted by a transaction that began then."""
        self._beaten_at = begun

    def lost(self) -> None:
        self._taken_at, self._seen, self._still, self._looked_at = None, None, 0, NEVER

    def leave(self) -> None:
        if self._taken_at is not None:
            self.lost()
            self._table.leave(self.node)
