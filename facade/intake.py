"""Takes orders in: one commit for the order, its events, its document, its idempotency key and its audit record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import structlog

from canonical.audit.record import AuditRecord, Mapped
from canonical.ordering.commands import RejectOrder, SubmitOrder
from canonical.ordering.handlers import PLACE_ORDER, receive_order, submit_order
from canonical.ordering.order import Order
from canonical.ordering.ports import UnitOfWork
from canonical.processes.engine import ProcessEngine
from canonical.shared.errors import CanonicalError
from canonical.shared.ports import Clock, Identities
from facade.contract.violations import ContractViolation
from facade.correlation import correlation_id
from facade.errors import answer_to
from facade.idempotency import KeptAnswers, KeyRing, Request, answered_before, claimed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Translation:
    """What a payload means: the command, what is only carried, and how each field was read."""

    command: SubmitOrder
    carried: dict[str, Any]
    trail: tuple[Mapped, ...]

    def source_of(self, pointer: str) -> str:
        """The pointer into the payload for one into the command: the nearest enclosing one that is known."""
        sources = {mapped.target: mapped.source for mapped in self.trail}
        while pointer and pointer not in sources:
            pointer = pointer.rpartition("/")[0]
        return sources.get(pointer, "")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order taken in, now or when the same request came before; `answer` as it was given then."""

    order_id: str
    answer: dict[str, Any] | None


class EdgeUnitOfWork(UnitOfWork, KeyRing, Protocol):
    """The core's unit of work and what the edge keeps in the same transaction."""

    def __enter__(self) -> Self: ...

    def carry(self, order_id: str, carried: dict[str, Any]) -> str:
        """Keep `carried` with the order; returns the order's document."""
        ...

    def record(self, record: AuditRecord) -> None: ...


MakeAnswer = Callable[[str, str, int], dict[str, Any] | None]
"""From the order's id, its document and version: the answer to give and to keep with the key; None to make it anew."""


class OrderIntake:
    """Accepts translated orders and has them carried out."""

    def __init__(
        self,
        unit_of_work: Callable[[], EdgeUnitOfWork],
        kept_answers: KeptAnswers,
        engine: ProcessEngine,
        clock: Clock,
        identities: Identities,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._kept_answers = kept_answers
        self._engine = engine
        self._clock = clock
        self._identities = identities

    def repeated(self, request: Request) -> Accepted | None:
        """The order of an earlier request with the same key. Raises IdempotencyKeyReused if it was another."""
        kept = answered_before(request, self._kept_answers)
        return None if kept is None else Accepted(kept.order_id, kept.answer)

    def accept(self, translation: Translation, request: Request, make_answer: MakeAnswer) -> Accepted:
        """Take the order in and begin to carry it out; of concurrent requests with one key only one is.

        Raises what `submit_order` raises, its pointers turned into pointers into the payload.
        """

        def take(work: EdgeUnitOfWork) -> Taken:
            try:
                order = submit_order(translation.command, work, self._clock, self._identities)
            except CanonicalError as error:
                error.pointer = None if error.pointer is None else translation.source_of(error.pointer)
                raise
            return Taken(order, make_answer(order.id, work.carry(order.id, translation.carried), 1), translation.trail)

        accepted = self._once(take, request)
        if not translation.command.draft:
            self._engine.start(PLACE_ORDER, accepted.order_id)
        return accepted

    def reject(
        self,
        refusal: ContractViolation | CanonicalError,
        carried: dict[str, Any],
        trail: tuple[Mapped, ...],
        request: Request,
        make_answer: MakeAnswer,
    ) -> Accepted:
        """Acknowledge an order that is rejected at once for the reasons given. The answer is the acknowledgement."""
        answer = answer_to(refusal)
        command = RejectOrder(answer.code, answer.detail, tuple(dict(entry) for entry in answer.errors))

        def take(work: EdgeUnitOfWork) -> Taken:
            order = receive_order(request.client, work, self._clock, self._identities)
            acknowledgement = make_answer(order.id, work.carry(order.id, carried), 1)
            order.reject(command, self._clock.now())
            return Taken(order, acknowledgement, trail, code=answer.code)

        return self._once(take, request)

    def _once(self, take: Callable[[EdgeUnitOfWork], "Taken"], request: Request) -> Accepted:
        """What was taken in, now or by the request that came first with the same key."""
        while True:
            accepted = self._commit(take, request) or self.repeated(request)
            if accepted is not None:
                log.info("order accepted", order_id=accepted.order_id, client=request.client, by=request.operation)
                return accepted

    def _commit(self, take: Callable[[EdgeUnitOfWork], "Taken"], request: Request) -> Accepted | None:
        """None when a concurrent request with the same key was first."""
        with self._unit_of_work() as work:
            taken = take(work)
            order = taken.order
            if not claimed(work, request, order.id, taken.answer):
                return None
            work.record(
                AuditRecord(
                    id=self._identities.new_id(),
                    at=order.submitted_at,
                    client=request.client,
                    operation=request.operation,
                    correlation_id=correlation_id(),
                    status=201,
                    payload_hash=request.payload_hash,
                    translation=taken.trail,
                    order_id=order.id,
                    code=taken.code,
                )
            )
            work.commit()
        return Accepted(order.id, taken.answer)


@dataclass(frozen=True, slots=True)
class Taken:
    """An order being taken in, what to answer, how its payload was read, and why it was rejected."""

    order: Order
    answer: dict[str, Any] | None
    trail: tuple[Mapped, ...]
    code: str | None = None
