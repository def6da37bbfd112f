"""From a PATCH of a TMF622 v5 order to a change of the order.

The patch is applied to the order as its client sees it. What then differs says by table what is asked for, and the
result is read as if it had been placed so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from canonical.ordering.commands import AmendOrder, AnnotateOrder, SubmitDraft
from canonical.ordering.handlers import Change
from canonical.ordering.order import Order
from canonical.ordering.states import State, Trigger
from canonical.shared.errors import InvalidTransition
from facade.contract.violations import Code, ContractViolation, Violation
from facade.intake import Plan, Translation
from facade.tmf.patch import changed
from facade.tmf.tmf622.account import (
    CHANGED_BY,
    ITEM_STATES,
    NEVER_CHANGED,
    ORDER_REFUSED,
    SERVER_SET,
    STATES,
)
from facade.tmf.tmf622.mapper import external_identifiers_of, from_order, to_submit_order, wrong_identifiers
from facade.tmf.tmf622.reading import Payload
from facade.tmf.tmf622.versions import ORDER, Version
from facade.tmf.tmf622.words import speaking
from facade.tmf.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch as it was sent, and the address of the order that its client knows."""

    media_type: str
    body: Any
    href: str


def plan_of(patch: Patch, order: Order, carried: Payload, version: Version, vocabulary: Vocabulary) -> Plan:
    """What the patch comes to.

    Raises ContractViolation for what is never changed and for a result that could not have been placed,
    InvalidTransition for what the order's state does not allow, TestFailed for a `test` that does not hold.
    """
    before = {"href": patch.href, **from_order(order, carried)}
    bridged = version.patched(ORDER, before, patch.media_type, patch.body)
    after = bridged.body
    names = changed(before, after)
    with speaking(lambda pointer: version.spoken(ORDER, pointer, patch.body)):
        _refuse_what_never_changes(names)
        triggers = _triggers(names, order, after)
        if not triggers:
            return Plan(None, carried)
        body = _checked(_as_placed(after, order), version)
        if triggers == {Trigger.ANNOTATE}:
            wrong = wrong_identifiers(body) if "externalId" in names else []
            if wrong:
                raise ContractViolation(wrong)
            trail = version.retold(ORDER, (), bridged, patch.body)
            return Plan(AnnotateOrder(external_identifiers_of(body)), body, trail=trail)
        read = to_submit_order(body, order.owner, vocabulary)
        trail = version.retold(ORDER, read.trail, bridged, patch.body)
        return _plan(triggers, replace(read, trail=trail), body)


def _plan(triggers: set[Trigger], translation: Translation, body: Payload) -> Plan:
    kind = SubmitDraft if Trigger.SUBMIT in triggers else AmendOrder
    change: Change = kind(translation.command)
    return Plan(change, body, translation, translation.trail)


def _refuse_what_never_changes(names: list[str]) -> None:
    found = [
        Violation(f"/{name}", Code.UNEXPECTED_PROPERTY, f"{name} cannot be changed: {NEVER_CHANGED[name]}")
        for name in names
        if name in NEVER_CHANGED
    ]
    if found:
        raise ContractViolation(found)


def _triggers(names: list[str], order: Order, after: Payload) -> set[Trigger]:
    """What the changed attributes ask for. Raises InvalidTransition where that is not allowed now."""
    asked = {name: CHANGED_BY.get(name, Trigger.ANNOTATE) for name in names if name != "state"}
    if "state" in names:
        if order.state is not State.DRAFT or after.get("state") != STATES[State.ACKNOWLEDGED]:
            raise _not_now(order, "state", f"become {str(after.get('state'))[:30]}")
        return {Trigger.SUBMIT, *asked.values()}
    allowed = order.allowed_actions()
    for name, trigger in asked.items():
        if trigger not in allowed:
            raise _not_now(order, name, "be changed")
    return set(asked.values())


def _not_now(order: Order, name: str, what: str) -> InvalidTransition:
    actions = [action.value for action in order.allowed_actions()]
    return InvalidTransition(
        f"{name} cannot {what} while the order is {STATES[order.state]}; allowed now: {', '.join(actions)}",
        pointer=f"/{name}",
        state=order.state.value,
        trigger=f"change {name}",
        allowedActions=actions,
    )


def _as_placed(document: Payload, order: Order) -> Payload:
    """What would have had to be sent to have the order as it is to be."""
    kept = {name: value for name, value in document.items() if name not in ORDER_REFUSED}
    items = kept.get("productOrderItem")
    if isinstance(items, list):
        wrong = list(_changed_states(items, "/productOrderItem", ITEM_STATES[order.state]))
        if wrong:
            raise ContractViolation(wrong)
        kept["productOrderItem"] = [_item_as_placed(item) for item in items]
    return kept


def _item_as_placed(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    kept = {name: value for name, value in item.items() if name != "state"}
    if isinstance(item.get("productOrderItem"), list):
        kept["productOrderItem"] = [_item_as_placed(nested) for nested in item["productOrderItem"]]
    return kept


def _changed_states(items: list[Any], at: str, state: str) -> Iterator[Violation]:
    for index, item in enumerate(items):
        if isinstance(item, dict):
            if item.get("state", state) != state:
                text = f"the state of an item cannot be changed: {SERVER_SET}"
                yield Violation(f"{at}/{index}/state", Code.UNEXPECTED_PROPERTY, text)
            nested = item.get("productOrderItem")
            if isinstance(nested, list):
                yield from _changed_states(nested, f"{at}/{index}/productOrderItem", state)


def _checked(body: Payload, version: Version) -> Payload:
    checked = version.contract.check_request("createProductOrder", body)
    if checked.violations:
        raise ContractViolation(checked.violations)
    result: Payload = checked.body
    return result
