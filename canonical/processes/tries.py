"""Tries at one call of a backend that is away, kept as one record however many they are.

The first two are recorded by themselves, as `charge#0` and `charge#1`. With each later try `charge#1` comes to stand
for all from the second to that one (`through`), and their own records go. Whoever reads the record finds the same run.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canonical.processes.saga import BEFORE, Call, Progress

AT_ONCE = 500
"""No more records are forgotten at a time: a release that kept each try left thousands."""

_NAME = re.compile(rf"(?:{BEFORE})?(?P<call>.*#(?:\d+\.)?)(?P<number>\d+)")
"""Of a record: `charge#17`, `before-charge#17`, `undo-charge#17`, `undo-charge#1.17`."""


@dataclass(frozen=True, slots=True)
class Fold:
    """`answer` takes the place of what `record` says, and those `forgotten` go. All of it at once or nothing."""

    record: str
    answer: Mapping[str, Any]
    forgotten: tuple[str, ...]


def fold(call: Call, progress: Progress, answers: Mapping[str, dict[str, Any]]) -> Fold | None:
    """The tries so far at the call that `progress` waits to make, as one; None while there are too few.

    That one of them may have acted is never lost.
    """
    record, last = _kept_under(call.record), progress.attempt - 1
    if last < 2 or record not in answers:
        return None
    tries = {name: answer for name, answer in answers.items() if _covers(record, last, name)}
    latest = answers.get(_numbered(record, last), answers[record])
    uncertain = progress.uncertain or any(answer.get("uncertain") for answer in tries.values())
    forgotten = tuple(name for name in tries if _number(name) > 1)[:AT_ONCE]
    return Fold(record, {"away": latest["away"], "uncertain": uncertain, "through": last}, forgotten)


def stands_for(record: str) -> str | None:
    """The record that may stand for this one by now, None where it can only stand for itself."""
    return _kept_under(record) if _number(record) > 1 else None


def folded(record: str, kept: Mapping[str, Any]) -> dict[str, Any] | None:
    """What `record` came to, by what is `kept` under the record that may stand for it; None if it does not.

    Asked for a call that was made once more, by a run that was overtaken: that one may have acted.
    """
    if _number(record) > kept.get("through", 0):
        return None
    return {} if record.startswith(BEFORE) else dict(kept) | {"uncertain": True}


def _covers(record: str, last: int, name: str) -> bool:
    return _NAME.fullmatch(name) is not None and _kept_under(name) == record and 1 <= _number(name) <= last


def _kept_under(record: str) -> str:
    return _numbered(record, 1)


def _numbered(record: str, number: int) -> str:
    return f"{_parts(record)['call']}{number}"


def _number(record: str) -> int:
    return int(_parts(record)["number"])


def _parts(record: str) -> re.Match[str]:
    found = _NAME.fullmatch(record)
    assert found is not None, record
    return found
