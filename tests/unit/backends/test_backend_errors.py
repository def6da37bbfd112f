"""The table from what outcome to canonical errors."""

import inspect
import ssl
from socket import gaierror

import pytest
import requests.exceptions
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import (
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from adapters.backends.errors import (
    EXCEPTIONS,
    CallFailed,
    CallOutcome,
    canonical_error,
    is_failure,
    of_exception,
    of_status,
    worth_repeating,
)
from adapters.backends.transport import MissingFile
from canonical.customers.errors import CustomerNotFound
from canonical.processes.errors import InsufficientStock, PaymentDeclined
from canonical.shared.errors import (
    BackendContractError,
    BackendError,
    BackendRefused,
    BackendUnavailable,
    CanonicalError,
    OutcomeUnknown,
)

POOL = HTTPConnectionPool("backend")


def _failed(outcome: CallOutcome, changes: bool, **facts: object) -> CanonicalError:
    return canonical_error(CallFailed(outcome, **facts), "bss", "createOrder", changes, {})  # type: ignore[arg-type]


def test_every_error_of_requests_is_in_the_table() -> None:
    known = {
        kind
        for _, kind in inspect.getmembers(requests.exceptions, inspect.isclass)
        if issubclass(kind, requests.exceptions.RequestException)
    }
    assert known - set(EXCEPTIONS) == set()


def _gave_up(reason: Exception) -> MaxRetryError:
    return MaxRetryError(POOL, "/", reason)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (requests.ConnectionError(_gave_up(NewConnectionError(POOL, "refused"))), CallOutcome.NOT_SENT),  # type: ignore[arg-type]
        (requests.ConnectionError(_gave_up(NameResolutionError("x", POOL, gaierror()))), CallOutcome.NOT_SENT),  # type: ignore[arg-type]
        (requests.exceptions.SSLError(_gave_up(SSLError(ssl.SSLCertVerificationError()))), CallOutcome.NOT_SENT),
        (requests.exceptions.SSLError(_gave_up(SSLError(ssl.SSLError()))), CallOutcome.NO_ANSWER),
        (requests.exceptions.SSLError(MissingFile()), CallOutcome.NOT_SENT),
        (requests.exceptions.ProxyError(_gave_up(ProxyError("away", OSError()))), CallOutcome.NOT_SENT),
        (requests.ConnectTimeout(), CallOutcome.NOT_SENT),
        (requests.ReadTimeout(), CallOutcome.NO_ANSWER),
        (requests.ConnectionError(ReadTimeoutError(POOL, "/", "while reading the body")), CallOutcome.NO_ANSWER),
        (requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())), CallOutcome.NO_ANSWER),
        (requests.exceptions.ChunkedEncodingError(), CallOutcome.NO_ANSWER),
        (requests.exceptions.InvalidURL(), CallOutcome.NOT_SENT),
        (LocationParseError("http://[/"), CallOutcome.NOT_SENT),
        (type("NewInALaterVersion", (requests.Timeout,), {})(), CallOutcome.NO_ANSWER),
    ],
)
def test_an_exception_tells_whether_the_request_may_have_arrived(error: Exception, outcome: CallOutcome) -> None:
    assert of_exception(error) is outcome


@pytest.mark.parametrize(
    ("status", "reading", "changing"),
    [
        (302, BackendContractError, BackendContractError),
        (400, BackendRefused, BackendRefused),
        (401, BackendUnavailable, BackendUnavailable),
        (404, BackendRefused, BackendRefused),
        (407, BackendUnavailable, BackendUnavailable),
        (408, BackendUnavailable, BackendUnavailable),
        (409, BackendRefused, BackendRefused),
        (422, BackendRefused, BackendRefused),
        (429, BackendUnavailable, BackendUnavailable),
        (500, BackendUnavailable, OutcomeUnknown),
        (502, BackendUnavailable, OutcomeUnknown),
        (503, BackendUnavailable, BackendUnavailable),
        (504, BackendUnavailable, OutcomeUnknown),
        (599, BackendUnavailable, OutcomeUnknown),
    ],
)
def test_a_status_means_one_thing_for_reading_and_one_for_changing(
    status: int, reading: type[BackendError], changing: type[BackendError]
) -> None:
    outcome = of_status(status)
    assert type(_failed(outcome, changes=False, status=status)) is reading
    assert type(_failed(outcome, changes=True, status=status)) is changing


@pytest.mark.parametrize("outcome", CallOutcome)
def test_every_message_is_filled_in_and_every_detail_is_named(outcome: CallOutcome) -> None:
    error = _failed(outcome, changes=True, status=500, retry_after=3, field="/id")
    assert "bss" in error.message
    assert "{" not in error.message
    assert dict(error.details) == {
        "backend": "bss", "operation": "createOrder", "status": 500, "retryAfter": 3, "field": "/id",
    }  # fmt: skip


@pytest.mark.parametrize("outcome", CallOutcome)
def test_what_may_have_happened_is_never_repeated(outcome: CallOutcome) -> None:
    raised = _failed(outcome, changes=True)
    if worth_repeating(CallFailed(outcome), changes=True):
        assert type(raised) is BackendUnavailable


def test_outcomes_have_names_for_counters() -> None:
    assert [outcome.label for outcome in (CallOutcome.SPARED, CallOutcome.NO_ANSWER, CallOutcome.OUT_OF_TIME)] == [
        "spared", "noAnswer", "outOfTime",
    ]  # fmt: skip


def test_the_breaker_counts_failures_and_takes_refusals_for_life() -> None:
    assert is_failure(CallFailed(CallOutcome.NO_ANSWER)) is True
    assert is_failure(CallFailed(CallOutcome.UNREADABLE)) is True
    assert is_failure(CallFailed(CallOutcome.REFUSED)) is False
    assert is_failure(CallFailed(CallOutcome.CROWDED)) is None
    assert is_failure(CallFailed(CallOutcome.NO_ANSWER, ignored=True)) is None
    assert is_failure(KeyboardInterrupt()) is None


def _refused(
    operation: str, status: int, code: str | None, asked: dict[str, object], **details: object
) -> CanonicalError:
    refusal = {"code": code, "message": "the backend's own words", "details": details}
    failed = CallFailed(CallOutcome.REFUSED, status=status, refusal=refusal)
    error = canonical_error(failed, "some", operation, True, asked)
    assert "own words" not in f"{error.message}{dict(error.details)}"
    return error


def test_a_customer_that_crm_does_not_know() -> None:
    error = _refused("getCustomer", 404, "UNKNOWN_CUSTOMER", {"customerId": "C1"}, customerId="other")
    assert (type(error), error.message, dict(error.details)) == (
        CustomerNotFound, "Customer not found", {"customerId": "C1"},
    )  # fmt: skip


@pytest.mark.parametrize(("said", "available"), [({"available": 2}, 2), ({"available": "lots"}, None), ({}, None)])
def test_short_stock_says_what_is_available_when_inventory_does(said: dict[str, object], available: int | None) -> None:
    error = _refused("reserve", 409, "INSUFFICIENT_STOCK", {"sku": "SKU1", "quantity": 5}, **said)
    assert (type(error), error.message) == (InsufficientStock, "Insufficient stock")
    assert dict(error.details) == {"sku": "SKU1", "requested": 5, "available": available}


def test_a_declined_payment() -> None:
    error = _refused("charge", 402, "PAYMENT_DECLINED", {})
    assert (type(error), error.message) == (PaymentDeclined, "Payment failure")


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        ("reserve", 404, "UNKNOWN_SKU"),
        ("reserve", 409, "SOMETHING_ELSE"),
        ("charge", 409, "ORDER_CANCELLED"),
        ("refund", 404, None),
        ("getBillingAccount", 404, None),
    ],
)
def test_any_other_refusal_is_ours_to_look_at(operation: str, status: int, code: str | None) -> None:
    error = _refused(operation, status, code, {"sku": "SKU1", "quantity": 1})
    assert type(error) is BackendRefused
    assert dict(error.details) == {"backend": "some", "operation": operation, "status": status}
