"""A request that wants to change something, and what it came to."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isfinite
from typing import Any

from canonical.audit.record import Mapped
from canonical.shared import jsontext
from canonical.shared.errors import CanonicalError


@dataclass(frozen=True)
class Request:
    """Who asks for what. Two requests are the same when operation and payload are equal as JSON, numbers by value.

    `key` is None without an Idempotency-Key, `payload` where nothing was sent. `bound`: the client may act for some
    customers only, so it is not told what another request with its key began: that may be for other customers.
    `keeps_answer`: the answer is kept with the key, and not made again from the subject. `reason`: what a person gave.
    """

    client: str
    operation: str
    key: str | None = None
    payload: Any = None
    bound: bool = False
    keeps_answer: bool = True
    reason: str | None = None

    @cached_property
    def payload_hash(self) -> str:
        return _hash(self.operation, self.payload)

    def has_hash(self, kept: str) -> bool:
        """Whether `kept` is the hash of this request, also one of the time when numbers were hashed as doubles.

        Such a hash is never that of another request today: what was hashed then has no number with a capital E, and
        what is hashed now has no other number than that and integers of 64 bits.
        """
        return kept == self.payload_hash or kept == _hash(self.operation, _with_doubles(self.payload))


def _hash(operation: str, payload: Any) -> str:
    return hashlib.sha256(jsontext.by_value([operation, payload])).hexdigest()


def _with_doubles(value: Any) -> Any:
    """The value as it was read until numbers kept their digits. What no double can hold was refused then."""
    if isinstance(value, dict):
        return {name: _with_doubles(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_doubles(entry) for entry in value]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    if -(2**63) <= value < 2**64 and (isinstance(value, int) or str(value) == "-0"):
        return int(value)
    try:
        double = float(value)
    except OverflowError:
        return value
    return double if isfinite(double) else value


@dataclass(frozen=True, slots=True)
class Translation:
    """What a payload means: the command, what is only carried, and how each field was read.

    `customer_id` is that of the customer it is for, if any. `changes` is the id of the aggregate that the command
    changes; None for one that makes a new one. `replannable`: the command was planned on a version, so it is planned
    anew, and not tried again, when somebody else changes that.
    """

    command: Any
    carried: dict[str, Any] | None = None
    trail: tuple[Mapped, ...] = ()
    customer_id: str | None = None
    changes: str | None = None
    replannable: bool = False

    def source_of(self, pointer: str) -> str:
        """The pointer into the payload for one into the command: the nearest enclosing one that is known."""
        sources = {mapped.target: mapped.source for mapped in self.trail}
        while pointer and pointer not in sources:
            pointer = pointer.rpartition("/")[0]
        return sources.get(pointer, "")

    @contextmanager
    def carried_out(self) -> Iterator[None]:
        """Errors of the core point into the payload when they come out, instead of into the command."""
        try:
            yield
        except CanonicalError as error:
            error.pointer = None if error.pointer is None else self.source_of(error.pointer)
            raise


@dataclass(frozen=True, slots=True)
class Result:
    """What a request came to: the id of what it made or changed, and the answer if one is kept.

    The answer holds `document` and `version` of an aggregate that has a document, and else `made`, what was made, as
    JSON; `record` names the audit record. `replayed`: an earlier request with the same key came to it.
    """

    subject: str
    answer: Mapping[str, Any] | None
    replayed: bool = False

    @property
    def document(self) -> str:
        assert self.answer is not None, "the answer is kept"
        return str(self.answer["document"])

    @property
    def version(self) -> int:
        assert self.answer is not None, "the answer is kept"
        return int(self.answer["version"])
