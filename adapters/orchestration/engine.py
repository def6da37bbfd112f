"""The process engine: runs processes in threads of this operating system process, or leaves them to other nodes.

The status of a process is in the table `processes` only. A run takes the next turn there before it starts, so that of
two runs of one process only the later one can change it. A node continues its own processes, even after a database
failure. Processes that no node has are taken by the intake of any node that has room; the upkeep releases those of
dead nodes.
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
from adapters.orchestration.intake import Intake
from adapters.orchestration.runner import ProcessTimes, ProcessWork, Runner, Untimed
from adapters.orchestration.upkeep import Upkeep
from adapters.persistence.node_table import NodeTable
from adapters.persistence.process_table import ProcessTable
from adapters.signals.topics import Signals, Topic
from canonical.processes.engine import Process
from canonical.shared.errors import StoreUnavailable

log = structlog.get_logger()


@dataclass(frozen=True)
class EngineSettings:
    """`node` is the id of this operating system process.

    A node whose heartbeat stands still for `lease_seconds` is dead. `longest_pause` is the longest wait in seconds
    between two attempts at an unavailable backend. A `held` engine runs no process: it is no node, and tells the nodes
    what is scheduled. The outcomes of a process's calls are kept for `keep_steps_seconds` after its end.
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
        signals: Signals,
        settings: EngineSettings,
        times: ProcessTimes | None = None,
    ) -> None:
        self._table = table
        self._nodes = nodes
        self._signals = signals
        self._settings = settings
        self._endings = Endings()
        self._runner = Runner(
            processes, unit_of_work, table, self._ended, settings.node, settings.longest_pause, times or Untimed()
        )
        self._agenda = Agenda(self._runner.make, settings.at_once, self._freed)
        self._upkeep = Upkeep(nodes, self._agenda, settings.node, settings.lease_seconds, forget=self._forget)
        self._intake = Intake(nodes, self._agenda, settings.node)
        self._forgotten_until = ""

    def launch(self) -> None:
        """Register the node and start the work. A held engine only listens."""
        if self._settings.held:
            self._signals.begin([Topic.ENDED], self._heard)
            return
        self._nodes.beat(self._settings.node)
        self._agenda.begin()
        self._upkeep.begin()
        self._intake.begin()
        self._signals.begin(list(Topic), self._heard)

    def close(self) -> None:
        """Leave. Runs stop before their next call; other nodes, or the next one to start, continue them."""
        if not self._settings.held:
            self._leave()
        self._signals.close()

    def start(self, process: str, subject: str) -> None:
        """Run the process now if this node has room and no other one waits for it. Otherwise it waits for its turn."""
        if not self._settings.held and self._agenda.room and not self._intake.behind:
            self._agenda.add(process, subject)
        else:
            self._intake.wake()
            self._signals.tell(Topic.WANTED)

    def running(self) -> int:
        """The number of processes that run here at this moment."""
        return self._agenda.running

    @property
    def places(self) -> int:
        """The number of processes that can run here at a time."""
        return 0 if self._settings.held else self._settings.at_once

    def wait(self, process: str, subject: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with self._endings.of(subject) as ended:
            while not ended.wait(min(0.25, max(0.0, until - time.monotonic()))):
                if self._table.has_ended(process, subject):
                    return True
                if time.monotonic() >= until:
                    return False
        return True

    def _leave(self) -> None:
        self._intake.stop()
        self._upkeep.stop()
        self._runner.leaving.set()
        self._agenda.stop()
        try:
            self._nodes.bury(self._settings.node)
            self._signals.tell(Topic.WANTED)
        except (StoreUnavailable, SQLAlchemyError):
            log.exception("this node could not sign off; the others see that its heartbeat stands still")

    def _ended(self, subject: str) -> None:
        """A process ended here."""
        self._endings.tell(subject)
        self._signals.tell(Topic.ENDED, subject)

    def _freed(self) -> None:
        """There is room for one more here."""
        if self._intake.behind:
            self._intake.wake()

    def _heard(self, topic: Topic, subject: str) -> None:
        if topic is Topic.WANTED:
            self._intake.wake()
        else:
            self._endings.tell(subject)

    def _forget(self) -> None:
        before = datetime.now(UTC) - timedelta(seconds=self._settings.keep_steps_seconds)
        self._forgotten_until = self._table.forget_steps(before, self._forgotten_until)
