"""Publishing to a streaming platform, as a background service of a node that works."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from adapters.events.duty import Duty
from adapters.events.relay import EventRelay
from adapters.persistence.database import Database
from adapters.persistence.duties import DutyTable, duty_of_stream
from adapters.persistence.event_stream import SqlEventStream
from adapters.persistence.stream_backlog import stream_backlog
from canonical.events.ports import EventPublisher
from canonical.shared.errors import StoreUnavailable
from facade.portal.cloud_events import stream_messages
from facade.setting_sources import SettingError
from facade.settings import KAFKA, NATS, OFF, Settings

FILES = ("STREAM_CREDENTIALS", "STREAM_CA_BUNDLE")


@dataclass(frozen=True)
class Platform:
    """A streaming platform: the library that it needs, the adapter, and how the adapter is made."""

    library: str
    module: str
    publisher: Callable[[Any, Settings], EventPublisher]


def _nats(module: Any, settings: Settings) -> EventPublisher:
    servers = [one.strip() for one in settings.stream_servers.split(",")]
    publisher: EventPublisher = module.JetStreamPublisher(servers, settings.stream_prefix, *_files(settings))
    return publisher


def _kafka(module: Any, settings: Settings) -> EventPublisher:
    credentials, ca = _files(settings)
    properties = module.properties_in(credentials.read_text()) if credentials else {}
    publisher: EventPublisher = module.KafkaPublisher(settings.stream_servers, settings.stream_prefix, properties, ca)
    return publisher


def _files(settings: Settings) -> tuple[Path | None, Path | None]:
    """Credentials and certificates. Raises SettingError for a file that cannot be read."""
    credentials, ca = (_file(name, getattr(settings, name.lower())) for name in FILES)
    return credentials, ca


def _file(variable: str, name: str) -> Path | None:
    if not name:
        return None
    try:
        Path(name).read_bytes()
    except OSError as error:
        raise SettingError(f"{variable}={name} cannot be read: {error.strerror}") from error
    return Path(name)


PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {
        NATS: Platform("nats-py[nkeys]", "adapters.streams.jetstream", _nats),
        KAFKA: Platform("confluent-kafka", "adapters.streams.kafka", _kafka),
    }
)


def publisher_of(settings: Settings) -> EventPublisher:
    """Raises SettingError if the library is missing, or if a setting cannot be used."""
    platform = PLATFORMS[settings.stream]
    try:
        return platform.publisher(import_module(platform.module), settings)
    except ModuleNotFoundError as error:
        extra = f"pip install 'tmf-facade[{settings.stream}]'"
        raise SettingError(f"STREAM={settings.stream} needs the library {platform.library}: {extra}") from error
    except SettingError:
        raise
    except (OSError, ValueError) as error:
        given = [name for name in ("STREAM_URL", *FILES) if getattr(settings, name.lower())]
        raise SettingError(f"{', '.join(given)} cannot be used: {error}") from error


def check_stream(settings: Settings) -> None:
    """Raises SettingError if this process could not publish. The broker itself may be away."""
    if settings.stream != OFF:
        with closing(publisher_of(settings)):
            pass


def event_relay(settings: Settings, database: Database, node: str) -> EventRelay | None:
    """Starts with `begin`. None if nothing is to be published. Raises SettingError."""
    if settings.stream == OFF:
        return None
    table = DutyTable(database, duty_of_stream(settings.stream))
    return EventRelay(
        SqlEventStream(database),
        table,
        Duty(table, node, settings.node_lease),
        publisher_of(settings),
        stream_messages(settings.public_url),
    )


def republish(settings: Settings, database: Database, after: int) -> int:
    """Have the events after this number published again, by the node that publishes. Returns how many they are. Raises
    SettingError if there is nothing to repeat.
    """
    if settings.stream == OFF:
        raise SettingError("STREAM is off, so nothing is published: set it as it is for `tmf-facade work`")
    published = stream_backlog(database, settings.stream).published
    if not DutyTable(database, duty_of_stream(settings.stream)).rewind(after):
        raise SettingError(f"the last event that was published is number {published}: give a smaller one")
    return published - after


def stream_state(platform: str, database: Database, relay: EventRelay | None) -> Mapping[str, Any]:
    """What health shows of publishing; empty if it is off, or if the database does not answer."""
    if platform == OFF:
        return {}
    try:
        backlog = stream_backlog(database, platform)
    except StoreUnavailable:
        return {}
    problem = relay.problem if relay else None
    return {"platform": platform, "published": backlog.published, "waiting": backlog.waiting, "problem": problem}
