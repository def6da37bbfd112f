"""Whatever stands in a setting, its user is told what is wrong and what to do, and never shown a traceback."""

import errno
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from facade import cli
from facade.bootstrap.catalog import SAMPLE
from facade.settings import SettingError, Settings, variables
from tests.support.launched import free_ports

NAMES = variables(Settings)
PRODUCTION = {
    "FACADE_MODE": "production",
    "JWKS_URL": "https://issuer.example/jwks",
    "BACKENDS_URL": "https://backends.example",
    "BACKENDS_SECRET": "s3cret",
}
TEXTS = [
    "x", "-1", "0", "0.5", "nan", "inf", "-inf", "1e999", "1e308", "1e-300", "9" * 400, "9" * 5000, "1_000", "٣", "½",
    " 5 ", "true", "None", "{}", "=", "a\nb", "a\x1bb", "é", "\udcff", "http://", "http://x:99999", "http://[::1",
    "//x", "/nowhere", "a" * 5000, "postgresql://h:port/x", "10.0.0.0/33", "0.0.0.0/0,", "%", "../..",
]  # fmt: skip


@pytest.mark.parametrize("mode", [{}, PRODUCTION], ids=["development", "production"])
@pytest.mark.parametrize("variable", NAMES)
def test_a_text_is_taken_or_refused_with_its_variable(variable: str, mode: dict[str, str]) -> None:
    for text in TEXTS:
        try:
            settings = Settings.from_environment(mode | {variable: text})
        except SettingError as error:
            [problem] = error.problems
            assert variable in problem
            assert len(problem) < 300
            assert problem.isprintable()
            assert not NAMES[variable] or text not in problem, "a secret is not repeated"
        else:
            assert settings.database_address
            assert settings.backends_address


@pytest.mark.parametrize("text", ["1_000", "٣", "1e3", "0x10", "10.0"])
def test_a_number_is_written_in_digits(text: str) -> None:
    with pytest.raises(SettingError, match=r"PORT=.* is not a whole number"):
        Settings.from_environment({"PORT": text})


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("NONSENSE=1\nPORT 80\nTHREADS=many\n")
    wrong = {"FACADE_SETTINGS": str(file), "PORT": "http", "CRM_RETRIES": "11", "BACKENDS_SECRET_FILE": "/nowhere"}
    with pytest.raises(SettingError) as refused:
        Settings.from_environment(wrong | {"CALLBACK_NETWORKS": "here"})
    told = ["line 1", "line 2", "BACKENDS_SECRET_FILE", "PORT=", "THREADS=", "CRM_RETRIES=", "CALLBACK_NETWORKS="]
    assert [next(part for part in told if part in problem) for problem in refused.value.problems] == told
    assert str(refused.value).splitlines()[0] == "7 settings cannot be used:"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command; what would serve returns at once instead."""
    monkeypatch.setattr("facade.cli.run_server", lambda *_, **__: None)
    monkeypatch.setattr("facade.bootstrap.commands.serve_simulators", lambda *_, **__: None)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "var"))

    def running(*command: str, **environment: str) -> Result:
        return CliRunner().invoke(cli.main, command, env=environment)

    assert running("db", "upgrade").exit_code == 0
    assert running("serve", PORT="0").exit_code == 0
    return running


def told(result: Result) -> str:
    """The message of a command that failed as commands do."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output
    return str(result.output)


@pytest.mark.parametrize("command", ["serve", "work", "run", "simulate", "db", "token", "demo"])
def test_production_names_all_that_it_misses_at_once(run: Any, command: str) -> None:
    words = {"db": ("db", "upgrade"), "token": ("token", "qa")}.get(command, (command,))
    output = told(run(*words, FACADE_MODE="production", PORT="http"))
    assert [name for name in (*PRODUCTION, "PORT") if f"{name} must be set" in output or f"{name}=" in output] == [
        "JWKS_URL",
        "BACKENDS_URL",
        "BACKENDS_SECRET",
        "PORT",
    ]


@pytest.mark.parametrize(
    "host", ["x.invalid", "999.1.1.1", "192.0.2.1", "[::1]", "http://x", "a b", "-", "a" * 70, "a..b"]
)
@pytest.mark.parametrize("command", ["serve", "work", "simulate", "run"])
def test_a_host_that_is_none_of_ours_is_called_so(run: Any, command: str, host: str) -> None:
    output = told(run(command, HOST=host, PORT="0", BACKENDS_PORT="1", WORK_PORT="2"))
    assert f"HOST={host[:60]!r} is not an address of this machine" in output
    assert "PORT=" not in output


@pytest.mark.parametrize(
    ("command", "variable", "message"),
    [
        ("serve", "PORT", "PORT={} cannot be used: Address already in use"),
        ("work", "WORK_PORT", "WORK_PORT={} cannot be used: Address already in use"),
        ("simulate", "BACKENDS_PORT", "BACKENDS_PORT={} cannot be used: Address already in use"),
        ("run", "BACKENDS_PORT", "port {} for the backends cannot be used: Address already in use"),
        ("run", "WORK_PORT", "port {} for the worker cannot be used: Address already in use"),
    ],
)
def test_a_port_that_is_taken_is_called_so(run: Any, command: str, variable: str, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        others = dict(zip(("BACKENDS_PORT", "WORK_PORT"), map(str, free_ports(2)), strict=True))
        output = told(run(command, **({"PORT": "0"} | others | {variable: str(port)})))
    assert message.format(port) in output
    assert "HOST" not in output


@pytest.mark.parametrize(
    ("one", "other"), [("PORT", "WORK_PORT"), ("PORT", "BACKENDS_PORT"), ("WORK_PORT", "BACKENDS_PORT")]
)
def test_two_parts_with_one_port_are_told(run: Any, one: str, other: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    output = told(run("run", **{one: port, other: port}))
    assert f"{one} and {other} are both {port}: they need different ports" in output


def test_a_port_that_needs_another_user_is_called_so(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert "PORT=80 cannot be used: Permission denied" in told(run("serve", PORT="80"))


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("STATE_DIR", "/dev/null/x", "Not a directory"),
        ("DATABASE_URL", "sqlite://", "in memory"),
        ("DATABASE_URL", "sqlite:///:memory:", "in memory"),
        ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "in memory"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/x", "Connection refused"),
        ("PARTNERS", "/dev/null", "not a folder"),
        ("FACADE_SETTINGS", "\udcff", "cannot be read"),
    ],
)
def test_what_cannot_be_used_at_start_is_told_with_its_variable(
    run: Any, variable: str, text: str, reason: str
) -> None:
    output = told(run("serve", PORT="0", **{variable: text}))
    assert variable in output
    assert reason in output


def test_a_state_directory_that_keeps_no_key_is_told(run: Any) -> None:
    assert "STATE_DIR cannot keep the signing key" in told(run("token", "qa", STATE_DIR="/dev/null/x"))


def test_a_folder_without_catalog_files_is_told(run: Any, tmp_path: Path) -> None:
    output = told(run("db", "upgrade", STATE_DIR=str(tmp_path), CATALOG=str(tmp_path)))
    assert f"CATALOG='{tmp_path}' has no *.json or *.jsonl file" in output


def test_the_files_of_a_catalog_of_ones_own_are_published(run: Any, tmp_path: Path) -> None:
    [first, *_] = (SAMPLE / "offerings.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "mine.json").write_text(f"[{first}]", encoding="utf-8")
    done = run("db", "upgrade", STATE_DIR=str(tmp_path), CATALOG=str(tmp_path))
    assert "1 catalog item loaded" in done.output


def test_what_does_not_fit_at_start_is_told_at_once(run: Any) -> None:
    wrong = {"HOST": "x.invalid", "PARTNERS": "/nowhere", "DATABASE_URL": "mysql://x/y", "CRM_CONCURRENCY": "90"}
    output = told(run("serve", "--work", **wrong))
    assert all(name in output for name in wrong)
    assert "4 settings cannot be used" in output
