"""The names under which the answers to a run's calls are kept.

`charge#0` is the first try at the call `charge`; `undo-charge#0` the first at undoing it, `undo-charge#1.0` the first
after the run was taken up anew. `before-charge#0`: whether to go on to that try. `decided-charge#0`: what a person says
of that try, in place of the backend's answer.
"""

import re
from collections.abc import Mapping
from typing import Any

BEFORE = "before-"
DECIDED = "decided-"

RESULT, REFUSED, UNAVAILABLE, STOP = "result", "refused", "away", "stop"
"""What a kept answer says: the call did something, was refused, is to be repeated, or the run is to stop."""
UNCERTAIN, THROUGH, UNTIL = "uncertain", "through", "until"
"""Beside UNAVAILABLE: the call may have acted; the number and the time of the last try that the answer stands for.

All these words are stored. An earlier release wrote them, so they never change.
"""

_TRY = re.compile(rf"(?:{BEFORE})?(?P<call>.*#(?:\d+\.)?)(?P<attempt>\d+)")


def record_of(call: str, attempt: int, renewed: int = 0) -> str:
    """The name for a try; both numbers count from 0."""
    return f"{call}#{renewed}.{attempt}" if renewed else f"{call}#{attempt}"


def is_record(name: str) -> bool:
    return _TRY.fullmatch(name) is not None


def attempt_of(record: str) -> int:
    return int(_parts(record)["attempt"])


def at_attempt(record: str, attempt: int) -> str:
    """The record of another try at the same call; for a question, that of the call it comes before."""
    return f"{_parts(record)['call']}{attempt}"


def decided(answers: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What people said of tries, by the record of the try."""
    return {name.removeprefix(DECIDED): answer for name, answer in answers.items() if name.startswith(DECIDED)}


def _parts(record: str) -> re.Match[str]:
    found = _TRY.fullmatch(record)
    assert found is not None, record
    return found
