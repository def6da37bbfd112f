"""The names under which the answers to a run's calls are recorded.

`charge#0` is the first attempt at the call `charge`. `undo-charge#0` is the first attempt at its compensation, and
`undo-charge#1.0` the first one after a person restarted the run. `before-charge#0` says whether to go on to that
attempt. `decided-charge#0` is a person's answer for that attempt instead of the backend's.
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
    """The record of another attempt at the same call; for a `before-` record, that of the call after it."""
    return f"{_parts(record)['call']}{attempt}"


def decided(answers: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The answers of people, by the record of the attempt."""
    return {name.removeprefix(DECIDED): answer for name, answer in answers.items() if name.startswith(DECIDED)}


def _parts(record: str) -> re.Match[str]:
    found = _TRY.fullmatch(record)
    assert found is not None, record
    return found
