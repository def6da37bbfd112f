"""A node whose authorization server is away from the start."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from joserfc.jwk import KeySet, RSAKey

from tests.support.product import ORDERS, Node
from tests.support.secured import signed
from tests.support.simulators import running_backends
from tests.support.waiting import LONG, until


class KeyServer(ThreadingHTTPServer):
    """Answers 500 while `keys` is None."""

    keys: bytes | None = None


class _Answers(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.send_response(500 if self.server.keys is None else 200)
        self.end_headers()
        self.wfile.write(self.server.keys or b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    with KeyServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class WaitsForLiveOnly(Node):
    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/live", timeout=LONG).ok
        except requests.RequestException:
            return False


def test_a_node_without_keys_is_not_ready_until_it_has_them(key_server: KeyServer, tmp_path: Path) -> None:
    key = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    environment = {
        "JWKS_URL": f"http://127.0.0.1:{key_server.server_port}/jwks",
        "TOKEN_ISSUER": "http://localhost/oauth",
    }
    with running_backends(tmp_path) as backends:
        node = WaitsForLiveOnly(tmp_path, backends, environment)
        node.prepare()
        node.start()
        try:
            answer = requests.get(f"{node.url}/health/ready", timeout=LONG)
            assert (answer.status_code, answer.json()["problems"]) == (
                503,
                ["there is no key to check access tokens with: the authorization server answers with an error"],
            )
            token = {"Authorization": f"Bearer {signed(key)}"}
            assert requests.get(node.url + ORDERS, headers=token, timeout=LONG).status_code == 503
            key_server.keys = json.dumps(KeySet([key]).as_dict(private=False)).encode()
            until(lambda: requests.get(f"{node.url}/health/ready", timeout=LONG).status_code == 200)
            assert requests.get(node.url + ORDERS, headers=token, timeout=LONG).status_code == 200
            key_server.keys = None
            assert requests.get(f"{node.url}/health/ready", timeout=LONG).status_code == 200, "known keys stay in use"
        finally:
            node.stop()
