"""Answers every failure, with tables from errors to status and title, and in two forms.

TMF paths get TMF `Error`, all others a problem document (RFC 9457), with the same codes. The text of an unexpected
error goes to the log only, with the id in the answer.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import connexion.exceptions
import structlog
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from canonical.audit.ports import AuditTrail
from canonical.audit.record import AuditRecord
from canonical.inventory.errors import AssetInOrder
from canonical.ordering.errors import ExternalIdTaken
from canonical.processes.errors import StillWorking
from canonical.shared import jsontext
from canonical.shared.errors import (
    BackendError,
    BackendRefused,
    CanonicalError,
    Conflict,
    InvalidCommand,
    NotFound,
    StoreNotWritable,
    StoreOutcomeUnknown,
    StoreUnavailable,
    VersionMismatch,
)
from canonical.shared.ports import Clock
from facade.answers import AnswerRow, AnswerTable, ErrorAnswer
from facade.contract.connexion_plugin import PAYLOAD
from facade.contract.violations import (
    BodyTooLarge,
    Code,
    ContractViolation,
    MalformedBody,
    ResponseViolation,
)
from facade.evidence import refused_places
from facade.identities import new_id
from facade.partners.api_versions import VersionNotAgreed
from facade.security.errors import KeysUnavailable, ScopeMissing, TokenRefused
from facade.security.principal import Principal, principal_in
from facade.tmf.patch import PatchTestFailed
from facade.tmf.query.refusals import NotSupported
from facade.web.correlation import correlation_id
from facade.web.limits import DeadlinePassed, Overloaded, RateLimited, TurnedAway
from facade.web.methods import MethodTable
from facade.web.public_address import public_prefix

log = structlog.get_logger()

TMF_PREFIXES = ("/tmf-api/", "/tmf/")
VERSION = re.compile(r"/tmf.*/(v\d+)/")
RETRY_AFTER_SECONDS = "5"
OPERATION_LENGTH = 200
INTERNAL_DETAILS = frozenset({"backend", "operation", "retryAfter", "field", "ids"})
"""Details about the systems behind us, for the log only."""

SHARED: AnswerTable = MappingProxyType(
    {
        CanonicalError: AnswerRow(500, "Internal error"),
        InvalidCommand: AnswerRow(400, "Invalid request"),
        NotFound: AnswerRow(404, "Not found"),
        Conflict: AnswerRow(409, "Conflict"),
        VersionMismatch: AnswerRow(412, "Version mismatch"),
        StoreUnavailable: AnswerRow(503, "Database unavailable"),
        StoreNotWritable: AnswerRow(503, "Database not writable"),
        StoreOutcomeUnknown: AnswerRow(503, "Outcome unknown"),
        BackendError: AnswerRow(503, "Backend unavailable"),
        BackendRefused: AnswerRow(500, "Request could not be carried out"),
    }
)
"""The errors that the contexts share. Each context has a table of its own at its edge."""


OTHER_ORDER: Mapping[str, str] = MappingProxyType(
    {AssetInOrder.code: "pendingOrder", ExternalIdTaken.code: "existingOrder"}
)
"""Errors that name another order in `orderId`: the member of the answer that has its address."""

FRAMEWORK_DETAILS: Mapping[int, str] = MappingProxyType(
    {
        400: "The request cannot be read.",
        404: "This address does not exist.",
        405: "The address does not allow this method; the header Allow lists the allowed ones.",
        406: "Answers are application/json, and the header Accept excludes it.",
        415: "The contract does not allow the media type of the request body.",
    }
)


def answer_to(error: Exception, table: AnswerTable) -> ErrorAnswer:
    """What to answer when `error` reaches the edge. `table` has the rows of all contexts."""
    match error:
        case CanonicalError():
            return _canonical(error, table)
        case PatchTestFailed():
            [failed] = error.violations
            return ErrorAnswer(409, "PATCH_TEST_FAILED", "Test failed", failed.message, (failed.as_document(),))
        case ContractViolation():
            found = tuple(violation.as_document() for violation in error.violations)
            return ErrorAnswer(400, code_of(error), "Invalid request", str(found[0]["message"]), found)
        case NotSupported():
            told = {"pointer": error.pointer, "code": Code.OTHER_ISSUE.value, "message": str(error)}
            return ErrorAnswer(501, "NOT_SUPPORTED", "Not supported", str(error), (told,))
        case MalformedBody():
            return ErrorAnswer(400, "MALFORMED_BODY", "Malformed body", error.reason)
        case MultiPartException():  # python-multipart's limits on form fields: no HTTPException of Starlette's
            return ErrorAnswer(400, "BAD_REQUEST", "Bad Request", FRAMEWORK_DETAILS[400])
        case BodyTooLarge():
            return ErrorAnswer(413, "BODY_TOO_LARGE", "Body too large", str(error))
        case TokenRefused():
            return ErrorAnswer(401, error.code, "Unauthorized", error.detail, headers=error.headers)
        case ScopeMissing():
            return ErrorAnswer(403, error.code, "Forbidden", error.detail, headers=error.headers)
        case VersionNotAgreed():
            allowed = {"allowed": list(error.allowed)}
            return ErrorAnswer(403, "VERSION_NOT_AGREED", "Version not agreed", str(error), extra=allowed)
        case RateLimited():
            return ErrorAnswer(429, "RATE_LIMITED", "Too many requests", f"{error}.", headers=_later(error))
        case Overloaded():
            return ErrorAnswer(503, "OVERLOADED", "Overloaded", str(error), headers=_later(error))
        case DeadlinePassed():
            later = {"Retry-After": RETRY_AFTER_SECONDS}
            return ErrorAnswer(503, "DEADLINE_PASSED", "Deadline passed", str(error), headers=later)
        case KeysUnavailable():
            return ErrorAnswer(503, error.code, "Service unavailable", error.detail, headers=error.headers or {})
        case connexion.exceptions.ProblemException() | HTTPException():
            return _framework(error)
        case _:
            return ErrorAnswer(500, "INTERNAL", "Internal error", "Something went wrong on our side.")


def _later(error: TurnedAway) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after)}


def _canonical(error: CanonicalError, table: AnswerTable) -> ErrorAnswer:
    nearest = next(kind for kind in type(error).__mro__ if kind in table)
    status, title, retry_after = table[nearest]
    if nearest is CanonicalError:
        return ErrorAnswer(status, error.code, title, "Something went wrong on our side.")
    found: tuple[Mapping[str, Any], ...] = ()
    if error.pointer is not None:
        found = (entry_of(error),)
    if status == 503:
        retry_after = retry_after or RETRY_AFTER_SECONDS
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    shown = {name: value for name, value in error.details.items() if name not in INTERNAL_DETAILS}
    return ErrorAnswer(status, error.code, title, error.message, found, shown, headers)


def code_of(error: ContractViolation) -> str:
    """The rule of ours that was broken, if there is only one; otherwise the general code."""
    reasons = {violation.reason for violation in error.violations}
    return (reasons.pop() if len(reasons) == 1 else None) or "INVALID_REQUEST"


def entry_of(error: CanonicalError) -> dict[str, Any]:
    """The mistake that an error of the core is about, as an entry of `errors`."""
    entry = {
        "pointer": error.pointer or "",
        "code": Code.INVALID_VALUE.value,
        "reason": error.code,
        "message": error.message,
    }
    return entry | ({"allowed": error.details["allowedActions"]} if "allowedActions" in error.details else {})


def _framework(error: Any) -> ErrorAnswer:
    """Refusals of Connexion, Starlette or Werkzeug with our texts, because theirs show schemas and internals."""
    status: int = getattr(error, "status", None) or error.status_code
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    code = "INTERNAL" if status >= 500 else phrase.upper().replace(" ", "_").replace("-", "_")
    detail = FRAMEWORK_DETAILS.get(status, phrase) if status < 500 else "Something went wrong on our side."
    return ErrorAnswer(status, code, phrase, detail, headers=dict(error.headers or {}))


def render(answer: ErrorAnswer, path: str, error_id: str, prefix: str = "") -> tuple[bytes, str]:
    """The body and its media type, by the address that was called. `prefix`: what a gateway strips of addresses."""
    other = {}
    if answer.our_code in OTHER_ORDER and "orderId" in answer.extra:
        other = {OTHER_ORDER[answer.our_code]: f"{prefix}{_order_address(path, answer.extra['orderId'])}"}
    if path.startswith(TMF_PREFIXES):
        return jsontext.write(_tmf_error(answer, error_id) | other), "application/json"
    return jsontext.write(_problem(answer, error_id) | other), "application/problem+json"


def _order_address(path: str, order_id: str) -> str:
    """The address of an order in the API that was called."""
    version = VERSION.match(path)
    if version is None:
        return f"/api/v1/orders/{order_id}"
    return f"/tmf-api/productOrderingManagement/{version[1]}/productOrder/{order_id}"


def _tmf_error(answer: ErrorAnswer, error_id: str) -> dict[str, Any]:
    body = {
        "@type": "Error",
        "code": answer.code,
        "reason": answer.title,
        "message": answer.detail,
        "status": str(answer.status),
        "id": error_id,
    }
    return body | ({"errors": answer.errors} if answer.errors else {})


def _problem(answer: ErrorAnswer, error_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:tmf-facade:problem:{answer.our_code.lower().replace('_', '-')}",
        "title": answer.title,
        "status": answer.status,
        "detail": answer.detail,
        "code": answer.code,
        "instance": f"urn:uuid:{error_id}",
    }
    return {**answer.extra, **body} | ({"errors": answer.errors} if answer.errors else {})


NO_DEFECT = (StillWorking, BackendError, Overloaded, NotSupported)


class ErrorHandler:
    """Connexion's handler for all errors. `answer_to` gives the answer, `methods` the allowed methods of a 405.

    `other_form` tells, from its path and body, that a refused body is written for another version of the API.
    A refused request that wanted to change something leaves an audit record with the id in the answer.
    """

    def __init__(
        self,
        answer_to: Callable[[Exception], ErrorAnswer],
        methods: MethodTable,
        audit: AuditTrail,
        clock: Clock,
        other_form: Callable[[str, bytes | None], str | None] = lambda path, body: None,
    ) -> None:
        self._answer_to = answer_to
        self._other_form = other_form
        self._methods = methods
        self._audit = audit
        self._clock = clock

    def __call__(self, request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        answer, error_id, path = self._answer_to(error), new_id(), str(request.url.path)
        if isinstance(error, StoreUnavailable):
            log.warning("database unavailable", error_id=error_id, code=answer.code, reason=_reason(error))
        elif answer.status >= 500 and not isinstance(error, NO_DEFECT):
            log.error("request failed", error_id=error_id, code=answer.code, exc_info=error)
        else:
            log.info("request refused", error_id=error_id, code=answer.code, status=answer.status)
        caller = principal_in(request.context)
        # A client above its rate limit must not cause a write for each request.
        turned_away = isinstance(error, TurnedAway)
        if caller is not None and not turned_away and request.method not in ("GET", "HEAD", "OPTIONS"):
            own = error.subject if isinstance(error, CanonicalError) else None
            self._record(error_id, caller, request, answer, own or answer.extra.get("id"))
        if isinstance(error, ContractViolation) and (form := self._other_form(path, _sent(request))):
            answer = replace(answer, detail=f"{answer.detail} {form}")
        accepted = request.headers.get("accept-language", "")
        told = answer if caller is None else caller.profile.errors.told(answer, accepted)
        body, media_type = render(told, path, error_id, public_prefix(request.scope))
        headers = dict(told.headers)
        if answer.status == 405:
            headers = {"Allow": self._methods.allow(path)}
        return ConnexionResponse(answer.status, content_type=media_type, body=body, headers=headers)

    def _record(
        self, error_id: str, caller: Principal, request: ConnexionRequest, answer: ErrorAnswer, subject: Any
    ) -> None:
        sent = _sent(request)
        self._audit.record(
            AuditRecord(
                id=error_id,
                at=self._clock.now(),
                client=caller.client_id,
                operation=f"{request.method} {request.url.path}"[:OPERATION_LENGTH],
                correlation_id=correlation_id(),
                status=answer.status,
                code=answer.code,
                payload_hash=None if sent is None else hashlib.sha256(sent).hexdigest(),
                subject=subject if isinstance(subject, str) else None,
                profile=caller.profile.version,
                translation=refused_places(answer.errors),
            )
        )


def _sent(request: ConnexionRequest) -> bytes | None:
    sent: bytes | None = request.scope.get("extensions", {}).get(PAYLOAD)
    return sent


def _reason(error: StoreUnavailable) -> str:
    """The driver's message in one line, without the statement and its values, which may contain a client's data."""
    cause = error.__cause__ or error
    return " ".join(str(getattr(cause, "orig", None) or cause).split())


HANDLED: tuple[type[Exception], ...] = (
    CanonicalError,
    ContractViolation,
    MalformedBody,
    BodyTooLarge,
    ResponseViolation,
    TurnedAway,
    VersionNotAgreed,
    DeadlinePassed,
    NotSupported,
    PatchTestFailed,
    connexion.exceptions.ProblemException,
    HTTPException,
    Exception,
)
