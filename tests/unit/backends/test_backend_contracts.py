"""Answers against the contracts, and the versions that backends say they keep."""

import importlib
import itertools
import re
from pkgutil import iter_modules
from typing import Any

import pytest
import requests
import yaml
from requests import Response
from structlog.testing import capture_logs

from adapters import backends
from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed
from adapters.backends.contracts import SPECS, AnswerCheck, contract
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from adapters.backends.registry import NEEDED
from adapters.backends.settings import BackendSettings
from adapters.backends.tokens import Tokens
from adapters.backends.versions import SILENT, Agreement, ContractVersion, ContractWatch, ask
from canonical.customers.errors import CustomerNotFound
from canonical.shared.errors import BackendContractError, BackendUnavailable
from tests.support.waiting import until
from tests.unit.backends.transport import Scripted, answer, token

CUSTOMER = {"id": "C1", "name": "John", "email": "john@example.com", "status": "verified"}


def operations() -> list[BackendOperation]:
    modules = [importlib.import_module(f"adapters.backends.{found.name}") for found in iter_modules(backends.__path__)]
    return [value for module in modules for value in vars(module).values() if isinstance(value, BackendOperation)]


def declared() -> set[tuple[str, str, str]]:
    """Each operation of all contracts: its name, method and address."""
    specs = [yaml.safe_load((SPECS / f"{backend}.yaml").read_text()) for backend in NEEDED]
    return {
        (described["operationId"], method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for spec in specs
        for path, methods in spec["paths"].items()
        for method, described in methods.items()
    }


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_every_operation_that_is_called_is_in_a_contract(operation: BackendOperation) -> None:
    assert (operation.name, operation.method, re.sub(r"\{\w+\}", "{}", operation.path)) in declared()


class Customer(BackendAnswer):
    name = needed("name")


GET = BackendOperation("getCustomer", "GET", "/customers/{customerId}", Customer(), AGREEMENTS["getCustomer"])


def a_backend(*script: Response, share: float, rolls: list[float] | None = None) -> Backend:
    settings = BackendSettings("http://crm", "http://auth", "id", "secret", retries=0, breaker_threshold=100)
    tokens = Tokens(settings.token_url, "id", "secret", (1, 1), transport=Scripted(token()))
    dice = itertools.cycle(rolls or [0.5])
    check = AnswerCheck(contract("crm"), share, lambda: next(dice))
    return Backend("crm", settings, tokens, Scripted(*script), check)


def ask_for(backend: Backend) -> Any:
    return backend.call(GET, {"customerId": "C1"})["name"]


def violations(backend: Backend) -> dict[str, int]:
    return dict(backend.snapshot().contract_violations)


def test_an_answer_within_the_contract_is_none_of_our_business() -> None:
    backend = a_backend(answer(200, CUSTOMER | {"colour": "new in the next version"}), share=1)
    assert ask_for(backend) == "John"
    assert violations(backend) == {}


@pytest.mark.parametrize(
    ("change", "field"), [({"email": "nobody"}, "/email"), ({"email": 7}, "/email"), ({"status": "gold"}, "/status")]
)
def test_when_all_answers_are_checked_one_outside_the_contract_is_not_used(change: dict[str, Any], field: str) -> None:
    backend = a_backend(answer(200, CUSTOMER | change), share=1)
    with capture_logs() as logs, pytest.raises(BackendContractError) as broken:
        ask_for(backend)
    assert dict(broken.value.details) == {
        "backend": "crm", "operation": "getCustomer", "status": 200, "field": field,
    }  # fmt: skip
    assert violations(backend) == {"getCustomer": 1}
    assert [line["event"] for line in logs] == ["backend answered outside its contract"]


def test_of_a_sample_it_is_counted_and_logged_and_used_all_the_same() -> None:
    lame = [answer(200, CUSTOMER | {"email": "nobody"}) for _ in range(4)]
    backend = a_backend(*lame, share=0.01, rolls=[0.5, 0.009, 0.01, 0.0])
    with capture_logs() as logs:
        assert [ask_for(backend) for _ in range(4)] == ["John"] * 4
    assert violations(backend) == {"getCustomer": 2}
    assert {line["field"] for line in logs} == {"/email"}


def test_what_we_need_is_missed_whether_checked_or_not_and_counted_once() -> None:
    for share in (0.0, 1.0):
        backend = a_backend(answer(200, {"id": "C1"}), share=share)
        with pytest.raises(BackendContractError):
            ask_for(backend)
        assert violations(backend) == {"getCustomer": 1}


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("body", [b"<html>Not Found</html>", b"", [], {}, {"message": "no code"}, {"code": ""}])
def test_a_404_that_the_backend_did_not_write_says_nothing_about_the_customer(body: Any, share: float) -> None:
    with pytest.raises(BackendContractError) as broken:
        ask_for(a_backend(answer(404, body), share=share))
    assert broken.value.details["status"] == 404
    unknown = {"code": "UNKNOWN_CUSTOMER", "message": "not here"}
    with pytest.raises(CustomerNotFound):
        ask_for(a_backend(answer(404, unknown), share=share))


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_trouble_stays_what_it_is_whatever_its_body_and_is_counted(status: int) -> None:
    backend = a_backend(answer(status, b"<html>Oh</html>"), share=1)
    with pytest.raises(BackendUnavailable):
        ask_for(backend)
    assert violations(backend) == {"getCustomer": 1}


@pytest.mark.parametrize("backend", NEEDED)
def test_every_answer_a_contract_gives_as_an_example_is_within_it(backend: str) -> None:
    spec, checked = yaml.safe_load((SPECS / f"{backend}.yaml").read_text()), 0
    for methods in spec["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                if "example" in content:
                    assert (
                        contract(backend).violation(operation["operationId"], int(status), content["example"]) is None
                    )
                    checked += 1
    assert checked > 2


@pytest.mark.parametrize(
    ("theirs", "agreement", "problem"),
    [
        (None, Agreement.UNKNOWN, None),
        ("1.2.0", Agreement.SAME, None),
        ("1.0.0", Agreement.OTHER_MINOR, None),
        ("1.2.0-beta", Agreement.OTHER_MINOR, None),
        ("10.2.0", Agreement.OTHER_MAJOR, "billing has version 10.2.0 of its contract, and we call version 1.2.0"),
        ("0.9.0", Agreement.OTHER_MAJOR, "billing has version 0.9.0 of its contract, and we call version 1.2.0"),
    ],
)
def test_a_version_agrees_or_the_message_says_why_not(
    theirs: str | None, agreement: Agreement, problem: str | None
) -> None:
    version = ContractVersion("billing", "1.2.0", theirs)
    assert (version.agreement, version.problem) == (agreement, problem)


@pytest.mark.parametrize(
    ("given", "version"),
    [
        (answer(200, {"version": "2.1.0", "name": "CRM"}), "2.1.0"),
        (answer(404, {"code": "NOT_FOUND", "message": "x"}), SILENT),
        (answer(200, b"<html>"), SILENT),
        (answer(200, {"version": 2}), SILENT),
        (answer(200, {"version": "latest"}), SILENT),
        (answer(200, {"version": "2.1.0\nX: 1"}), SILENT),
        (answer(200, {"version": "2." + "1" * 5000}), SILENT),
        (answer(302), SILENT),
        (answer(503), None),
        (requests.ConnectionError(), None),
    ],
    ids=str,
)
def test_a_version_is_asked_for_without_a_token(given: Response | Exception, version: str | None) -> None:
    transport = Scripted(given)
    assert ask("http://crm/base/", transport) == version
    (asked,) = transport.asked
    assert (asked.method, asked.url) == ("GET", "http://crm/base/contract")
    assert "Authorization" not in asked.headers


def test_a_change_of_version_is_told_once_and_silence_changes_nothing() -> None:
    said = iter([None, "2.0.0", "2.0.0", None, "1.3.0"])
    watch = ContractWatch({"billing": "1.2.0"}, {"billing": "http://billing"}, ask=lambda url, transport: next(said))
    agreed = []
    with capture_logs() as logs:
        for _ in range(5):
            watch.ask_all()
            agreed.append(watch.versions()["billing"].agreement)
    assert agreed == [Agreement.UNKNOWN, *[Agreement.OTHER_MAJOR] * 3, Agreement.OTHER_MINOR]
    assert [(line["log_level"], line["theirs"]) for line in logs] == [("error", "2.0.0"), ("info", "1.3.0")]


@pytest.mark.parametrize(("said", "version"), [("1.0.0", "1.0.0"), (SILENT, None)])
def test_a_backend_that_never_answered_is_asked_when_its_version_counts(said: str, version: str | None) -> None:
    answers = iter([None, said])
    watch = ContractWatch({"bss": "1.2.0"}, {"bss": "http://bss"}, ask=lambda url, transport: next(answers))
    with pytest.raises(BackendUnavailable, match="bss has not said yet which version"):
        watch.version_of("bss")
    assert [watch.version_of("bss") for _ in range(2)] == [version, version], "it is asked until it answers"


def test_the_watch_asks_again_and_again_until_it_is_ended() -> None:
    rounds: list[str] = []
    watch = ContractWatch(
        {"crm": "2.1.0"}, {"crm": "http://crm"}, ask=lambda url, transport: rounds.append(url), every_seconds=0.01
    )
    watch.begin()
    until(lambda: len(rounds) >= 3)
    watch.end()
    assert watch._thread is not None
    assert not watch._thread.is_alive()


def test_ending_a_watch_that_never_began_is_nothing() -> None:
    ContractWatch({}, {}).end()
