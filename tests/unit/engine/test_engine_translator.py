"""A payload that names another resource of the API."""

from dataclasses import replace
from typing import Any

import flask
import pytest

from canonical.ordering.commands import CancelOrder
from canonical.ordering.errors import OrderNotFound
from canonical.ordering.states import State
from facade.bootstrap.declared import projectors
from facade.bootstrap.versions import versions_of
from facade.partners.profiles import compile_profile
from facade.security.principal import Principal
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.tmf622.api import CANCEL_PRODUCT_ORDER, TMF622
from tests.support.builders import an_order_in
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory

ACME = Principal("partner-acme", frozenset())


def cancelled(version: str, order_id: str, state: State = State.FULFILLING, principal: Principal = ACME) -> Any:
    """What a cancellation of `order_id` asks for; there is one order of partner-acme, with a number in BSS."""
    memory, order = Memory(projectors()), an_order_in(state)
    order.bss_order_id = "ORD00001"
    memory.hold(order)
    task = versions_of(TMF622, version)[CANCEL_PRODUCT_ORDER.name]
    translator = ResourceTranslator(task, ReadsFromMemory(memory))
    asked = order.id if order_id == "ours" else order_id
    command = translator.translate({"productOrder": {"id": asked}}, principal).command
    assert isinstance(command, CancelOrder)
    return command.order_id == order.id


@pytest.mark.parametrize("version", ["v5", "v4"])
@pytest.mark.parametrize("order_id", ["ours", "ORD00001"])
def test_it_is_found_by_our_id_and_by_its_reference(version: str, order_id: str) -> None:
    assert cancelled(version, order_id)


@pytest.mark.parametrize("version", ["v5", "v4"])
def test_one_that_is_not_there_or_not_the_callers_is_not_found(version: str) -> None:
    with pytest.raises(OrderNotFound):
        cancelled(version, "none")
    with pytest.raises(OrderNotFound):
        cancelled(version, "ours", principal=Principal("partner-other", frozenset()))


def test_a_payload_is_read_by_the_profile_of_its_request() -> None:
    profile = compile_profile({"orderRules": {"PRICE_DIFFERS": "keep"}}, "partner-acme@3")
    translator = ResourceTranslator(versions_of(TMF622, "v5")["productOrder"], ReadsFromMemory(Memory()))
    with flask.Flask("x").test_request_context():
        sender = translator.sender(replace(ACME, profile=profile))
    assert (sender.profile, sender.tolerated, sender.vocabulary) == (
        *("partner-acme@3", ("PRICE_DIFFERS",)),
        profile.vocabulary,
    )


def test_one_that_v4_does_not_show_is_not_found_in_v4() -> None:
    assert cancelled("v5", "ours", State.DRAFT)
    with pytest.raises(OrderNotFound):
        cancelled("v4", "ours", State.DRAFT)
