"""Files brought into the catalog, and what orders find of it, on SQLite and on PostgreSQL."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.persistence.catalog_files import FileError, read_items
from adapters.persistence.database import Database
from adapters.persistence.tables import documents
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.catalog.commands import ChangeItem, RemoveItem
from canonical.catalog.errors import ItemInUse
from canonical.catalog.handlers import change_item, remove_item
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.loading import Outcome
from canonical.catalog.offering import OFFERINGS
from canonical.catalog.selling import ONLY_LAUNCHED, SOLD
from canonical.ordering.handlers import submit_order
from canonical.ordering.order import ORDERS, Order
from canonical.shared.money import Money
from facade.bootstrap.catalog import SAMPLE, files_in, findings, load, read_files
from facade.bootstrap.declared import projectors
from facade.clock import SystemClock
from facade.identities import SortableIdentities
from tests.support.builders import a_command, a_line, euros

IDENTITIES = SortableIdentities()


def a_line_of_file(version: str = "1", price: str = "10.00 EUR", **more: Any) -> bytes:
    prices = [{"contents": {"name": "p", "charge_type": "ONE_TIME", "amount": price}}]
    contents = {"name": "New", "sku": "SKU-NEW", "prices": prices}
    return orjson.dumps(
        {"kind": "offering", "id": "po_new", "version": version, "status": "LAUNCHED", "contents": contents, **more}
    )


def loaded(database: Database, *lines: bytes) -> Counter[Outcome]:
    return load(database, read_items(b"\n".join(lines)))


def work(database: Database, sold: Any = SOLD) -> SqlUnitOfWork:
    return SqlUnitOfWork(database, projectors(), SystemClock(), sold)


def current(database: Database, sku: str = "SKU-NEW") -> tuple[str, Money | None] | None:
    with work(database) as unit:
        by_id, by_sku = unit.offerings.by_id("po_new"), unit.offerings.by_sku(sku)
        if by_id is None or by_sku is None:
            assert by_id is by_sku
            return None
        ordered = by_id.ordered(a_line())
        assert ordered == by_sku.ordered(a_line())
        return ordered.version, ordered.one_time


def test_the_sample_is_loaded_once_and_nothing_is_wrong_in_it(database: Database) -> None:
    items = read_files(files_in(SAMPLE))
    assert load(database, items) == {Outcome.UNCHANGED: len(items)}, "the schema template has them"
    assert findings(database) == []
    assert sum(one.kind is OFFERINGS for one in items) >= 60


def test_how_much_is_loaded_is_told(database: Database) -> None:
    told: list[int] = []
    load(database, read_items(b"\n".join((a_line_of_file(), a_line_of_file("2")))), told.append)
    assert told == [1, 2]


def test_a_new_version_becomes_the_current_one_and_loading_again_changes_nothing(database: Database) -> None:
    assert loaded(database, a_line_of_file()) == {Outcome.ADDED: 1}
    assert current(database) == ("1", euros("10.00"))
    both = a_line_of_file(), a_line_of_file("2", "12.00 EUR")
    assert loaded(database, *both) == {Outcome.UNCHANGED: 1, Outcome.ADDED: 1}
    assert current(database) == ("2", euros("12.00"))
    assert loaded(database, *both) == {Outcome.UNCHANGED: 2}


def test_what_is_published_never_changes(database: Database) -> None:
    loaded(database, a_line_of_file())
    with pytest.raises(FileError, match="line 1: version 1 of po_new is published with other contents"):
        loaded(database, a_line_of_file(price="11.00 EUR"))
    assert current(database) == ("1", euros("10.00"))


def test_a_line_that_is_refused_is_told_with_its_file(database: Database, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_bytes(a_line_of_file())
    second.write_bytes(a_line_of_file(price="11.00 EUR"))
    with pytest.raises(FileError, match=f"^{re.escape(str(second))}: line 1: version 1 of po_new is published"):
        load(database, read_files([first, second]))


def test_a_draft_is_changed_in_place_and_then_published(database: Database) -> None:
    draft = a_line_of_file(status="IN_STUDY")
    assert loaded(database, draft) == {Outcome.ADDED: 1}
    assert loaded(database, a_line_of_file(price="11.00 EUR", status="IN_STUDY")) == {Outcome.CHANGED: 1}
    assert loaded(database, a_line_of_file(price="11.00 EUR")) == {Outcome.CHANGED: 1}
    assert loaded(database, a_line_of_file(price="11.00 EUR")) == {Outcome.UNCHANGED: 1}
    assert loaded(database, a_line_of_file(price="11.00 EUR", status="RETIRED")) == {Outcome.CHANGED: 1}
    with pytest.raises(FileError, match="line 1, /status: what is RETIRED cannot become LAUNCHED"):
        loaded(database, a_line_of_file(price="11.00 EUR"))


def test_of_lines_that_do_not_all_go_in_those_before_are_kept(database: Database) -> None:
    begin = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    lines = a_line_of_file("2", valid_from=begin), a_line_of_file("1")
    with pytest.raises(FileError, match="line 2, /valid_until: version 2 is valid from"):
        loaded(database, *lines)


def test_a_version_that_is_to_come_is_found_when_no_other_is(database: Database) -> None:
    begin = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    loaded(database, a_line_of_file("2", "12.00 EUR", valid_from=begin))
    assert current(database) == ("2", euros("12.00"))


def test_what_is_only_active_is_sold_as_the_operator_wants(database: Database) -> None:
    loaded(database, a_line_of_file(status="ACTIVE"))
    for sold, told in ((SOLD, []), (ONLY_LAUNCHED, ["New is not launched yet"])):
        with work(database, sold) as unit:
            offer = unit.offerings.by_id("po_new")
            assert offer is not None
            assert [one.message for one in offer.broken(a_line())] == told


def test_a_sku_leads_to_what_has_it_now(database: Database) -> None:
    loaded(database, a_line_of_file())
    contents = {"name": "New", "sku": "SKU-OTHER"}
    loaded(database, orjson.dumps({**orjson.loads(a_line_of_file("2")), "contents": contents}))
    assert current(database, "SKU-OTHER") == ("2", None)
    with work(database) as unit:
        assert unit.offerings.by_sku("SKU-NEW") is None


def placed(database: Database, **changes: Any) -> Order:
    with work(database) as unit:
        order = submit_order(a_command(**changes), unit, SystemClock(), IDENTITIES)
        unit.commit()
    return order


def row_of(database: Database, order: Order) -> Any:
    kept = documents.c
    columns = (kept.aggregate, kept.document, kept.version, kept.carried)
    with database.reading() as connection:
        return connection.execute(sa.select(*columns).where(kept.resource == ORDERS.name, kept.id == order.id)).one()


def version_of(unit: SqlUnitOfWork, offering: str) -> Item:
    found: Item = unit.repository(OFFERINGS).versions(offering)[-1]
    return found


def change(database: Database, offering: str, make: Callable[[Item], Definition]) -> None:
    with work(database) as unit:
        item = version_of(unit, offering)
        change_item(ChangeItem(OFFERINGS, item.id, item.version, make(item), ""), unit, SystemClock(), IDENTITIES)
        unit.commit()


def test_a_catalog_that_changes_leaves_what_was_ordered_as_it_was(database: Database) -> None:
    loaded(database, a_line_of_file())
    order = placed(database, lines=(a_line(offering_id="po_new"), a_line(id="2", offering_id="po_router_premium")))
    before = row_of(database, order)
    loaded(database, a_line_of_file("2", "12.00 EUR"))
    change(database, "po_new", lambda item: Definition(item.contents, status=LifecycleStatus.RETIRED))
    for number in range(3, 8):
        change(
            database,
            "po_router_premium",
            lambda item, number=number: Definition(  # type: ignore[misc]
                type(item.contents)(f"Router {number}", prices=item.contents.prices), item.valid_from
            ),
        )
    assert row_of(database, order) == before
    with work(database) as unit:
        kept = unit.repository(ORDERS).get(order.id)
        assert kept.items == order.items
        assert [item.offering.version for item in kept.items if item.offering] == ["1", "2026.Q3"]


def test_what_orders_name_cannot_be_removed(database: Database) -> None:
    loaded(database, a_line_of_file())
    order = placed(database, lines=(a_line(offering_id="po_new"),), draft=True)
    with work(database) as unit, pytest.raises(ItemInUse) as caught:
        remove_item(RemoveItem(OFFERINGS, version_of(unit, "po_new").id), unit, SystemClock(), IDENTITIES)
    assert caught.value.details["by"] == "order"
    with work(database) as unit:
        unit.repository(ORDERS).get(order.id).request_cancellation("c", SystemClock().now())
        unit.commit()
    with work(database) as unit:
        unit.repository(ORDERS).get(order.id).remove(SystemClock().now())
        unit.commit()
    with work(database) as unit:
        remove_item(RemoveItem(OFFERINGS, version_of(unit, "po_new").id), unit, SystemClock(), IDENTITIES)
        unit.commit()
    assert current(database) is None


def test_the_rules_of_the_catalog_are_found_by_what_they_are_about(database: Database) -> None:
    rule = {
        "name": "r",
        "type": "EXCLUDES",
        "message": "never both",
        "offerings": ["po_new"],
        "others": ["po_tv_basic"],
    }
    line = {"kind": "rule", "id": "r1", "version": "1", "status": "LAUNCHED", "contents": rule}
    loaded(database, a_line_of_file(), orjson.dumps(line))
    with work(database) as unit:
        offer = unit.offerings.by_id("po_new")
        assert offer is not None
        found = list(offer.broken_with(a_line(), {"po_new": 1, "po_tv_basic": 1}))
    assert [(one.message, one.details["rule"]) for one in found] == [("never both", "r1")]


def everything_asked(database: Database, ids: list[str], *, at_once: bool) -> tuple[list[Any], int]:
    """What an order learns of these offerings, and by how many statements."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with work(database) as unit:
        sa.event.listen(database.engine, "before_cursor_execute", note)
        if at_once:
            unit.offerings.expect(ids)
        found, line, counts = [], a_line(), dict.fromkeys(ids, 1)
        for one in ids:
            offer = unit.offerings.by_id(one)
            assert offer is not None
            found.append((offer.ordered(line), [*offer.broken(line)], [*offer.broken_with(line, counts)]))
        sa.event.remove(database.engine, "before_cursor_execute", note)
    return found, len(statements)


def test_the_offerings_of_an_order_are_read_at_once(database: Database) -> None:
    every = [one.id for one in read_files(files_in(SAMPLE)) if one.kind is OFFERINGS]
    found, statements = everything_asked(database, every, at_once=True)
    one_by_one, most = everything_asked(database, every, at_once=False)
    assert found == one_by_one
    assert statements <= 6 < len(every) < most
    with work(database) as unit:
        unit.offerings.expect(["po_none", *every])
        assert unit.offerings.by_id("po_none") is None


def test_an_order_without_characteristics_is_charged_as_ever(database: Database) -> None:
    lines = (a_line(offering_id=None, sku="SKU123"), a_line(id="2", quantity=1, offering_id=None, sku="SKU456"))
    order = placed(database, lines=lines)
    assert order.amount == Money(Decimal("228.80"), "EUR")
    [first, second] = [item.offering for item in order.items]
    assert first is not None
    assert second is not None
    assert {(one.name, one.text, one.source) for one in first.characteristics} >= {
        ("installation", "by a technician", "DEFAULT"),
        ("downstream", "1000", "DEFAULT"),
    }
    assert {one.source for one in second.characteristics} == {"DEFAULT"}
