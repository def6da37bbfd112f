"""What is the same for every request that changes something: one commit for it, its key and its evidence."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isfinite
from typing import Any, Generic, Protocol, TypeVar

import jsontext
from canonical.audit.record import AuditRecord, Mapped
from canonical.shared.errors import ConcurrentChange, IdempotencyKeyReused, StoreOutcomeUnknown
from canonical.shared.ports import Clock, Identities, Transaction
from facade.correlation import correlation_id

TRIES = 5

Made = TypeVar("Made")


@dataclass(frozen=True)
class Request:
    """Who asks for what. Two requests are the same when operation and payload are equal as JSON, numbers by value.

    `key` is None without an Idempotency-Key, `payload` where nothing was sent. `bound`: the client may act for some
    customers only, so it is not told what another request with its key began: that may be for other customers.
    """

    client: str
    operation: str
    key: str | None = None
    payload: Any = None
    bound: bool = False

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
class Accepted:
    """What a request began: the id of it, and the answer where that is kept. `again`: it had begun it before."""

    subject: str
    answer: dict[str, Any] | None
    again: bool = False


class KeptAnswer(Protocol):
    """What an idempotency key was used for. `order_id` is the id of whatever the request began."""

    @property
    def request_hash(self) -> str: ...
    @property
    def order_id(self) -> str: ...
    @property
    def answer(self) -> dict[str, Any] | None: ...


class KeptAnswers(Protocol):
    def kept_answer(self, owner: str, key: str) -> KeptAnswer | None: ...


class IntakeWork(Transaction, Protocol):
    """What the edge keeps in the transaction of the core's unit of work."""

    def claim_key(self, owner: str, key: str, request_hash: str, order_id: str, answer: dict[str, Any] | None) -> bool:
        """Whether the key was free; it is kept with the rest of the transaction."""
        ...

    def record(self, record: AuditRecord) -> None: ...


Work = TypeVar("Work", bound=IntakeWork)


class KeyTaken(Exception):
    """A concurrent request with the same key was first."""


def claimed(work: IntakeWork, request: Request, subject: str, answer: dict[str, Any] | None = None) -> Accepted:
    """`subject` as what the request begins. Raises KeyTaken."""
    free = request.key is None or work.claim_key(request.client, request.key, request.payload_hash, subject, answer)
    if not free:
        raise KeyTaken
    return Accepted(subject, answer)


@dataclass(frozen=True)
class Intake(Generic[Work]):
    """Takes requests of one kind in."""

    unit_of_work: Callable[[], Work]
    kept_answers: KeptAnswers
    clock: Clock
    identities: Identities

    def repeated(self, request: Request) -> Accepted | None:
        """What an earlier request with the same key began. Raises IdempotencyKeyReused if it was another request."""
        kept = None if request.key is None else self.kept_answers.kept_answer(request.client, request.key)
        if kept is None:
            return None
        if not request.has_hash(kept.request_hash):
            began = {} if request.bound else {"id": kept.order_id}
            raise IdempotencyKeyReused("the Idempotency-Key was used for another request", **began)
        return Accepted(kept.order_id, kept.answer, again=True)

    def _once(self, request: Request, take: Callable[[Work], tuple[Accepted, AuditRecord]]) -> Accepted:
        """What `take` claims, or what the request claimed that came first with the same key."""
        accepted = None
        while accepted is None:
            try:
                accepted = self._commit(take)
            except KeyTaken:
                accepted = self.repeated(request)
        return accepted

    def _commit(self, take: Callable[[Work], tuple[Made, AuditRecord]]) -> Made:
        """What `take` makes in a unit of work, committed with its evidence.

        Raises StoreOutcomeUnknown, which names what is there if it was committed.
        """
        evidence = None
        try:
            with self.unit_of_work() as work:
                made, evidence = take(work)
                work.record(evidence)
                work.commit()
                return made
        except StoreOutcomeUnknown as error:
            if evidence is None:
                raise
            raise _to_look_for(evidence) from error.__cause__

    def _evidence(
        self,
        request: Request,
        status: int,
        order_id: str | None = None,
        translation: tuple[Mapped, ...] = (),
        code: str | None = None,
        reason: str | None = None,
    ) -> AuditRecord:
        return AuditRecord(
            id=self.identities.new_id(),
            at=self.clock.now(),
            client=request.client,
            operation=request.operation,
            correlation_id=correlation_id(),
            status=status,
            payload_hash=None if request.payload is None else request.payload_hash,
            translation=translation,
            order_id=order_id,
            code=code,
            reason=reason,
        )


def _to_look_for(evidence: AuditRecord) -> StoreOutcomeUnknown:
    text = f"it is not known whether the request was kept: audit record {evidence.id} is there if it was"
    begun = {"id": evidence.order_id} if evidence.order_id else {}
    return StoreOutcomeUnknown(text, auditRecordId=evidence.id, **begun)


def repeatedly(act: Callable[[], Made]) -> Made:
    """What `act` gives, done anew when somebody else changed the same at the same moment.

    Raises ConcurrentChange when that was in vain every time.
    """
    for _ in range(TRIES - 1):
        try:
            return act()
        except ConcurrentChange:
            continue
    return act()
