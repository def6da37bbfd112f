"""The judgement of a torture run accepts what is well, and notices each way in which something can be wrong."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.support.torture.judgement import Found, judge
from tests.support.torture.notes import Answer, Kind, Notes, Wish
from tests.support.torture.truth import Effect

ORDER, CHANGE = "order-1", "change-1"


def timeline(*entries: str) -> list[dict[str, str]]:
    return [dict(zip(("trigger", "state"), entry.split(), strict=True)) for entry in entries]


COMPLETED = timeline("submit ACKNOWLEDGED", "validate VALIDATED", "fulfil FULFILLING", "complete COMPLETED")
FAILED = [*COMPLETED[:3], *timeline("fail FAILED")]
FALLEN_OUT = [*COMPLETED[:3], *timeline("fallOut FALLOUT")]
EVENTS = [(1, "OrderSubmitted"), (2, "OrderValidated"), (3, "OrderFulfilmentStarted")]


def effect(backend: str, operation: str, step: str, id: str, subject: str = ORDER, **data: Any) -> Effect:
    return Effect(backend, operation, f"{subject}:{step}", id, data)


RESERVED = effect(
    "inventory", "reserve", "reserve-1", "RSV002", sku="SKU123", quantity=2, reference=f"{ORDER}:1", status="reserved"
)
MADE = effect("bss", "createOrder", "create-order", "ORD2", customerId="C12345", externalId=ORDER)
CHARGED = effect("billing", "charge", "charge", "CHG2", orderId="ORD2", amount="99.80", currency="EUR")
RELEASED = effect("inventory", "release", "undo-reserve-1", "RSV002")
GIVEN_BACK = effect("bss", "cancelOrder", "undo-create-order", "ORD2")
PLAN_CHANGED = effect("bss", "changePlan", "change-plan", "SUB1", CHANGE, plan="Basic", version=2)
PLAN_BILLED = effect("billing", "setPlan", "bill-plan", "SUB1", CHANGE, plan="Basic", version=2)


def completed() -> tuple[Found, Notes]:
    """An order and a plan change, both done."""
    order = {"id": ORDER, "orderId": "ORD2", "state": "COMPLETED", "paymentStatus": "success", "failure": None}
    change = {"state": "DONE", "kind": "downgrade", "from_plan": "Premium", "to_plan": "Basic", "to_version": 2}
    change |= {"subscription_id": "SUB1"}
    found = Found(
        orders={ORDER: order | {"timeline": COMPLETED}},
        documents={ORDER: "completed"},
        tasks={},
        stuck={},
        changes={CHANGE: change},
        events={ORDER: [*EVENTS, (4, "OrderCompleted")], CHANGE: [(1, "PlanChangeRequested")]},
        effects=[RESERVED, MADE, CHARGED, PLAN_CHANGED, PLAN_BILLED],
        plans={"SUB1": ("Basic", "Basic")},
    )
    wishes = [
        Wish(Kind.PORTAL, "portal", "POST", "/", {}, "1-1", "C12345", (("SKU123", 2),), [Answer(1, 201, "", ORDER)]),
        Wish(Kind.PLAN, "portal", "PATCH", "/", {}, "1-2", "", (), [Answer(1, 200, "", CHANGE)]),
    ]
    return found, Notes(wishes=wishes)


def undone(state: str = "FAILED") -> tuple[Found, Notes]:
    """An order that failed or fell out because its payment was declined."""
    found, notes = completed()
    failure = {"code": "PAYMENT_DECLINED", "notUndone": []}
    order = found.orders[ORDER] | {"state": state, "paymentStatus": "declined", "failure": failure, "timeline": FAILED}
    found = replace(
        found,
        orders={ORDER: order},
        documents={ORDER: "failed"},
        events=found.events | {ORDER: [*EVENTS, (4, "OrderFailed")]},
        effects=[RESERVED, MADE, GIVEN_BACK, RELEASED, PLAN_CHANGED, PLAN_BILLED],
    )
    notes.wishes[0].answers[:] = [Answer(1, 402, "PAYMENT_DECLINED", ORDER)]
    return found, notes


def fallen_out() -> tuple[Found, Notes]:
    """The same, and BSS refused to cancel the order."""
    found, notes = undone("FALLOUT")
    left = ["order ORD2 cancelled"]
    order = found.orders[ORDER]
    order = order | {"timeline": FALLEN_OUT, "failure": order["failure"] | {"notUndone": left}}
    listed = {"state": "fallout", "problem": "notUndone", "notUndone": left}
    found = replace(
        found,
        orders={ORDER: order},
        stuck={ORDER: listed},
        events=found.events | {ORDER: [*EVENTS, (4, "OrderFellOut")]},
        effects=[RESERVED, MADE, RELEASED, PLAN_CHANGED, PLAN_BILLED],
    )
    return found, notes


def cancelled() -> tuple[Found, Notes]:
    found, notes = undone("CANCELLED")
    course = timeline("cancel ASSESSING_CANCELLATION", "acceptCancellation CANCELLING", "confirmCancellation CANCELLED")
    failure = {"code": "ORDER_CANCELLED", "notUndone": []}
    order = found.orders[ORDER] | {"timeline": [*COMPLETED[:3], *course], "failure": failure}
    kinds = ("OrderCancellationRequested", "OrderCancellationAccepted", "OrderCancelled")
    found = replace(
        found,
        orders={ORDER: order},
        documents={ORDER: "cancelled"},
        tasks={ORDER: ["done"]},
        events=found.events | {ORDER: [*EVENTS, *enumerate(kinds, start=4)]},
    )
    notes.wishes[0].answers[:] = [Answer(1, 409, "ORDER_CANCELLED", ORDER)]
    notes.cancelled.add(ORDER)
    return found, notes


def changed_back_by_another() -> tuple[Found, Notes]:
    """A plan change that was given up while the next one led back to the earlier plan."""
    found, notes = completed()
    given_up, back = found.changes[CHANGE] | {"state": "FAILED"}, "change-2"
    following = {"from_plan": "Basic", "to_plan": "Premium", "to_version": 3, "kind": "upgrade"}
    moved = effect("bss", "changePlan", "change-plan", "SUB1", back, plan="Premium", version=3)
    billed = effect("billing", "setPlan", "bill-plan", "SUB1", back, plan="Premium", version=3)
    found = replace(
        found,
        changes={CHANGE: given_up, back: found.changes[CHANGE] | following},
        events=found.events | {back: [(1, "PlanChangeRequested")]},
        effects=[RESERVED, MADE, CHARGED, PLAN_CHANGED, moved, billed],
        plans={"SUB1": ("Premium", "Premium")},
    )
    notes.wishes[1].answers[:] = [Answer(1, 409, "GIVEN_UP", CHANGE)]
    notes.wishes.append(Wish(Kind.PLAN, "portal", "PATCH", "/", {}, "1-3", "", (), [Answer(1, 200, "", back)]))
    return found, notes


@pytest.mark.parametrize("make", [completed, undone, fallen_out, cancelled, changed_back_by_another])
def test_what_is_well_is_not_complained_about(make: Callable[[], tuple[Found, Notes]]) -> None:
    assert list(judge(*make())) == []


def changed(make: Callable[[], tuple[Found, Notes]], **order: Any) -> tuple[Found, Notes]:
    found, notes = make()
    return replace(found, orders={ORDER: found.orders[ORDER] | order}), notes


def with_effects(make: Callable[[], tuple[Found, Notes]], *effects: Effect) -> tuple[Found, Notes]:
    found, notes = make()
    plans = [one for one in found.effects if one.subject == CHANGE]
    return replace(found, effects=[*effects, *plans]), notes


def having(made: tuple[Found, Notes], **parts: Any) -> tuple[Found, Notes]:
    return replace(made[0], **parts), made[1]


def noting(made: tuple[Found, Notes], note: Callable[[Notes], Any]) -> tuple[Found, Notes]:
    note(made[1])
    return made


def other(effect: Effect, **data: Any) -> Effect:
    return replace(effect, data=effect.data | data)


ANOTHER = replace(CHARGED, key=f"{ORDER}:again", id="CHG3")
STUCK = {"state": "waiting", "problem": "backendAway", "notUndone": []}
PLAN = completed()[0].changes[CHANGE]

WRONG = {
    "the order is lost": lambda: having(completed(), orders={}),
    "the order goes on for ever": lambda: changed(completed, state="FULFILLING"),
    "an order that nobody wanted": lambda: having(completed(), orders=completed()[0].orders | {"x": {}}),
    "an effect for nobody": lambda: with_effects(completed, RESERVED, MADE, CHARGED, replace(CHARGED, key="x:charge")),
    "an effect without a key": lambda: with_effects(completed, RESERVED, MADE, CHARGED, replace(CHARGED, key="")),
    "a key acted twice": lambda: with_effects(completed, RESERVED, MADE, CHARGED, CHARGED),
    "two charges": lambda: with_effects(completed, RESERVED, MADE, CHARGED, ANOTHER),
    "no charge": lambda: with_effects(completed, RESERVED, MADE),
    "another amount": lambda: with_effects(completed, RESERVED, MADE, other(CHARGED, amount="0.01")),
    "another currency": lambda: with_effects(completed, RESERVED, MADE, other(CHARGED, currency="USD")),
    "another order charged": lambda: with_effects(completed, RESERVED, MADE, other(CHARGED, orderId="ORD1")),
    "another quantity": lambda: with_effects(completed, other(RESERVED, quantity=1), MADE, CHARGED),
    "another customer": lambda: with_effects(completed, RESERVED, other(MADE, customerId="C1"), CHARGED),
    "another number in BSS": lambda: changed(completed, orderId="ORD1"),
    "released and completed": lambda: with_effects(completed, RESERVED, MADE, CHARGED, RELEASED),
    "failed and charged": lambda: with_effects(undone, RESERVED, MADE, GIVEN_BACK, RELEASED, CHARGED),
    "failed and still reserved": lambda: with_effects(undone, RESERVED, MADE, GIVEN_BACK),
    "cancelled and still in BSS": lambda: with_effects(cancelled, RESERVED, MADE, RELEASED),
    "in fallout and not listed": lambda: having(fallen_out(), stuck={}),
    "in fallout for a wrong reason": lambda: having(fallen_out(), stuck={ORDER: STUCK}),
    "more is left than is told": lambda: with_effects(fallen_out, RESERVED, MADE),
    "what was never done cannot be undone": lambda: with_effects(fallen_out, RESERVED, RELEASED),
    "ended and listed": lambda: having(completed(), stuck={ORDER: STUCK}),
    "confirmed and failed": lambda: noting(
        undone(), lambda notes: notes.wishes[0].answers.append(Answer(2, 201, "", ORDER))
    ),
    "told another failure": lambda: noting(
        undone(), lambda notes: notes.wishes[0].answers.append(Answer(2, 409, "INSUFFICIENT_STOCK", ORDER))
    ),
    "seen completed": lambda: noting(undone(), lambda notes: notes.seen.update({ORDER: "COMPLETED"})),
    "accepted twice": lambda: noting(
        completed(), lambda notes: notes.wishes[0].answers.append(Answer(2, 201, "", "order-2"))
    ),
    "no answer in the end": lambda: noting(
        completed(),
        lambda notes: notes.wishes.append(replace(notes.wishes[0], answers=[Answer(1, 0, "Timeout", None)])),
    ),
    "the cancellation is lost": lambda: having(cancelled(), tasks={}),
    "the cancellation is not decided": lambda: having(cancelled(), tasks={ORDER: ["acknowledged"]}),
    "to be cancelled and failed": lambda: noting(undone(), lambda notes: notes.cancelled.add(ORDER)),
    "TMF622 shows another state": lambda: having(completed(), documents={ORDER: "inProgress"}),
    "an impossible course": lambda: changed(completed, timeline=[COMPLETED[0], COMPLETED[3]]),
    "a course to elsewhere": lambda: changed(completed, timeline=FAILED),
    "an event is missing": lambda: having(completed(), events=completed()[0].events | {ORDER: EVENTS}),
    "events have a gap": lambda: having(
        completed(), events=completed()[0].events | {ORDER: [(1, "OrderSubmitted"), (3, "OrderCompleted")]}
    ),
    "the plan change is lost": lambda: having(completed(), changes={}),
    "the plan change goes on for ever": lambda: having(completed(), changes={CHANGE: PLAN | {"state": "CHANGING"}}),
    "BSS does not have the plan": lambda: having(completed(), effects=[RESERVED, MADE, CHARGED, PLAN_BILLED]),
    "BSS has another plan": lambda: having(
        completed(), effects=[RESERVED, MADE, CHARGED, other(PLAN_CHANGED, plan="Premium"), PLAN_BILLED]
    ),
    "failed and the plan changed": lambda: having(completed(), changes={CHANGE: PLAN | {"state": "FAILED"}}),
    "the plan change fell out and is not listed": lambda: having(
        completed(), changes={CHANGE: PLAN | {"state": "FALLOUT"}}
    ),
    "Billing bills another plan": lambda: having(completed(), plans={"SUB1": ("Basic", "Premium")}),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_noticed(make: Callable[[], tuple[Found, Notes]]) -> None:
    found, notes = make()
    assert list(judge(deepcopy(found), notes))
