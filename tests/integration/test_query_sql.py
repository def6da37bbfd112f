"""Criteria compiled to SQL answer as the oracle does, on SQLite and on PostgreSQL, whatever the documents hold."""

import os
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from adapters.persistence import migrations, sqlite_functions
from adapters.persistence.criteria_sql import Compiled, Searchable
from adapters.persistence.database import Database
from adapters.persistence.reads import SqlReads
from adapters.persistence.sqlite_functions import microseconds
from adapters.persistence.tables import documents
from canonical.ordering.order import ORDERS
from canonical.shared.criteria import (
    AllOf,
    AnyElement,
    AnyOf,
    Compare,
    Criterion,
    Not,
    Operator,
    PathStep,
    Present,
    SortBy,
    SortKey,
)
from canonical.shared.errors import InvalidCommand
from canonical.shared.paging import Position, Slice
from canonical.shared.reader import ALL, Reader
from facade.contract.violations import ContractViolation
from facade.tmf.query import matching
from facade.tmf.query.bounds import bounded
from facade.tmf.query.constants import constants_of
from facade.tmf.query.listing import read_listing, sort_of
from facade.web.cursors import Course
from tests.support.postgres import execute
from tests.support.waiting import LONG
from tests.unit.query.oracle import in_order, meets
from tests.unit.query.sample import ATTRIBUTES, STATES, Sample, a_sample
from tests.unit.query.stored import INDEX, a_row, store

KEPT = 400
PATIENCE = LONG
"""Seconds; what a search may take by default is little on a busy machine."""
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "200"))


@pytest.fixture(scope="module")
def sample() -> Sample:
    return a_sample(KEPT)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sample: list[dict[str, Any]]
) -> Iterator[Database]:
    """A database that holds the sample."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path_factory.mktemp('query') / 'facade.db'}", seconds=LONG)
    else:
        server: sa.URL = request.getfixturevalue("postgres_server")
        execute(server, "CREATE DATABASE query")
        database = Database(server.set(database="query").render_as_string(hide_password=False), seconds=LONG)
    migrations.upgrade(database)
    store(database, sample)
    yield database
    database.close()
    if request.param == "postgresql":
        execute(request.getfixturevalue("postgres_server"), "DROP DATABASE query WITH (FORCE)")


def found(database: Database, criterion: Criterion | None, sort: tuple[SortKey, ...] = ()) -> list[str]:
    """The ids that the database finds, in its order; that its total agrees is checked on the way."""
    queries = SqlReads(database, PATIENCE)
    page, total, _ = queries.documents(ORDERS, INDEX, ALL, Slice(0, KEPT + 1), criterion, sort)
    first, counted, _ = queries.documents(ORDERS, INDEX, ALL, Slice(0, 1), criterion, sort)
    assert total == counted == len(page)
    assert first == page[:1]
    return [order_id for order_id, *_ in page]


PATHS = [
    "id", "@type", "state", "creationDate", "category", "description", "priority", "requestedStartDate",
    "externalId.id", "externalId.owner", "note.author", "note.date", "note.text", "relatedParty.role",
    "relatedParty.partyOrPartyRole.id", "relatedParty.partyOrPartyRole.@referredType", "productOrderItem.id",
    "productOrderItem.action", "productOrderItem.quantity", "productOrderItem.productOffering.id",
    "productOrderItem.product.isBundle", "productOrderItem.product.productCharacteristic.name",
    "productOrderItem.product.productCharacteristic.value", "productOrderItem.productOrderItem.quantity",
    "orderTotalPrice.price.taxIncludedAmount.value", "productOrderItem.note.text",
]  # fmt: skip
TEXTS = st.sampled_from(
    [
        *STATES, "C1", "C2", "PO-1", "Ann", "ann", "Zoë", "1", "2", "2.5", "-3", "1e2", "true", "false", "", "x",
        "Customer", "add", "speed", "y" * 150, "a%b_c", "it's \"so\"", "ﬀ𐐷",
        "2026-05-03", "2026-05-03T10:00:00Z", "2026-05-03T12:00:00+02:00", "2026-05-03T10:00:00.123456Z", "0001-01-01",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-11:00",
    ]
)  # fmt: skip
PATTERNS = st.sampled_from(
    [
        "^a",
        "n+$",
        "(?i)ANN",
        "[A-Z]o.",
        "P(O|X)-[0-9]{1,2}",
        "\\d",
        "^$",
        ".",
        "\\w+\\s\\w+",
        "[^a-z]$",
        "a.c",
        "𐐷",
        "%|_",
    ]
)


@st.composite
def comparisons(draw: st.DrawFn, base: str = "") -> Criterion:
    inside = [path[len(base) + 1 :] for path in PATHS if path.startswith(f"{base}.")] if base else PATHS
    path = draw(st.sampled_from(inside))
    whole = tuple(f"{base}.{path}".strip(".").split("."))
    attribute = ATTRIBUTES.find("q", whole)
    steps = attribute.steps[len(whole) - len(path.split(".")) :]
    if draw(st.integers(0, 9)) == 0:
        return Present(steps)
    sign = draw(st.sampled_from(Operator))
    texts = [draw(PATTERNS)] if sign is Operator.MATCHES else draw(st.lists(TEXTS, min_size=1, max_size=3))
    constants: list[Any] = []
    for text in texts:
        try:
            constants += constants_of("q", attribute, sign, text, quoted=draw(st.booleans()))
        except Exception:  # noqa: BLE001, S112  # what means nothing to this kind is no query
            continue
    if sign is Operator.EQUAL and draw(st.integers(0, 9)) == 0:
        constants.append(None)
    return Compare(steps, sign, tuple(constants)) if constants else Present(steps)


@st.composite
def elements(draw: st.DrawFn) -> Criterion:
    base = draw(st.sampled_from(["note", "externalId", "relatedParty", "productOrderItem", "productOrderItem.product"]))
    inside = draw(comparisons(base) | combined(comparisons(base)))
    return AnyElement(ATTRIBUTES.find("q", tuple(base.split("."))).steps, inside)


def combined(parts: st.SearchStrategy[Criterion]) -> st.SearchStrategy[Criterion]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return several.map(AllOf) | several.map(AnyOf) | parts.map(Not)


SIMPLE = comparisons() | elements()
CRITERIA = SIMPLE | combined(SIMPLE) | combined(SIMPLE | combined(SIMPLE))


@settings(
    max_examples=EXAMPLES, deadline=None, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(criterion=CRITERIA)
def test_every_database_finds_what_the_oracle_finds(
    filled: Database, sample: list[dict[str, Any]], criterion: Criterion
) -> None:
    expected = in_order([document for document in sample if meets(document, criterion)], ())
    assert found(filled, criterion) == expected


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(criterion=CRITERIA)
def test_a_document_in_memory_meets_what_the_oracle_says(sample: list[dict[str, Any]], criterion: Criterion) -> None:
    for document in sample:
        assert matching.meets(document, criterion) == meets(document, criterion)


@pytest.mark.parametrize(
    "text",
    [
        "state", "-state", "creationDate", "-creationDate", "priority,-creationDate", "requestedStartDate",
        "-requestedStartDate,state", "-description", "category,-id", "id", "-@type,priority,state",
    ],
)  # fmt: skip
def test_every_database_sorts_as_the_oracle_does(filled: Database, sample: list[dict[str, Any]], text: str) -> None:
    keys = sort_of(text, ATTRIBUTES)
    assert found(filled, None, keys) == in_order(sample, keys)


def test_pages_of_a_sorted_list_are_its_parts(filled: Database, sample: list[dict[str, Any]]) -> None:
    keys = sort_of("state,-creationDate", ATTRIBUTES)
    expected = in_order(sample, keys)
    for offset in (0, 7, KEPT - 3, KEPT, KEPT + 50):
        page, total, _ = SqlReads(filled, PATIENCE).documents(ORDERS, INDEX, ALL, Slice(offset, 10), None, keys)
        assert [order_id for order_id, *_ in page] == expected[offset : offset + 10]
        assert total == KEPT


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("", 7), ("id", 150), ("-id", 13), ("state", 11), ("-state", 13), ("creationDate", 17),
        ("-creationDate,-state", 23), ("creationDate,-state", 19),
        ("priority,-creationDate", 31), ("requestedStartDate", 29), ("-description", 37),
        ("-requestedStartDate,state", 41), ("category,-id", 43), ("-@type,priority,state", 47),
        ("description,category,priority,requestedStartDate,requestedCompletionDate", 53),
    ],
)  # fmt: skip
def test_pages_by_positions_are_the_sorted_list(
    filled: Database, sample: list[dict[str, Any]], text: str, limit: int
) -> None:
    """Through cursors, as clients hand the positions back."""
    keys = sort_of(text, ATTRIBUTES) if text else ()
    course = Course("orders", tuple(key.by for key in keys))
    assert walked(filled, keys, course, limit) == in_order(sample, keys)


def walked(database: Database, keys: tuple[SortKey, ...], course: Course, limit: int) -> list[str]:
    shown: list[str] = []
    after: Position | None = None
    while True:
        page = SqlReads(database, PATIENCE).documents(ORDERS, INDEX, ALL, Slice(0, limit, after), None, keys)
        shown += [order_id for order_id, *_ in page.members]
        assert page.total == KEPT
        if page.last is None:
            return shown
        cursor = course.written(page.last, len(shown))
        assert cursor is not None
        after, seen = course.read(cursor)
        assert (after, seen) == (page.last, len(shown))


NUMBERS = ["1", "1.0", "0.1", "0.30000000000000004", "123456789.123456789", "1e22", "9007199254740993", "1e-7", "-5",
           "0", "18446744073709551617", "1e300", "-1.5e-300", "-18446744073709551617.000000000000000001", "-1e22",
           "1.50"]  # fmt: skip
KINDS = [None, True, False, "x" * 101 + "a", "x" * 101 + "b", "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+15:00", "7",
         "9999-12-31T23:59:59.999999-15:00", "2026-01-01T01:00:00.0000001+01:00"]  # fmt: skip


@pytest.mark.parametrize("by", SortBy)
@pytest.mark.parametrize("descending", [False, True])
def test_a_position_holds_every_value_that_can_be_sorted_by(database: Database, by: SortBy, descending: bool) -> None:
    """One by one, so that each value is a position; equal ones among them, and those that are no values."""
    values = [*NUMBERS, *(orjson.dumps(kind).decode() for kind in KINDS), '{"a":1}', "[]"]
    with database.writing() as connection:
        for number, value in enumerate(2 * values):
            order_id = f"{number:03}"
            whole = {"id": order_id, "state": "held", "creationDate": "2026-01-01T00:00:00.000Z"}
            text = orjson.dumps(whole).decode()[:-1] + f',"x":{value}}}'
            connection.execute(sa.insert(documents), a_row(whole) | {"document": text})
        connection.commit()
    keys = (SortKey((PathStep("x"),), by, descending),)
    queries = SqlReads(database, PATIENCE)
    expected = [order_id for order_id, *_ in queries.documents(ORDERS, INDEX, ALL, Slice(0, 200), None, keys).members]
    shown: list[str] = []
    part = Slice(0, 1)
    while True:
        page = queries.documents(ORDERS, INDEX, ALL, part, None, keys)
        shown += [order_id for order_id, *_ in page.members]
        if page.last is None:
            break
        cursor = Course("x", (by,)).written(page.last, len(shown))
        assert cursor is not None, page.last
        part = Slice(0, 1, Course("x", (by,)).read(cursor)[0])
    assert shown == expected
    assert len(shown) == 2 * len(values)


def test_a_page_of_nothing_still_counts(filled: Database) -> None:
    assert SqlReads(filled, PATIENCE).documents(ORDERS, INDEX, ALL, Slice(0, 0)) == ([], KEPT, None)


def test_a_client_finds_its_own_orders_only(filled: Database, sample: list[dict[str, Any]]) -> None:
    mine = [document for document in sample if a_row(document)["owner"] == "o"]
    criterion = Compare((PathStep("state"),), Operator.EQUAL, tuple(STATES))
    page, total, _ = SqlReads(filled, PATIENCE).documents(ORDERS, INDEX, Reader("o"), Slice(0, KEPT), criterion)
    assert total == len(mine) > 0
    assert {order_id for order_id, *_ in page} == {document["id"] for document in mine}


@pytest.mark.parametrize("name", ["id", "state", "creationDate", "@type"])
def test_every_scalar_that_is_always_there_is_found_by_the_value_returned(
    filled: Database, sample: list[dict[str, Any]], name: str
) -> None:
    for document in sample[:20]:
        wanted = read_listing(f"{name}={document[name]}".encode(), ATTRIBUTES, "ProductOrder")
        assert document["id"] in found(filled, wanted.criterion)


def test_a_time_is_found_however_its_offset_is_written(filled: Database, sample: list[dict[str, Any]]) -> None:
    [document] = [one for one in sample if one.get("requestedStartDate") == "2026-06-01T08:00:00+02:00"][:1]
    for text in ("2026-06-01T06:00:00Z", "2026-06-01T08:00:00%2B02:00", "2026-06-01T08:00:00+02:00"):
        wanted = read_listing(f"requestedStartDate={text}".encode(), ATTRIBUTES, "ProductOrder")
        assert document["id"] in found(filled, wanted.criterion)


def test_what_takes_too_long_is_ended(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_functions, "STEPS", 100)
    heavy = AnyOf(
        tuple(Compare((PathStep("note", True), PathStep("text")), Operator.MATCHES, (f"(?:{n}$)",)) for n in range(40))
    )
    with pytest.raises(InvalidCommand, match="takes too long") as raised:
        SqlReads(filled, search_seconds=0.001).documents(ORDERS, INDEX, ALL, Slice(0, 10), heavy)
    assert raised.value.pointer == "/filter"
    assert found(filled, None), "the connection serves on"
    assert found(filled, Compare((PathStep("description"),), Operator.MATCHES, ("ours",))), "and for long"


def test_a_function_of_ours_ends_a_statement_that_is_late(sqlite_database: Database) -> None:
    matching = "SELECT text_matches('a', 'a')"
    with sqlite_database.reading() as connection:
        driver = connection.connection.driver_connection
        with sqlite_functions.stopping(driver, -1), pytest.raises(OperationalError, match="user-defined function"):
            connection.exec_driver_sql(matching)
        assert connection.exec_driver_sql(matching).scalar() == 1


def test_what_the_database_finds_too_complex_is_refused(sqlite_database: Database) -> None:
    deep: Criterion = Compare((PathStep("id"),), Operator.EQUAL, ("1",))
    for _ in range(20):
        deep = AnyElement((PathStep("productOrderItem", True),), deep)
    with pytest.raises(InvalidCommand, match="too complex"):
        SqlReads(sqlite_database, PATIENCE).documents(ORDERS, INDEX, ALL, Slice(0, 10), deep)


def test_the_deepest_query_that_is_taken_is_answered(filled: Database) -> None:
    item = (PathStep("productOrderItem", True),)
    lists = Compare(item * 7 + (PathStep("id"),), Operator.EQUAL, ("1",))
    conditions: Criterion = Compare(item * 3 + (PathStep("id"),), Operator.EQUAL, ("1",))
    for number in range(5):
        other = Compare((PathStep("category"),), Operator.EQUAL, (str(number),))
        conditions = Not(AnyOf((AllOf((conditions, other)), other)))
    for deepest in (lists, conditions):
        bounded([deepest])
        with pytest.raises(ContractViolation):
            bounded([AnyElement(item, deepest)])
        found(filled, deepest)


def test_a_regular_expression_that_the_database_cannot_take_is_refused(filled: Database) -> None:
    with pytest.raises(InvalidCommand):
        SqlReads(filled, PATIENCE).documents(
            ORDERS, INDEX, ALL, Slice(0, 10), Compare((PathStep("@type"),), Operator.MATCHES, ("(",))
        )


def test_only_the_beginning_of_a_long_text_is_searched(database: Database) -> None:
    document = {"state": "held", "creationDate": "2026-05-03T00:00:00.000Z"}
    most = sqlite_functions.MOST_MATCHED
    texts = {"within": "x" * (most - 1) + "é", "beyond": "x" * most + "é"}
    store(database, [document | {"id": name, "description": text} for name, text in texts.items()])
    wanted = read_listing("description.regex=xé".encode(), ATTRIBUTES, "ProductOrder")
    assert most == 100_000, "docs/partners.md says so"
    assert [
        one for one, *_ in SqlReads(database, PATIENCE).documents(ORDERS, INDEX, ALL, Slice(0, 9), wanted.criterion)[0]
    ] == ["within"]


@pytest.mark.parametrize("value", ["fast", "500", "true", "5e2"])
def test_conditions_on_columns_and_terms_leave_documents_unread(filled: Database, value: str) -> None:
    query = "state=held&relatedParty.partyOrPartyRole.id=C1&creationDate.gt=2026-01-01&sort=-creationDate"
    query += f"&productOrderItem.product.productCharacteristic.value={value}"
    wanted = read_listing(query.encode(), ATTRIBUTES, "ProductOrder")
    compiled = Compiled(Searchable.of(ORDERS.name, INDEX), filled.engine.dialect.name)
    assert wanted.criterion is not None
    compiled.condition(wanted.criterion)
    compiled.order(wanted.sort)
    assert not compiled.reads_documents


def test_sqlite_reads_times_as_postgresql_does(postgres_server: sa.URL) -> None:
    texts = [
        "2026-05-03T10:00:00Z", "2026-05-03t10:00:00.1234567z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z",
        "9999-12-31T23:59:59.999999-15:59", "2026-05-03T10:00:00+16:00", "2026-05-03T24:00:00Z", "now", "2026-05-03",
        "2026-05-03T10:00:00", "0000-01-01T00:00:00Z", "2026-05-03T10:00:00Z\n", "٢٠٢٦-05-03T10:00:00Z",
    ]  # fmt: skip
    from sqlalchemy.dialects.postgresql import JSONB

    from adapters.persistence.json_sql import Node, PostgresJson

    engine = sa.create_engine(postgres_server)
    with engine.connect() as connection:
        for text in texts:
            value = PostgresJson().scalar(Node(sa.cast(sa.literal(orjson.dumps(text).decode()), JSONB))).instant
            read = connection.scalar(sa.select(sa.cast(sa.extract("epoch", value) * 1_000_000, sa.BigInteger)))
            assert read == microseconds(text), text
    engine.dispose()
