"""Backends behind TLS by an authority of our own: what is told without its bundle, and that orders go on with it."""

import select
import socket
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from tests.support.private_ca import Authority
from tests.support.product import TMF622, Node, partner_order
from tests.support.simulators import Backends, running_backends
from tests.support.waiting import LONG, until

CAUSE = "its certificate is not trusted: unable to get local issuer certificate"


class Terminator(socketserver.ThreadingTCPServer):
    """Takes TLS off and sends what is inside on to the backends."""

    daemon_threads = True
    target: tuple[str, int]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us is part of the test."""


class _Forwarding(socketserver.BaseRequestHandler):
    server: Terminator
    request: ssl.SSLSocket

    def handle(self) -> None:
        with closing(socket.create_connection(self.server.target)) as there:
            while True:
                ready = [self.request] if self.request.pending() else select.select([self.request, there], [], [])[0]
                for one in ready:
                    piece = one.recv(65536)
                    if not piece:
                        return
                    (there if one is self.request else self.request).sendall(piece)


@pytest.fixture
def backends(tmp_path: Path) -> Iterator[Backends]:
    with running_backends(tmp_path) as running:
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def terminator(backends: Backends, authority: Authority) -> Iterator[str]:
    """Its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue("backends"))
    server = Terminator(("127.0.0.1", 0), _Forwarding)
    server.target = ("127.0.0.1", backends.port)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_cause_is_told_until_the_authority_is_trusted(
    tmp_path: Path, backends: Backends, authority: Authority, terminator: str
) -> None:
    node = Node(tmp_path, backends, {"BACKENDS_URL": terminator})
    node.prepare()
    node.start()
    try:

        def problems() -> set[str | None]:
            ready = requests.get(f"{node.url}/health/ready", timeout=LONG).json()
            return {backend["connectionProblem"] for backend in ready["backends"].values()}

        until(lambda: problems() == {CAUSE}, problems)
        order_id = node.post(TMF622, partner_order()).json()["id"]
        listed = "/api/v1/operations/processes?state=waiting"
        until(lambda: node.get(listed).json()["items"])
        [waiting] = node.get(listed).json()["items"]
        assert waiting["subject"] == order_id
        assert waiting["waitingFor"] == f"no access token for crm is available: its token service: {CAUSE}"
        node.stop()
        node.environment["BACKEND_CA_BUNDLE"] = str(authority.bundle)
        node.start()
        assert node.until_finished(order_id)["state"] == "COMPLETED"
        until(lambda: problems() == {None}, problems)
    finally:
        node.stop()
