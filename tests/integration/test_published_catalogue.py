"""What is published of the catalogue, and what becomes of it, on SQLite and on PostgreSQL."""

import pytest

from adapters.persistence.catalog import SqlOfferings, publish, read_offerings
from adapters.persistence.database import Database
from canonical.catalog.plain_offering import ChargeType, OfferingPrice, ProductOffering
from canonical.ordering.items import OrderedOffering
from tests.support.builders import euros
from tests.support.databases import CATALOG


def an_offering(version: str = "1", price: str = "10.00") -> ProductOffering:
    prices = (OfferingPrice("p1", ChargeType.ONE_TIME, euros(price)),)
    return ProductOffering("po_new", version, "New", "SKU-NEW", prices)


def current(database: Database) -> OrderedOffering | None:
    with database.reading() as connection:
        return SqlOfferings(connection).by_id("po_new")


def test_the_catalogue_files_are_published_once(database: Database) -> None:
    offerings = read_offerings([CATALOG.read_bytes()])
    assert publish(database, offerings) == 0, "the schema template has them"
    with database.reading() as connection:
        kept = SqlOfferings(connection)
        for offering in offerings:
            found = kept.by_id(offering.id)
            assert found == kept.by_sku(offering.sku)
            assert found is not None
            assert (found.version, found.name, found.sku) == (offering.version, offering.name, offering.sku)


def test_a_new_version_becomes_the_current_one(database: Database) -> None:
    assert publish(database, [an_offering()]) == 1
    assert publish(database, [an_offering("2", "12.00")]) == 1
    found = current(database)
    assert found is not None
    assert (found.version, found.one_time) == ("2", euros("12.00"))
    assert publish(database, [an_offering("2", "12.00")]) == 0


def test_what_is_published_never_changes(database: Database) -> None:
    publish(database, [an_offering()])
    with pytest.raises(ValueError, match="offering po_new version 1 is published; give a new version"):
        publish(database, [an_offering(price="11.00")])
    found = current(database)
    assert found is not None
    assert found.one_time == euros("10.00")
