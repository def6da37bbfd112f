"""The external identifiers of orders. The primary key decides between two orders, in any transactions."""

from collections.abc import Collection

import sqlalchemy as sa

from adapters.persistence.database import insert_once
from adapters.persistence.tables import external_id_claims
from canonical.ordering.ports import ExternalIdClaim
from canonical.shared.external_identifier import ExternalIdentifier

_KEY = external_id_claims.c


class SqlExternalIdClaims:
    """The core's `ExternalIdClaims` inside `connection`'s transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take(self, claims: Collection[ExternalIdClaim]) -> ExternalIdClaim | None:
        taken: list[ExternalIdClaim] = []
        # All transactions take claims in the same order, so that none waits for another one that waits for it.
        for claim in sorted(claims, key=lambda one: (one.owner, one.identifier)):
            other = self._take(claim)
            if other is not None:
                for one in taken:
                    self.release(one.order_id, [one.identifier])
                return other
            taken.append(claim)
        return None

    def release(self, order_id: str, only: Collection[ExternalIdentifier] | None = None) -> None:
        these = sa.delete(external_id_claims).where(_KEY.order_id == order_id)
        if only is not None:
            named = ((one.owner, one.type, one.id) for one in only)
            these = these.where(sa.or_(*map(_is, named)))
        self._connection.execute(these)

    def _take(self, claim: ExternalIdClaim) -> ExternalIdClaim | None:
        """The claim of another order that stands in the way."""
        one = claim.identifier
        row = {"owner": claim.owner, "system": one.owner, "type": one.type, "external_id": one.id}
        while not insert_once(self._connection, external_id_claims, row | {"order_id": claim.order_id}):
            where = (_KEY.owner == claim.owner, _is((one.owner, one.type, one.id)))
            holder = self._connection.scalar(sa.select(_KEY.order_id).where(*where))
            # Its transaction may have released it since: then it is free.
            if holder is not None:
                return None if holder == claim.order_id else ExternalIdClaim(claim.owner, one, holder)
        return None


def _is(named: tuple[str, str, str]) -> sa.ColumnElement[bool]:
    system, kind, external_id = named
    return sa.and_(_KEY.system == system, _KEY.type == kind, _KEY.external_id == external_id)
