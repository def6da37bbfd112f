"""`tmf-facade listeners`: registrations of all clients, seen and ended on the database."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from adapters.persistence.database import Database
from adapters.persistence.tables import audit, deliveries
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.listeners.delivery import DeliveryState
from canonical.listeners.listener import Listener
from facade.cli import main
from tests.support.builders import NOON
from tests.support.fakes import StandingClock

Listeners = Callable[..., Result]


@pytest.fixture
def listeners(database: Database) -> Listeners:
    address = database.url.render_as_string(hide_password=False)
    return lambda *words: CliRunner().invoke(main, ["listeners", *words], env={"DATABASE_URL": address})


@pytest.fixture
def registered(database: Database) -> None:
    """One of acme, with a notification that waits, and a paused one of globe."""
    with SqlUnitOfWork(database, {}, StandingClock()) as work:
        for owner in ("acme", "globe"):
            callback = f"https://{owner}.example/events?token=secret"
            work.listeners.add(Listener(f"listener-of-{owner}", owner, "tmf622", "v5", callback, "", NOON))
        status = work.listeners.status("listener-of-globe")
        status.state, status.reason = DeliveryState.PAUSED, "nothing was taken for 5 days"
        work.listeners.keep_status(status)
        work.commit()
    waiting = {"listener_id": "listener-of-acme", "number": 1, "subject": "o", "event_id": "e", "event_type": "x"}
    with database.writing() as connection:
        connection.execute(sa.insert(deliveries).values(**waiting, tries=0, due=0, problem="", dead=False))
        connection.commit()


@pytest.mark.usefixtures("registered")
def test_registrations_of_all_clients_are_listed_without_what_may_be_secret(listeners: Listeners) -> None:
    first, second, count = listeners("list").stdout.splitlines()
    assert first.startswith("listener-of-acme acme tmf622 v5 https://acme.example/events active, 1 waiting, 0 dead")
    assert "https://globe.example/events paused: nothing was taken for 5 days, 0 waiting" in second
    assert count == "2 registrations"
    assert listeners("list", "--client", "globe").stdout.splitlines() == [second, "1 registration"]


@pytest.mark.usefixtures("registered")
def test_one_is_ended_with_all_that_waits_and_on_record(database: Database, listeners: Listeners) -> None:
    ended = listeners("end", "listener-of-acme", "--reason", "ticket 4711")
    assert ended.exit_code == 0, ended.output
    assert ended.stdout == "the registration listener-of-acme of acme has ended\n"
    assert listeners("list").stdout.splitlines()[-1] == "1 registration"
    columns = (audit.c.client, audit.c.operation, audit.c.status, audit.c.subject, audit.c.reason)
    with database.reading() as connection:
        assert not connection.scalar(sa.select(sa.func.count()).select_from(deliveries))
        [record] = connection.execute(sa.select(*columns).where(audit.c.reason.is_not(None))).all()
    assert tuple(record) == ("tmf-facade", "endListener", 204, "listener-of-acme", "ticket 4711")


@pytest.mark.usefixtures("registered")
def test_an_unknown_one_and_a_missing_reason_are_told(listeners: Listeners) -> None:
    unknown = listeners("end", "nobody", "--reason", "x")
    assert (unknown.exit_code, "there is no such registration" in unknown.stderr) == (1, True)
    assert listeners("end", "listener-of-acme").exit_code == 2
    assert listeners("list").stdout.splitlines()[-1] == "2 registrations"
