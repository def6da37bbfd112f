"""What every store promises about assets and about the claims of orders on them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from canonical.inventory.asset import ASSETS, CustomerAsset
from canonical.inventory.commands import CorrectAsset, RecordAsset, RemoveAsset
from canonical.inventory.contents import AssetContents, AssetRelationship, RelationshipType
from canonical.inventory.errors import AssetExists, AssetInOrder, AssetInUse, AssetNotFound
from canonical.inventory.handlers import HANDLERS
from canonical.inventory.ports import Claim
from canonical.inventory.states import AssetStatus
from canonical.shared.errors import ConcurrentChange
from canonical.shared.reader import ALL
from tests.contract.conftest import Store
from tests.contract.keeping import at_once
from tests.support.fakes import CountingIdentities, StandingClock

PARTS = [Claim("a1", "o1", "1", "modify"), Claim("a2", "o1", "1.1", "modify")]
RECORDED = RecordAsset("acme", "C1", AssetContents(name="Line"), AssetStatus.ACTIVE, "moved here", "a1")
CORRECTED = CorrectAsset("a1", "acme", "C1", AssetContents(name="Fibre line"), AssetStatus.ACTIVE, "wrong name")
REMOVED = RemoveAsset("a1", "acme", "recorded twice")


def take(store: Store, *claims: Claim) -> Claim | None:
    with store.unit_of_work() as work:
        other: Claim | None = work.claims.take(claims)
        work.commit()
        return other


def release(store: Store, order_id: str) -> None:
    with store.unit_of_work() as work:
        work.claims.release(order_id)
        work.commit()


def of(store: Store, *asset_ids: str) -> list[Claim]:
    with store.unit_of_work() as work:
        claims: list[Claim] = work.claims.of(asset_ids)
        return claims


def handle(store: Store, *commands: RecordAsset | CorrectAsset | RemoveAsset) -> None:
    for command in commands:
        with store.unit_of_work() as work:
            HANDLERS[type(command)](command, work, StandingClock(), CountingIdentities())
            work.commit()


def asset(store: Store, asset_id: str = "a1") -> CustomerAsset:
    found: CustomerAsset = store.reads.aggregate(ASSETS, asset_id, ALL)
    return found


def test_claims_are_found_by_the_asset_until_their_order_ends(store: Store) -> None:
    assert take(store, *PARTS) is None
    assert of(store, "a2", "a1", "a3") == PARTS
    release(store, "o2")
    assert of(store, "a1", "a2") == PARTS, "another order has released nothing"
    release(store, "o1")
    assert of(store, "a1", "a2") == []
    assert take(store, replace(PARTS[0], order_id="o2")) is None


def test_one_claim_in_the_way_is_returned_and_none_is_taken(store: Store) -> None:
    take(store, PARTS[1])
    other = (Claim("a3", "o2", "1", "disconnect"), Claim("a2", "o2", "2", "disconnect"), Claim("a1", "o2", "3", "move"))
    assert take(store, *other) == PARTS[1]
    assert of(store, "a1", "a2", "a3") == [PARTS[1]]


def test_claims_are_given_up_with_their_unit_of_work(store: Store) -> None:
    with store.unit_of_work() as work:
        assert work.claims.take(PARTS) is None
        assert work.claims.of(("a1",)) == PARTS[:1], "it sees its own"
    assert of(store, "a1", "a2") == []


def test_of_many_orders_at_once_one_gets_the_assets_and_the_others_are_told_which(store: Store) -> None:
    def order(number: int) -> Claim | None:
        claims = [replace(one, order_id=f"o{number}") for one in PARTS]
        return take(store, *(claims if number % 2 else reversed(claims)))

    answers = at_once(8, order)
    (won,) = (f"o{number}" for number, other in enumerate(answers) if other is None)
    assert {one.order_id for one in answers if one is not None} == {won}
    assert {one.order_id for one in of(store, "a1", "a2")} == {won}


def test_who_waits_for_a_claim_that_is_released_gets_it(store: Store) -> None:
    take(store, *PARTS)
    begun = threading.Event()

    def wait() -> Claim | None:
        begun.set()
        return take(store, replace(PARTS[0], order_id="o2"))

    with ThreadPoolExecutor(1) as pool:
        with store.unit_of_work() as work:
            work.claims.release("o1")
            assert work.claims.take(PARTS[:1]) is None
            waiting = pool.submit(wait)
            begun.wait()
            work.claims.release("o1")
            work.commit()
        assert waiting.result() is None
    assert of(store, "a1") == [replace(PARTS[0], order_id="o2")]


def test_an_asset_is_recorded_corrected_and_removed(store: Store) -> None:
    handle(store, RECORDED, CORRECTED)
    found = asset(store)
    assert (found.contents, found.version) == (CORRECTED.contents, 2)
    assert [entry.cause.reason for entry in found.timeline] == ["moved here", "wrong name"]
    handle(store, REMOVED)
    with pytest.raises(AssetNotFound):
        asset(store)
    assert [kind for _, kind in store.events("a1")] == [
        "CustomerAssetCreated",
        "CustomerAssetChanged",
        "CustomerAssetRemoved",
    ]


def test_an_id_is_given_once(store: Store) -> None:
    def record(number: int) -> None:
        handle(store, replace(RECORDED, customer_id=f"C{number}"))

    answers = at_once(4, record)
    assert [type(one) for one in answers if one is not None] == [AssetExists] * 3
    (won,) = (number for number, refusal in enumerate(answers) if refusal is None)
    assert asset(store).customer_id == f"C{won}"


@pytest.mark.parametrize("command", [CORRECTED, REMOVED])
def test_an_asset_that_an_order_has_claimed_is_not_corrected(store: Store, command: CorrectAsset | RemoveAsset) -> None:
    handle(store, RECORDED)
    take(store, PARTS[0])
    with pytest.raises(AssetInOrder) as refused:
        handle(store, command)
    assert refused.value.details == {"assetId": "a1"}, "who corrects assets need not see the order"
    release(store, "o1")
    handle(store, command)
    assert take(store, PARTS[0]) is None, "the correction keeps no claim"


@pytest.mark.parametrize("command", [CORRECTED, REMOVED])
def test_a_correction_that_was_planned_on_another_version_is_refused(
    store: Store, command: CorrectAsset | RemoveAsset
) -> None:
    handle(store, RECORDED, CORRECTED)
    with pytest.raises(ConcurrentChange):
        handle(store, replace(command, expected_version=1))


def test_an_asset_that_another_one_names_is_not_removed(store: Store) -> None:
    bundle = AssetContents(relationships=(AssetRelationship(RelationshipType.BUNDLES, "a1"),))
    handle(store, RECORDED, replace(RECORDED, asset_id="a2", contents=bundle))
    with pytest.raises(AssetInUse) as refused:
        handle(store, REMOVED)
    assert refused.value.details == {"assetId": "a1", "by": "asset"}
    handle(store, replace(REMOVED, asset_id="a2"), REMOVED)
