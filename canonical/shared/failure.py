"""Why a request could not be carried out."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Failure:
    """Why it failed, in which step, and what was undone because of it (`undone`) or could not be."""

    code: str
    message: str
    step: str
    details: dict[str, Any]
    undone: tuple[str, ...] = ()
    not_undone: tuple[str, ...] = ()
