"""The signals that go with a database."""

from pathlib import Path

from adapters.persistence.database import Database
from adapters.signals.notifications import NotifySignals
from adapters.signals.pipes import PipeSignals
from adapters.signals.topics import Signals


def signals_of(database: Database, node: str) -> Signals:
    """Those that reach every node on this database."""
    if database.sqlite:
        return PipeSignals(Path(f"{database.url.database}-signals"), node)
    return NotifySignals(database.engine)
