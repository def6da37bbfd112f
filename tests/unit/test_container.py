"""Containerfile, compose file and their scripts name only what exists, and keep what docs/operators.md promises.

`tests/e2e/test_image.py` starts a built image.
"""

import re
import shlex
import subprocess
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from facade.cli import main
from facade.settings import Settings, variables

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "deploy/Containerfile"
SCRIPTS = ("make-wheels", "build-image")
OF_OTHERS = {"PATH", "PYTHONDONTWRITEBYTECODE", "MALLOC_ARENA_MAX", "XDG_CACHE_HOME"}
"""The variables of the image that are no settings of ours."""
KNOWN = set(variables(Settings)) | {f"{name}_FILE" for name, secret in variables(Settings).items() if secret}
SERVICE_KEYS = {
    "image", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "restart", "stop_grace_period", "command",
    "user", "environment", "secrets", "volumes", "ports", "depends_on", "healthcheck",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "start_period", "retries"}
ITSELF = "tmf-facade"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile with their arguments, on one line each."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [
        (name, rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())
    ]


def of(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


@cache
def compose() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    assert isinstance(found, dict)
    return found


def ours() -> dict[str, Any]:
    return {name: service for name, service in compose()["services"].items() if name != "database"}


def is_a_command(words: list[str]) -> bool:
    command: Any = main
    for word in words:
        command = getattr(command, "commands", {}).get(word)
    return command is not None and not getattr(command, "commands", {})


def test_the_image_runs_as_a_user_without_rights_on_what_it_holds() -> None:
    user, group = of("USER")[-1].split(":")
    assert 0 not in (int(user), int(group)), "by numbers: a cluster cannot tell from a name that it is not root"
    assert instructions()[-3][0] == "USER", "nothing but the command comes after it"
    [state] = of("VOLUME")
    assert f"--owner {user} --group {group} --mode 700 {state}" in " ".join(of("RUN")), "all else belongs to root"


def test_the_image_starts_a_command_that_there_is() -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")
    [entry], [command] = (yaml.safe_load(of(name)[-1]) for name in ("ENTRYPOINT", "CMD"))
    assert f"{entry} = " in settings["options.entry_points"]["console_scripts"]
    assert is_a_command([command])


def test_the_settings_and_ports_of_the_image_exist() -> None:
    environment = dict(word.split("=", 1) for rest in of("ENV") for word in shlex.split(rest))
    assert environment.keys() - OF_OTHERS <= KNOWN
    assert environment["STATE_DIR"] == of("VOLUME")[0] == of("WORKDIR")[-1]
    defaults = Settings()
    assert of("EXPOSE") == [f"{defaults.port} {defaults.work_port} {defaults.backends_port}"]


def test_what_the_image_is_made_of_is_let_into_the_build() -> None:
    copied = {rest.split()[0] for rest in of("COPY") if not rest.startswith("--from=")}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_in == {"var/image/wheels"}
    assert "var/image/wheels" in (ROOT / "deploy/make-wheels").read_text()
    stages = {rest.rpartition(" AS ")[2] for rest in of("FROM") if " AS " in rest}
    assert {rest.split()[0].removeprefix("--from=") for rest in of("COPY") if rest.startswith("--from=")} <= stages


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_sound_and_find_their_files(name: str) -> None:
    script = ROOT / "deploy" / name
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111
    named = set(re.findall(r"\bdeploy/[\w.-]+", script.read_text() + (ROOT / "Makefile").read_text()))
    assert named
    assert all((ROOT / path).exists() for path in named)
    [sources] = re.findall(r"cp -r (.*) \"\$sources\"", (ROOT / "deploy/make-wheels").read_text())
    assert all((ROOT / path).exists() for path in sources.split())


@pytest.mark.parametrize("rest", of("RUN"))
def test_the_shell_takes_each_step(rest: str) -> None:
    subprocess.run(["sh", "-n"], input=rest, text=True, check=True)


def test_the_compose_file_has_the_structure_of_one() -> None:
    whole = compose()
    assert {key for key in whole if not key.startswith("x-")} == {"name", "services", "secrets", "volumes"}
    for service in whole["services"].values():
        assert service.keys() <= SERVICE_KEYS
        assert service.get("healthcheck", {}).keys() <= HEALTH_KEYS
        assert set(service["secrets"]) <= whole["secrets"].keys()
        assert {volume.partition(":")[0] for volume in service.get("volumes", ())} <= whole["volumes"].keys()
        for needed, condition in service.get("depends_on", {}).items():
            healthy = {"condition": "service_healthy"}
            assert "healthcheck" in whole["services"][needed] or condition != healthy
            assert condition in (healthy, {"condition": "service_completed_successfully"})


@pytest.mark.parametrize("name", sorted(compose()["services"]))
def test_each_service_is_confined(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]  # noqa: S108
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("user") != "root"
    assert ("user" in service) == (name == "database"), "ours is the image's"
    assert "healthcheck" in service or service["command"] == ["db", "upgrade"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", sorted(ours()))
def test_each_service_of_ours_has_a_command_and_settings_that_exist(name: str) -> None:
    service = ours()[name]
    assert is_a_command(service["command"])
    assert service["environment"].keys() <= KNOWN
    assert {volume.partition(":")[2] for volume in service.get("volumes", ())} <= set(of("VOLUME"))
    if "healthcheck" in service:
        kind, program, option, source = service["healthcheck"]["test"]
        assert (kind, program, option) == ("CMD", "python", "-c"), "the image has no curl"
        compile(source, name, "exec")
        defaults = Settings()
        port = {"serve": defaults.port, "work": defaults.work_port, "simulate": defaults.backends_port}
        assert f"//127.0.0.1:{port[service['command'][0]]}/" in source


def test_no_secret_has_a_default() -> None:
    secrets = {name for name, secret in variables(Settings).items() if secret} | {"POSTGRES_PASSWORD"}
    for service in compose()["services"].values():
        for name, value in service["environment"].items():
            assert name not in secrets
            if name.removesuffix("_FILE") in secrets:
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert all(secret["file"].startswith("${SECRETS:?") for secret in compose()["secrets"].values())


def test_the_override_for_production_in_the_docs_fits() -> None:
    text = (ROOT / "docs/operators.md").read_text()
    [written] = re.findall(r"cat > deploy/compose.override.yaml <<'END'\n(.*?)END\n", text, flags=re.DOTALL)
    override = yaml.safe_load(written)
    assert override["services"].keys() <= ours().keys()
    for service in override["services"].values():
        assert service.keys() <= SERVICE_KEYS
        assert service["environment"].keys() <= KNOWN
