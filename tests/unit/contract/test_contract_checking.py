"""Bodies that take long to judge are judged beside the event loop, and only those."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from connexion.middleware.abstract import ROUTING_CONTEXT

from canonical.shared import jsontext
from facade.contract.checking import CheckingThread
from facade.contract.connexion_plugin import validator_map
from facade.contract.findings import FindingsValidator
from facade.contract.integers import IntegerNames
from facade.contract.lenient_defaults import Completer
from facade.contract.validator import QUICK_VALUES, Contract
from facade.contract.violations import ContractViolation
from facade.web.limits import Overloaded
from facade.web.threads import Queue
from tests.support.waiting import LONG

BASE = "/orders/v1"
ITEM = {"@type": "Item", "id": "1", "action": "add"}
ORDER: dict[str, Any] = {"@type": "Order", "item": [ITEM]}
UNTYPED = {"item": [{"id": "1", "action": "add"}]}
WRONG = {"item": [{"id": "1"}]}
MANY = {"extension": [1] * QUICK_VALUES}
"""What makes a body large; no class says anything about it."""

QUICK = {
    "valid": ORDER,
    "valid and large": ORDER | MANY,
    "completed": UNTYPED,
    "whole decimal": {"item": [{"id": "1", "action": "add", "quantity": Decimal("2.0")}]},
    "too many values": {"extension": [1] * 60_000},
    "NUL": ORDER | {"id": "a\0"},
}
SLOW = {
    "wrong": WRONG,
    "to be completed and large": UNTYPED | MANY,
    "wrong and large": WRONG | MANY,
    "whole decimals and large": ORDER | MANY | {"ratio": Decimal("1.0")},
    "NUL and large": ORDER | MANY | {"id": "a\0"},
}


@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_a_quick_check_says_what_a_thorough_one_says_or_nothing(contract: Contract, name: str) -> None:
    body = (QUICK | SLOW)[name]
    quick = contract.check_quickly("createOrder", body)
    assert quick == (contract.check_request("createOrder", body) if name in QUICK else None)


@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_a_quick_check_walks_small_bodies_only(contract: Contract, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    walked: list[int] = []

    def watched(walk: Callable[..., Any], position: int) -> Callable[..., Any]:
        def walking(*arguments: Any) -> Any:
            walked.append(len(jsontext.write(arguments[position])))
            return walk(*arguments)

        return walking

    for owner, method in ((Completer, "complete"), (IntegerNames, "written_as_decimal"), (FindingsValidator, "find")):
        monkeypatch.setattr(owner, method, watched(getattr(owner, method), 1))
    monkeypatch.setattr("facade.contract.validator.first_unstorable", watched(lambda body: body, 0))
    contract.check_quickly("createOrder", (QUICK | SLOW)[name])
    assert all(length < QUICK_VALUES for length in walked)


def receiving(contract: Contract, thread: CheckingThread) -> Callable[[Any], Awaitable[Any]]:
    """What receives and judges a body within one event loop: the body as it was understood, or the refusal."""
    checks = validator_map({BASE: contract}, thread=thread)["body"]["application/json"]
    validator = checks(schema={}, required=True, nullable=False, encoding="utf-8", strict_validation=False)

    async def receive_body(body: Any) -> Any:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": jsontext.write(body)}

        routing = {"api_base_path": BASE, "operation_id": "createOrder"}
        scope = {"type": "http", "headers": [], "extensions": {ROUTING_CONTEXT: routing}}
        _, scope = await validator.wrap_receive(receive, scope=scope)
        return scope["facade.contract.checked"].body

    return receive_body


class Held:
    """Keeps every thorough check until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let_go = threading.Event()
        self.turns: list[float] = []
        check = Contract.check_request

        def held(contract: Contract, *arguments: Any, **named: Any) -> Any:
            self.turns.append(sys.getswitchinterval())
            assert self.let_go.wait(LONG)
            return check(contract, *arguments, **named)

        monkeypatch.setattr(Contract, "check_request", held)


@pytest.mark.parametrize("name", SLOW)
def test_while_a_body_is_judged_slowly_others_are_taken(
    contract: Contract, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    held, usual = Held(monkeypatch), sys.getswitchinterval()

    async def order_of_events() -> list[str]:
        receive_body = receiving(contract, CheckingThread())
        happened: list[str] = []

        async def slow() -> None:
            with suppress(ContractViolation):
                await receive_body(SLOW[name])
            happened.append("the slow one")

        judging = asyncio.create_task(slow())
        while not held.turns:
            await asyncio.sleep(0.001)
        assert (await receive_body(UNTYPED))["@type"] == "Order"
        happened.append("another")
        held.let_go.set()
        await judging
        return happened

    assert asyncio.run(order_of_events()) == ["another", "the slow one"]
    assert held.turns[0] < usual, "the loop gets the interpreter's lock back sooner meanwhile"
    assert sys.getswitchinterval() == usual


def test_bodies_beyond_the_queue_are_turned_away(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)

    async def crowd() -> list[Any]:
        receive_body = receiving(contract, CheckingThread(Queue(length=2, seconds=LONG)))
        waiting = [asyncio.ensure_future(receive_body(WRONG)) for _ in range(3)]
        while not held.turns:
            await asyncio.sleep(0.001)
        with pytest.raises(Overloaded):
            await receive_body(WRONG)
        assert await receive_body(ORDER) == ORDER, "what is quick needs no place"
        held.let_go.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(answer) for answer in asyncio.run(crowd())] == [ContractViolation] * 3
