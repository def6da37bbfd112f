"""What each node does in the background: say that it lives, take over from the dead, start what was left unstarted,
forget what nobody needs any more.
"""

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import ProcessTable, ScheduledProcess
from canonical.shared.errors import StoreUnavailable

log = structlog.get_logger()


class Upkeep:
    """A thread that makes its round four times in every lease."""

    def __init__(
        self,
        nodes: NodeTable,
        table: ProcessTable,
        node: str,
        lease_seconds: float,
        *,
        take_over: Callable[[str], int],
        start: Callable[[ScheduledProcess], None],
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self._nodes = nodes
        self._table = table
        self._node = node
        self._lease = lease_seconds
        self._take_over = take_over
        self._start = start
        self._forget = forget
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._rounds, name="upkeep", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the rounds and this node's lease, so that others need not wait for it to run out."""
        self._stopped.set()
        self._thread.join()
        self._nodes.retire(self._node)

    def _rounds(self) -> None:
        while not self._stopped.wait(self._lease / 4):
            try:
                self.round()
            except (SQLAlchemyError, StoreUnavailable):
                log.exception("upkeep failed, will try again")

    def round(self) -> None:
        self._nodes.beat(self._node)
        # This node may find itself dead, when its own beat came late; it is the one that surely is not.
        for dead in set(self._nodes.inherit(self._node, self._lease)) - {self._node}:
            count = self._take_over(dead)
            self._nodes.bury(dead)
            log.warning("took over from a dead node", node=dead, processes=count)
        for left in self._table.overdue(self._lease):
            log.warning("starting a process left unstarted", process=left.process, order_id=left.subject)
            self._start(left)
        self._forget()
