"""What the product says in the end, held against what clients were told and what the backends really did.

Every function gives what is wrong, in words; nothing when all is well.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from canonical.ordering.states import FINISHED, State, Trigger, next_state
from canonical.shared.errors import InvalidTransition
from facade.tmf.tmf622.product_order import STATES
from tests.support.torture.notes import Kind, Notes, Wish
from tests.support.torture.truth import Effect

UNDOES = {"release": "reserve", "cancelOrder": "createOrder", "refund": "charge"}
"""What an operation takes back."""
UNDONE_STATES = (State.FAILED, State.CANCELLED)
LAST_EVENTS = {
    State.COMPLETED: "OrderCompleted",
    State.FAILED: "OrderFailed",
    State.CANCELLED: "OrderCancelled",
    State.FALLOUT: "OrderFellOut",
}
PLAN_EVENTS = {"DONE": ("SubscriptionPlanChanged", "SubscriptionPlanKept"), "FAILED": ("PlanChangeFailed",)}


@dataclass(frozen=True)
class Found:
    """What the product shows in the end.

    `orders` as the canonical API shows them, `documents` the states of TMF622, `tasks` the states of cancellations by
    order, `stuck` the processes that have not ended, `changes` the plan changes as they are kept, `events` the types of
    the outbox by subject, in their order with their numbers.
    """

    orders: dict[str, dict[str, Any]]
    documents: Mapping[str, str]
    tasks: Mapping[str, list[str]]
    stuck: dict[str, dict[str, Any]]
    changes: dict[str, dict[str, Any]]
    events: dict[str, list[tuple[int, str]]]
    effects: list[Effect] = field(default_factory=list)
    plans: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)


def judge(found: Found, notes: Notes) -> Iterator[str]:
    by_subject: dict[str, list[Effect]] = defaultdict(list)
    for effect in found.effects:
        by_subject[effect.subject].append(effect)
    wishes = {subject: wish for wish in notes.wishes for subject in wish.subjects}
    yield from _wishes(notes.wishes)
    yield from _strangers(found, set(wishes))
    yield from _doubled(found.effects)
    for subject, wish in wishes.items():
        about = f"{wish.kind} {subject}"
        if wish.kind is Kind.PLAN:
            problems = _plan_change(subject, found, by_subject[subject])
        else:
            problems = _order(subject, wish, found, notes, by_subject[subject])
        yield from (f"{about}: {problem}" for problem in problems)
    yield from _plans(found)


def _wishes(wishes: Iterable[Wish]) -> Iterator[str]:
    for wish in wishes:
        if len(wish.subjects) > 1:
            yield f"{wish.kind} {wish.key} was accepted {len(wish.subjects)} times: {sorted(wish.subjects)}"
        if not wish.settled:
            yield f"{wish.kind} {wish.key} never got an answer: {[answer.shown for answer in wish.answers]}"


def _strangers(found: Found, known: set[str]) -> Iterator[str]:
    for subject in (found.orders.keys() | found.changes.keys()) - known:
        yield f"{subject} was accepted, and nobody wanted it"
    for effect in found.effects:
        if effect.subject not in known:
            yield f"{effect.backend} did {effect.operation} {effect.id} for nobody we know, under the key {effect.key}"


def _doubled(effects: Iterable[Effect]) -> Iterator[str]:
    for (backend, key), times in Counter((effect.backend, effect.key) for effect in effects).items():
        if times > 1:
            yield f"{backend} acted {times} times under the key {key}"


def _order(order_id: str, wish: Wish, found: Found, notes: Notes, effects: list[Effect]) -> Iterator[str]:
    order = found.orders.get(order_id)
    if order is None:
        yield "is lost"
        return
    state = State(order["state"])
    if state not in FINISHED:
        yield f"has not ended: {state}, {found.stuck.get(order_id)}"
        return
    yield from _stands_as_told(order, state, wish, effects)
    yield from _listed(order_id, order, state, found, effects)
    yield from _answers(order_id, order, state, wish, notes)
    yield from _course(order, state, found.events.get(order_id, []))
    if found.documents.get(order_id) != STATES[state]:
        yield f"is {state}, and TMF622 shows {found.documents.get(order_id)}"
    yield from _cancellations(state, order, found.tasks.get(order_id, []), order_id in notes.cancelled)


def standing(effects: Iterable[Effect]) -> list[Effect]:
    """What was made and not taken back."""
    known = list(effects)
    undone = {(UNDOES[effect.operation], effect.id) for effect in known if effect.operation in UNDOES}
    return [one for one in known if one.operation not in UNDOES and (one.operation, one.id) not in undone]


def _stands_as_told(order: Mapping[str, Any], state: State, wish: Wish, effects: list[Effect]) -> Iterator[str]:
    stands = standing(effects)
    if state is State.COMPLETED:
        if len(stands) != len(effects):
            yield f"completed, and something was taken back: {[(one.operation, one.id) for one in effects]}"
        yield from _complete(order, wish, {one.step: one for one in stands})
    elif state in UNDONE_STATES and stands:
        yield f"{state}, and there still stand {[(one.operation, one.id) for one in stands]}"
    charged = any(one.operation == "charge" for one in stands)
    if (order["paymentStatus"] == "success") != charged:
        yield f"paymentStatus {order['paymentStatus']}, and the charge {'stands' if charged else 'does not stand'}"


def _complete(order: Mapping[str, Any], wish: Wish, stands: Mapping[str, Effect]) -> Iterator[str]:
    reserved = {f"reserve-{number}": line for number, line in enumerate(wish.lines, start=1)}
    if stands.keys() != reserved.keys() | {"create-order", "charge"}:
        yield f"completed, and what was done is {sorted(stands)}"
        return
    for step, (sku, quantity) in reserved.items():
        told = (stands[step].data["sku"], stands[step].data["quantity"], stands[step].data["reference"])
        if told != (sku, quantity, f"{order['id']}:{step.rpartition('-')[2]}"):
            yield f"{step} is of {told}, not of {quantity} × {sku}"
    made, charge = stands["create-order"], stands["charge"].data
    if (made.data["customerId"], made.data["externalId"], made.id) != (wish.customer, order["id"], order["orderId"]):
        yield f"BSS has {made.id} of {made.data['customerId']} for {order['id']}; we say it is {order['orderId']}"
    if (charge["orderId"], Decimal(charge["amount"]), charge["currency"]) != (made.id, wish.amount, "EUR"):
        yield f"the charge is {charge}, not of {wish.amount} EUR for {made.id}"


def _listed(
    order_id: str, order: Mapping[str, Any], state: State, found: Found, effects: list[Effect]
) -> Iterator[str]:
    """What could not be undone is listed, and what is listed could not be undone: a backend said so."""
    listed = found.stuck.get(order_id)
    if state is not State.FALLOUT:
        if listed is not None:
            yield f"{state}, and listed as {listed['state']}: {listed['problem']}"
        return
    if listed is None or (listed["state"], listed["problem"]) != ("fallout", "notUndone"):
        yield f"in fallout, and listed as {listed}"
        return
    told = order["failure"]["notUndone"]
    if list(listed["notUndone"]) != told:
        yield f"notUndone is {told} on the order, and {listed['notUndone']} where stuck work is listed"
    for one in standing(effects):
        if not any(one.id in text for text in told):
            yield f"{one.operation} {one.id} stands and is not among what could not be undone: {told}"
    unmade = [text for text in told if not any(one.id in text for one in effects)]
    if unmade:
        yield f"could not undo what was never done: {unmade}"


def _answers(order_id: str, order: Mapping[str, Any], state: State, wish: Wish, notes: Notes) -> Iterator[str]:
    for answer in wish.answers:
        if answer.status == 201 and wish.kind is Kind.PORTAL and state is not State.COMPLETED:
            yield f"confirmed at {answer.at:.1f} s, and {state} in the end"
        failed = (order["failure"] or {}).get("code")
        if answer.subject and answer.status not in (201, 202, 503) and answer.code != failed:
            yield f"answered {answer.code}, and it ended with {failed}"
    if notes.seen.get(order_id, state) != state:
        yield f"was seen {notes.seen[order_id]}, and is {state} in the end"


def _course(order: Mapping[str, Any], state: State, events: list[tuple[int, str]]) -> Iterator[str]:
    timeline = order["timeline"]
    reached = State(timeline[0]["state"])
    for entry in timeline[1:]:
        try:
            reached = next_state(reached, Trigger(entry["trigger"]))
        except InvalidTransition as error:
            yield f"its timeline cannot be: {error.message}"
            return
        if reached != entry["state"]:
            yield f"its timeline has {entry['state']} where {entry['trigger']} leads to {reached}"
    if reached is not state:
        yield f"is {state}, and its timeline ends with {reached}"
    yield from _numbered(events)
    last = next((kind for _, kind in reversed(events) if kind in LAST_EVENTS.values()), None)
    if last != LAST_EVENTS[state]:
        yield f"is {state}, and the last event of an end is {last}"


def _numbered(events: list[tuple[int, str]]) -> Iterator[str]:
    numbers = [number for number, _ in events]
    if numbers != list(range(1, len(events) + 1)):
        yield f"its events are numbered {numbers}"


def _cancellations(state: State, order: Mapping[str, Any], tasks: list[str], accepted: bool) -> Iterator[str]:
    if accepted and not tasks:
        yield "a cancellation was accepted, and there is none"
    if any(task not in ("done", "terminatedWithError") for task in tasks):
        yield f"is {state}, and its cancellations are {tasks}"
    if ("done" in tasks) != (state is State.CANCELLED):
        yield f"is {state}, and its cancellations are {tasks}"
    fell_out = any(entry["state"] == State.FALLOUT for entry in order["timeline"])
    if accepted and state is State.FAILED and not fell_out:
        yield "was to be cancelled, and failed"


def _plan_change(change_id: str, found: Found, effects: list[Effect]) -> Iterator[str]:
    change = found.changes.get(change_id)
    if change is None:
        yield "is lost"
        return
    state, listed = change["state"], found.stuck.get(change_id)
    steps = {one.step: one.data for one in effects}
    if state not in ("DONE", "FAILED", "FALLOUT"):
        yield f"has not ended: {state}, {listed}"
        return
    if (listed is not None) != (state == "FALLOUT"):
        yield f"is {state}, and listed as {listed}"
    changed, back = steps.get("change-plan"), steps.get("undo-change-plan")
    if state == "DONE" and change["kind"] != "unchanged":
        if (
            changed is None
            or back is not None
            or (changed["plan"], changed["version"])
            != (
                change["to_plan"],
                change["to_version"],
            )
        ):
            yield f"done, and BSS has {changed}, taken back {back}"
        billed = steps.get("bill-plan")
        if billed is not None and billed["plan"] != change["to_plan"]:
            yield f"to {change['to_plan']}, and Billing has {billed}"
    if state == "FAILED" and changed is not None and back is None and not _is_back(change, changed, found.effects):
        yield f"failed, and BSS changed to {changed} without a way back"
    yield from _numbered(found.events.get(change_id, []))


def _is_back(change: Mapping[str, Any], changed: Mapping[str, Any], effects: Iterable[Effect]) -> bool:
    """Whether the next change of the subscription, another one, led to the plan from which this one had come."""
    following = (one.data for one in effects if one.operation == "changePlan" and one.id == change["subscription_id"])
    return any((one["version"], one["plan"]) == (changed["version"] + 1, change["from_plan"]) for one in following)


def _plans(found: Found) -> Iterator[str]:
    """Billing bills what BSS has, unless a change is left in between."""
    between = {change["subscription_id"] for change in found.changes.values() if change["state"] == "FALLOUT"}
    for subscription, (plan, billed) in found.plans.items():
        if billed is not None and plan != billed and subscription not in between:
            yield f"{subscription} is {plan} in BSS, and {billed} in Billing"
