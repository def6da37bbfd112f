"""The catalogue in the database, and how ordering sees it."""

from functools import lru_cache

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import converter, decoded, encoded
from adapters.persistence.prepared import Prepared
from adapters.persistence.tables import offerings
from canonical.catalog.plain_offering import ChargeType, ProductOffering
from canonical.ordering.items import OrderedOffering, RecurringCharge
from canonical.shared import jsontext
from canonical.shared.money import total


class SqlOfferings:
    """The current version of every offering as ordering sees it, read inside `connection`'s transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def by_id(self, offering_id: str) -> OrderedOffering | None:
        return self._one(_BY_ID, offering_id)

    def by_sku(self, sku: str) -> OrderedOffering | None:
        return self._one(_BY_SKU, sku)

    def _one(self, query: Prepared, value: str) -> OrderedOffering | None:
        body = query.execute(self._connection, {"value": value}).scalar()
        return None if body is None else _ordered(body)


_CURRENT = sa.select(offerings.c.body).where(offerings.c.current).order_by(offerings.c.id)
_BY_ID = Prepared(_CURRENT.where(offerings.c.id == sa.bindparam("value")))
_BY_SKU = Prepared(_CURRENT.where(offerings.c.sku == sa.bindparam("value")))


@lru_cache(maxsize=4096)
def _ordered(body: str) -> OrderedOffering:
    """What a line remembers of the offering that is kept as `body`."""
    offering = decoded(body, ProductOffering)
    one_time = [price.amount for price in offering.prices if price.charge_type is ChargeType.ONE_TIME]
    recurring = [price for price in offering.prices if price.charge_type is ChargeType.RECURRING]
    return OrderedOffering(
        id=offering.id,
        version=offering.version,
        name=offering.name,
        sku=offering.sku,
        one_time=total(one_time, offering.prices[0].amount.currency),
        recurring=tuple(RecurringCharge(price.amount, price.period or "month") for price in recurring),
    )


def publish(database: Database, published: list[ProductOffering]) -> int:
    """Add the versions that are not yet in the catalogue and make them current. What is published never changes.

    Returns how many were added. Raises ValueError when a published version is given again with other contents.
    """
    added = 0
    with database.writing() as connection:
        for offering in published:
            body = encoded(offering)
            same = (offerings.c.id == offering.id, offerings.c.version == offering.version)
            kept = connection.scalar(sa.select(offerings.c.body).where(*same))
            if kept is not None and kept != body:
                raise ValueError(f"offering {offering.id} version {offering.version} is published; give a new version")
            if kept is None:
                connection.execute(sa.update(offerings).where(offerings.c.id == offering.id).values(current=False))
                row = {
                    "id": offering.id,
                    "version": offering.version,
                    "sku": offering.sku,
                    "current": True,
                    "body": body,
                }
                connection.execute(sa.insert(offerings), row)
                added += 1
        connection.commit()
    return added


def read_offerings(texts: list[bytes]) -> list[ProductOffering]:
    """Offerings from catalogue files, each a JSON array.

    Raises `jsontext.Unreadable`, and cattrs' errors on a wrong shape.
    """
    return [one for text in texts for one in converter.structure(jsontext.read(text), list[ProductOffering])]
