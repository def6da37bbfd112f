"""A registration to be told about what happens."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told (`owner`, a client id), where (`callback`), and in the words of which interface.

    `query` is text in that interface's words, empty for everything. It never changes: another registration is another
    one.
    """

    id: str
    owner: str
    api: str
    version: str
    callback: str
    query: str
    created_at: datetime
