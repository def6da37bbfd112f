"""What a backend's answer means: whether it keeps the contract, agrees with the call, and did what was asked."""

from typing import Any

import structlog

from adapters.backends.agreement import hold_refusal
from adapters.backends.answers import Refusal, read
from adapters.backends.contracts import AnswerCheck, ContractBreach
from adapters.backends.counters import Counters
from adapters.backends.errors import ASK_TO_WAIT, Arguments, CallFailed, CallOutcome, of_status
from adapters.backends.messages import Received
from adapters.backends.operation import BackendOperation

log = structlog.get_logger()

LOGGED_TEXT = 500
LOCATED = "located"
"""A key in the answer of a call that created an object: whether `Location` ends with the same id."""


class Understanding:
    """Reads the answers of one backend, counts and logs what is wrong with them."""

    def __init__(self, backend: str, counters: Counters, check: AnswerCheck | None) -> None:
        self._backend = backend
        self._counters = counters
        self._check = check

    def understood(self, operation: BackendOperation, answer: Received, asked: Arguments) -> Any:
        """The content of a successful answer that is readable and agrees with the call. Raises CallFailed for all
        others.
        """
        body, unsure = answer.document()
        outcome = None if answer.fine else of_status(answer.status, with_code=_has_code(body))
        if unsure is not None:
            violation: ContractBreach | None = ContractBreach(
                unsure, "a name that occurs twice, or a number that is too long"
            )
        else:
            violation = self._check.violation(operation.name, answer.status, body) if self._check else None
        if violation is not None:
            self._report(operation, answer, violation.field, violation.message)
        try:
            if unsure is not None and outcome in (None, CallOutcome.REFUSED):
                raise CallFailed(CallOutcome.UNREADABLE, field=unsure)  # noqa: TRY301 - counted below, like the others
            if outcome is None:
                return self._agreeing(operation, answer, body, asked, violation)
            if outcome is CallOutcome.REFUSED:
                self._strictly(violation)
                read(body, Refusal())
                hold_refusal(body, asked)
        except CallFailed as failed:
            if failed.outcome is CallOutcome.CONTRADICTS:
                self._report_contradiction(operation, answer, failed.field, asked)
            elif violation is None:
                self._report(operation, answer, failed.field, "a field that we need is missing")
            raise CallFailed(
                failed.outcome, status=answer.status, field=failed.field, ignored=failed.ignored
            ) from failed
        raise self._not_done(operation, answer, outcome, body)

    def _agreeing(
        self,
        operation: BackendOperation,
        answer: Received,
        body: Any,
        asked: Arguments,
        violation: ContractBreach | None,
    ) -> Any:
        held = operation.agreement.held(body, asked)
        self._strictly(violation)
        if held is not body:
            foreign = len(body) - len(held)
            self._counters.left_out(operation.name, foreign)
            log.warning("foreign entries left out", backend=self._backend, operation=operation.name, entries=foreign)
        found = read(held, operation.answer)
        if operation.agreement.given is not None:
            found[LOCATED] = answer.located == held[operation.agreement.given]
        return found

    def _strictly(self, violation: ContractBreach | None) -> None:
        """If all answers are checked, an answer outside the contract is not used. Raises CallFailed."""
        if violation is not None and self._check and self._check.strict:
            raise CallFailed(CallOutcome.UNREADABLE, field=violation.field)

    def _not_done(self, operation: BackendOperation, answer: Received, outcome: CallOutcome, body: Any) -> CallFailed:
        # A refusal shows that the backend works; the mistake may be ours.
        (log.info if outcome is CallOutcome.REFUSED else log.warning)(
            "backend did not do it", **self._about(operation, answer)
        )
        return CallFailed(
            outcome,
            status=answer.status,
            retry_after=answer.retry_after if answer.status in ASK_TO_WAIT else None,
            refusal=body if isinstance(body, dict) else None,
        )

    def _report(self, operation: BackendOperation, answer: Received, field: str | None, reason: str) -> None:
        self._counters.violated(operation.name)
        log.error("backend answered outside its contract", field=field, reason=reason, **self._about(operation, answer))

    def _report_contradiction(
        self, operation: BackendOperation, answer: Received, field: str | None, asked: Arguments
    ) -> None:
        log.error(
            "backend answered about something else",
            field=field,
            asked=str(dict(asked))[:LOGGED_TEXT],
            **self._about(operation, answer),
        )

    def _about(self, operation: BackendOperation, answer: Received) -> dict[str, Any]:
        """What every line in the log says of an answer."""
        return {
            "backend": self._backend,
            "operation": operation.name,
            "status": answer.status,
            "answer": answer.shown(LOGGED_TEXT),
        }


def _has_code(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("code"), str)
