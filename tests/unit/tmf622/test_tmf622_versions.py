"""What each version of TMF622 searches and shows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from canonical.audit.record import Mapped
from facade.contract.violations import ContractViolation
from facade.tmf.bridge import COMPLEMENT
from facade.tmf.engine.versions import Version
from tests.unit.tmf622.versions import V4, V4_TASK, V5, V5_TASK


@pytest.mark.parametrize(
    ("v4", "v5"),
    [
        ((), ()),
        (("externalId",), ("externalId", "id")),
        (("orderDate",), ("creationDate",)),
        (("relatedParty", "id"), ("relatedParty", "partyOrPartyRole", "id")),
    ],
)
def test_a_v4_name_is_searched_for_where_v5_documents_keep_its_value(v4: tuple[str, ...], v5: tuple[str, ...]) -> None:
    assert V4.searchable.find("filter", v4) == V5.searchable.find("filter", v5)


@pytest.mark.parametrize("version", [V5_TASK, V4_TASK], ids=["v5", "v4"])
@pytest.mark.parametrize("path", ["href", "productOrder.href"])
def test_what_depends_on_the_address_used_is_no_filter_of_cancellations(version: Version, path: str) -> None:
    with pytest.raises(ContractViolation, match=f"{path} depends on the address used"):
        version.searchable.find("filter", tuple(path.split(".")))


class Counted(list[Any]):
    """`times`: how often somebody went through it."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return super().__iter__()


def test_the_work_for_a_trail_does_not_grow_with_fields_times_what_is_set_aside() -> None:
    item = {"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}, "itemPrice": [{"name": "aside"}] * 2}
    sent = {"relatedParty": [{"id": "C1", "@referredType": "Customer"}], "productOrderItem": [item]}
    bridged = V4.lifted(sent)
    entries = Counted(bridged.body[COMPLEMENT])
    trail = tuple(Mapped(f"/productOrderItem/0/itemPrice/{index}", "/carried", "carried") for index in range(50))
    told = V4.client_trail(trail, replace(bridged, body=bridged.body | {COMPLEMENT: entries}), sent)
    assert told[0].source == "/productOrderItem/0/itemPrice/2"
    assert entries.times == 1
