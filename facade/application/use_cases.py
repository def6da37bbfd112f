"""Carries out commands: once for each idempotency key, with the audit record, in one commit."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from canonical.audit.record import AuditRecord
from canonical.processes.engine import ProcessEngine
from canonical.shared.aggregates import Kind, Repository
from canonical.shared.errors import (
    ConcurrentChange,
    Conflict,
    IdempotencyKeyReused,
    NotFound,
    RequestRepeated,
    StoreOutcomeUnknown,
)
from canonical.shared.idempotency import KeptAnswer
from canonical.shared.overtaken import TRIES
from canonical.shared.ports import Clock, Identities, Transaction
from facade.application.requests import Request, Result, Translation
from facade.contract.violations import ContractError
from facade.web.correlation import correlation_id

log = structlog.get_logger()

REFUSALS = (NotFound, Conflict, ContractError)
"""The errors of a request if the same request, sent at the same time, was first."""


def _nothing_more(command: Any) -> Mapping[str, str]:
    return {}


def _everybody(client: str) -> None:
    pass


class KeptAnswers(Protocol):
    def kept_answer(self, owner: str, key: str) -> KeptAnswer | None: ...


class KeepingRepository(Repository[Any], Protocol):
    """Aggregates of one kind, with their carried attributes."""

    def carry(self, aggregate_id: str | None, carried: dict[str, Any], /) -> None:
        """Store `carried` with an existing aggregate, or with the one that is added next (None)."""
        ...

    def shown(self, aggregate_id: str, /) -> tuple[str, int]:
        """The first document that was saved for the aggregate, and its version. Empty for a kind without documents."""
        ...


class ScheduledProcesses(Protocol):
    @property
    def wanted(self) -> list[tuple[str, str]]:
        """Process and subject of what was scheduled here."""
        ...


class Work(Transaction, Protocol):
    """The unit of work for the edge: the core's, and everything else that is stored in the same transaction."""

    @property
    def processes(self) -> ScheduledProcesses: ...

    def repository(self, kind: Kind[Any], /) -> KeepingRepository: ...

    def save(self) -> None: ...

    def encoded(self, made: Any, /) -> Any: ...

    def claim_key(
        self, owner: str, key: str, request_hash: str, subject: tuple[str, str], answer: dict[str, Any] | None
    ) -> bool:
        """Whether the key was free. It is stored in this transaction."""
        ...

    def record(self, record: AuditRecord, /) -> None: ...

    def accepted_before(
        self, client: str, operation: str, payload_hash: str, since: datetime, given_up: Collection[str], /
    ) -> str | None:
        """The id of what the last such request made that was accepted since then, and is in none of these states."""
        ...


@dataclass(frozen=True)
class UseCase:
    """A use case: the handler of one command, and what is recorded about it.

    `kind` is the kind of the aggregate that it creates or changes, or finds it by the command; None if there is no
    document. `subject` names the type and the id of the result. `event` is the log event, if any, `notable` whether it
    is a warning, `log_fields` its values from the command. `queues`: what it accepts waits for a node. `given_up`:
    the states in which what it made may be asked for again; None if clients may repeat their requests without a key.
    """

    handle: Callable[[Any, Any, Clock, Identities], Any]
    kind: Kind[Any] | Callable[[Any], Kind[Any]] | None = None
    subject: Callable[[Any], tuple[str, str]] = lambda made: ("", made.id)
    event: str | None = None
    notable: bool = False
    log_fields: Callable[[Any], Mapping[str, str]] = _nothing_more
    queues: bool = False
    given_up: Collection[str] | None = None

    def kind_of(self, command: Any) -> Kind[Any] | None:
        return self.kind(command) if callable(self.kind) else self.kind


class KeyTaken(Exception):
    """A concurrent request with the same key was first."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """For how long a request without a key, after an equal one, is told to repeat it, or else refused."""

    seconds: float = 0.0
    refused: bool = False


@dataclass(frozen=True)
class Application:
    """`use_cases` by the classes of their commands. `admit` refuses a client for which nothing more may wait."""

    unit_of_work: Callable[[], Work]
    kept_answers: KeptAnswers
    clock: Clock
    identities: Identities
    engine: ProcessEngine
    use_cases: Mapping[type, UseCase]
    admit: Callable[[str], None] = _everybody
    repeats: Repeats = Repeats()

    def idempotently(self, request: Request, act: Callable[[], Result]) -> Result:
        """The result of an earlier request with the same key, or else the result of `act`.

        A refusal counts only if no request with the key was carried out meanwhile. Raises IdempotencyKeyReused.
        """
        first = self.answered(request)
        if first is not None:
            return first
        try:
            return act()
        except REFUSALS:
            first = self.answered(request)
            if first is None:
                raise
            return first

    def answered(self, request: Request) -> Result | None:
        """The result of an earlier request with the same key. Raises IdempotencyKeyReused if it was another request."""
        kept = None if request.key is None else self.kept_answers.kept_answer(request.client, request.key)
        if kept is None:
            return None
        if not request.has_hash(kept.request_hash):
            first = {} if request.bound else {"id": kept.subject}
            raise IdempotencyKeyReused("the Idempotency-Key was used for another request: send a new key", **first)
        return Result(kept.subject, kept.answer, replayed=True)

    def execute(self, request: Request, translation: Translation, status: int, code: str | None = None) -> Result:
        """Carry out the command and start its processes. Of concurrent requests with one key, only one is carried out.

        `status` and `code` are those of the answer, for the audit record. Raises what the command's handler raises,
        with pointers into the payload.
        """
        if self.use_cases[type(translation.command)].queues:
            self.admit(request.client)
        for left in reversed(range(TRIES)):
            try:
                result, wanted = self._commit(request, translation, status, code)
            except KeyTaken:
                first = self.answered(request)
                if first is not None:
                    return first
            except ConcurrentChange:
                if translation.replannable or not left:
                    raise
            else:
                break
        else:
            raise ConcurrentChange("the same request came many times at once; try again")
        self._log(request, translation, result)
        for process, subject in wanted:
            self.engine.start(process, subject)
        return result

    def unchanged(self, request: Request, subject: tuple[str, str], answer: dict[str, Any]) -> Result:
        """Store the answer of a request that changes nothing with its key, if it has one. If the request is repeated
        later, when it would change something, it still gets this answer. `subject` is the type and the id of the
        unchanged aggregate.
        """
        if request.key is None:
            return Result(subject[1], answer)
        with self.unit_of_work() as work:
            if work.claim_key(request.client, request.key, request.payload_hash, subject, answer):
                work.commit()
                return Result(subject[1], answer)
        first = self.answered(request)
        if first is None:
            raise ConcurrentChange("the same request came many times at once; try again")
        return first

    def tried(self, translation: Translation) -> Any:
        """The result of the command in a unit of work that is never committed."""
        with self.unit_of_work() as work:
            return self._handled(translation, work)

    def _handled(self, translation: Translation, work: Work) -> Any:
        with translation.carried_out():
            handle = self.use_cases[type(translation.command)].handle
            return handle(translation.command, work, self.clock, self.identities)

    def _commit(
        self, request: Request, translation: Translation, status: int, code: str | None
    ) -> tuple[Result, list[tuple[str, str]]]:
        """The result, and the scheduled processes.

        Raises StoreOutcomeUnknown with the ids that exist if it was stored.
        """
        evidence = None
        try:
            with self.unit_of_work() as work:
                result, evidence = self._taken(request, translation, status, code, work)
                work.record(evidence)
                work.commit()
                return result, work.processes.wanted
        except StoreOutcomeUnknown as error:
            if evidence is None:
                raise
            raise _to_look_for(evidence) from error.__cause__

    def _taken(
        self, request: Request, translation: Translation, status: int, code: str | None, work: Work
    ) -> tuple[Result, AuditRecord]:
        use_case = self.use_cases[type(translation.command)]
        kind = use_case.kind_of(translation.command)
        if kind is not None and translation.carried is not None:
            work.repository(kind).carry(translation.changes, translation.carried)
        made = self._handled(translation, work)
        subject = use_case.subject(made) if kind is None else (kind.name, made.id)
        repeats = self._repeated(request, subject[1], use_case, work)
        evidence = self._evidence(request, translation, status, code, subject)
        told = {"headers": dict(translation.headers)} if translation.headers else {}
        answer = self._answer(work, kind, made) | {"record": evidence.id} | told if request.keeps_answer else None
        key, payload_hash = request.key, request.payload_hash
        if key is not None and not work.claim_key(request.client, key, payload_hash, subject, answer):
            raise KeyTaken
        return Result(subject[1], answer, repeats=repeats), evidence

    def _repeated(self, request: Request, made: str, use_case: UseCase, work: Work) -> str | None:
        """What else an equal request made shortly before, if this one has no key. Raises RequestRepeated."""
        if use_case.given_up is None or request.key is not None or not self.repeats.seconds:
            return None
        since = self.clock.now() - timedelta(seconds=self.repeats.seconds)
        asked = (request.client, request.operation, request.payload_hash)
        first = work.accepted_before(*asked, since, use_case.given_up)
        if first in (None, made):
            return None
        if self.repeats.refused:
            text = "the same request was accepted just now: send an Idempotency-Key if you mean another one"
            raise RequestRepeated(text, id=first)
        return first

    def _answer(self, work: Work, kind: Kind[Any] | None, made: Any) -> dict[str, Any]:
        work.save()
        if kind is None:
            return {"made": work.encoded(made)}
        document, version = work.repository(kind).shown(made.id)
        return {"document": document, "version": version}

    def _evidence(
        self, request: Request, translation: Translation, status: int, code: str | None, subject: tuple[str, str]
    ) -> AuditRecord:
        return AuditRecord(
            id=self.identities.new_id(),
            at=self.clock.now(),
            client=request.client,
            operation=request.operation,
            correlation_id=correlation_id(),
            status=status,
            payload_hash=None if request.payload is None else request.payload_hash,
            translation=translation.trail if translation.told is None else translation.told,
            subject_type=subject[0],
            subject=subject[1],
            code=code,
            reason=request.reason,
            profile=request.profile,
        )

    def _log(self, request: Request, translation: Translation, result: Result) -> None:
        use_case = self.use_cases[type(translation.command)]
        if use_case.event is not None:
            tell = log.warning if use_case.notable else log.info
            about = use_case.log_fields(translation.command)
            tell(use_case.event, **about, subject=result.subject, client=request.client, by=request.operation)


def _to_look_for(evidence: AuditRecord) -> StoreOutcomeUnknown:
    text = f"it is not known whether the request was stored: if it was, audit record {evidence.id} exists"
    begun = {"id": evidence.subject} if evidence.subject else {}
    return StoreOutcomeUnknown(text, auditRecordId=evidence.id, **begun)
