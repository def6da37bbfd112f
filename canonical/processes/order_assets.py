"""The installed base as ordering sees it: what orders hold, make and change of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from canonical.customers.errors import CustomerNotFound
from canonical.inventory.asset import ASSETS, Cause, CustomerAsset, differences
from canonical.inventory.contents import AssetContents, AssetOrder
from canonical.inventory.errors import AssetInOrder, AssetNotFound
from canonical.inventory.ports import Claim
from canonical.inventory.states import TRANSITIONS, AssetStatus, Trigger
from canonical.ordering.assets import HeldAsset
from canonical.ordering.commands import ItemAction, OrderLine, SubmitOrder
from canonical.ordering.errors import (
    ONE_AFTER_THE_OTHER,
    AmbiguousChange,
    AssetsTooMany,
    OrderNotFound,
    ProductNotFound,
    ProductOfAnotherCustomer,
    ProductUnchanged,
    TwoItemsOneAsset,
)
from canonical.ordering.items import UNWISHED, Instantiation, ItemAssets, OrderedOffering, OrderItem
from canonical.ordering.lines import CHANGES_A_PRODUCT
from canonical.ordering.offers import Broken, refuse
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.states import State
from canonical.ordering.wishes import ChosenCharacteristic
from canonical.processes.asset_claims import ClaimingWork, claim_at_start
from canonical.processes.asset_contents import (
    charge_for,
    contents_after,
    contents_as_ordered,
    contents_of_part_after,
    says_more,
    wished_quantity,
    without_its_customer,
)
from canonical.processes.asset_relations import relations_of_added, relations_since
from canonical.processes.asset_rules import TRIGGERS, allowed_actions, broken_rules, parts_of, shortened_terms
from canonical.shared.errors import ConcurrentChange
from canonical.shared.ports import Clock, Identities
from canonical.shared.reader import Reader

LONGEST_ID = 36
"""Characters of an asset's id. A longer one is nobody's."""
MOST_IN_ORDER = 1_000
"""Products that one order makes at most: all of them are written in one transaction."""


class OrderAssets:
    """The `Assets` of ordering, inside the unit of work `work`. A line makes at most `most` products.

    `future_claims_at_start`: an order that is to begin later claims what it changes then, and not when it is
    acknowledged.
    """

    def __init__(self, work: ClaimingWork, clock: Clock, most: int, future_claims_at_start: bool = False) -> None:
        self._work = work
        self._clock = clock
        self._most = most
        self._future_claims_at_start = future_claims_at_start
        self._judged: set[str] = set()

    # --- before the order is acknowledged ----------------------------------------------------------------------------

    def hold(self, command: SubmitOrder, order_id: str) -> Mapping[str, HeldAsset]:
        reader = command.reader or Reader(command.owner)
        named: dict[str, tuple[int, OrderLine]] = {}
        for index, line in enumerate(command.lines):
            if line.action in CHANGES_A_PRODUCT and line.product_id is not None:
                self._name(command, index, line, named, reader)
        start = command.requested_start if self._future_claims_at_start else None
        if start is None or start <= self._clock.now():
            self._claim(named, order_id, reader)
        self._judged |= named.keys()
        held = {}
        for index, line in named.values():
            asset = self._get(line.product_id or "")
            action = self._meant(line, index, asset)
            for broken in self._broken(asset, replace(line, action=action), command):
                refuse(command, index, broken)
            held[line.id] = _held(asset, action)
        return held

    def _meant(self, line: OrderLine, index: int, asset: CustomerAsset) -> ItemAction:
        """What the line asks of the asset. Raises AmbiguousChange for a move that would change the status, too."""
        if line.if_active is not None and asset.state is AssetStatus.ACTIVE and says_more(line, asset.contents):
            return line.if_active
        if line.if_active is ItemAction.MOVE and line.action in allowed_actions(asset.state):
            raise AmbiguousChange(ONE_AFTER_THE_OTHER, pointer=f"/lines/{index}/action")
        return line.action

    def _name(
        self, command: SubmitOrder, index: int, line: OrderLine, named: dict[str, tuple[int, OrderLine]], reader: Reader
    ) -> None:
        product_id = line.product_id or ""
        owner = line.wishes.customer_id
        if owner is not None and not reader.may_act_for(owner):
            raise CustomerNotFound.named(owner, f"/lines/{index}/wishes/customer_id")
        asset = self._seen(product_id, reader)
        if asset is None:
            text = "there is no such product of a customer"
            refuse(command, index, Broken(ProductNotFound, text, "/product_id", {"productId": product_id}))
        elif product_id in named:
            text = "two items change the same product; send one item, or two orders"
            other = named[product_id][0]
            pointer = f"/lines/{index}/product_id"
            raise TwoItemsOneAsset(text, pointer=pointer, productId=product_id, other=other)
        else:
            named[product_id] = index, line

    def _seen(self, product_id: str, reader: Reader) -> CustomerAsset | None:
        """The asset, if there is one that the client sees."""
        if not product_id or len(product_id) > LONGEST_ID:
            return None
        try:
            asset = self._get(product_id)
        except AssetNotFound:
            return None
        return asset if reader.sees(asset.owner, asset.customer_id) else None

    def _claim(self, named: Mapping[str, tuple[int, OrderLine]], order_id: str, reader: Reader) -> None:
        """Claim the assets with their parts, and read them again: now nobody else changes them.

        Raises AssetInOrder, or ConcurrentChange if a bundle got other parts before it was claimed.
        """
        wanted: dict[str, tuple[int, OrderLine]] = dict(named)
        for asset_id, line in named.items():
            for part in self._parts(asset_id):
                wanted.setdefault(part, line)
        claims = [Claim(asset_id, order_id, line.id, line.action.value) for asset_id, (_, line) in wanted.items()]
        other = self._work.claims.take(claims)
        if other is not None:
            raise self._in_order(other, wanted[other.asset_id][0], reader)
        for asset_id in wanted:
            self._work.repository(ASSETS).forget(asset_id)
        if any(part not in wanted for asset_id in named for part in self._parts(asset_id)):
            raise ConcurrentChange("a product was changed by somebody else meanwhile: send the order again")

    def _in_order(self, other: Claim, index: int, reader: Reader) -> AssetInOrder:
        told = {"assetId": other.asset_id}
        try:
            order = self._work.repository(ORDERS).get(other.order_id)
        except OrderNotFound:
            order = None  # it is being corrected
        if order is not None and reader.sees(order.owner, order.customer_id):
            text, told = f"order {order.id} is about to change the product", told | {"orderId": order.id}
        else:
            text = "an order that has not ended is about to change the product"
        return AssetInOrder(text, pointer=f"/lines/{index}/product_id", **told)

    def _broken(self, asset: CustomerAsset, line: OrderLine, command: SubmitOrder) -> Iterator[Broken]:
        if asset.customer_id != command.customer_id:
            details = {"productId": asset.id, "customerId": asset.customer_id}
            text = f"the product is one of customer {asset.customer_id}"
            yield Broken(ProductOfAnotherCustomer, text, "/product_id", details)
        own = {one.product_id for one in command.lines if one.action in CHANGES_A_PRODUCT}
        parts, at = [self._get(one) for one in self._parts(asset.id) if one not in own], self._clock.now()
        yield from broken_rules(asset, line.action, at, parts)
        if line.action not in UNWISHED:
            yield from shortened_terms(asset, line.wishes.terms, at)

    # --- when it is acknowledged -------------------------------------------------------------------------------------

    def acknowledge(
        self,
        order: Order,
        command: SubmitOrder,
        becoming: Mapping[str, OrderedOffering],
        identities: Identities,
        at: datetime,
        former: Sequence[OrderItem] = (),
    ) -> Mapping[str, ItemAssets]:
        reusable = {item.id: list(item.assets.ids) for item in former if item.action is ItemAction.ADD}
        found: dict[str, ItemAssets] = {}
        made = 0
        for index, item in enumerate(order.items):
            if item.added is not None:
                count = self._count(command, index, item, item.added, made)
                made += count
                ids = reusable.pop(item.id, [])[:count] if item.id in reusable else []
                ids += [identities.new_id() for _ in range(count - len(ids))]
                found[item.id] = ItemAssets(tuple(ids))
            elif item.action in CHANGES_A_PRODUCT and item.product_id in self._judged:
                found[item.id] = self._change(command, index, item, becoming.get(item.id), at)
        self._make(order, found, at)
        self._drop(order, {one for assets in found.values() for one in assets.ids}, former, at)
        return found

    def _count(self, command: SubmitOrder, index: int, item: OrderItem, offering: OrderedOffering, made: int) -> int:
        """How many assets an added item makes, after the items before it made so many."""
        if offering.instantiation is not Instantiation.SERIALIZED:
            return int(offering.instantiation is Instantiation.COUNTED)
        most = min(self._most, MOST_IN_ORDER - made)
        if item.quantity > most:
            text = f"an item makes at most {self._most} products, and an order {MOST_IN_ORDER}; send several orders"
            details = {"quantity": item.quantity, "most": most}
            refuse(command, index, Broken(AssetsTooMany, text, "/quantity", details))
            return 1
        return item.quantity

    def _change(
        self, command: SubmitOrder, index: int, item: OrderItem, becomes: OrderedOffering | None, at: datetime
    ) -> ItemAssets:
        asset = self._get(item.product_id or "")
        charge = None
        if becomes is not None:
            charge = charge_for(asset.contents, becomes, wished_quantity(asset.contents, item, becomes))
        assets = ItemAssets((asset.id,), becomes, charge, None if item.wishes.quantity else asset.contents.quantity)
        given_away = item.wishes.customer_id not in (None, asset.customer_id)
        if item.action in (ItemAction.MODIFY, ItemAction.MOVE) and not given_away:
            after = contents_after(asset.contents, item.with_assets(assets), at)
            if not differences(asset.contents, after):
                text = "the product is like that already"
                refuse(command, index, Broken(ProductUnchanged, text, "/product_id", {"productId": asset.id}))
        return assets

    def _make(self, order: Order, found: Mapping[str, ItemAssets], at: datetime) -> None:
        """Make what is added, or bring what was made before to what is ordered now."""
        for item in order.items:
            if item.added is None:
                continue
            for number, asset_id in enumerate(found[item.id].ids):
                contents = replace(
                    contents_as_ordered(item, item.added, at),
                    relationships=tuple(relations_of_added(item, number, order, found)),
                    quantity=item.quantity if len(found[item.id].ids) < item.quantity else 1,
                )
                self._put(order, item, asset_id, contents, at)
            made = [Claim(one, order.id, item.id, item.action.value) for one in found[item.id].ids]
            self._work.claims.take(made)

    def _put(self, order: Order, item: OrderItem, asset_id: str, contents: AssetContents, at: datetime) -> None:
        cause = _cause(order, item)
        try:
            asset = self._get(asset_id)
        except AssetNotFound:
            status = AssetStatus.PENDING_ACTIVE
            made = CustomerAsset.create(asset_id, order.owner, order.customer_id, contents, status, cause, at)
            self._work.repository(ASSETS).add(made)
            return
        _apply(asset, Trigger.CORRECT, cause, at, contents, order.customer_id)

    def _drop(self, order: Order, kept: set[str], former: Sequence[OrderItem], at: datetime) -> None:
        for item in former:
            for asset_id in item.assets.ids if item.action is ItemAction.ADD else ():
                if asset_id not in kept:
                    _apply(self._get(asset_id), Trigger.CANCEL, _cause(order, item), at)

    def derive(self, order: Order, identities: Identities) -> int:
        """Make what a completed order added before assets were kept; returns how many there are now.

        What it changed is not known here. So many of one item that nobody would order them today are one asset.
        """
        times = {entry.state: entry.at for entry in order.timeline}
        completed_at = times.get(State.COMPLETED)
        if completed_at is None or any(item.assets.ids for item in order.items):
            return 0
        counts = {item.id: self._derived(item) for item in order.items if item.added is not None}
        made = {name: ItemAssets(tuple(identities.new_id() for _ in range(count))) for name, count in counts.items()}
        self._make(order, made, order.submitted_at)
        order.assign(made)
        self.complete(order, completed_at)
        return sum(counts.values())

    def _derived(self, item: OrderItem) -> int:
        kept_one_by_one = item.added is not None and item.added.instantiation is Instantiation.SERIALIZED
        return item.quantity if kept_one_by_one and item.quantity <= self._most else 1

    # --- when it begins ----------------------------------------------------------------------------------------------

    def begin(self, order: Order) -> None:
        claim_at_start(order, self._work, self._get, self._clock.now())

    def let_go(self, order: Order) -> None:
        self._work.claims.release(order.id)

    # --- when it ends ------------------------------------------------------------------------------------------------

    def complete(self, order: Order, at: datetime) -> None:
        for item in order.items:
            cause = _cause(order, item)
            if item.action is ItemAction.ADD:
                for asset_id in item.assets.ids:
                    _apply(self._get(asset_id), Trigger.ACTIVATE, cause, at)
            elif item.assets.ids:
                self._carry_out(order, item, cause, at)
        self._work.claims.release(order.id)

    def fail(self, order: Order, at: datetime) -> None:
        self._give_up(order, Trigger.ABORT, at)

    def cancel(self, order: Order, at: datetime) -> None:
        self._give_up(order, Trigger.CANCEL, at)

    def _give_up(self, order: Order, trigger: Trigger, at: datetime) -> None:
        for item in order.items:
            for asset_id in item.assets.ids if item.action is ItemAction.ADD else ():
                _apply(self._get(asset_id), trigger, _cause(order, item), at)
        self._work.claims.release(order.id)

    def _carry_out(self, order: Order, item: OrderItem, cause: Cause, at: datetime) -> None:
        [asset_id] = item.assets.ids
        asset, trigger, owner = self._get(asset_id), TRIGGERS[item.action], item.wishes.customer_id
        own = {one for other in order.items if other.id != item.id for one in other.assets.ids}
        claimed = {one.asset_id for one in self._work.claims.of(self._parts(asset_id)) if one.order_id == order.id}
        for part_id in sorted(claimed):
            if part_id not in own and item.action is not ItemAction.MODIFY:
                part = self._get(part_id)
                if (part.state, trigger) in TRANSITIONS:
                    _apply(part, trigger, cause, at, contents_of_part_after(_kept_by(owner, part), item), owner)
        after = contents_after(_kept_by(owner, asset), item, at)
        known = set(after.relationships)
        added = [one for one in relations_since(item, order) if one not in known]
        _apply(asset, trigger, cause, at, replace(after, relationships=(*after.relationships, *added)), owner)

    # --- assets ------------------------------------------------------------------------------------------------------

    def _get(self, asset_id: str) -> CustomerAsset:
        return self._work.repository(ASSETS).get(asset_id)

    def _parts(self, asset_id: str) -> list[str]:
        return parts_of(asset_id, self._get)


def _apply(
    asset: CustomerAsset,
    trigger: Trigger,
    cause: Cause,
    at: datetime,
    contents: AssetContents | None = None,
    customer_id: str | None = None,
) -> None:
    """Change it, as far as its status allows: an order that was tolerated may do what the table does not have."""
    if (asset.state, trigger) not in TRANSITIONS:
        trigger = Trigger.CORRECT
    stays = TRANSITIONS[asset.state, trigger] is asset.state and customer_id in (None, asset.customer_id)
    if stays and (contents is None or not differences(asset.contents, contents)):
        return
    asset.change(trigger, cause, at, contents, customer_id)


def _kept_by(owner: str | None, asset: CustomerAsset) -> AssetContents:
    return asset.contents if owner in (None, asset.customer_id) else without_its_customer(asset.contents)


def _held(asset: CustomerAsset, action: ItemAction) -> HeldAsset:
    values = tuple(ChosenCharacteristic(one.name, one.type, one.text) for one in asset.contents.characteristics)
    offering = asset.contents.offering
    return HeldAsset(asset.id, action, None if offering is None else offering.id, values)


def _cause(order: Order, item: OrderItem) -> Cause:
    return Cause(item.reason or "ordered", order.owner, AssetOrder(order.id, item.id, item.action.value))
