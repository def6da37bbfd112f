"""What every store promises about orders that are changed before the work on them, and what is carried for them."""

from typing import Any

import pytest

from canonical.ordering.commands import AmendOrder, SubmitDraft
from canonical.ordering.errors import OrderNotFound
from canonical.ordering.handlers import PLACE_ORDER, reject_order, submit_order
from canonical.ordering.order import ORDERS
from canonical.ordering.states import State
from canonical.shared import jsontext
from canonical.shared.reader import ALL, Reader
from tests.contract.changing import AMENDED, annotate, ask, document, say
from tests.contract.conftest import Store
from tests.contract.keeping import (
    CARRIED,
    LATER,
    change,
    complete,
    keep,
    order_id,
    start,
)
from tests.support.builders import (
    ROUTER,
    a_command,
    a_rejection,
    an_order,
)
from tests.support.fakes import (
    CountingIdentities,
    StandingClock,
)

REPLACED = {"note": [{"text": "ä"}], "other": {}}


def show(work: Any, carried: dict[str, Any]) -> dict[str, Any]:
    """The first order's document, once this is carried for it."""
    work.repository(ORDERS).carry(order_id(1), carried)
    found: dict[str, Any] = jsontext.read_kept(work.repository(ORDERS).shown(order_id(1))[0])
    return found


def test_a_draft_is_kept_changed_and_submitted(store: Store) -> None:
    with store.unit_of_work() as work:
        draft = submit_order(a_command(draft=True), work, StandingClock(), CountingIdentities())
        work.repository(ORDERS).carry(draft.id, CARRIED)
        work.commit()
    assert (draft.version, store.reads.aggregate(ORDERS, draft.id, Reader("partner-acme"))) == (1, draft)
    assert document(store, draft.id) == {"id": draft.id, "state": "DRAFT", "carried": CARRIED}
    assert store.process(PLACE_ORDER, draft.id) is None

    amended, _ = ask(store, AmendOrder(draft.id, 1, AMENDED), REPLACED)
    assert (amended.version, store.reads.aggregate(ORDERS, draft.id, ALL)) == (2, amended)
    assert [(item.id, item.offering and item.offering.id, item.product_id) for item in amended.items] == [
        ("x", ROUTER.id, None),
        ("y", None, "PRD1"),
    ]
    assert document(store, draft.id) == {"id": draft.id, "state": "DRAFT", "carried": REPLACED}

    submitted, _ = ask(store, SubmitDraft(draft.id, 2, AMENDED))
    assert (submitted.version, store.reads.aggregate(ORDERS, draft.id, ALL)) == (3, submitted)
    assert store.reads.state_of(ORDERS, draft.id) == State.ACKNOWLEDGED
    assert store.reads.document(ORDERS, draft.id, ALL).version == 3
    assert store.process(PLACE_ORDER, draft.id) == "scheduled"
    assert store.events(draft.id) == [(1, "OrderDrafted"), (2, "OrderAmended"), (3, "OrderSubmitted")]


def test_a_rejected_order_is_kept_in_its_second_version(store: Store) -> None:
    with store.unit_of_work() as work:
        work.repository(ORDERS).carry(None, CARRIED)
        order = reject_order(a_rejection(), work, StandingClock(), CountingIdentities())
        work.save()
        acknowledged, version = work.repository(ORDERS).shown(order.id)
        work.commit()
    assert version == 1
    assert jsontext.read_kept(acknowledged) == {"id": order.id, "state": "ACKNOWLEDGED", "carried": CARRIED}
    assert (order.version, store.reads.aggregate(ORDERS, order.id, Reader("partner-acme"))) == (2, order)
    assert store.reads.document(ORDERS, order.id, ALL).version == 2
    assert document(store, order.id) == {"id": order.id, "state": "REJECTED", "carried": CARRIED}
    assert store.events(order.id) == [(1, "OrderSubmitted"), (2, "OrderRejected")]
    assert change(store, order.id, annotate).version == 3


def test_a_version_counts_what_was_saved_of_an_order(store: Store) -> None:
    order = an_order()
    start(order)
    assert keep(store, order).version == 1
    with store.unit_of_work() as work:
        kept = work.repository(ORDERS).get(order.id)
        annotate(kept)
        work.save()
        annotate(kept)
        work.commit()
    assert kept.version == 3
    assert store.reads.document(ORDERS, order.id, ALL).version == 3
    assert change(store, order.id, complete).version == 4


def test_what_is_carried_for_a_kept_order_replaces_what_was(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    changed, text = ask(store, say(order_id(1), 1), REPLACED)
    assert changed.version == 2
    assert (
        jsontext.read_kept(text)
        == document(store, order_id(1))
        == {
            "id": order_id(1),
            "state": "ACKNOWLEDGED",
            "carried": REPLACED,
        }
    )
    change(store, order_id(1), start)
    assert document(store, order_id(1))["carried"] == REPLACED, "through the changes that come after too"
    ask(store, say(order_id(1), 2), {})
    assert document(store, order_id(1))["carried"] == {}


def test_an_order_is_read_with_what_is_carried_for_it_and_its_document(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    keep(store, an_order(id=order_id(2)))
    changed, text = ask(store, say(order_id(1), 1), REPLACED)
    for reader in (Reader("partner-acme"), ALL):
        order, carried, kept = store.reads.to_change(ORDERS, order_id(1), reader)
        assert (order, carried, kept.document, kept.version) == (changed, REPLACED, text, 2)
    assert store.reads.to_change(ORDERS, order_id(2), ALL)[1] == {}
    for name, reader in ((order_id(1), Reader("portal")), (order_id(3), ALL)):
        with pytest.raises(OrderNotFound):
            store.reads.to_change(ORDERS, name, reader)


def test_what_is_carried_replaces_what_was_carried_before_in_the_same_unit_of_work(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    with store.unit_of_work() as work:
        assert show(work, REPLACED)["carried"] == REPLACED
        assert show(work, {})["carried"] == {}
    assert document(store, order_id(1))["carried"] == CARRIED, "nothing of it was committed"


def test_what_is_carried_for_an_order_that_nothing_happens_to_is_kept_in_a_new_version(store: Store) -> None:
    keep(store, an_order(), CARRIED)
    with store.unit_of_work() as work:
        work.repository(ORDERS).carry(order_id(1), REPLACED)
        work.commit()
    assert document(store, order_id(1))["carried"] == REPLACED
    assert store.reads.aggregate(ORDERS, order_id(1), ALL).version == 2
    assert len(store.events(order_id(1))) == 1


def test_the_document_shows_the_order_as_it_is_when_it_is_asked_for(store: Store) -> None:
    keep(store, an_order())
    with store.unit_of_work() as work:
        order = work.repository(ORDERS).get(order_id(1))
        assert show(work, CARRIED)["state"] == "ACKNOWLEDGED"
        order.start(LATER)
        assert show(work, REPLACED)["state"] == "FULFILLING"
        order.annotate((), LATER)
        work.commit()
    assert document(store, order_id(1)) == {"id": order_id(1), "state": "FULFILLING", "carried": REPLACED}
