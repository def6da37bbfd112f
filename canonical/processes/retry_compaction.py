"""Retry compaction: all attempts at one call of an unavailable backend are stored in two records.

The first two attempts have records of their own, `charge#0` and `charge#1`. With each later attempt, `charge#1` stands
for all attempts from the second to that one (`THROUGH`), and their own records are deleted. A run that reads the
compacted record behaves the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canonical.processes.progress import Call, Progress
from canonical.processes.records import BEFORE, THROUGH, UNAVAILABLE, UNCERTAIN, at_attempt, attempt_of, is_record

AT_ONCE = 500
"""The most records to delete at once: an earlier release kept each attempt and left thousands."""


@dataclass(frozen=True, slots=True)
class CompactedRetries:
    """Replace the answer of `record` by `answer` and delete those in `forgotten`, in one transaction."""

    record: str
    answer: Mapping[str, Any]
    forgotten: tuple[str, ...]


def compacted(call: Call, progress: Progress, answers: Mapping[str, dict[str, Any]]) -> CompactedRetries | None:
    """The attempts so far at the call that `progress` waits to make, compacted; None while there are too few.

    The information that one of them may have acted is never lost.
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
    """The record into which this one may be compacted by now; None if it is never compacted."""
    return _kept_under(record) if attempt_of(record) > 1 else None


def compacted_answer(record: str, kept: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer of `record`, if the compacted record `kept` includes it; else None.

    A run that was overtaken asks this after it repeated a call, so that call may have acted.
    """
    if attempt_of(record) > kept.get(THROUGH, 0):
        return None
    return {} if record.startswith(BEFORE) else dict(kept) | {UNCERTAIN: True}


def _covers(record: str, last: int, name: str) -> bool:
    return is_record(name) and _kept_under(name) == record and 1 <= attempt_of(name) <= last


def _kept_under(record: str) -> str:
    return at_attempt(record, 1)
