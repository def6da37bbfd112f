"""Calls a running product as its clients do, and reads the ledgers of its simulated backends."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from canonical.shared import jsontext
from facade.settings import Settings

TMF622 = "/tmf-api/productOrderingManagement/v5/productOrder"
ORDERS = "/api/v1/orders"
USUAL_PORTS = (Settings.port, Settings.backends_port)
BACKENDS = ("inventory", "bss", "billing")
"""Those that an order changes something in."""


class DemoError(Exception):
    """The demonstration cannot continue; the message says why and what to do."""


class Product:
    """Calls the product and its backends over HTTP. Every call raises DemoError when nobody answers."""

    def __init__(self, url: str, backends_url: str) -> None:
        self.url = url
        self.backends_url = backends_url
        self._http = requests.Session()
        # Ignore proxies and .netrc for a product on this machine.
        self._http.trust_env = False
        self._tokens: dict[str, str] = {}

    def check(self) -> None:
        """Raises DemoError unless the product is ready."""
        self._call("GET", f"{self.url}/health/ready")

    def place(self, path: str, body: Any, client: str, key: str | None = None) -> requests.Response:
        """The answer to an order, whatever it is."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._as(client, "POST", path, headers, json=body)

    def read(self, path: str, client: str) -> Any:
        answer = self._as(client, "GET", path, {})
        if not answer.ok:
            raise DemoError(f"GET {path} as {client} was answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def order(self, order_id: str, client: str, within: float = 30) -> dict[str, Any]:
        """The canonical order when no process works on it any more, or at the latest after `within` seconds."""
        until = time.monotonic() + within
        while True:
            order: dict[str, Any] = self.read(f"{ORDERS}/{order_id}?include=none", client)
            if order["status"] != "processing" or time.monotonic() > until:
                return order
            time.sleep(0.05)

    def effects(self, order_id: str) -> list[dict[str, Any]] | None:
        """The effects of the backends for an order, oldest first. None if the backends are not simulated."""
        found = []
        for backend in BACKENDS:
            answer = self._call("GET", f"{self.backends_url}/_ledger/{backend}", allowed=(404,))
            if answer.status_code == 404:
                return None
            found += [
                entry | {"backend": backend} for entry in answer.json() if str(entry["key"]).startswith(f"{order_id}:")
            ]
        return sorted(found, key=lambda entry: str(entry["at"]))

    def _as(
        self, client: str, method: str, path: str, headers: Mapping[str, str], json: Any = None
    ) -> requests.Response:
        authorization = {"Authorization": f"Bearer {self._token(client)}"}
        return self._send(method, self.url + path, headers={**headers, **authorization}, json=json)

    def _token(self, client: str) -> str:
        if client not in self._tokens:
            form = {"grant_type": "client_credentials", "client_id": client, "client_secret": f"{client}-secret"}
            answer = self._call("POST", f"{self.url}/oauth/token", data=form)
            self._tokens[client] = answer.json()["access_token"]
        return self._tokens[client]

    def _call(self, method: str, url: str, allowed: tuple[int, ...] = (), **options: Any) -> requests.Response:
        answer = self._send(method, url, **options)
        if not answer.ok and answer.status_code not in allowed:
            raise DemoError(f"{method} {url} was answered {answer.status_code}: {answer.text[:300]}")
        return answer

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._http.request(method, url, timeout=60, **options)
        except requests.RequestException as error:
            raise DemoError(
                f"nobody answers at {url.split('/', 3)[2]}. Start the product with `make run`; "
                "PORT and BACKENDS_PORT say where it is."
            ) from error


def note_ports(settings: Settings) -> None:
    """Tell `make demo` where `make run` serves, for as long as it does."""
    _note(settings).write_bytes(jsontext.write([settings.port, settings.backends_port]))


def forget_ports(settings: Settings) -> None:
    _note(settings).unlink(missing_ok=True)


def with_noted_ports(settings: Settings) -> Settings:
    """With the ports of a `make run` that uses the same STATE_DIR, unless other ports are set."""
    if (settings.port, settings.backends_port) != USUAL_PORTS:
        return settings
    try:
        port, backends_port = jsontext.read(_note(settings).read_bytes())
    except (OSError, ValueError):
        return settings
    return replace(settings, port=port, backends_port=backends_port)


def _note(settings: Settings) -> Path:
    return settings.state_dir / "running.json"


def running(settings: Settings) -> Product:
    """The product that runs, or will run, with these settings."""
    return Product(address_of(settings), settings.backends_address)


def address_of(settings: Settings, port: int | None = None) -> str:
    """How the product is reached from this machine; with `port`, another server of it."""
    everywhere = settings.host in ("0.0.0.0", "::", "")  # noqa: S104 - compared, not listened on
    host = "127.0.0.1" if everywhere else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{port or settings.port}"
