"""Security over HTTP: the development server and an API protected by scopes, on a real socket."""

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import uvicorn
import yaml
from connexion import FlaskApp
from connexion.middleware import MiddlewarePosition
from connexion.resolver import Resolver
from joserfc import jwt
from joserfc.jwk import RSAKey

from facade.security import connexion_security
from facade.security.clients import PARTNERS_SCOPES
from facade.security.development_keys import FILE_NAME
from facade.security.development_server import DevelopmentServer
from facade.security.errors import ConfigurationError
from facade.security.keys import RemoteKeys
from facade.security.principal import current_principal, principal_in
from facade.security.settings import SecuritySettings, build_verifier
from facade.security.tokens import TokenVerifier

ISSUER, AUDIENCE = "http://localhost/oauth", "tmf-facade"
OAUTH = yaml.safe_load((Path(__file__).parents[2] / "specs" / "oauth.yaml").read_text())


def api(operation: str, security: list[dict[str, list[str]]]) -> dict[str, Any]:
    return {
        "get": {"operationId": operation, "security": security, "responses": {"200": {"description": "Who calls."}}}
    }


PROTECTED = {
    "openapi": "3.0.3",
    "info": {"title": "Protected", "version": "1"},
    "servers": [{"url": "/api"}],
    "paths": {
        "/orders": api("orders", [{"oauth2": ["order:read"]}]),
        "/operations": api("operations", [{"oauth2": ["operations:read"]}]),
        "/anyone": api("anyone", [{}, {"oauth2": []}]),
        "/both": api("both", [{"oauth2": ["order:read", "order:all"]}]),
        "/broken": api("broken", [{"oauth2": []}]),
        "/open": api("open", []),
    },
    "components": {
        "securitySchemes": {
            "oauth2": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
            }
        }
    },
}


def who() -> dict[str, Any]:
    caller = current_principal()
    return {
        "client": caller.client_id,
        "scopes": sorted(caller.scopes),
        "owner": caller.owner_filter(),
        "thread": threading.current_thread().name,
    }


def broken() -> None:
    raise ValueError("a handler failed")


def make_app(settings: SecuritySettings, verifier: TokenVerifier) -> FlaskApp:
    asking = dict.fromkeys(("orders", "operations", "anyone", "both", "open"), who)
    handlers = {"broken": broken, **asking, **DevelopmentServer(settings).operations()}
    app = FlaskApp(
        __name__, security_map=connexion_security.security_map(verifier), resolver=Resolver(handlers.__getitem__)
    )
    app.add_api(OAUTH)
    app.add_api(PROTECTED)
    return app


class Served:
    def __init__(self, app: FlaskApp) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on", ws="none"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self.socket]})

    def __enter__(self) -> "Served":
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.socket.close()

    def get(self, path: str, token: str | None = None, **headers: str) -> requests.Response:
        sent = headers | ({} if token is None else {"Authorization": f"Bearer {token}"})
        return requests.get(self.url + path, headers=sent, timeout=10)

    def token(self, auth: tuple[str, str] | None = None, **form: str) -> requests.Response:
        return requests.post(self.url + "/oauth/token", data=form, auth=auth, timeout=10)

    def raw(self, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, str | None]:
        """Status and challenge for headers sent exactly as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name.decode(), value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("WWW-Authenticate")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> SecuritySettings:
    return SecuritySettings("development", ISSUER, AUDIENCE, state_dir=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def server(settings: SecuritySettings) -> Iterator[Served]:
    with Served(make_app(settings, build_verifier(settings))) as served:
        yield served


@pytest.fixture(scope="module")
def key(server: Served, settings: SecuritySettings) -> RSAKey:
    assert settings.state_dir is not None
    return RSAKey.import_key(json.loads((settings.state_dir / FILE_NAME).read_bytes()))


def signed(key: RSAKey, header: dict[str, Any] | None = None, **claims: Any) -> str:
    now = int(time.time())
    base = {"iss": ISSUER, "aud": AUDIENCE, "client_id": "qa", "scope": "order:read", "iat": now, "exp": now + 60}
    return jwt.encode({"alg": "RS256", "kid": key.kid, **(header or {})}, base | claims, key)


def challenge_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("WWW-Authenticate", "")


def test_a_client_gets_a_token_and_is_recognised_in_the_worker_thread(server: Served) -> None:
    answer = server.token(("partner-acme", "partner-acme-secret"), grant_type="client_credentials")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert token["scope"] == " ".join(sorted(PARTNERS_SCOPES))

    caller = server.get("/api/orders", token["access_token"]).json()
    assert caller["client"] == caller["owner"] == "partner-acme"
    assert caller["scopes"] == token["scope"].split()
    assert caller["thread"] != "MainThread"


def test_the_portal_sees_everybodys_orders(server: Served) -> None:
    form = {"client_id": "portal", "client_secret": "portal-secret", "grant_type": "client_credentials"}
    token = server.token(**form).json()["access_token"]
    assert server.get("/api/orders", token).json()["owner"] is None


def test_scopes_can_be_narrowed_and_a_wildcard_covers_what_is_under_it(server: Served) -> None:
    form = {"client_id": "qa", "client_secret": "qa-secret", "grant_type": "client_credentials"}
    narrow = server.token(**form, scope="operations:read").json()
    assert narrow["scope"] == "operations:read"
    assert server.get("/api/operations", narrow["access_token"]).status_code == 200
    assert server.get("/api/orders", narrow["access_token"]).status_code == 403
    wide = server.token(**form, scope="operations:*").json()["access_token"]
    assert server.get("/api/operations", wide).status_code == 200


GOOD = {"client_id": "partner-acme", "client_secret": "partner-acme-secret", "grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("changes", "auth", "status", "error"),
    [
        ({"client_secret": "wrong"}, None, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": "nobody-secret"}, None, 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, None, 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, ("partner-acme", "wrong"), 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, ("nobody", "nobody-secret"), 401, "invalid_client"),
        ({"grant_type": "password"}, None, 400, "unsupported_grant_type"),
        ({"grant_type": 'é"'}, None, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, None, 400, "invalid_request"),
        ({"scope": "order:fly"}, None, 400, "invalid_scope"),
        ({"scope": "order:read order:all"}, None, 400, "invalid_scope"),
        ({"scope": 'é"'}, None, 400, "invalid_scope"),
    ],
    ids=str,
)
def test_token_errors_follow_rfc_6749(
    server: Served, changes: dict[str, str], auth: tuple[str, str] | None, status: int, error: str
) -> None:
    answer = server.token(auth, **(GOOD | changes))
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"client_secret": "wrong"}, "unknown client or wrong secret"),
        ({"client_id": "nobody"}, "unknown client or wrong secret"),
        ({"client_id": "", "client_secret": ""}, "unknown client or wrong secret"),
        ({"grant_type": "password"}, "the only grant_type here is client_credentials"),
        ({"grant_type": 'é"'}, "the only grant_type here is client_credentials"),
    ],
    ids=str,
)
def test_a_token_error_says_what_is_wrong(server: Served, changes: dict[str, str], description: str) -> None:
    assert server.token(**(GOOD | changes)).json()["error_description"] == description


def test_credentials_in_the_address_are_not_taken(server: Served) -> None:
    answer = requests.post(f"{server.url}/oauth/token?{urlencode(GOOD)}", timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_request_that_came_by_a_host_name_is_answered(server: Served) -> None:
    """Authlib refuses plain http from anything but a loopback address unless it is told otherwise."""
    answer = requests.post(server.url + "/oauth/token", data=GOOD, headers={"Host": "facade.internal:8080"}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Basic /////w==",
        "Basic é".encode("latin-1"),
        "Basic é".encode(),
        b"x",
        b"Basic " + base64.b64encode(b"\xff\xfe:\xff"),
        b"Basic " + b"A" * 10_000,
    ],
    ids=lambda sent: ascii(sent)[:30],
)
def test_garbage_credentials_are_refused_as_wrong_ones(server: Served, sent: bytes) -> None:
    answer = requests.post(
        server.url + "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={b"Authorization": sent},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_request_that_is_no_form_is_refused(server: Served) -> None:
    assert requests.post(server.url + "/oauth/token", json=GOOD, timeout=10).status_code == 415


def test_the_key_set_is_public_and_marked_as_of_development(server: Served) -> None:
    answer = requests.get(server.url + "/oauth/jwks.json", timeout=10)
    (key,) = answer.json()["keys"]
    assert key["kid"].startswith("dev-")
    assert "d" not in key
    assert answer.headers["Content-Type"] == "application/json"


def test_without_a_token_the_answer_says_which_kind_is_taken(server: Served) -> None:
    assert challenge_of(server.get("/api/orders")) == (401, "Bearer")
    assert challenge_of(server.get("/api/orders", Authorization="Basic cWE6cWE=")) == (401, "Bearer")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"exp": 1}, "expired"),
        ({"iss": "http://other"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"client_id": None}, "client"),
    ],
    ids=str,
)
def test_a_token_that_is_not_good_for_us_is_refused(
    server: Served, key: RSAKey, changes: dict[str, Any], text: str
) -> None:
    assert server.get("/api/orders", signed(key)).status_code == 200
    status, challenge = challenge_of(server.get("/api/orders", signed(key, **changes)))
    assert status == 401
    assert challenge.startswith('Bearer error="invalid_token", error_description="')
    assert text in challenge


def test_tampered_unsigned_and_foreign_tokens_are_refused(server: Served, key: RSAKey) -> None:
    head, payload, signature = signed(key).split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    foreign = RSAKey.generate_key(2048, {"kid": key.kid})
    for token in (
        f"{head}.{payload}.{signature[:-8]}AAAAAAAA",
        f"{head}.{payload}x.{signature}",
        f"{unsigned}.{payload}.",
        signed(foreign),
        signed(key, {"kid": "another"}),
    ):
        status, challenge = challenge_of(server.get("/api/orders", token))
        assert status == 401
        assert 'error="invalid_token"' in challenge


def test_a_missing_scope_is_named(server: Served, key: RSAKey) -> None:
    status, challenge = challenge_of(server.get("/api/both", signed(key)))
    assert status == 403
    assert challenge == 'Bearer error="insufficient_scope", scope="order:read order:all"'


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"BearereyJhbGciOiJSUzI1NiJ9.e30.e30",
        b"Bearer a b",
        b"Bearer " + "é".encode("latin-1"),
        b"Bearer " + "日本".encode(),
        b"Bearer " + b"\xff\xfe\x80",
        b"Bearer " + b"x" * 10_000,
        b"Bearer " + b"eyJhbGciOiJSUzI1NiJ9." * 400,
        b"x" * 10_000,
        b",;=\"'",
        b"Bearer ..",
        b"Bearer\te30.e30.e30",
    ],
    ids=lambda sent: ascii(sent)[:30],
)
def test_garbage_in_the_authorization_header_is_401_and_never_500(server: Served, sent: bytes) -> None:
    status, challenge = server.raw("GET", "/api/orders", [(b"Authorization", sent)])
    assert status == 401
    assert str(challenge).startswith("Bearer")


def test_two_authorization_headers_are_refused(server: Served, key: RSAKey) -> None:
    sent = (b"Authorization", b"Bearer " + signed(key).encode())
    assert server.raw("GET", "/api/orders", [sent, sent])[0] == 401


def test_the_scheme_is_read_in_any_case(server: Served, key: RSAKey) -> None:
    assert server.get("/api/orders", Authorization=f"bearer  {signed(key)}").status_code == 200


def test_a_handler_that_asks_who_calls_never_runs_without_a_token(server: Served, key: RSAKey) -> None:
    assert challenge_of(server.get("/api/open")) == (401, "Bearer")
    assert challenge_of(server.get("/api/anyone")) == (401, "Bearer")


def test_error_handlers_get_reason_headers_and_caller(settings: SecuritySettings, key: RSAKey) -> None:
    from connexion.exceptions import OAuthProblem, OAuthScopeProblem
    from connexion.lifecycle import ConnexionResponse

    seen: list[Any] = []

    def render(request: Any, error: Any) -> ConnexionResponse:
        seen.append((type(error).__name__, error.code, error.reason, error.detail))
        return ConnexionResponse(status_code=error.status_code, headers=error.headers, body="{}")

    def render_with_caller(request: Any, error: Exception) -> ConnexionResponse:
        caller = principal_in(request.context)
        seen.append((type(error).__name__, caller and caller.client_id))
        return ConnexionResponse(status_code=409, body="{}")

    class SharedContext:
        """Connexion's router works on a copy of the scope; what was in it before is shared with error handlers."""

        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {}).setdefault("connexion_context", {})
            await self.app(scope, receive, send)

    app = make_app(settings, build_verifier(settings))
    app.add_middleware(SharedContext, MiddlewarePosition.BEFORE_EXCEPTION)
    app.add_error_handler(OAuthProblem, render)
    app.add_error_handler(OAuthScopeProblem, render)
    app.add_error_handler(ValueError, render_with_caller)
    with Served(app) as served:
        assert challenge_of(served.get("/api/orders")) == (401, "Bearer")
        assert served.get("/api/both", signed(key)).status_code == 403
        assert challenge_of(served.get("/api/open")) == (401, "Bearer")
        assert served.get("/api/broken", signed(key)).status_code == 409
    assert seen.pop() == ("ValueError", "qa")
    assert [entry[:3] for entry in seen] == [
        ("TokenRefused", "UNAUTHENTICATED", "missing"),
        ("ScopeMissing", "INSUFFICIENT_SCOPE", "insufficientScope"),
        ("TokenRefused", "UNAUTHENTICATED", "missing"),
    ]


def test_keys_are_fetched_over_http_and_their_absence_is_503(
    server: Served, settings: SecuritySettings, key: RSAKey
) -> None:
    remote = TokenVerifier(RemoteKeys(server.url + "/oauth/jwks.json"), ISSUER, AUDIENCE)
    with Served(make_app(settings, remote)) as served:
        assert served.get("/api/orders", signed(key)).status_code == 200
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/jwks.json"
    with Served(make_app(settings, TokenVerifier(RemoteKeys(nowhere), ISSUER, AUDIENCE))) as served:
        answer = served.get("/api/orders", signed(key))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_slow_authorization_server_holds_up_nobody_else(
    settings: SecuritySettings, key: RSAKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = RemoteKeys("http://127.0.0.1:1/jwks.json")
    with Served(make_app(settings, TokenVerifier(keys, ISSUER, AUDIENCE))) as served:
        asked = threading.Event()

        def hang() -> None:
            asked.set()
            time.sleep(5)

        monkeypatch.setattr(keys, "_fetch", hang)
        waiting = threading.Thread(target=lambda: served.get("/api/orders", signed(key)))
        waiting.start()
        asked.wait(5)
        start = time.monotonic()
        assert served.get("/oauth/jwks.json").status_code == 200
        assert time.monotonic() - start < 4
        waiting.join()


def test_a_contract_that_asks_for_a_scope_nobody_can_hold_does_not_start(settings: SecuritySettings) -> None:
    app = FlaskApp(
        __name__,
        security_map=connexion_security.security_map(build_verifier(settings)),
        resolver=Resolver({"orders": who}.__getitem__),
    )
    app.add_api(PROTECTED | {"paths": {"/orders": api("orders", [{"oauth2": ["order:raed"]}])}})
    with pytest.raises(ConfigurationError, match="order:raed"), app.test_client():
        pass
