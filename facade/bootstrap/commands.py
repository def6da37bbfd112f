"""What the command line does besides serving."""

import math
from contextlib import closing
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.persistence import migrations
from adapters.persistence.catalog import publish, read_offerings
from adapters.persistence.database import Database
from adapters.simulators.serve import serve as serve_simulators
from canonical.shared.errors import StoreUnavailable
from facade.bootstrap.backends import backend_settings
from facade.bootstrap.core import partner_profiles
from facade.partners.profiles import Profiles
from facade.security.settings import PRODUCTION
from facade.setting_sources import SettingError
from facade.settings import Settings

log = structlog.get_logger()

CATALOG = Path(__file__).parents[2] / "fixtures" / "catalog"

DATABASE_TROUBLE = (StoreUnavailable, SQLAlchemyError, OSError, ValueError)


def check_start(settings: Settings) -> None:
    """Raises SettingError, in one line: settings that do not fit together, a partner profile that is wrong, a database
    that cannot be reached or is not at this release's schema. In production the log names the clients that may act for
    every customer.
    """
    backend_settings(settings)
    profiles = partner_profiles(settings)
    if settings.mode == PRODUCTION:
        _name_unbound(profiles)
    try:
        with closing(Database(settings.database_address)) as database:
            migrations.check(database)
    except (*DATABASE_TROUBLE, migrations.SchemaOutOfDate) as error:
        raise SettingError(
            f"the database at {settings.database_variable} cannot be used: {reason_of(error)}"
        ) from error


def _name_unbound(profiles: Profiles) -> None:
    for client in (*profiles.unbound, "every client without a profile"):
        log.warning("client not bound to customers", client=client)


def upgrade_database(settings: Settings) -> None:
    """Bring the schema up to date. Safe to repeat."""
    with closing(Database(settings.database_address, seconds=math.inf)) as database:
        migrations.upgrade(database)


def publish_catalog(settings: Settings, folder: Path = CATALOG) -> int:
    """Publish the offerings of the catalogue files; returns how many were new."""
    published = read_offerings([path.read_bytes() for path in sorted(folder.glob("*.json"))])
    with closing(Database(settings.database_address, seconds=math.inf)) as database:
        return publish(database, published)


def simulate(settings: Settings, state: Path) -> None:
    """Serve the simulated backends until interrupted."""
    serve_simulators(
        settings.host,
        settings.backends_port,
        state,
        client_id=settings.backends_client,
        client_secret=settings.backends_secret,
    )


def reason_of(trouble: Exception) -> str:
    """What the driver says of a database that cannot be used, in one line."""
    error = (trouble.__cause__ or trouble) if isinstance(trouble, StoreUnavailable) else trouble
    return " ".join(str(getattr(error, "orig", None) or error).split())
