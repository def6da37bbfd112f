"""Whatever happens to the versions of an item, one of them counts at most, and the same one is found as in a replay."""

from random import Random

import pytest

from tests.support.cataloguing import ACTIVE, LAUNCHED, Cataloguing, a_category
from tests.support.histories import QUARTER, History, live
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory


def a_catalog() -> tuple[Cataloguing, ReadsFromMemory]:
    memory = Memory()
    return Cataloguing(memory.unit_of_work), ReadsFromMemory(memory)


def test_at_every_instant_of_any_life_one_version_counts_at_most() -> None:
    steps, refused, published = live(a_catalog, range(150), 20)
    assert refused < steps / 2
    assert published > steps / 6


def test_a_version_that_counts_beside_another_would_be_noticed() -> None:
    catalog, reads = a_catalog()
    history = History(catalog, reads, Random(1))
    first = catalog.create(a_category(status=ACTIVE), history.item)
    catalog.clock.at += QUARTER
    second = catalog.change(first, a_category("other"))
    history.check()
    kept = next(row.aggregate for (_, one), row in reads._memory.rows.items() if one == first.id)
    kept.valid_until = None
    with pytest.raises(AssertionError, match=r"\['1.0', '2.0'\] count"):
        history.check()
    kept.valid_until, kept.shown_until = second.valid_from, None
    kept.contents = a_category("changed").contents
    with pytest.raises(AssertionError, match="never changes"):
        history.check()


def test_a_version_that_is_found_at_another_time_would_be_noticed() -> None:
    catalog, reads = a_catalog()
    history = History(catalog, reads, Random(1))
    made = catalog.create(a_category(status=LAUNCHED), history.item)
    history.check()
    next(iter(reads._memory.rows.values())).aggregate.shown_from = made.created_at + QUARTER
    with pytest.raises(AssertionError, match="at 2026"):
        history.check()
