"""How failures are answered."""

import importlib
import inspect
from pathlib import Path
from typing import Any, cast

import connexion.exceptions
import orjson
import pytest
from connexion.lifecycle import ConnexionRequest
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from canonical.ordering.errors import OrderNotFound, UnknownOffering
from canonical.shared.errors import (
    BackendUnavailable,
    CanonicalError,
    InvalidCommand,
    StoreNotWritable,
    every_error,
    restore,
)
from facade.answers import ErrorAnswer
from facade.bootstrap.answers import ALL, TABLES, answer_to
from facade.contract import violations as contract
from facade.contract.violations import Code, ContractViolation, Violation
from facade.security import errors as security
from facade.security.principal import Principal
from facade.tmf.patch import PatchTestFailed
from facade.tmf.query.refusals import NotSupported
from facade.web.errors import HANDLED, ErrorHandler, render
from tests.support.specs import problems

ROOT = Path(__file__).parents[3]
SECRET = "postgres://root:hunter2@db"
TREE = list(every_error())
STATUSES = {
    "INTERNAL": 500,
    "INVALID_COMMAND": 400,
    "UNKNOWN_OFFERING": 400,
    "RULE_BROKEN": 400,
    "OFFERING_NOT_PUBLISHED": 400,
    "OFFERING_RETIRED": 400,
    "OFFERING_NOT_VALID": 400,
    "OFFERING_UNRESOLVED": 400,
    "OFFERING_NOT_SOLD_ALONE": 400,
    "OFFERING_NOT_SOLD_THERE": 400,
    "ACTION_NOT_ALLOWED": 400,
    "CHARACTERISTIC_NOT_ALLOWED": 400,
    "CHARACTERISTIC_MISSING": 400,
    "BUNDLE_CARDINALITY": 400,
    "OFFERING_REQUIRED": 400,
    "OFFERING_EXCLUDED": 400,
    "PRICE_DIFFERS": 400,
    "CATALOG_JOB_NOT_FOUND": 404,
    "CATALOG_FILE_NOT_FOUND": 404,
    "CATALOG_FILE_REFUSED": 409,
    "CATALOG_IMPORT_REFUSED": 409,
    "CATALOG_ITEM_TWICE": 409,
    "PUBLISHING_NOT_ALLOWED": 409,
    "DUPLICATE_ITEM_ID": 400,
    "TWO_ITEMS_ONE_ASSET": 400,
    "AMBIGUOUS_CHANGE": 400,
    "PRODUCT_NOT_FOUND": 400,
    "PRODUCT_OF_ANOTHER_CUSTOMER": 400,
    "PRODUCT_STATUS": 400,
    "PRODUCT_UNCHANGED": 400,
    "TERM_NOT_OVER": 400,
    "ASSETS_TOO_MANY": 400,
    "WISH_NOT_SUPPORTED": 409,
    "ASSET_UNCHANGED": 400,
    "ASSET_NOT_FOUND": 404,
    "ASSET_EXISTS": 409,
    "ASSET_IN_ORDER": 409,
    "BILLING_ACCOUNT_NOT_FOUND": 404,
    "UNKNOWN_BILLING_ACCOUNT": 400,
    "DUPLICATE_EXTERNAL_ID": 400,
    "QUOTE_NOT_SUPPORTED": 400,
    "RELATED_ORDER_NOT_FOUND": 400,
    "EXTERNAL_ID_TAKEN": 409,
    "UNKNOWN_EXTERNAL_ID_SYSTEM": 400,
    "UNKNOWN_EXTERNAL_ID_TYPE": 400,
    "ASSET_IN_USE": 409,
    "INVALID_QUANTITY": 400,
    "PRODUCT_REFERENCE_MISSING": 400,
    "OFFERING_NOT_PRODUCT": 400,
    "DANGLING_ITEM_RELATIONSHIP": 400,
    "CYCLIC_ITEM_RELATIONSHIP": 400,
    "CURRENCIES_DIFFER": 400,
    "VERSION_MISMATCH": 412,
    "NOT_FOUND": 404,
    "CUSTOMER_NOT_FOUND": 404,
    "AUDIT_RECORD_NOT_FOUND": 404,
    "CANCELLATION_NOT_FOUND": 404,
    "PROCESS_NOT_FOUND": 404,
    "CATALOG_ITEM_NOT_FOUND": 404,
    "CATALOG_VERSIONS_OVERLAP": 400,
    "CYCLIC_CATALOG_ITEMS": 400,
    "OFFERING_NOT_SELLABLE": 400,
    "CYCLIC_CATEGORIES": 400,
    "CATALOG_ITEM_IN_USE": 409,
    "CATALOG_VERSION_EXISTS": 409,
    "DECISION_REFUSED": 409,
    "CALL_UNDER_WAY": 409,
    "GIVEN_UP": 409,
    "LISTENER_NOT_FOUND": 404,
    "EVENT_NOT_FOUND": 404,
    "ORDER_NOT_FOUND": 404,
    "INVALID_PLAN": 400,
    "SUBSCRIPTION_NOT_FOUND": 404,
    "SUBSCRIPTION_TERMINATED": 409,
    "CONFLICT": 409,
    "INVALID_TRANSITION": 409,
    "CONCURRENT_CHANGE": 409,
    "IDEMPOTENCY_KEY_REUSED": 409,
    "REQUEST_REPEATED": 409,
    "LISTENER_EXISTS": 409,
    "PROFILE_NOT_FOUND": 404,
    "PROFILE_ACTIVATION_PENDING": 409,
    "PROFILES_CHANGED": 409,
    "TOO_MANY_LISTENERS": 409,
    "ORDER_CANCELLED": 409,
    "CUSTOMER_NOT_IN_GOOD_STANDING": 409,
    "INSUFFICIENT_STOCK": 409,
    "PAYMENT_DECLINED": 402,
    "STILL_WORKING": 503,
    "DATABASE_UNAVAILABLE": 503,
    "DATABASE_NOT_WRITABLE": 503,
    "DATABASE_OUTCOME_UNKNOWN": 503,
    "BACKEND_ERROR": 503,
    "BACKEND_UNAVAILABLE": 503,
    "OUTCOME_UNKNOWN": 503,
    "BACKEND_CONTRACT_ERROR": 503,
    "BACKEND_CONTRADICTION": 503,
    "BACKEND_REFUSED": 500,
}
CONNEXION: dict[str, Exception] = {
    "BadRequestProblem": connexion.exceptions.BadRequestProblem("Missing query parameter 'x'"),
    "ClientProblem": connexion.exceptions.ClientProblem(418, detail="short and stout"),
    "ExtraParameterProblem": connexion.exceptions.ExtraParameterProblem(param_type="query", extra_params=["x"]),
    "TypeValidationError": connexion.exceptions.TypeValidationError("integer", "query", "limit"),
    "Unauthorized": connexion.exceptions.Unauthorized(),
    "OAuthProblem": connexion.exceptions.OAuthProblem(),
    "OAuthResponseProblem": connexion.exceptions.OAuthResponseProblem(),
    "Forbidden": connexion.exceptions.Forbidden(),
    "OAuthScopeProblem": connexion.exceptions.OAuthScopeProblem(["a"], ["b"]),
    "UnsupportedMediaTypeProblem": connexion.exceptions.UnsupportedMediaTypeProblem("text/plain"),
    "ProblemException": connexion.exceptions.ProblemException(status=409, detail="no"),
    "ServerError": connexion.exceptions.ServerError(detail=SECRET),
    "InternalServerError": connexion.exceptions.InternalServerError(SECRET),
    "NonConformingResponse": connexion.exceptions.NonConformingResponse(SECRET),
    "NonConformingResponseBody": connexion.exceptions.NonConformingResponseBody(SECRET),
    "NonConformingResponseHeaders": connexion.exceptions.NonConformingResponseHeaders(SECRET),
    "ResolverProblem": connexion.exceptions.ResolverProblem(detail=SECRET),
}
CONNEXION_STATUSES = {
    "BadRequestProblem": 400,
    "ClientProblem": 418,
    "ExtraParameterProblem": 400,
    "TypeValidationError": 400,
    "Unauthorized": 401,
    "OAuthProblem": 401,
    "OAuthResponseProblem": 401,
    "Forbidden": 403,
    "OAuthScopeProblem": 403,
    "UnsupportedMediaTypeProblem": 415,
    "ProblemException": 409,
    "ServerError": 500,
    "InternalServerError": 500,
    "NonConformingResponse": 500,
    "NonConformingResponseBody": 500,
    "NonConformingResponseHeaders": 500,
    "ResolverProblem": 501,
}
OURS: dict[str, tuple[Exception, int, str]] = {
    "MalformedBody": (contract.MalformedBody("This request needs a body."), 400, "MALFORMED_BODY"),
    "BodyTooLarge": (contract.BodyTooLarge(10), 413, "BODY_TOO_LARGE"),
    "ContractViolation": (
        ContractViolation([Violation("/a~1b", Code.INVALID_VALUE, "no", ("x", "y"), "did you mean x?")]),
        400,
        "INVALID_REQUEST",
    ),
    "PatchTestFailed": (PatchTestFailed(0, "/a", "it is another"), 409, "PATCH_TEST_FAILED"),
    "ResponseViolation": (
        contract.ResponseViolation("op", 200, [Violation("/x", Code.INVALID_VALUE, SECRET)]),
        500,
        "INTERNAL",
    ),
    "TokenRefused": (security.TokenRefused("expired"), 401, "UNAUTHENTICATED"),
    "ScopeMissing": (security.ScopeMissing(Principal("x", frozenset()), ["order:read"]), 403, "INSUFFICIENT_SCOPE"),
    "KeysUnavailable": (security.KeysUnavailable(), 503, "AUTHORIZATION_SERVER_UNAVAILABLE"),
}
EVERY: dict[str, Exception] = {
    **{kind.__name__: kind("said so", pointer="/lines/0", sku="SKU1") for kind in TREE},
    **CONNEXION,
    **{name: error for name, (error, _, _) in OURS.items()},
    **{f"HTTPException {status}": HTTPException(status) for status in (400, 404, 405, 406, 413, 429, 499, 500, 503)},
    "anything else": RuntimeError(SECRET),
    "a group": ExceptionGroup(SECRET, [ValueError(SECRET)]),
}


def bodies(answer: ErrorAnswer) -> tuple[Any, Any]:
    tmf, tmf_type = render(answer, "/tmf-api/productOrderingManagement/v5/productOrder", "id-1")
    problem, problem_type = render(answer, "/api/v1/orders", "id-1")
    assert (tmf_type, problem_type) == ("application/json", "application/problem+json")
    return orjson.loads(tmf), orjson.loads(problem)


def test_the_tables_here_are_complete() -> None:
    assert STATUSES.keys() == {kind.code for kind in TREE}
    served = [kind for _, kind in inspect.getmembers(connexion.exceptions, inspect.isclass)]
    assert CONNEXION.keys() == {kind.__name__ for kind in served if issubclass(kind, HTTPException)} - {
        "HTTPException"
    }, "Connexion has grown an error"
    leaves = {kind.__name__ for kind in vars(contract).values() if _is_leaf_of(kind, contract.ContractError)} | {
        "TokenRefused",
        "ScopeMissing",
        "KeysUnavailable",
        "ContractViolation",
        "PatchTestFailed",
    }
    assert OURS.keys() == leaves, "our contract has grown an error"


def _is_leaf_of(kind: Any, root: type[Exception]) -> bool:
    return inspect.isclass(kind) and issubclass(kind, root) and not kind.__subclasses__()


def test_the_tables_name_only_errors_of_the_tree() -> None:
    assert ALL.keys() <= set(TREE)


def test_every_table_is_collected() -> None:
    found = {path for path in (ROOT / "facade").rglob("*.py") if "\nANSWERS: AnswerTable" in path.read_text()}
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in found]
    assert len(names) > 1
    for name in names:
        assert any(importlib.import_module(name).ANSWERS is table for table in TABLES), name


def test_every_error_is_in_one_table_at_most() -> None:
    assert len(ALL) == sum(len(table) for table in TABLES)


def test_every_code_is_used_once() -> None:
    assert len({kind.code for kind in TREE}) == len(TREE)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_of_the_core_is_answered_with_its_code(kind: type[CanonicalError]) -> None:
    answer = answer_to(kind("said so", sku="SKU1"))
    assert (answer.code, answer.status) == (kind.code, STATUSES[kind.code])
    if kind is not CanonicalError:
        assert answer.detail == "said so"
        assert bodies(answer)[1]["sku"] == "SKU1"


@pytest.mark.parametrize("name", EVERY)
def test_both_bodies_are_as_their_contracts_say(name: str) -> None:
    answer = answer_to(EVERY[name])
    tmf, problem = bodies(answer)
    assert problems("tmf/tmf622-v5.yaml", "Error", tmf) == []
    assert problems("canonical/v1.yaml", "Problem", problem) == []
    assert (tmf["code"], tmf["status"], tmf["id"]) == (answer.code, str(answer.status), "id-1")
    assert (problem["code"], problem["status"]) == (answer.code, answer.status)
    assert problem["instance"] == "urn:uuid:id-1"
    assert 400 <= answer.status <= 599


@pytest.mark.parametrize("name", CONNEXION)
def test_what_connexion_refuses_keeps_its_status(name: str) -> None:
    assert answer_to(CONNEXION[name]).status == CONNEXION_STATUSES[name]


@pytest.mark.parametrize("name", OURS)
def test_what_contract_and_security_refuse_has_its_own_code(name: str) -> None:
    error, status, code = OURS[name]
    answer = answer_to(error)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("error", [*EVERY.values(), CanonicalError(SECRET, pointer="/x", query=SECRET)], ids=repr)
def test_a_failure_on_our_side_shows_no_text_of_the_exception(error: Exception) -> None:
    answer = answer_to(error)
    for body in bodies(answer):
        assert "hunter2" not in orjson.dumps(body).decode()
    assert "hunter2" not in str(answer.headers)


@pytest.mark.parametrize("name", EVERY)
def test_every_exception_reaches_the_handler(name: str) -> None:
    assert isinstance(EVERY[name], HANDLED)


def test_what_may_be_repeated_later_says_when() -> None:
    for name, error in EVERY.items():
        answer = answer_to(error)
        if answer.status == 503 and not name.startswith("HTTPException"):
            assert answer.headers["Retry-After"].isdigit()


def test_a_refused_token_comes_with_its_challenge() -> None:
    assert answer_to(security.TokenRefused("missing")).headers == {"WWW-Authenticate": "Bearer"}
    assert "insufficient_scope" in answer_to(OURS["ScopeMissing"][0]).headers["WWW-Authenticate"]


def test_every_violation_is_listed_with_pointer_allowed_values_and_hint() -> None:
    known: Any = OURS["ContractViolation"][0]
    found = [Violation("/a", Code.MISSING_PROPERTY, "a is required"), known.violations[0]]
    tmf, problem = bodies(answer_to(ContractViolation(found)))
    assert tmf["errors"] == problem["errors"]
    assert problem["errors"] == [
        {"pointer": "/a", "code": "missingProperty", "message": "a is required"},
        {
            "pointer": "/a~1b",
            "code": "invalidValue",
            "message": "no",
            "allowed": ["x", "y"],
            "hint": "did you mean x?",
        },
    ]
    assert problem["detail"] == tmf["message"] == "a is required"


def test_a_refusal_of_the_core_points_at_its_field() -> None:
    error = UnknownOffering("the catalog has no sku X", pointer="/items/0/sku")
    assert bodies(answer_to(error))[1]["errors"] == [
        {
            "pointer": "/items/0/sku",
            "code": "invalidValue",
            "reason": "UNKNOWN_OFFERING",
            "message": "the catalog has no sku X",
        }
    ]


def test_a_refusal_of_the_whole_body_points_at_the_whole_body() -> None:
    assert answer_to(InvalidCommand("no", pointer="")).errors[0]["pointer"] == ""


DETAILS: dict[str, dict[str, Any]] = {
    "CUSTOMER_NOT_IN_GOOD_STANDING": {"customerId": "C50000", "customerStatus": "suspended"},
    "INSUFFICIENT_STOCK": {"sku": "SKU999", "requested": 1, "available": 0},
    "INVALID_TRANSITION": {"state": "FAILED", "trigger": "resume", "allowedActions": []},
    "STILL_WORKING": {"id": "0197"},
    "CUSTOMER_NOT_FOUND": {"customerId": "C0"},
}


@pytest.mark.parametrize("code", DETAILS)
def test_the_details_of_an_error_stand_beside_the_members_that_every_problem_has(code: str) -> None:
    problem = bodies(answer_to(restore(code, "said so", DETAILS[code])))[1]
    assert {name: problem[name] for name in DETAILS[code]} == DETAILS[code]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_an_error_that_was_kept_comes_back_as_itself(kind: type[CanonicalError]) -> None:
    kept = restore(kind.code, "said so", {"sku": "SKU1"})
    assert type(kept) is kind
    assert (kept.message, kept.details, str(kept)) == ("said so", {"sku": "SKU1"}, "said so")


def test_an_error_kept_by_a_later_release_comes_back_as_the_root() -> None:
    assert type(restore("WARP_CORE_BREACH", "x", {})) is CanonicalError


@pytest.mark.parametrize("status", [400, 404, 405, 406, 415, 418, 429])
def test_what_the_framework_says_is_said_in_our_words(status: int) -> None:
    answer = answer_to(HTTPException(status, SECRET))
    assert SECRET not in answer.detail
    assert answer.detail


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/tmf-api/productOrderingManagement/v5/productOrder", "application/json"),
        ("/tmf/v5/productOrdering/productOrder", "application/json"),
        ("/api/v1/orders", "application/problem+json"),
        ("/oauth/token", "application/problem+json"),
        ("/tmf", "application/problem+json"),
        ("/", "application/problem+json"),
    ],
)
def test_the_address_decides_how_an_error_looks(path: str, media_type: str) -> None:
    assert render(answer_to(OrderNotFound("Order not found")), path, "id-1")[1] == media_type


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (RuntimeError("x"), "request failed"),
        (BackendUnavailable("x"), "request refused"),
        (StoreNotWritable("x"), "database unavailable"),
        (NotSupported("filter", "descending with .."), "request refused"),
    ],
)
def test_only_a_defect_of_ours_is_logged_as_one(error: Exception, event: str) -> None:
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": [], "server": ("x", 80)}
    handler = ErrorHandler(answer_to, cast(Any, None), cast(Any, None), cast(Any, None))
    with capture_logs() as logs:
        handler(ConnexionRequest(scope | {"scheme": "http"}), error)
    assert [line["event"] for line in logs] == [event]
