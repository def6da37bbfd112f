"""What operators see and decide without the API, about processes and listeners: the same rules and evidence."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.persistence import migrations
from adapters.persistence.delivery_reads import SqlDeliveryReads
from adapters.persistence.process_records import SqlProcessReads
from canonical.audit.record import AuditRecord
from canonical.listeners.commands import UnregisterListener
from canonical.listeners.errors import ListenerNotFound
from canonical.listeners.listener import Listener
from canonical.listeners.ports import ListenerReport
from canonical.processes.errors import CallUnderWay
from canonical.shared.errors import CanonicalError, StoreUnavailable
from facade.app import contract_of
from facade.application.requests import Request, Translation
from facade.bootstrap.answers import answer_to
from facade.bootstrap.core import Core
from facade.contract.violations import ContractViolation
from facade.evidence import refused_places
from facade.identities import new_id
from facade.operations.processes import DECIDE, OperatedProcesses, payload_of
from facade.setting_sources import SettingError
from facade.settings import Settings

BY = "tmf-facade"
"""Who decides, in audit records and in the log."""
END_LISTENER = "endListener"
"""The operation in audit records: the API has none for the listeners of others."""
LOOKS = 0.2
"""Seconds between two tries at a decision while a call is under way: less than the shortest pause after a call."""


@dataclass(frozen=True)
class Operators:
    """`run` is the correlation id of everything that one command does."""

    core: Core
    processes: OperatedProcesses
    run: str

    def decide(
        self,
        process: str,
        subject: str,
        body: Mapping[str, Any],
        key: str | None,
        seconds: float,
        waiting: Callable[[], None],
    ) -> dict[str, Any]:
        """The answer of the API to this decision. While a call of the process is under way, it is tried again for so
        many seconds; `waiting` is called when that begins. A refusal is on record, too.

        Raises ContractViolation, and what the handler of decisions raises.
        """
        request = Request(BY, DECIDE, key, payload_of(process, subject, body), reason=body["reason"])
        try:
            _check(body)
            return _between_calls(lambda: self.processes.decided(process, subject, body, request), seconds, waiting)
        except StoreUnavailable:
            raise
        except (CanonicalError, ContractViolation) as refusal:
            self._record(refusal, request, subject)
            raise

    def listeners(self, client: str | None) -> Sequence[ListenerReport]:
        """All registrations, or those of a client."""
        reads = SqlDeliveryReads(self.core.database)
        return reads.all() if client is None else reads.of(client)

    def end_listener(self, listener_id: str, reason: str) -> Listener:
        """End a registration, whoever has it. Raises ListenerNotFound."""
        found = next((one.listener for one in self.listeners(None) if one.listener.id == listener_id), None)
        if found is None:
            raise ListenerNotFound("there is no such registration", listenerId=listener_id)
        payload = {"listenerId": found.id, "client": found.owner}
        request = Request(BY, END_LISTENER, payload=payload, reason=reason)
        self.core.application.execute(request, Translation(UnregisterListener(found.owner, found.id)), 204)
        return found

    def _record(self, refusal: Exception, request: Request, subject: str) -> None:
        answer = answer_to(refusal)
        self.core.audit.record(
            AuditRecord(
                id=new_id(),
                at=self.core.clock.now(),
                client=BY,
                operation=DECIDE,
                correlation_id=self.run,
                status=answer.status,
                code=answer.code,
                payload_hash=request.payload_hash,
                subject=subject,
                reason=request.reason,
                translation=refused_places(answer.errors),
            )
        )


@contextmanager
def operating(settings: Settings) -> Iterator[Operators]:
    """Raises SettingError for settings, or a database, that cannot be used. What is decided is carried out by the nodes
    that work.
    """
    run = new_id()
    with closing(Core(settings, works=False)) as core, structlog.contextvars.bound_contextvars(correlation_id=run):
        try:
            migrations.check(core.database)
        except migrations.SchemaOutOfDate as error:
            raise SettingError(str(error)) from error
        processes = OperatedProcesses(
            SqlProcessReads(core.database), core.unit_of_work, core.processes, core.application, core.clock
        )
        yield Operators(core, processes, run)


def _check(body: Mapping[str, Any]) -> None:
    """Raises ContractViolation, as the API does."""
    violations = contract_of("canonical/operations.yaml").check_request(DECIDE, body).violations
    if violations:
        raise ContractViolation(violations)


def _between_calls(decide: Callable[[], dict[str, Any]], seconds: float, waiting: Callable[[], None]) -> dict[str, Any]:
    until, told = time.monotonic() + seconds, False
    while True:
        try:
            return decide()
        except CallUnderWay:
            if time.monotonic() >= until:
                raise
        if not told:
            waiting()
            told = True
        time.sleep(LOOKS)
