"""Takes orders in: one commit for the order, its events, its document, its idempotency key and its audit record."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from canonical.audit.record import AuditRecord, Mapped
from canonical.ordering.commands import RejectOrder, SubmitOrder
from canonical.ordering.handlers import PLACE_ORDER, receive_order, submit_order
from canonical.ordering.ports import UnitOfWork
from canonical.processes.engine import ProcessEngine
from canonical.shared.errors import CanonicalError
from facade.contract.violations import ContractViolation
from facade.errors import answer_to
from facade.intake.once import Accepted, Intake, IntakeWork, Request, claimed
from facade.security.principal import Principal

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

    def check_customer(self, principal: Principal) -> None:
        """Raises CustomerNotFound, with its pointer into the payload, when the client may not act for the customer."""
        principal.check_customer(self.command.customer_id, self.source_of("/customer_id"))

    @contextmanager
    def carried_out(self) -> Iterator[None]:
        """Errors of the core point into the payload when they come out, instead of into the command."""
        try:
            yield
        except CanonicalError as error:
            error.pointer = None if error.pointer is None else self.source_of(error.pointer)
            raise


class EdgeUnitOfWork(UnitOfWork, IntakeWork, Protocol):
    """The core's unit of work and what the edge keeps in the same transaction."""

    def carry(self, order_id: str, carried: dict[str, Any]) -> str:
        """Keep `carried` with the order; returns the order's document."""
        ...


MakeAnswer = Callable[[str, str, int], dict[str, Any] | None]
"""From the order's id, its document and version: the answer to give and to keep with the key; None to make it anew."""


@dataclass(frozen=True)
class OrderIntake(Intake[EdgeUnitOfWork]):
    """Accepts translated orders and has them carried out."""

    engine: ProcessEngine

    def accept(self, translation: Translation, request: Request, make_answer: MakeAnswer) -> Accepted:
        """Take the order in and begin to carry it out; of concurrent requests with one key only one is.

        Raises what `submit_order` raises, its pointers turned into pointers into the payload.
        """

        def take(work: EdgeUnitOfWork) -> tuple[Accepted, AuditRecord]:
            with translation.carried_out():
                order = submit_order(translation.command, work, self.clock, self.identities)
            answer = make_answer(order.id, work.carry(order.id, translation.carried), 1)
            accepted = claimed(work, request, order.id, answer)
            return accepted, self._evidence(request, 201, order.id, translation.trail)

        accepted = self._logged(take, request)
        if not translation.command.draft:
            self.engine.start(PLACE_ORDER, accepted.subject)
        return accepted

    def reject(
        self,
        refusal: ContractViolation | CanonicalError,
        customer_id: str,
        carried: dict[str, Any],
        trail: tuple[Mapped, ...],
        request: Request,
        make_answer: MakeAnswer,
    ) -> Accepted:
        """Acknowledge an order that is rejected at once for the reasons given. The answer is the acknowledgement.

        `customer_id` is that of the customer that it seems to be for, empty where it names none.
        """
        answer = answer_to(refusal)
        command = RejectOrder(answer.code, answer.detail, tuple(dict(entry) for entry in answer.errors))

        def take(work: EdgeUnitOfWork) -> tuple[Accepted, AuditRecord]:
            order = receive_order(request.client, customer_id, work, self.clock, self.identities)
            acknowledgement = make_answer(order.id, work.carry(order.id, carried), 1)
            order.reject(command, self.clock.now())
            accepted = claimed(work, request, order.id, acknowledgement)
            return accepted, self._evidence(request, 201, order.id, trail, code=answer.code)

        return self._logged(take, request)

    def _logged(self, take: Callable[[EdgeUnitOfWork], tuple[Accepted, AuditRecord]], request: Request) -> Accepted:
        accepted = self._once(request, take)
        log.info("order accepted", order_id=accepted.subject, client=request.client, by=request.operation)
        return accepted
