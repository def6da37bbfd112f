"""The process engine: runs processes in threads of this operating system process.

The status of a process is in the table `processes` only. A run takes the next turn there before it starts, so that of
two runs of one process only the later one can change it. A node continues its own processes, even after a database
failure. The upkeep of any node starts processes that no living node has.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.orchestration.agenda import Agenda
from adapters.orchestration.endings import Endings
from adapters.orchestration.runner import ProcessWork, Runner
from adapters.orchestration.upkeep import Upkeep
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import ProcessTable
from canonical.processes.engine import Process
from canonical.shared.errors import StoreUnavailable

log = structlog.get_logger()


@dataclass(frozen=True)
class EngineSettings:
    """`node` is the id of this operating system process.

    A node whose heartbeat stands still for `lease_seconds` is dead. `longest_pause` is the longest wait in seconds
    between two attempts at an unavailable backend. A `held` engine accepts processes, but runs none. The outcomes of a
    process's calls are kept for `keep_steps_seconds` after its end.
    """

    node: str
    lease_seconds: float = 5.0
    longest_pause: float = 5.0
    at_once: int = 64
    held: bool = False
    keep_steps_seconds: float = 7 * 86400.0


class TurnEngine:
    """The engine of one node."""

    def __init__(
        self,
        processes: Mapping[str, Process[Any]],
        unit_of_work: Callable[[], ProcessWork],
        table: ProcessTable,
        nodes: NodeTable,
        settings: EngineSettings,
    ) -> None:
        self._table = table
        self._nodes = nodes
        self._settings = settings
        self._endings = Endings()
        self._runner = Runner(
            processes, unit_of_work, table, self._endings, settings.node, longest_pause=settings.longest_pause
        )
        self._agenda = Agenda(self._runner.make, settings.at_once)
        self._upkeep = Upkeep(nodes, self._agenda, settings.node, settings.lease_seconds, forget=self._forget)
        self._forgotten_until = ""

    def launch(self) -> None:
        """Register the node and start the work."""
        if self._settings.held:
            return
        self._nodes.beat(self._settings.node)
        self._agenda.begin()
        self._upkeep.begin()

    def close(self) -> None:
        """Leave. Runs stop before their next call; other nodes, or the next one to start, continue them."""
        if self._settings.held:
            return
        self._upkeep.stop()
        self._runner.leaving.set()
        self._agenda.stop()
        try:
            self._nodes.bury(self._settings.node)
        except (StoreUnavailable, SQLAlchemyError):
            log.exception("this node could not sign off; the others see that its heartbeat stands still")

    def start(self, process: str, subject: str) -> None:
        if not self._settings.held:
            self._agenda.add(process, subject)

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._endings.of(subject) as ended:
            while not ended.wait(min(0.25, max(0.0, until - time.monotonic()))):
                if self._table.has_ended(process, subject):
                    return True
                if time.monotonic() >= until:
                    return False
        return True

    def _forget(self) -> None:
        before = datetime.now(UTC) - timedelta(seconds=self._settings.keep_steps_seconds)
        self._forgotten_until = self._table.forget_steps(before, self._forgotten_until)
