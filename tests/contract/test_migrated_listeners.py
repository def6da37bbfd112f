"""Registrations of the release before get events from the upgrade on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.persistence.delivery_reads import SqlDeliveryReads
from canonical.listeners.delivery import SECRET_PREFIX, DeliveryState
from tests.support.earlier import BOTH, database_at

LISTENER = "INSERT INTO listeners (id, owner, api, version, callback, query, created_at) VALUES"
EVENT = "INSERT INTO outbox (subject_type, subject, sequence, type, at, payload) VALUES"
AT = "2026-05-03T12:00:00.000000Z"


@pytest.fixture(params=BOTH)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as the release before left it."""
    with database_at("0014", request, tmp_path) as database:
        yield database


def test_a_listener_of_the_release_before_starts_at_the_last_event(before: Database) -> None:
    with before.writing() as connection:
        for number in ("1", "2"):
            listener = f"('l{number}', 'acme', 'TMF622', 'v5', 'https://acme.example/{number}', '', '{AT}')"
            connection.execute(sa.text(f"{LISTENER} {listener}"))
            connection.execute(sa.text(f"{EVENT} ('order', 'o{number}', 1, 'OrderSubmitted', '{AT}', '{{}}')"))
        connection.commit()
    migrations.upgrade(before)
    found = SqlDeliveryReads(before).of("acme")
    assert [(one.listener.id, one.status.cursor, one.behind) for one in found] == [("l1", 2, 0), ("l2", 2, 0)]
    assert {one.status.state for one in found} == {DeliveryState.ACTIVE}
    secrets = {one.status.secret for one in found}
    assert len(secrets) == 2
    assert all(secret.startswith(SECRET_PREFIX) for secret in secrets)
    assert [one.listener.scopes for one in found] == [(), ()]
