"""The commands of the command line other than serving."""

import math
from contextlib import closing
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.persistence import migrations
from adapters.persistence.database import Database
from adapters.simulators.serve import serve as serve_simulators
from canonical.shared.errors import StoreUnavailable
from facade.bootstrap.backends import backend_settings
from facade.bootstrap.catalog import show_what_is_not_shown
from facade.bootstrap.core import api_deprecations, load_profiles, partner_profiles, profiles_in_force
from facade.bootstrap.streaming import check_stream
from facade.bootstrap.tls_files import check_files
from facade.clock import SystemClock
from facade.health import Role
from facade.partners.profiles import Profiles
from facade.security.development_server import DevelopmentServer
from facade.security.errors import ConfigurationError
from facade.security.settings import DEVELOPMENT, PRODUCTION, build_verifier
from facade.setting_sources import Problems, SettingError
from facade.settings import Settings
from facade.web.listening import check_listening

log = structlog.get_logger()

DATABASE_TROUBLE = (StoreUnavailable, SQLAlchemyError, migrations.DatabaseTooOld, OSError, ValueError)


def check_start(settings: Settings, role: Role) -> None:
    """Raises one SettingError for all problems: settings that contradict each other, a file of certificates that
    cannot be used, an invalid partner profile, keys that must not be trusted, an address on which we cannot listen, a
    database that cannot be reached or has not this release's schema. In production the log of a server names the
    clients that may act for every customer.
    """
    problems = Problems()
    with problems.noting():
        backend_settings(settings)
    with problems.noting():
        check_files(settings)
    profiles = Profiles()
    with problems.noting():
        profiles = partner_profiles(settings)
    with problems.noting():
        api_deprecations(settings)
    with problems.noting():
        profiles = _with_stored(profiles, settings)
    if role is not Role.SERVE:
        with problems.noting():
            check_stream(settings)
    if settings.mode == PRODUCTION and role is not Role.WORK:
        _name_unbound(profiles)
    with problems.noting():
        _check_tokens(settings)
    variable, port = ("WORK_PORT", settings.work_port) if role is Role.WORK else ("PORT", settings.port)
    with problems.noting():
        check_listening(settings.host, port, variable)
    problems.tell()


def _check_tokens(settings: Settings) -> None:
    try:
        build_verifier(settings.security)
    except ConfigurationError as error:
        raise SettingError(str(error)) from error


def _with_stored(files: Profiles, settings: Settings) -> Profiles:
    """The profiles in force. Raises SettingError if the database or a stored profile cannot be used."""
    try:
        with closing(Database(settings.database_address)) as database:
            migrations.check(database)
            profiles = profiles_in_force(files, database, SystemClock())
            load_profiles(profiles)
            return profiles.now()
    except SettingError:
        raise
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
        show_what_is_not_shown(database)


def simulate(settings: Settings, state: Path) -> None:
    """Serve the simulated backends until interrupted. Raises SettingError."""
    check_listening(settings.host, settings.backends_port, "BACKENDS_PORT")
    serve_simulators(
        settings.host,
        settings.backends_port,
        state,
        client_id=settings.backends_client,
        client_secret=settings.backends_secret,
        development=settings.mode == DEVELOPMENT,
    )


def development_token(settings: Settings, client: str, scope: str | None) -> str:
    """A token of a development client. Raises ValueError for an unknown one, ConfigurationError in production."""
    return DevelopmentServer(settings.security).issue_token(client, scope)


def reason_of(trouble: Exception) -> str:
    """The driver's message about an unusable database, in one line."""
    error = (trouble.__cause__ or trouble) if isinstance(trouble, StoreUnavailable) else trouble
    return " ".join(str(getattr(error, "orig", None) or error).split())
