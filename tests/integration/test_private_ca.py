"""Backends and keys behind a private authority, with certificates of clients, and through a proxy."""

import select
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLEOFError
from threading import Thread
from typing import Any

import orjson
import pytest
from requests.exceptions import SSLError
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError
from urllib3.exceptions import SSLError as TlsError

from adapters.backends.registry import Backends, connect
from adapters.backends.transport import connection_trouble
from canonical.shared.errors import BackendContractError, BackendUnavailable
from facade.bootstrap.backends import backend_settings
from facade.bootstrap.commands import check_start
from facade.health import Role
from facade.security.keys import RemoteKeys, Route
from facade.setting_sources import SettingError
from facade.settings import Settings
from tests.integration.test_backends_wire import JOHN, Recorder
from tests.support.private_ca import Authority, served_over_tls
from tests.support.waiting import until
from tests.unit.security.issuer import Issuer

EXPIRED = "its certificate is not trusted: certificate has expired"
UNTRUSTED = "its certificate is not trusted: unable to get local issuer certificate"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def recorder() -> Recorder:
    made = Recorder()
    made.answers = [(200, JOHN)]
    return made


Connected = Callable[..., Backends]


@pytest.fixture
def connected() -> Iterator[Connected]:
    """Backends by the settings of operators."""
    made: list[Backends] = []

    def connecting(url: str, **environment: str) -> Backends:
        quick = {"BACKEND_RETRIES": "0", "BACKENDS_URL": url}
        made.append(connect(backend_settings(Settings.from_environment(quick | environment))))
        return made[-1]

    yield connecting
    for one in made:
        one.close()


def test_a_private_authority_is_trusted_if_its_bundle_is_named(
    authority: Authority, recorder: Recorder, connected: Connected
) -> None:
    with served_over_tls(recorder, authority.issue("backend")) as url:
        backends = connected(url, BACKEND_CA_BUNDLE=str(authority.bundle))
        assert backends.customers.customer("C1").name == "John"
        assert set(backends.connection_troubles().values()) == {None}


def test_an_untrusted_certificate_is_named_as_the_cause(
    authority: Authority, recorder: Recorder, connected: Connected
) -> None:
    with served_over_tls(recorder, authority.issue("backend")) as url:
        backends = connected(url)
        with pytest.raises(BackendUnavailable) as failed:
            backends.customers.customer("C1")
        assert failed.value.message == f"no access token for crm is available: its token service: {UNTRUSTED}"
        assert backends.connection_troubles()["crm"] == f"its token service: {UNTRUSTED}"


def test_a_certificate_that_has_expired_is_named_as_the_cause(
    authority: Authority, recorder: Recorder, connected: Connected
) -> None:
    with served_over_tls(recorder, authority.issue("old", ends=-timedelta(days=1))) as url:
        backends = connected(url, BACKEND_CA_BUNDLE=str(authority.bundle))
        with pytest.raises(BackendUnavailable, match=EXPIRED):
            backends.customers.customer("C1")
        assert backends.connection_troubles()["crm"] == f"its token service: {EXPIRED}"
        keys = RemoteKeys(url, Route(str(authority.bundle)))
        keys.check()
        assert str(keys.problem()).endswith(f": {EXPIRED}")


def test_each_backend_has_an_authority_of_its_own(
    authority: Authority, recorder: Recorder, connected: Connected, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    with served_over_tls(recorder, authority.issue("backend")) as url:
        backends = connected(url, BACKEND_CA_BUNDLE=str(other.bundle), CRM_CA_BUNDLE=str(authority.bundle))
        assert backends.customers.customer("C1").name == "John"
        with pytest.raises(BackendUnavailable, match="its token service: its certificate is not trusted"):
            backends.shipments.of_order("ORD1")


def test_the_cause_is_known_before_the_first_call(
    authority: Authority, recorder: Recorder, connected: Connected
) -> None:
    with served_over_tls(recorder, authority.issue("backend")) as url:
        backends = connected(url)
        backends.watch_contracts()
        until(lambda: set(backends.connection_troubles().values()) == {UNTRUSTED}, backends.connection_troubles)


def test_a_file_may_change_while_we_run(
    authority: Authority, recorder: Recorder, connected: Connected, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(Authority(tmp_path / "other").bundle.read_bytes())
    with served_over_tls(recorder, authority.issue("backend")) as url:
        backends = connected(url, BACKEND_CA_BUNDLE=str(bundle))
        with pytest.raises(BackendUnavailable):
            backends.customers.customer("C1")
        bundle.unlink()
        with pytest.raises(BackendUnavailable, match="the file of trusted certificates cannot be used: no such file"):
            backends.customers.customer("C1")
        bundle.write_bytes(authority.bundle.read_bytes())
        assert backends.customers.customer("C1").name == "John"
        assert backends.connection_troubles()["crm"] is None


def test_our_certificate_may_become_unusable_while_we_run(
    authority: Authority, recorder: Recorder, connected: Connected, tmp_path: Path
) -> None:
    with served_over_tls(recorder, authority.issue("backend"), clients=authority.bundle) as url:
        for contents, problem in unusable_certificates(authority).items():
            ours = tmp_path / "ours.pem"
            ours.write_bytes(authority.issue("facade").read_bytes())
            backends = connected(url, BACKEND_CA_BUNDLE=str(authority.bundle), BACKEND_CLIENT_CERT=str(ours))
            ours.write_bytes(contents)
            with pytest.raises(BackendUnavailable, match=f"the file of our certificate cannot be used: {problem}"):
                backends.customers.customer("C1")


def unusable_certificates(authority: Authority) -> dict[bytes, str]:
    """Contents of files for our certificate, and what is told of each."""
    one, other = (authority.issue(name).read_bytes().split(b"-----BEGIN PRIVATE") for name in ("facade", "other"))
    return {
        b"": "it has no certificate in PEM",
        b"nonsense": "it has no certificate in PEM",
        one[0]: "it has no private key in PEM",
        authority.issue("hidden", password=b"secret").read_bytes(): "its private key has a password",
        one[0] + b"-----BEGIN PRIVATE" + other[1]: "its private key belongs to another certificate",
        one[0] + b"-----BEGIN PRIVATE KEY-----": "its certificate or private key is broken",
    }


def test_a_connection_that_ends_within_tls_is_named_as_the_cause() -> None:
    """With TLS 1.3 a server may close it after its refusal of our certificate."""
    ended = SSLError(MaxRetryError(HTTPSConnectionPool("x"), "/", TlsError(SSLEOFError(8, "EOF occurred"))))
    assert connection_trouble(ended) == "TLS failed: the connection was closed"


def test_a_certificate_for_another_host_is_not_trusted_and_the_host_is_not_told(
    authority: Authority, recorder: Recorder, connected: Connected
) -> None:
    with served_over_tls(recorder, authority.issue("elsewhere", "10.9.8.7")) as url:
        backends = connected(url, BACKEND_CA_BUNDLE=str(authority.bundle))
        with pytest.raises(BackendUnavailable, match="not trusted: it is for another host"):
            backends.customers.customer("C1")


def test_a_backend_may_demand_our_certificate(authority: Authority, recorder: Recorder, connected: Connected) -> None:
    trusted = {"BACKEND_CA_BUNDLE": str(authority.bundle)}
    with served_over_tls(recorder, authority.issue("backend"), clients=authority.bundle) as url:
        with pytest.raises(BackendUnavailable, match="its token service: TLS failed: "):
            connected(url, **trusted).customers.customer("C1")
        ours = connected(url, **trusted, BACKEND_CLIENT_CERT=str(authority.issue("facade")))
        assert ours.customers.customer("C1").name == "John"


class Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.asked: list[str] = []


class _Tunnel(BaseHTTPRequestHandler):
    server: Proxy

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        host, _, port = self.path.rpartition(":")
        with closing(socket.create_connection((host, int(port)))) as there:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            while True:
                for one in select.select(list(ends), [], [])[0]:
                    piece = one.recv(65536)
                    if not piece:
                        self.close_connection = True
                        return
                    ends[one].sendall(piece)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    server = Proxy()
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_backends_are_reached_through_a_proxy(
    authority: Authority, recorder: Recorder, connected: Connected, proxy: Proxy
) -> None:
    through = {"BACKEND_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}"}
    with served_over_tls(recorder, authority.issue("backend")) as url:
        backends = connected(url, BACKEND_CA_BUNDLE=str(authority.bundle), **through)
        assert backends.customers.customer("C1").name == "John"
        backends.close()
        assert proxy.asked == [url.removeprefix("https://")] * 2, "for the token, and for the customer"


def test_a_proxy_counts_for_its_backend_only_and_those_of_the_environment_for_none(
    authority: Authority, recorder: Recorder, connected: Connected, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    through = {"CRM_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}"}
    with served_over_tls(recorder, authority.issue("backend")) as url:
        backends = connected(url, BACKEND_CA_BUNDLE=str(authority.bundle), **through)
        with pytest.raises(BackendContractError):
            backends.shipments.of_order("ORD1")
        assert proxy.asked == []
        monkeypatch.delenv("NO_PROXY")
        with pytest.raises(BackendContractError):
            backends.shipments.of_order("ORD1")
        assert backends.customers.customer("C1").name == "John"
        backends.close()
        assert len(proxy.asked) == 2, "for a token of its own, and for the customer"


def test_a_proxy_is_known_by_its_certificate_also_on_the_way_to_plain_http(
    authority: Authority, connected: Connected, tmp_path: Path
) -> None:
    class Forwarding(BaseHTTPRequestHandler):
        """Sends nothing on: the token is what a proxy must not see that could be anybody."""

        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forwarding)
    with served_over_tls(server, authority.issue("proxy")) as proxy:
        strange = {"BACKEND_PROXY": proxy, "BACKEND_CA_BUNDLE": str(Authority(tmp_path).bundle)}
        backends = connected("http://backend.example", **strange)
        with pytest.raises(BackendUnavailable):
            backends.customers.customer("C1")
        assert asked == []
        known = connected("http://backend.example", **strange | {"BACKEND_CA_BUNDLE": str(authority.bundle)})
        with pytest.raises(BackendUnavailable):
            known.customers.customer("C1")
        assert len(asked) == 1


def test_a_proxy_that_is_away_is_named_as_the_cause(recorder: Recorder, connected: Connected) -> None:
    recorder.server_close()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        backends = connected("https://crm.example", BACKEND_PROXY=f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(BackendUnavailable, match="the proxy gave us no connection"):
            backends.customers.customer("C1")


def test_keys_come_from_behind_a_private_authority(
    authority: Authority, recorder: Recorder, proxy: Proxy, tmp_path: Path
) -> None:
    recorder.answers = [(200, orjson.dumps(Issuer().jwks))]
    ours, through = str(authority.issue("facade")), f"http://127.0.0.1:{proxy.server_address[1]}"
    with served_over_tls(recorder, authority.issue("issuer"), clients=authority.bundle) as url:
        for route in (Route(), Route(str(authority.bundle))):
            refused = RemoteKeys(url, route)
            refused.check()
            assert "TLS with the authorization server failed" in str(refused.problem())
            assert ("its certificate is not trusted: " in str(refused.problem())) == (route == Route())
        gone = RemoteKeys(url, Route(str(tmp_path / "gone.pem")))
        gone.check()
        assert "JWKS_CA_BUNDLE" in str(gone.problem())
        keys = RemoteKeys(url, Route(str(authority.bundle), ours, through))
        keys.check()
        assert keys.loaded
        assert proxy.asked == [url.removeprefix("https://")]


VARIABLES = ["BACKEND_CA_BUNDLE", "CRM_CA_BUNDLE", "BILLING_CLIENT_CERT", "JWKS_CA_BUNDLE", "JWKS_CLIENT_CERT"]


def refusal(settings: dict[str, str], folder: Path) -> SettingError:
    with pytest.raises(SettingError) as refused:
        check_start(Settings.from_environment(settings | {"STATE_DIR": str(folder), "PORT": "0"}), Role.SERVE)
    return refused.value


def test_every_file_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    named = {variable: str(tmp_path / variable) for variable in VARIABLES}
    problems = refusal(named, tmp_path).problems
    for variable, path in named.items():
        told = [
            problem for problem in problems if problem.startswith(f"{variable}={path!r} cannot be used: no such file")
        ]
        assert len(told) == 1, "by the name of the variable that is set, and once"


def test_what_is_wrong_with_a_file_is_told_at_the_start(authority: Authority, tmp_path: Path) -> None:
    ours, trusted = tmp_path / "ours.pem", tmp_path / "trusted.pem"
    for contents, problem in unusable_certificates(authority).items():
        ours.write_bytes(contents)
        assert problem in str(refusal({"BACKEND_CLIENT_CERT": str(ours)}, tmp_path))
    for contents in (b"", b"nonsense"):
        trusted.write_bytes(contents)
        assert "it has no certificate in PEM" in str(refusal({"JWKS_CA_BUNDLE": str(trusted)}, tmp_path))
    assert "is a directory" in str(refusal({"BACKEND_CA_BUNDLE": str(tmp_path)}, tmp_path))
