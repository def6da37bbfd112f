"""Tries at one call of a backend that is unavailable, kept as one record however many they are.

The first two are recorded by themselves, as `charge#0` and `charge#1`. With each later try `charge#1` comes to stand
for all from the second to that one (`THROUGH`), and their own records go. Whoever reads the record finds the same run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canonical.processes.progress import Call, Progress
from canonical.processes.records import BEFORE, THROUGH, UNAVAILABLE, UNCERTAIN, at_attempt, attempt_of, is_record

AT_ONCE = 500
"""No more records are forgotten at a time: a release that kept each try left thousands."""


@dataclass(frozen=True, slots=True)
class CompactedRetries:
    """`answer` takes the place of what `record` says, and those `forgotten` go. All of it at once or nothing."""

    record: str
    answer: Mapping[str, Any]
    forgotten: tuple[str, ...]


def compacted(call: Call, progress: Progress, answers: Mapping[str, dict[str, Any]]) -> CompactedRetries | None:
    """The tries so far at the call that `progress` waits to make, as one; None while there are too few.

    That one of them may have acted is never lost.
    """
    record, last = _kept_under(call.record), progress.attempt - 1
    if last < 2 or record not in answers:
        return None
    tries = {name: answer for name, answer in answers.items() if _covers(record, last, name)}
    latest = answers.get(at_attempt(record, last), answers[record])
    uncertain = progress.uncertain or any(answer.get(UNCERTAIN) for answer in tries.values())
    forgotten = tuple(name for name in tries if attempt_of(name) > 1)[:AT_ONCE]
    return CompactedRetries(record, {UNAVAILABLE: latest[UNAVAILABLE], UNCERTAIN: uncertain, THROUGH: last}, forgotten)


def stands_for(record: str) -> str | None:
    """The record that may stand for this one by now, None where it can only stand for itself."""
    return _kept_under(record) if attempt_of(record) > 1 else None


def compacted_answer(record: str, kept: Mapping[str, Any]) -> dict[str, Any] | None:
    """What `record` came to, by what is `kept` under the record that may stand for it; None if it does not.

    Asked for a call that was made once more, by a run that was overtaken: that one may have acted.
    """
    if attempt_of(record) > kept.get(THROUGH, 0):
        return None
    return {} if record.startswith(BEFORE) else dict(kept) | {UNCERTAIN: True}


def _covers(record: str, last: int, name: str) -> bool:
    return is_record(name) and _kept_under(name) == record and 1 <= attempt_of(name) <= last


def _kept_under(record: str) -> str:
    return at_attempt(record, 1)
