"""Settings from the environment."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from facade.settings import SettingError, Settings

EVERY = {setting.name: setting for setting in fields(Settings) if setting.name != "backends"}


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def test_without_an_environment_everything_has_its_default() -> None:
    assert read() == Settings()


@pytest.mark.parametrize("name", EVERY)
def test_every_setting_has_a_variable_and_a_meaning(name: str) -> None:
    metadata = EVERY[name].metadata
    assert metadata["variable"].isupper()
    assert metadata["meaning"]


def test_no_variable_is_used_twice() -> None:
    assert len({setting.metadata["variable"] for setting in EVERY.values()}) == len(EVERY)


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("PORT", "9000", "port", 9000),
        ("WORKERS", "4", "workers", 4),
        ("PORTAL_WAIT", "2.5", "portal_wait", 2.5),
        ("PORTAL_WAIT", "0", "portal_wait", 0.0),
        ("NODE_LEASE", "1", "node_lease", 1.0),
        ("STATE_DIR", "/var/lib/facade", "state_dir", Path("/var/lib/facade")),
        ("HOLD_PROCESSES", "true", "hold_processes", True),
        ("HOLD_PROCESSES", "YES", "hold_processes", True),
        ("HOLD_PROCESSES", "1", "hold_processes", True),
        ("HOLD_PROCESSES", "no", "hold_processes", False),
        ("LOG_LEVEL", "debug", "log_level", "debug"),
        ("DATABASE_URL", "postgresql://db/x", "database_url", "postgresql://db/x"),
    ],
)
def test_a_variable_is_read_as_what_its_setting_is(variable: str, text: str, name: str, value: Any) -> None:
    found = getattr(read(**{variable: text}), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("variable", ["PORT", "HOLD_PROCESSES", "LOG_LEVEL", "STATE_DIR"])
def test_an_empty_variable_is_as_if_it_were_not_there(variable: str) -> None:
    assert read(**{variable: ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("PORT", "http", "PORT='http' is not a whole number"),
        ("PORT", "80.5", "PORT='80.5' is not a whole number"),
        ("PORT", "-1", "PORT='-1' must be from 0 to 65535"),
        ("BACKENDS_PORT", "65536", "BACKENDS_PORT='65536' must be from 0 to 65535"),
        ("WORKERS", "0", "WORKERS='0' must be from 1 to 1000"),
        ("THREADS", "0", "THREADS='0' must be from 1 to 10000"),
        ("PORTAL_WAIT", "soon", "PORTAL_WAIT='soon' is not a number"),
        ("PORTAL_WAIT", "nan", "PORTAL_WAIT='nan' must be from 0 to 86400"),
        ("PORTAL_WAIT", "inf", "PORTAL_WAIT='inf' must be from 0 to 86400"),
        ("NODE_LEASE", "-1", "NODE_LEASE='-1' must be from 1 to 86400"),
        ("NODE_LEASE", "0", "NODE_LEASE='0' must be from 1 to 86400"),
        ("NODE_LEASE", "0.99", "NODE_LEASE='0.99' must be from 1 to 86400"),
        ("HOLD_PROCESSES", "maybe", "HOLD_PROCESSES='maybe' is not true or false"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL='loud' is not allowed; use one of debug, info, warning, error"),
        (
            "CALLBACK_NETWORKS",
            "10.0.0.1/8",
            (
                "CALLBACK_NETWORKS='10.0.0.1/8' is not usable: 10.0.0.1/8 has host bits set; "
                "use networks such as 10.1.0.0/16,fd00:1::/32"
            ),
        ),
        ("STREAM", "rabbit", "STREAM='rabbit' is not allowed; use one of off, nats, kafka"),
        (
            "STREAM_PREFIX",
            "tmf.>",
            (
                "STREAM_PREFIX='tmf.>' is not usable: use words of letters, digits, - and _ with dots between them, "
                "such as tmf.events"
            ),
        ),
        ("STREAM", "kafka", "STREAM_URL must be set for STREAM=kafka: use brokers such as kafka1.example:9092"),
        ("FACADE_MODE", "prod", "FACADE_MODE='prod' is not allowed; use one of development, production"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_name_and_what_can(variable: str, text: str, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        read(**{variable: text})
    assert str(refused.value) == told


@pytest.mark.parametrize(
    "variable", ["BACKENDS_URL", "CRM_URL", "BILLING_TOKEN_URL", "JWKS_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"]
)
@pytest.mark.parametrize(
    "text",
    ["nonsense", "host:8080", "ftp://host", "file:///etc/passwd", "http://", "http://:80", "http://a b", "http://a:99999",
     "http://[::1", "http://a\r\nb", "http://é"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_its_name(variable: str, text: str) -> None:
    told = f"{variable} is not an address; use one such as https://host.example/path"
    with pytest.raises(SettingError, match=f"^{told}$"):
        read(**{variable: text})


@pytest.mark.parametrize("text", ["http://127.0.0.1:8090", "https://[::1]:1/x?y=z", "HTTPS://host.example"])
def test_an_address_is_taken_as_it_is(text: str) -> None:
    assert read(BACKENDS_URL=text).backends_url == text


def test_networks_of_callbacks_are_separated_by_commas() -> None:
    assert read().allowed_networks == ()
    found = read(CALLBACK_NETWORKS=" 10.1.0.0/16, fd00:1::/32 ,127.0.0.1,").allowed_networks
    assert [str(network) for network in found] == ["10.1.0.0/16", "fd00:1::/32", "127.0.0.1/32"]


PRODUCTION = {"FACADE_MODE": "production", "JWKS_URL": "https://issuer.example/jwks"}


def test_production_is_not_started_with_the_development_secret() -> None:
    for secret in ("", "facade-secret"):
        with pytest.raises(SettingError, match="BACKENDS_SECRET must be set in production"):
            read(**PRODUCTION, BACKENDS_SECRET=secret, BACKENDS_URL="https://backends.example")


def test_production_is_not_started_with_the_simulated_backends() -> None:
    with pytest.raises(SettingError, match="BACKENDS_URL must be set in production"):
        read(**PRODUCTION, BACKENDS_SECRET="s3cret")
    sound = read(**PRODUCTION, BACKENDS_SECRET="s3cret", BACKENDS_URL="https://backends.example")
    assert sound.mode == "production"


def test_the_database_is_a_file_in_the_state_directory_unless_it_is_given(tmp_path: Path) -> None:
    settings = read(STATE_DIR=str(tmp_path))
    assert settings.database_address == f"sqlite:///{tmp_path}/facade.db"
    assert read(DATABASE_URL="postgresql://db/x").database_address == "postgresql://db/x"


def test_the_backends_are_the_simulated_ones_unless_they_are_given() -> None:
    assert read(BACKENDS_PORT="9999").backends_address == "http://127.0.0.1:9999"
    assert read(BACKENDS_URL="https://backends.example").backends_address == "https://backends.example"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]
