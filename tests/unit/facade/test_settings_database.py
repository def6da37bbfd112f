"""What operators are told about a database that cannot be used, and about one that was prepared."""

import socket
from pathlib import Path

import click
import pytest

from facade import cli
from facade.bootstrap.commands import check_start
from facade.health import Role
from facade.settings import SettingError, Settings

UNUSABLE = {
    "foo": "it is not an address of a database",
    "mysql://u:p@h/x": "mysql is not supported",
    "postgresql://u:p@127.0.0.1:1/x": "Connection refused",
    "sqlite:////dev/null/facade.db": "Not a directory|File exists",
}


@pytest.mark.parametrize("url", UNUSABLE)
def test_a_database_that_cannot_be_used_is_told_in_one_line(url: str) -> None:
    settings = Settings(database_url=url)
    with pytest.raises(SettingError, match=UNUSABLE[url]) as refused:
        check_start(settings, Role.SERVE)
    with pytest.raises(click.ClickException, match=UNUSABLE[url]) as unprepared:
        cli._prepare_database(settings)
    for told in (str(refused.value), unprepared.value.message):
        assert "DATABASE_URL" in told
        assert "\n" not in told
        assert "u:p" not in told


def test_a_server_that_takes_connections_and_says_nothing_is_told_and_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(database_url=f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/x")
        with pytest.raises(SettingError, match="DATABASE_URL cannot be used: connection timeout expired"):
            check_start(settings, Role.SERVE)


def test_a_database_without_the_schema_says_what_to_run_and_a_second_upgrade_that_nothing_was_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(state_dir=tmp_path)
    with pytest.raises(SettingError, match="run `tmf-facade db upgrade`"):
        check_start(settings, Role.SERVE)
    cli._prepare_database(settings)
    cli._prepare_database(settings)
    check_start(settings, Role.SERVE)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("schema up to date; ")
    assert " catalog items loaded; " in first
    assert first.endswith(" sample assets loaded")
    assert second == "schema up to date; catalog unchanged"


def test_where_the_database_is_in_the_state_directory_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    settings = Settings(state_dir=file)
    with pytest.raises(SettingError, match=r"the database at STATE_DIR cannot be used: .*exists"):
        check_start(settings, Role.SERVE)
    with pytest.raises(click.ClickException, match=r"the database at STATE_DIR cannot be prepared: .*exists"):
        cli._prepare_database(settings)
