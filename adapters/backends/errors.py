"""Call outcomes, and the errors of the core for them: the one place where HTTP becomes canonical errors.

Two questions decide. May the backend have acted? After a refused connection: no. After a timeout: perhaps, which
matters only for calls that change something. And is the answer a refusal of the contract? The messages are ours; the
backend's text goes to the log only.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import requests.exceptions as http
import urllib3.exceptions as wire

from adapters.backends.transport import MissingFile
from canonical.customers.errors import BillingAccountNotFound, CustomerNotFound
from canonical.processes.errors import InsufficientStock, PaymentDeclined
from canonical.shared.errors import (
    BackendContractError,
    BackendContradiction,
    BackendError,
    BackendRefused,
    BackendUnavailable,
    CanonicalError,
    OutcomeUnknown,
)


@dataclass(frozen=True)
class _Meaning:
    """`read` is raised for calls that only read, `change` for those that change something.

    `retry`: the same call may be sent again at once. `failure`: counts for the breaker, None when it tells nothing.
    """

    message: str
    read: type[BackendError] = BackendUnavailable
    change: type[BackendError] = BackendUnavailable
    retry: bool = False
    failure: bool | None = True


class CallOutcome(Enum):
    """The outcome of a call, as far as we know it."""

    SPARED = _Meaning("{backend} keeps failing and is not called for a moment", failure=None)
    HELD = _Meaning("{backend} asked us to wait before the next call", retry=True, failure=None)
    OUT_OF_TIME = _Meaning("no time was left to call {backend}", failure=None)
    CROWDED = _Meaning("{backend} has reached its limit of concurrent calls", failure=None)
    NO_TOKEN = _Meaning("no access token for {backend} is available")
    LOCKED_OUT = _Meaning("{backend} does not accept our access token; check its client and permissions")
    NOT_SENT = _Meaning("{backend} cannot be reached", retry=True)
    TURNED_AWAY = _Meaning("{backend} accepts no calls now", retry=True)
    NO_ANSWER = _Meaning("{backend} gave no answer to {operation}", change=OutcomeUnknown, retry=True)
    UNREADABLE = _Meaning(
        "the answer of {backend} to {operation} breaks its contract", BackendContractError, BackendContractError
    )
    CONTRADICTS = _Meaning(
        "the answer of {backend} to {operation} contradicts the call: {field} does not agree",
        BackendContradiction,
        BackendContradiction,
        failure=None,
    )
    REFUSED = _Meaning("{backend} refused {operation}", BackendRefused, BackendRefused, failure=False)

    @property
    def label(self) -> str:
        """The name in the counters."""
        first, *rest = self.name.lower().split("_")
        return first + "".join(word.capitalize() for word in rest)


EXCEPTIONS: Mapping[type[Exception], CallOutcome] = {
    http.RequestException: CallOutcome.NO_ANSWER,
    http.ConnectionError: CallOutcome.NO_ANSWER,
    http.ConnectTimeout: CallOutcome.NOT_SENT,
    http.Timeout: CallOutcome.NO_ANSWER,
    http.ReadTimeout: CallOutcome.NO_ANSWER,
    http.ChunkedEncodingError: CallOutcome.NO_ANSWER,
    http.RetryError: CallOutcome.NO_ANSWER,
    http.TooManyRedirects: CallOutcome.NO_ANSWER,
    http.HTTPError: CallOutcome.NO_ANSWER,
    http.SSLError: CallOutcome.NO_ANSWER,
    http.ProxyError: CallOutcome.NO_ANSWER,
    http.ContentDecodingError: CallOutcome.UNREADABLE,
    http.JSONDecodeError: CallOutcome.UNREADABLE,
    http.StreamConsumedError: CallOutcome.UNREADABLE,
    http.InvalidJSONError: CallOutcome.NOT_SENT,
    http.InvalidHeader: CallOutcome.NOT_SENT,
    http.InvalidURL: CallOutcome.NOT_SENT,
    http.InvalidProxyURL: CallOutcome.NOT_SENT,
    http.InvalidSchema: CallOutcome.NOT_SENT,
    http.MissingSchema: CallOutcome.NOT_SENT,
    http.URLRequired: CallOutcome.NOT_SENT,
    http.UnrewindableBodyError: CallOutcome.NOT_SENT,
    # requests 2.34 lets a few errors of urllib3 through as they are.
    wire.HTTPError: CallOutcome.NO_ANSWER,
    wire.LocationValueError: CallOutcome.NOT_SENT,
}
"""Every error of requests. A pooled connection that the backend closed just before our request counts as NO_ANSWER: it
cannot be told from an answer that was lost."""

STATUSES: Mapping[int, CallOutcome] = {
    401: CallOutcome.LOCKED_OUT,
    407: CallOutcome.TURNED_AWAY,  # a proxy does not know us: the backend saw nothing
    408: CallOutcome.TURNED_AWAY,
    425: CallOutcome.TURNED_AWAY,
    429: CallOutcome.TURNED_AWAY,
    503: CallOutcome.TURNED_AWAY,
}
"""Statuses with a meaning of their own; for all others `of_status` uses the class of the status."""

ASK_TO_WAIT = frozenset(status for status, outcome in STATUSES.items() if outcome is CallOutcome.TURNED_AWAY)
"""The Retry-After of these statuses is obeyed, even if a proxy sent it."""
FROM_THE_WAY: Mapping[int, CallOutcome] = {503: CallOutcome.NO_ANSWER}
"""Their meaning if the answer has no error body of the contracts. Proxies (such as Envoy) also answer 503 if the
connection to the backend broke after the request was sent, so the outcome is unknown.
"""


class CallFailed(Exception):
    """One attempt at a call had no usable answer. `reason`: why there is no connection, for people. `ignored`: it does
    not count for the circuit breaker.
    """

    def __init__(
        self,
        outcome: CallOutcome,
        *,
        status: int | None = None,
        retry_after: int | None = None,
        refusal: Mapping[str, Any] | None = None,
        field: str | None = None,
        reason: str | None = None,
        ignored: bool = False,
    ) -> None:
        super().__init__(f"{outcome.name}, status {status}")
        self.outcome = outcome
        self.status = status
        self.retry_after = retry_after
        self.refusal = refusal or {}
        self.field = field
        self.reason = reason
        self.ignored = ignored


def of_exception(error: Exception) -> CallOutcome:
    """The nearest ancestor in EXCEPTIONS, unless the cause shows that nothing was sent."""
    if isinstance(error, http.ConnectionError) and error.args and _before_sending(error.args[0]):
        return CallOutcome.NOT_SENT
    return next(EXCEPTIONS[kind] for kind in type(error).__mro__ if kind in EXCEPTIONS)


def of_status(status: int, *, with_code: bool = True) -> CallOutcome:
    """The meaning of a status other than 2xx. `with_code`: the answer has the `code` of a backend's error body."""
    if not with_code and status in FROM_THE_WAY:
        return FROM_THE_WAY[status]
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500:
        return CallOutcome.NO_ANSWER
    return CallOutcome.REFUSED if status >= 400 else CallOutcome.UNREADABLE


def worth_repeating(error: Exception, changes: bool) -> bool:
    """Whether the same call may be sent again: the backend did not act, or acting twice makes no difference."""
    if not isinstance(error, CallFailed):
        return False
    meaning = error.outcome.value
    return meaning.retry and not (changes and meaning.change is OutcomeUnknown)


def is_failure(error: BaseException) -> bool | None:
    """How the breaker counts it: True for a failure, False for a working backend, None for neither."""
    return error.outcome.value.failure if isinstance(error, CallFailed) and not error.ignored else None


def _before_sending(cause: object) -> bool:
    if isinstance(cause, MissingFile):
        return True
    reason = getattr(cause, "reason", None)
    if isinstance(reason, wire.SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    # A ProxyError of urllib3 2: the connection to the proxy failed.
    return isinstance(reason, wire.NewConnectionError | wire.ProxyError)


Arguments = Mapping[str, Any]
"""The values of the call: those in its path, query and body, and what the caller knows in addition."""

Details = Mapping[str, Any]
"""The details of the refusal, not checked yet."""


def _customer_not_found(asked: Arguments, _: Details) -> CanonicalError:
    return CustomerNotFound.named(asked["customerId"])


def _account_not_found(asked: Arguments, _: Details) -> CanonicalError:
    return BillingAccountNotFound.named(asked["accountId"])


def _insufficient_stock(asked: Arguments, details: Details) -> CanonicalError:
    available = details.get("available")
    return InsufficientStock(
        "Insufficient stock",
        sku=asked["sku"],
        requested=asked["quantity"],
        available=available if isinstance(available, int) else None,
    )


def _order_of_another(asked: Arguments, _: Details) -> CanonicalError:
    number = asked["orderId"]
    return BackendContradiction(
        f"billing says that order {number} is not the order that BSS created for us",
        backend="billing",
        operation="charge",
        orderId=number,
    )


def _payment_declined(_: Arguments, __: Details) -> CanonicalError:
    return PaymentDeclined("Payment failure")


REFUSALS: Mapping[tuple[str, int, str | None], Callable[[Arguments, Details], CanonicalError]] = {
    ("getCustomer", 404, None): _customer_not_found,
    ("getBillingAccount", 404, "UNKNOWN_ACCOUNT"): _account_not_found,
    ("reserve", 409, "INSUFFICIENT_STOCK"): _insufficient_stock,
    ("charge", 402, None): _payment_declined,
    ("charge", 409, "ORDER_MISMATCH"): _order_of_another,
}
"""Refusals that have their own error in the core, by operation, status and code; None stands for any code. All others
are BackendRefused.
"""


def canonical_error(
    failed: CallFailed, backend: str, operation: str, changes: bool, asked: Arguments
) -> CanonicalError:
    """What the core calls it."""
    if failed.outcome is CallOutcome.REFUSED and failed.status is not None:
        for code in (failed.refusal.get("code"), None):
            meant = REFUSALS.get((operation, failed.status, code if isinstance(code, str) else None))
            if meant is not None:
                details = failed.refusal.get("details")
                return meant(asked, details if isinstance(details, dict) else {})
    meaning = failed.outcome.value
    details = {
        "backend": backend,
        "operation": operation,
        "status": failed.status,
        "retryAfter": failed.retry_after,
        "field": failed.field,
    }
    kind = meaning.change if changes else meaning.read
    message = meaning.message.format(backend=backend, operation=operation, field=failed.field)
    return kind(
        message if failed.reason is None else f"{message}: {failed.reason}",
        **{name: value for name, value in details.items() if value is not None},
    )
