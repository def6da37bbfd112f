"""Orders of any kind with any fate, and what orders, assets, claims and BSS's ledger should be like afterwards."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import strategies as st

from adapters.backends.bss import to_bss_order
from canonical.inventory.states import TRANSITIONS, AssetStatus
from canonical.ordering.commands import ItemAction, OrderLine
from canonical.ordering.order import Order
from canonical.ordering.states import State
from canonical.ordering.wishes import ChosenCharacteristic, WishedPlace, Wishes
from canonical.processes.asset_rules import TRIGGERS
from canonical.processes.progress import Progress
from canonical.shared.errors import BackendRefused, Conflict, InvalidCommand, OutcomeUnknown
from tests.support.builders import BROADBAND, a_change, a_line
from tests.support.fakes import DeclinesEverything, Journal, OfferingsOnSale, TakesMoney, TakesOrders
from tests.unit.processes.asset_orders import Base
from tests.unit.processes.placing import Placing

ON_SALE = OfferingsOnSale([replace(BROADBAND, prices=())])
COLOURS, PLACES = ("black", "white"), ("LOC-1", "LOC-2")
DECLINED = "payment declined"
REFUSED, CANCELLED, OPEN = "refused by BSS", "cancelled", "still under way"
LOST_BEFORE, LOST_AFTER = "call lost", "answer lost"
CRASHES = {f"crash at call {number}": number for number in range(1, 5)}
FATES = (None, REFUSED, DECLINED, CANCELLED, OPEN, LOST_BEFORE, LOST_AFTER, *CRASHES)
WITHOUT_SUCCESS = (REFUSED, CANCELLED)


class Crash(Exception):
    pass


class Crashing(Journal):
    """The node dies after call `number`, before its answer is recorded, once."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number

    def recorded(self, name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        def made() -> dict[str, Any]:
            answer = call()
            self._left -= 1
            if self._left == 0:
                raise Crash
            return answer

        return super().recorded(name, made)


@dataclass
class Bss(TakesOrders):
    """Keeps the bodies that it was sent. The first call for an order has the fate of that order."""

    bodies: dict[str, Any] = field(default_factory=dict)
    fate: str | None = None

    def create(self, order: Order, reservations: Any, key: str) -> str:
        fate, self.fate = self.fate, None
        if fate == REFUSED:
            raise BackendRefused("no", backend="bss", operation="createOrder", status=409)
        if fate == LOST_BEFORE:
            raise OutcomeUnknown("no answer")
        self.bodies[order.id] = to_bss_order(order, {})
        number = super().create(order, reservations, key)
        if fate == LOST_AFTER:
            raise OutcomeUnknown("no answer")
        return number


@dataclass(frozen=True)
class Wish:
    """One item: something new, or what is to happen to the asset `number`, of those that there are."""

    number: int
    action: ItemAction
    colour: str
    place: str


@dataclass
class World:
    """The products, and what they should be like."""

    base: Base
    bss: Bss = field(default_factory=Bss)
    expected: dict[str, tuple[AssetStatus, str | None, str | None]] = field(default_factory=dict)
    under_way: list[Placing] = field(default_factory=list)
    ended: list[Placing] = field(default_factory=list)

    def order(self, wishes: list[Wish], fate: str | None) -> None:
        lines = [self._line(str(number), wish) for number, wish in enumerate(wishes)]
        before = (dict(self.base.memory.rows), dict(self.base.memory.claims))
        payments = DeclinesEverything() if fate == DECLINED else TakesMoney()
        if not self._acceptable(lines):
            with pytest.raises((InvalidCommand, Conflict)):
                self.base.placing(*lines, bss=self.bss)
            assert (self.base.memory.rows, self.base.memory.claims) == before
            return
        placing = self.base.placing(*lines, bss=self.bss, payments=payments)
        for item in placing.kept.items:
            if item.action is ItemAction.ADD:
                self.expected[item.assets.ids[0]] = (AssetStatus.PENDING_ACTIVE, None, None)
        self.under_way.append(placing)
        if fate == CANCELLED:
            placing.cancel()
        if fate != OPEN:
            self.finish(placing, fate)

    def finish(self, placing: Placing, fate: str | None) -> None:
        self.bss.fate = fate
        journal = Crashing(CRASHES[fate]) if fate in CRASHES else Journal()
        with suppress(Crash):
            placing.part(Progress(), journal)
        placing.part(Progress(), journal)  # another node does it all again, with what is on record
        order = placing.carry_out(journal)
        # Not `remove`: two orders of the same contents are equal.
        self.under_way = [one for one in self.under_way if one is not placing]
        self.ended.append(placing)
        failed = fate in WITHOUT_SUCCESS or (fate == DECLINED and order.amount is not None)
        assert (order.state is State.COMPLETED) is not failed
        for item in order.items:
            self._expect(item, order.state)
        self.bss.fate = None

    def check(self) -> None:
        assets = self.base.assets
        found = {}
        for name, asset in assets.items():
            colours = [one.text for one in asset.contents.characteristics]
            places = [one.id for one in asset.contents.places]
            found[name] = (asset.state, *(one[0] if one else None for one in (colours, places)))
            statuses = [entry.status for entry in asset.timeline]
            steps = zip(statuses, asset.timeline[1:], strict=False)
            assert all(TRANSITIONS[status, entry.trigger] is entry.status for status, entry in steps)
        assert found == self.expected
        claims = {name: claim.order_id for name, claim in self.base.memory.claims.items()}
        assert claims == {
            name: placing.order_id
            for placing in self.under_way
            for item in placing.kept.items
            for name in item.assets.ids
        }
        for placing in self.ended:
            self._check_ledger(placing.kept)

    def _check_ledger(self, order: Order) -> None:
        if order.state is not State.COMPLETED:
            assert self.bss.taken.get(order.id) in {None, *self.bss.cancelled}
            return
        assert self.bss.taken[order.id] not in self.bss.cancelled
        for item, told in zip(order.items, self.bss.bodies[order.id]["items"], strict=True):
            assert told["assetIds"] == list(item.assets.ids)
            assert told.get("characteristics", []) == [{"name": one.name, "value": one.text} for one in item.chosen]
            assert told.get("places", []) == [{"role": one.role, "id": one.id} for one in item.wishes.places]

    def _line(self, line_id: str, wish: Wish) -> OrderLine:
        known = list(self.base.assets)
        if wish.action is ItemAction.ADD or not known:
            return a_line(id=line_id, quantity=1)
        asset_id = known[wish.number % len(known)]
        line = a_change(id=line_id, action=wish.action, product_id=asset_id)
        if wish.action is ItemAction.MODIFY:
            return replace(line, characteristics=(ChosenCharacteristic("colour", "TEXT", wish.colour),))
        if wish.action is ItemAction.MOVE:
            return replace(line, wishes=Wishes(places=(WishedPlace("at", wish.place),)))
        return line

    def _acceptable(self, lines: list[OrderLine]) -> bool:
        changes = [line for line in lines if line.action is not ItemAction.ADD]
        return len({line.product_id for line in changes}) == len(changes) and all(map(self._is_possible, changes))

    def _is_possible(self, line: OrderLine) -> bool:
        status, colour, place = self.expected[line.product_id or ""]
        wished: list[str | None] = [one.text for one in line.characteristics]
        wished += [one.id for one in line.wishes.places]
        free = line.product_id not in self.base.memory.claims
        return free and (status, TRIGGERS[line.action]) in TRANSITIONS and wished not in ([colour], [place])

    def _expect(self, item: Any, state: State) -> None:
        [name] = item.assets.ids
        status, colour, place = self.expected[name]
        if item.action is ItemAction.ADD:
            after = {State.COMPLETED: AssetStatus.ACTIVE, State.FAILED: AssetStatus.ABORTED}
            self.expected[name] = (after.get(state, AssetStatus.CANCELLED), colour, place)
        elif state is State.COMPLETED:
            colour = item.chosen[0].text if item.chosen else colour
            place = item.wishes.places[0].id if item.wishes.places else place
            self.expected[name] = (TRANSITIONS[status, TRIGGERS[item.action]], colour, place)


wishes = st.builds(
    Wish,
    st.integers(0, 5),
    st.sampled_from([ItemAction.ADD, *TRIGGERS]),
    st.sampled_from(COLOURS),
    st.sampled_from(PLACES),
)
orders = st.tuples(st.lists(wishes, min_size=1, max_size=3), st.sampled_from(FATES))
sequences = st.lists(orders, min_size=1, max_size=12)
last_fates = st.sampled_from([None, REFUSED, LOST_AFTER, *CRASHES])


def carry_out(world: World, sequence: list[tuple[list[Wish], str | None]], last: str | None) -> None:
    """The orders one after the other, and in the end those that are under way; everything is checked after each."""
    for asked, fate in sequence:
        world.order(asked, fate)
        world.check()
    for placing in list(world.under_way):
        world.finish(placing, last)
        world.check()
    assert world.base.claimed == {}
