"""The order aggregate, from its submission to its end."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from canonical.ordering.commands import ItemAction
from canonical.ordering.events import (
    OrderCompleted,
    OrderFailed,
    OrderFellOut,
    OrderFulfilmentStarted,
    OrderSubmitted,
    OrderValidated,
)
from canonical.ordering.items import OrderItem
from canonical.ordering.lines import MAX_QUANTITY
from canonical.ordering.order import Order, PaymentStatus
from canonical.ordering.states import FINISHED, State, StateCategory, Trigger
from canonical.shared.errors import CurrenciesDiffer, InvalidTransition
from canonical.shared.money import Money, total
from tests.support.builders import (
    BROADBAND,
    FREE,
    NOON,
    ROUTER,
    a_change,
    a_command,
    a_failure,
    a_line,
    an_order,
    an_order_in,
    euros,
)
from tests.unit.ordering.order_methods import LATER, METHODS, MUCH_LATER, STAYING, complete, fail, fall_out


def a_started_order() -> Order:
    order = an_order()
    order.start(LATER)
    return order


def test_a_submitted_order_is_acknowledged_and_remembers_what_was_asked() -> None:
    command = a_command(requested_start=LATER, requested_completion=MUCH_LATER)
    order = Order.submit("id-1", command, [BROADBAND], NOON)
    assert (order.id, order.owner, order.customer_id) == ("id-1", "partner-acme", "C12345")
    assert (order.state, order.category, order.payment) == (
        State.ACKNOWLEDGED,
        StateCategory.IN_PROGRESS,
        PaymentStatus.PENDING,
    )
    assert order.external_identifiers == command.external_identifiers
    assert (order.requested_start, order.requested_completion) == (LATER, MUCH_LATER)
    assert order.submitted_at == order.changed_at == NOON
    assert [(entry.at, entry.state, entry.trigger) for entry in order.timeline] == [
        (NOON, State.ACKNOWLEDGED, Trigger.SUBMIT)
    ]
    assert order.events == [OrderSubmitted(order_id="id-1", sequence=1, at=NOON, customer_id="C12345")]
    assert order.version == 0, "not stored yet"
    assert (order.bss_order_id, order.failure) == (None, None)
    assert not order.finished


def test_its_items_are_the_lines_with_the_offerings_as_they_were() -> None:
    order = an_order(lines=(a_line(id="a"), a_line(id="b", quantity=1)), offerings=[BROADBAND, ROUTER])
    assert [(item.id, item.action, item.quantity, item.offering) for item in order.items] == [
        ("a", ItemAction.ADD, 2, BROADBAND),
        ("b", ItemAction.ADD, 1, ROUTER),
    ]


def test_its_amount_is_the_one_time_charges_times_the_quantities() -> None:
    order = an_order(lines=(a_line(id="a", quantity=3), a_line(id="b", quantity=1)), offerings=[BROADBAND, ROUTER])
    assert [item.one_time_charge for item in order.items] == [euros("149.70"), euros("129.00")]
    assert order.amount == euros("278.70")


def test_money_stays_exact_for_the_largest_quantity() -> None:
    amount = an_order(lines=(a_line(quantity=MAX_QUANTITY),)).amount
    assert amount is not None
    assert amount.amount * 10 == 499 * MAX_QUANTITY


@pytest.mark.parametrize("action", [action for action in ItemAction if action is not ItemAction.ADD])
def test_what_is_done_to_installed_products_is_not_charged_with_the_order(action: ItemAction) -> None:
    change = a_change(id="b", action=action, offering_id=ROUTER.id)
    order = an_order(lines=(a_line(id="a"), change), offerings=[BROADBAND, ROUTER])
    assert order.items[1] == OrderItem("b", action, 1, ROUTER, "PRD1")
    assert (order.items[1].added, order.items[1].one_time_charge) == (None, None)
    assert order.amount == euros("99.80")


def test_an_order_that_adds_nothing_has_no_amount_and_one_that_adds_what_is_free_has_one_of_nothing() -> None:
    assert an_order(lines=(a_change(), a_change(id="2", action=ItemAction.NO_CHANGE))).amount is None
    assert an_order(offerings=[FREE]).amount == euros("0.00")


def test_lines_in_different_currencies_are_refused_at_the_first_that_differs() -> None:
    dollars, francs = (replace(ROUTER, one_time=Money(Decimal("10.00"), currency)) for currency in ("USD", "CHF"))
    lines = (a_change(id="a"), a_line(id="b"), a_line(id="c"), a_line(id="d"), a_line(id="e"))
    with pytest.raises(CurrenciesDiffer) as refused:
        an_order(lines=lines, offerings=[None, BROADBAND, ROUTER, dollars, francs])
    assert refused.value.pointer == "/lines/3/offering_id"
    assert refused.value.details == {"currencies": ["EUR", "USD"]}
    assert refused.value.message == "one order is charged in one currency, not in EUR and USD"


def test_the_currency_of_what_an_installed_product_becomes_does_not_matter() -> None:
    dollars = replace(ROUTER, one_time=Money(Decimal("10.00"), "USD"))
    change = a_change(id="b", action=ItemAction.MODIFY, offering_id=ROUTER.id)
    order = an_order(lines=(a_line(id="a"), change), offerings=[BROADBAND, dollars])
    assert order.amount == euros("99.80")


def test_every_line_needs_its_offering() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        Order.submit("id-1", a_command(lines=(a_line(id="a"), a_line(id="b"))), [BROADBAND], NOON)


def test_a_started_order_is_validated_and_being_fulfilled() -> None:
    order = a_started_order()
    assert order.state is State.FULFILLING
    assert [(entry.state, entry.trigger) for entry in order.timeline[1:]] == [
        (State.VALIDATED, Trigger.VALIDATE),
        (State.FULFILLING, Trigger.FULFIL),
    ]
    assert order.events[1:] == [
        OrderValidated(order_id=order.id, sequence=2, at=LATER),
        OrderFulfilmentStarted(order_id=order.id, sequence=3, at=LATER),
    ]


def test_a_completed_order_has_its_bss_number_and_is_paid() -> None:
    order = a_started_order()
    complete(order)
    assert (order.state, order.category) == (State.COMPLETED, StateCategory.SUCCESS)
    assert (order.bss_order_id, order.payment, order.failure) == ("ORD00001", PaymentStatus.SUCCESS, None)
    assert order.changed_at == MUCH_LATER
    assert order.finished
    assert order.events[-1] == OrderCompleted(order_id=order.id, sequence=4, at=MUCH_LATER, bss_order_id="ORD00001")


def test_a_failed_order_says_why_and_what_was_undone() -> None:
    order = a_started_order()
    fail(order)
    assert (order.state, order.category) == (State.FAILED, StateCategory.FAILURE)
    assert (order.failure, order.payment, order.bss_order_id) == (a_failure(), PaymentStatus.DECLINED, "ORD00001")
    assert order.finished
    assert order.events[-1] == OrderFailed(order_id=order.id, sequence=4, at=MUCH_LATER, code="PAYMENT_DECLINED")


def test_an_order_that_fell_out_waits_for_a_person() -> None:
    order = a_started_order()
    fall_out(order)
    assert order.state is State.FALLOUT
    assert order.failure is not None
    assert order.failure.not_undone == ("x",)
    assert order.finished
    assert order.events[-1] == OrderFellOut(order_id=order.id, sequence=4, at=MUCH_LATER, code="PAYMENT_DECLINED")


def test_an_order_that_nothing_was_charged_for_is_completed_without_a_charge() -> None:
    order = a_started_order()
    order.complete("ORD00001", PaymentStatus.NOT_CHARGED, MUCH_LATER)
    assert (order.state, order.payment) == (State.COMPLETED, PaymentStatus.NOT_CHARGED)


@pytest.mark.parametrize("end", [complete, fail, fall_out])
def test_its_events_are_numbered_from_one_without_gaps(end: Callable[[Order], None]) -> None:
    order = a_started_order()
    end(order)
    assert [event.sequence for event in order.events] == [1, 2, 3, 4]
    assert {event.order_id for event in order.events} == {order.id}


def test_events_go_on_counting_after_the_order_was_stored() -> None:
    order = an_order_in(State.FULFILLING)
    complete(order)
    assert [event.sequence for event in order.events] == [4]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_works_only_where_the_table_allows_it_and_changes_nothing_otherwise(method: str, state: State) -> None:
    call, allowed = METHODS[method]
    order, before = an_order_in(state), an_order_in(state)
    if state in allowed:
        call(order)
        assert (order.state is state) is (method in STAYING)
        return
    with pytest.raises(InvalidTransition):
        call(order)
    assert order == before


@pytest.mark.parametrize("state", State)
def test_an_order_is_finished_when_no_process_works_on_it(state: State) -> None:
    assert an_order_in(state).finished is (state in FINISHED)


def test_amounts_in_two_currencies_are_never_added() -> None:
    with pytest.raises(CurrenciesDiffer) as refused:
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")
    assert refused.value.details == {"currencies": ["EUR", "USD"]}


def test_a_total_of_nothing_is_nothing_in_the_currency_asked_for() -> None:
    assert total([], "CHF") == Money(Decimal("0.00"), "CHF")


def test_money_reads_as_amount_and_currency() -> None:
    assert str(euros("49.90") * 2) == "99.80 EUR"
