"""Rules of the catalog that orders have to keep to: which are asked, where they are told, what is tolerated."""

from typing import Any

import pytest

from canonical.ordering.commands import ItemAction, LineRelationship, OrderLine, RelationshipType
from canonical.ordering.errors import (
    RULES,
    BundleCardinality,
    OfferingNotSoldAlone,
    OfferingRetired,
    RuleBroken,
)
from canonical.ordering.handlers import submit_order
from canonical.ordering.offers import Broken
from canonical.shared.errors import InvalidCommand
from tests.support.builders import BROADBAND, ROUTER, a_change, a_command, a_line
from tests.support.fakes import CountingIdentities, OfferingsOnSale, OnSale, SteppingClock
from tests.support.memory import Memory

RETIRED = Broken(OfferingRetired, "it is not sold any more", "/offering_id", {"since": "May"})


def submit(*offers: OnSale, **changes: Any) -> Any:
    memory = Memory(offerings=OfferingsOnSale(offers))
    with memory.unit_of_work() as work:
        return submit_order(a_command(**changes), work, SteppingClock(), CountingIdentities())


def test_a_broken_rule_is_told_at_its_field() -> None:
    with pytest.raises(OfferingRetired) as caught:
        submit(
            OnSale(BROADBAND), OnSale(ROUTER, rules=(RETIRED,)), lines=(a_line(), a_line(id="2", offering_id=ROUTER.id))
        )
    assert caught.value.pointer == "/lines/1/offering_id"
    assert (caught.value.message, caught.value.details) == ("it is not sold any more", {"since": "May"})


def test_a_rule_that_may_be_broken_is_not_told() -> None:
    order = submit(OnSale(BROADBAND, rules=(RETIRED,)), tolerated=(OfferingRetired.code,))
    assert order.items[0].offering == BROADBAND


def test_tolerating_one_rule_tolerates_no_other() -> None:
    more = Broken(RuleBroken, "never on Sundays")
    with pytest.raises(RuleBroken, match="never on Sundays") as caught:
        submit(OnSale(BROADBAND, rules=(RETIRED, more)), tolerated=(OfferingRetired.code,))
    assert caught.value.pointer == "/lines/0"


def nested(**changes: Any) -> OrderLine:
    return a_line(id="2", offering_id=ROUTER.id, quantity=1, **changes)


BUNDLED = LineRelationship(RelationshipType.BUNDLED_BY, "1")
BUNDLES = LineRelationship(RelationshipType.BUNDLES, "2")


@pytest.mark.parametrize(
    ("lines", "accepted"),
    [
        ((a_line(quantity=1), nested(part_of="1")), True),
        ((a_line(quantity=1), nested(relationships=(BUNDLED,))), True),
        ((a_line(quantity=1, relationships=(BUNDLES,)), nested()), True),
        ((a_line(quantity=1), nested()), False),
        ((nested(),), False),
    ],
)
def test_what_is_sold_in_bundles_only_stands_in_one(lines: tuple[OrderLine, ...], *, accepted: bool) -> None:
    offers = OnSale(BROADBAND, members=(ROUTER.id,)), OnSale(ROUTER, sold_alone=False)
    if accepted:
        assert len(submit(*offers, lines=lines).items) == len(lines)
        return
    with pytest.raises(OfferingNotSoldAlone) as caught:
        submit(*offers, lines=lines)
    assert caught.value.pointer == f"/lines/{len(lines) - 1}/offering_id"


def test_a_bundle_that_does_not_take_it_does_not_count() -> None:
    offers = OnSale(BROADBAND), OnSale(ROUTER, sold_alone=False)
    with pytest.raises(OfferingNotSoldAlone):
        submit(*offers, lines=(a_line(), nested(part_of="1")))


def test_a_bundle_counts_what_is_in_it() -> None:
    offers = OnSale(BROADBAND, members=("po_none",)), OnSale(ROUTER)
    with pytest.raises(BundleCardinality, match="3 of po_router_premium") as caught:
        submit(*offers, lines=(a_line(), a_line(id="2", offering_id=ROUTER.id, quantity=3, part_of="1")))
    assert caught.value.pointer == "/lines/0"


def test_what_is_disconnected_needs_no_bundle() -> None:
    offers = OnSale(BROADBAND), OnSale(ROUTER, sold_alone=False)
    line = a_change(action=ItemAction.DISCONNECT, offering_id=ROUTER.id)
    assert submit(*offers, lines=(line,)).items[0].offering == ROUTER


def test_every_rule_has_a_code_of_its_own() -> None:
    kinds = [RuleBroken, *RuleBroken.__subclasses__()]
    assert len(RULES) == len(kinds)
    assert all(issubclass(kind, InvalidCommand) for kind in RULES.values())
