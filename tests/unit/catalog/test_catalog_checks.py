"""Each fault that is put into the sample catalog is found, and nothing else is."""

import pytest

from canonical.catalog.checks.check import check
from canonical.catalog.checks.findings import WARNINGS
from canonical.catalog.checks.launch import check_sellable
from canonical.catalog.errors import NotSellable
from canonical.catalog.offering import OFFERING
from tests.support.builders import NOON
from tests.unit.catalog.faults import FAULTS, SAMPLE_ITEMS, catalog_after, catalog_of, found_after
from tests.unit.selling.sample_catalog import ShelfInMemory


def test_nothing_is_wrong_in_the_sample() -> None:
    assert check(catalog_of(SAMPLE_ITEMS)) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_with_its_place_and_a_remedy(name: str) -> None:
    kind, item_id, change, fault, pointer = FAULTS[name]
    found = found_after(kind, item_id, change)
    assert (fault, f"/contents{pointer}") in {(one.fault, one.pointer) for one in found}, found
    assert {one.fault for one in found} == {fault}, found
    assert all(one.message and one.remedy for one in found)


@pytest.mark.parametrize("name", [name for name, (kind, *_) in FAULTS.items() if kind == OFFERING])
def test_an_offering_with_an_error_is_not_launched(name: str) -> None:
    _, item_id, change, fault, _ = FAULTS[name]
    catalog = catalog_after(OFFERING, item_id, change)
    shelf = ShelfInMemory(*catalog.items.values())
    for one in catalog.of(OFFERING):
        errors = [found for found in check(catalog) if found.item_id == one.item_id and found.fault not in WARNINGS]
        if errors:
            with pytest.raises(NotSellable) as refused:
                check_sellable(one, shelf, NOON)
            assert (refused.value.pointer, refused.value.details["faults"]) == (errors[0].pointer, [fault])
        else:
            check_sellable(one, shelf, NOON)
