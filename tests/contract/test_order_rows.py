"""What the databases keep for an order beyond what every store promises."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.persistence.audit import SqlAuditTrail
from adapters.persistence.database import Database
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.reads import SqlReads
from adapters.persistence.tables import audit, documents, metadata, outbox, process_steps, terms
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.audit.record import Mapped, Outcome
from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.commands import SubmitDraft
from canonical.ordering.handlers import PLACE_ORDER, submit_draft
from canonical.ordering.order import ORDERS, Order
from canonical.ordering.states import State
from canonical.processes.place_order import PlaceOrder
from canonical.processes.progress import Progress
from canonical.shared.errors import ConcurrentChange
from canonical.shared.external_identifier import ExternalIdentifier
from canonical.shared.projection import Projection
from canonical.shared.reader import ALL
from tests.contract.keeping import LATER, an_audit_record, order_id
from tests.support.builders import ANY_VERSION, ORDER_ID, ROUTER, a_cancellation, a_command, a_line, an_order
from tests.support.databases import blank
from tests.support.fakes import (
    CountingIdentities,
    FullShelves,
    KnowsAccounts,
    KnowsCustomers,
    StandingClock,
    SteppingClock,
    TakesMoney,
    TakesOrders,
)

AMENDED = a_command(customer_id="C2", lines=(a_line(offering_id=ROUTER.id),))


def shown(order: Order, carried: dict[str, Any]) -> Projection:
    """A document that is found by the ids of others and by offerings."""
    known = {("externalId.id", known.id) for known in order.external_identifiers}
    ordered = {("offering.id", item.offering.id) for item in order.items if item.offering}
    return Projection(order.state.value, "{}", frozenset(known | ordered))


IS_ORDER = documents.c.resource == "order"
PROJECTORS = {"order": shown, "cancellation": blank}


@pytest.fixture
def unit_of_work(database: Database) -> Callable[[], SqlUnitOfWork]:
    return units_over(database)


def units_over(database: Database) -> Callable[[], SqlUnitOfWork]:
    clock = SteppingClock()
    return lambda: SqlUnitOfWork(database, PROJECTORS, clock)


def keep(unit_of_work: Callable[[], SqlUnitOfWork], order: Order) -> None:
    with unit_of_work() as work:
        work.repository(ORDERS).add(order)
        work.commit()


def rows(database: Database, column: sa.Column[Any], **where: Any) -> list[Any]:
    query = sa.select(column).where(*(column.table.c[name] == value for name, value in where.items()))
    with database.reading() as connection:
        return sorted(connection.scalars(query))


def indexed(database: Database, name: str = ORDER_ID) -> list[tuple[str, str]]:
    query = sa.select(terms.c.path, terms.c.value).where(terms.c.id == name)
    with database.reading() as connection:
        return sorted((row.path, row.value) for row in connection.execute(query))


@pytest.mark.parametrize("carried", [None, {"a": 1}])
def test_an_order_amended_for_another_customer_is_found_as_that_customers(
    database: Database, unit_of_work: Callable[[], SqlUnitOfWork], carried: dict[str, Any] | None
) -> None:
    keep(unit_of_work, an_order())
    keep(unit_of_work, an_order(id=order_id(2)))
    with unit_of_work() as work:
        work.repository(ORDERS).get(ORDER_ID).amend(AMENDED, [ROUTER], LATER)
        if carried is not None:
            work.repository(ORDERS).carry(ORDER_ID, carried)
        work.commit()
    assert rows(database, documents.c.customer_id, id=ORDER_ID) == ["C2"]
    assert rows(database, documents.c.customer_id, id=order_id(2)) == ["C12345"]
    assert rows(database, documents.c.carried, id=ORDER_ID) == ["{}" if carried is None else '{"a":1}']


def test_what_orders_are_found_by_follows_every_change(
    database: Database, unit_of_work: Callable[[], SqlUnitOfWork]
) -> None:
    keep(unit_of_work, an_order())
    assert indexed(database) == [
        ("->offering", "po_broadband_1g"),
        ("externalId.id", "PO-1"),
        ("offering.id", "po_broadband_1g"),
    ]
    with unit_of_work() as work:
        order = work.repository(ORDERS).get(ORDER_ID)
        order.amend(AMENDED, [ROUTER], LATER)
        order.annotate((ExternalIdentifier("", "", "a"), ExternalIdentifier("", "", "b")), LATER)
        work.commit()
    assert indexed(database) == [
        ("->offering", "po_router_premium"),
        ("externalId.id", "a"),
        ("externalId.id", "b"),
        ("offering.id", "po_router_premium"),
    ]


def test_no_row_of_a_removed_order_is_left_but_its_events_and_the_evidence(
    database: Database, unit_of_work: Callable[[], SqlUnitOfWork]
) -> None:
    for number in (1, 2):
        with unit_of_work() as work:
            work.repository(ORDERS).add(an_order(id=order_id(number), draft=True))
            work.repository(CANCELLATIONS).add(a_cancellation(id=f"c{number}", order_id=order_id(number)))
            work.processes.schedule(PLACE_ORDER, order_id(number), "partner-acme")
            work.claim_key("portal", f"key-{number}", "hash", ("order", order_id(number)), None)
            work.record(an_audit_record(f"audit-{number}", order_id(number)))
            work.commit()
        ProcessTable(database, SteppingClock()).keep_answer(PLACE_ORDER, order_id(number), "charge#0", {"result": 1})
    with unit_of_work() as work:
        work.repository(ORDERS).get(order_id(1)).remove(LATER)
        work.commit()
    left = {number: tables_that_name(database, order_id(number)) for number in (1, 2)}
    assert left[1] == {"outbox", "audit", "idempotency_keys"}
    assert left[2] == left[1] | {"documents", "processes", "process_steps", "terms"}
    assert rows(database, process_steps.c.step) == ["charge#0"]
    assert rows(database, outbox.c.type, subject=order_id(1)) == ["OrderDrafted", "OrderRemoved"]


def tables_that_name(database: Database, order_id: str) -> set[str]:
    found = set()
    with database.reading() as connection:
        for table in metadata.sorted_tables:
            texts = [column for column in table.c if isinstance(column.type, sa.String)]
            named = (
                sa.select(sa.func.count())
                .select_from(table)
                .where(sa.or_(sa.false(), *(text == order_id for text in texts)))
            )
            if connection.scalar(named):
                found.add(table.name)
    return found


def test_an_order_kept_before_installed_products_could_be_changed_is_read(
    database: Database, unit_of_work: Callable[[], SqlUnitOfWork]
) -> None:
    keep(unit_of_work, an_order())
    with database.writing() as connection:
        body = json.loads(connection.scalar(sa.select(documents.c.aggregate).where(IS_ORDER)) or "")
        for item in body["items"]:
            del item["product_id"]
        connection.execute(sa.update(documents).where(IS_ORDER).values(aggregate=json.dumps(body)))
        connection.commit()
    kept = SqlReads(database).aggregate(ORDERS, ORDER_ID, ALL)
    assert kept.items == an_order().items
    assert (kept.items[0].added, kept.items[0].product_id) == (kept.items[0].offering, None)


def test_how_everything_sent_for_an_order_was_read_is_told_oldest_first(
    unit_of_work: Callable[[], SqlUnitOfWork], database: Database
) -> None:
    with unit_of_work() as work:
        for number, name in ((2, ORDER_ID), (1, ORDER_ID), (3, order_id(2))):
            trail = (Mapped(f"/a{number}", f"/b{number}", "as sent"), Mapped("/c", "/d", ""))
            work.record(replace(an_audit_record(f"audit-{number}", name), translation=trail))
        work.commit()
    told = [mapped.source for mapped in SqlAuditTrail(database).translations_of(ORDER_ID)]
    assert told == ["/a1", "/c", "/a2", "/c"]
    assert SqlAuditTrail(database).translations_of("none") == []


def test_what_became_of_each_field_is_kept(database: Database, unit_of_work: Callable[[], SqlUnitOfWork]) -> None:
    trail = (
        Mapped("/a", "/b", "as sent"),
        Mapped("/c", "/carried/c", "carried", Outcome.CARRIED),
        Mapped("/d", "/carried/d", "mapped by profile", agreed="/words/units/table/Monat"),
        Mapped("/e", "", "QUANTITY", Outcome.REFUSED),
        Mapped("/f", "/f", "supplied", Outcome.ENRICHED),
    )
    record = replace(an_audit_record("r1", ORDER_ID), translation=trail, profile="partner-acme@1")
    with unit_of_work() as work:
        work.record(record)
        work.commit()
    assert SqlAuditTrail(database).find("r1", None) == record


def test_fields_that_release_0_2_0_kept_are_read(database: Database, unit_of_work: Callable[[], SqlUnitOfWork]) -> None:
    with unit_of_work() as work:
        work.record(an_audit_record("r1", ORDER_ID))
        work.commit()
    told = [{"source": "/a", "target": target, "rule": "x"} for target in ("/b", "/carried/a", "")]
    with database.writing() as connection:
        connection.execute(sa.update(audit).values(translation=json.dumps(told)))
        connection.commit()
    outcomes = [one.outcome for one in SqlAuditTrail(database).find("r1", None).translation]
    assert outcomes == [Outcome.MAPPED, Outcome.CARRIED, Outcome.MAPPED]


# --- on PostgreSQL, where units of work overlap -----------------------------------------------------------------------


def test_a_process_that_ends_while_something_is_said_about_its_order_ends_on_what_was_said(
    postgres_database: Database,
) -> None:
    unit_of_work, queries = units_over(postgres_database), SqlReads(postgres_database)
    said = (ExternalIdentifier("crm", "ticket", "4711"),)
    keep(unit_of_work, an_order())

    class Overtaken(SqlUnitOfWork):
        """Before it commits somebody else says something about the order."""

        def commit(self) -> None:
            with unit_of_work() as other:
                other.repository(ORDERS).get(ORDER_ID).annotate(said, LATER)
                other.repository(ORDERS).carry(ORDER_ID, {"said": True})
                other.commit()
            super().commit()

    backends = (KnowsCustomers(), FullShelves(), TakesOrders(), TakesMoney(), KnowsAccounts())
    process = PlaceOrder(*backends, unit_of_work, queries, StandingClock(LATER))
    progress = Progress(facts={"create-order": "ORD00001", "charge": "CHG0001"})

    def overtaken() -> SqlUnitOfWork:
        return Overtaken(postgres_database, PROJECTORS, SteppingClock())

    def begin(work: SqlUnitOfWork) -> Order:
        order = process.look(ORDER_ID, work)
        process.begin(order)
        work.commit()
        return order

    def end(work: SqlUnitOfWork) -> Order:
        order = process.look(ORDER_ID, work)
        process.end(order, progress, work)
        work.commit()
        return order

    for step, state in ((begin, State.FULFILLING), (end, State.COMPLETED)):
        with pytest.raises(ConcurrentChange), overtaken() as work:
            step(work)
        with unit_of_work() as work:
            assert step(work).state is state
    kept = queries.aggregate(ORDERS, ORDER_ID, ALL)
    assert (kept.state, kept.external_identifiers, kept.version) == (State.COMPLETED, said, 5)
    assert rows(postgres_database, documents.c.carried, resource="order") == ['{"said":true}']
    assert rows(postgres_database, outbox.c.sequence, subject_type="order") == [1, 2, 3, 4, 5, 6]
    assert ("externalId.id", "4711") in indexed(postgres_database)


def test_an_order_that_changes_while_it_is_being_removed_stays(postgres_database: Database) -> None:
    unit_of_work = units_over(postgres_database)
    keep(unit_of_work, an_order(draft=True))

    def remove_what_changes() -> None:
        with unit_of_work() as removing, unit_of_work() as other:
            removing.repository(ORDERS).get(ORDER_ID).remove(LATER)
            other.repository(ORDERS).get(ORDER_ID).annotate((), LATER)
            other.commit()
            removing.commit()

    with pytest.raises(ConcurrentChange):
        remove_what_changes()
    assert SqlReads(postgres_database).aggregate(ORDERS, ORDER_ID, ALL).version == 2
    assert rows(postgres_database, outbox.c.type, subject_type="order") == ["OrderAnnotated", "OrderDrafted"]


def test_a_draft_submitted_by_two_at_once_is_submitted_once(postgres_database: Database) -> None:
    unit_of_work = units_over(postgres_database)
    keep(unit_of_work, an_order(draft=True))

    def submit_twice() -> None:
        with unit_of_work() as one, unit_of_work() as other:
            for work in (one, other):
                work.repository(ORDERS).get(ORDER_ID)
            for work in (one, other):
                submit_draft(
                    SubmitDraft(ORDER_ID, ANY_VERSION, a_command()),
                    work,
                    StandingClock(LATER),
                    CountingIdentities(1000),
                )
                work.commit()

    with pytest.raises(ConcurrentChange):
        submit_twice()
    assert SqlReads(postgres_database).aggregate(ORDERS, ORDER_ID, ALL).version == 2
    assert rows(postgres_database, outbox.c.type, subject_type="order") == ["OrderDrafted", "OrderSubmitted"]


def test_an_order_of_an_earlier_release_is_not_written_when_nothing_changes_but_its_form(
    database: Database, unit_of_work: Callable[[], SqlUnitOfWork]
) -> None:
    keep(unit_of_work, an_order())
    [kept] = rows(database, documents.c.aggregate, resource="order", id=ORDER_ID)
    earlier = json.loads(kept)
    for item in earlier["items"]:
        for added in ("stocked", "characteristics", "prices"):
            del item["offering"][added]
    with database.writing() as connection:
        connection.execute(sa.update(documents).where(IS_ORDER).values(aggregate=json.dumps(earlier)))
        connection.commit()
    with unit_of_work() as work:
        work.repository(ORDERS).get(ORDER_ID)
        work.commit()
    assert rows(database, documents.c.version, resource="order", id=ORDER_ID) == [1]
    with unit_of_work() as work:
        work.repository(ORDERS).get(ORDER_ID).bss_order_id = "ORD1"
        work.commit()
    assert rows(database, documents.c.version, resource="order", id=ORDER_ID) == [2]
