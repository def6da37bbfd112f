"""The simulated backends as a process of their own, and a check of every answer against their contracts."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import requests
import yaml
from jsonschema import Draft4Validator

from tests.support.waiting import LONG, until

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs" / "backends"
HELD = 600_000
"""`latencyMs` of calls that wait until the faults are cleared, and go on then."""


class Backends:
    """One running simulation: its address, its ledger, its faults, and the switch."""

    def __init__(self, directory: Path, token_seconds: int = 3600) -> None:
        self.directory = directory
        self.state = directory / "backends.sqlite3"
        self.log = directory / "backends.log"
        self.token_seconds = token_seconds
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start on the same port and state as before, and wait until it answers."""
        command = [sys.executable, "-m", "adapters.simulators", "--port", str(self.port), "--state", str(self.state)]
        command += ["--token-seconds", str(self.token_seconds)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        until(self._answers, self.log.read_text)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would: `kill -9`."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def token(self, client_id: str = "facade", client_secret: str = "facade-secret") -> str:  # noqa: S107
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        answer = requests.post(f"{self.url}/oauth/token", data=form, timeout=LONG)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def ledger(self, backend: str, **filters: str) -> list[dict[str, Any]]:
        """Every effect of a backend in order; `key=` and `id=` narrow it."""
        answer = requests.get(f"{self.url}/_ledger/{backend}", params=filters, timeout=LONG)
        answer.raise_for_status()
        return list(answer.json())

    def fault(self, backend: str, **settings: Any) -> None:
        """Make a backend misbehave, as in `fault("billing", dropAnswer=True, operations=["charge"])`."""
        answer = requests.put(f"{self.url}/_faults/{backend}", json=settings, timeout=LONG)
        if not answer.ok:
            raise ValueError(answer.text)

    def hit(self, backend: str) -> int:
        """How many calls the backend's fault has hit so far."""
        return self._calls(backend)["hit"]

    def held(self, backend: str) -> int:
        """How many calls the backend's fault holds at the moment, by `latencyMs` or `hang`."""
        return self._calls(backend)["held"]

    def clear(self) -> None:
        """Clear all faults and let go of every call that waits or hangs."""
        requests.delete(f"{self.url}/_faults", timeout=LONG).raise_for_status()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the backends did not start:\n{self.log.read_text()}"
        try:
            return requests.get(f"{self.url}/_health", timeout=LONG).ok
        except requests.RequestException:
            return False

    def _calls(self, backend: str) -> dict[str, int]:
        answer = requests.get(f"{self.url}/_faults/{backend}", timeout=LONG)
        answer.raise_for_status()
        return dict(answer.json())

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(timeout=LONG)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None


@contextmanager
def running_backends(directory: Path, token_seconds: int = 3600) -> Iterator[Backends]:
    """The backends on a free port with their state and log in this directory; stopped at the end."""
    backends = Backends(directory, token_seconds)
    backends.start()
    try:
        yield backends
    finally:
        backends.stop()


def check_contract(method: str, path: str, answer: requests.Response) -> None:
    """Fail unless the backend's contract declares this status for the operation and the answer fits it."""
    _, backend, rest = path.split("?", maxsplit=1)[0].split("/", 2)
    operation = _operation(backend, method, f"/{rest}")
    declared = operation["responses"].get(str(answer.status_code))
    assert declared, f"{method} {path} does not declare {answer.status_code}: {answer.text}"
    check_schema(declared["content"]["application/json"]["schema"], answer.json())
    if answer.status_code in (401, 429, 503):
        assert all(header in answer.headers for header in declared["headers"])


def check_schema(schema: dict[str, Any], body: Any) -> None:
    errors = [
        f"{list(error.absolute_path)}: {error.message}"
        for error in Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER).iter_errors(body)
    ]
    assert not errors, f"{errors} in {body}"


@cache
def contract(backend: str) -> dict[str, Any]:
    """A backend's contract with its references resolved and `nullable` put in JSON Schema's words."""
    raw = yaml.safe_load((SPECS / f"{backend}.yaml").read_text())
    return dict(_resolved(raw, raw))


def _operation(backend: str, method: str, path: str) -> dict[str, Any]:
    for template, methods in contract(backend)["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in methods:
            return dict(methods[method.lower()])
    raise AssertionError(f"{backend} has no {method} {path}")


def _resolved(node: Any, root: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolved(part, root) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return _resolved(target, root)
    plain = {name: _resolved(part, root) for name, part in node.items()}
    if plain.pop("nullable", False):
        plain["type"] = [plain["type"], "null"]
    return plain


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
