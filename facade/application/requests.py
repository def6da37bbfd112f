"""A request that changes something, and its result."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from math import isfinite
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped
from canonical.shared import jsontext
from canonical.shared.errors import CanonicalError


@dataclass(frozen=True)
class Request:
    """The client, the operation and the payload of a request.

    Two requests are the same if operation and payload are equal as JSON, with numbers compared by value. `key` is None
    without an Idempotency-Key, `payload` is None without a body. `bound`: the client may act for some customers only,
    so it does not learn what another request with its key created, which may be for other customers. `keeps_answer`:
    the answer is stored with the key, and not made again from the subject. `reason`: a person's reason. `profile` names
    the version of the client's partner profile.
    """

    client: str
    operation: str
    key: str | None = None
    payload: Any = None
    bound: bool = False
    keeps_answer: bool = True
    reason: str | None = None
    profile: str | None = None

    @cached_property
    def payload_hash(self) -> str:
        return _hash(self.operation, self.payload)

    def has_hash(self, kept: str) -> bool:
        """Whether `kept` is the hash of this request, also a hash of a release that hashed numbers as doubles.

        Such an old hash is never that of another request today: the old text has no number with a capital E, and the
        new text has only such numbers and integers of 64 bits.
        """
        return kept == self.payload_hash or kept == _hash(self.operation, _with_doubles(self.payload))


def _hash(operation: str, payload: Any) -> str:
    return hashlib.sha256(jsontext.by_value([operation, payload])).hexdigest()


def _with_doubles(value: Any) -> Any:
    """The value as releases read it that kept numbers as doubles. They refused numbers that do not fit into
    a double.
    """
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
    """The translation of a payload: the command, the carried attributes, and the trail.

    `customer_id` is the customer that it is for, if any. `changes` is the id of the aggregate that the command changes;
    None if it creates one. `told` is what the audit record tells of the trail; all of it if that is None.
    `replannable`: the command was planned on a version, so after a concurrent change it is planned again instead of
    tried again. `headers` are told with the answer, and kept with it.
    """

    command: Any
    carried: dict[str, Any] | None = None
    trail: tuple[Mapped, ...] = ()
    customer_id: str | None = None
    changes: str | None = None
    replannable: bool = False
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    told: tuple[Mapped, ...] | None = None

    def source_of(self, pointer: str) -> str:
        """The pointer into the payload for a pointer into the command, or for the nearest known part around it."""
        sources = {mapped.target: mapped.source for mapped in self.trail}
        while pointer and pointer not in sources:
            pointer = pointer.rpartition("/")[0]
        return sources.get(pointer, "")

    @contextmanager
    def carried_out(self) -> Iterator[None]:
        """Converts the pointers of the core's errors, so that they point into the payload instead of into
        the command.
        """
        try:
            yield
        except CanonicalError as error:
            error.pointer = None if error.pointer is None else self.source_of(error.pointer)
            raise


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a request: the id of the created or changed aggregate, and the answer if one is stored.

    The answer has `document` and `version` of an aggregate with a document, otherwise `made`, the created object as
    JSON; `record` names the audit record, and `headers` are told with it. `replayed`: it is the result of an earlier
    request with the same key. `repeats`: what the same request without a key made shortly before.
    """

    subject: str
    answer: Mapping[str, Any] | None
    replayed: bool = False
    repeats: str | None = None

    @property
    def document(self) -> str:
        assert self.answer is not None, "the answer is kept"
        return str(self.answer["document"])

    @property
    def version(self) -> int:
        assert self.answer is not None, "the answer is kept"
        return int(self.answer["version"])

    @property
    def headers(self) -> Mapping[str, str]:
        """None for most requests, and for answers of earlier releases."""
        found: Mapping[str, str] = (self.answer or {}).get("headers", {})
        return found

    @property
    def is_new(self) -> bool:
        """Whether the request made the aggregate. What stays as it is has no audit record in its answer."""
        return self.answer is not None and "record" in self.answer and self.version == 1
