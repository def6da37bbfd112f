"""Plan changes kept as JSON bodies."""

import sqlalchemy as sa

import jsontext
from adapters.persistence.encoding import converter, decoded
from adapters.persistence.outbox import insert_event
from adapters.persistence.tables import plan_changes
from canonical.shared.errors import ConcurrentChange, NotFound
from canonical.subscriptions.plan_change import FINISHED, PlanChange

OVER = tuple(state.value for state in FINISHED)


class SqlPlanChangeRepository:
    """Plan changes of one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._seen: dict[str, PlanChange] = {}
        self._read: dict[str, str] = {}

    def add(self, change: PlanChange) -> None:
        self._seen[change.id] = change

    def get(self, change_id: str) -> PlanChange:
        if change_id not in self._seen:
            found = find_plan_change(self._connection, change_id)
            self._seen[found.id], self._read[found.id] = found, _body(found)
        return self._seen[change_id]

    def save(self) -> None:
        """Write what is new or changed. Raises ConcurrentChange."""
        for known in self._seen.values():
            body = _body(known)
            if known.version == 0:
                self._insert(known, body)
            elif body != self._read.get(known.id):
                self._update(known, body)
            self._read[known.id] = body
            for event in known.events:
                insert_event(self._connection, known.id, event)
            known.events.clear()

    def _insert(self, new: PlanChange, body: str) -> None:
        new.version = 1
        row = {"id": new.id, "subscription_id": new.subscription_id, "state": new.state.value}
        self._connection.execute(sa.insert(plan_changes), row | {"version": 1, "body": body})

    def _update(self, known: PlanChange, body: str) -> None:
        where = (plan_changes.c.id == known.id, plan_changes.c.version == known.version)
        known.version += 1
        changed = sa.update(plan_changes).where(*where)
        changed = changed.values(version=known.version, state=known.state.value, body=body)
        if self._connection.execute(changed).rowcount != 1:
            raise ConcurrentChange(f"plan change {known.id} was changed by somebody else")


def find_plan_change(connection: sa.Connection, change_id: str) -> PlanChange:
    """Raises NotFound."""
    row = connection.execute(sa.select(plan_changes).where(plan_changes.c.id == change_id)).first()
    if row is None:
        raise NotFound("no such plan change", id=change_id)
    return _load(row)


def find_unfinished(connection: sa.Connection, subscription_id: str) -> PlanChange | None:
    """The newest of the subscription's changes that is still being carried out."""
    query = sa.select(plan_changes).where(
        plan_changes.c.subscription_id == subscription_id, plan_changes.c.state.not_in(OVER)
    )
    row = connection.execute(query.order_by(plan_changes.c.id.desc()).limit(1)).first()
    return None if row is None else _load(row)


def _load(row: sa.Row[tuple[object, ...]]) -> PlanChange:
    change = decoded(row.body, PlanChange)
    change.version = row.version
    return change


def _body(change: PlanChange) -> str:
    kept = converter.unstructure(change)
    del kept["version"], kept["events"]
    return jsontext.text(kept)
