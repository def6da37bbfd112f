"""Which tokens are taken, and what is answered to all others."""

import base64
import socket
import threading
from typing import Any

import pytest
from connexion import FlaskApp
from connexion.middleware import MiddlewarePosition
from connexion.resolver import Resolver
from joserfc.jwk import RSAKey

from facade.security import connexion_security
from facade.security.errors import ConfigurationError
from facade.security.keys import RemoteKeys
from facade.security.principal import principal_in
from facade.security.settings import SecuritySettings, build_verifier
from facade.security.tokens import TokenVerifier
from tests.support.secured import AUDIENCE, ISSUER, PROTECTED, Served, api, challenge_of, make_app, signed, who
from tests.support.waiting import LONG


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
        ({"client_id": "a\ud800"}, "claim"),
        ({"scope": "order:read \ud800"}, "claim"),
    ],
    ids=ascii,
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
    assert key.kid is not None
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
        asked, let_go = threading.Event(), threading.Event()

        def hang() -> None:
            asked.set()
            let_go.wait(LONG)

        monkeypatch.setattr(keys, "_fetch", hang)
        waiting = threading.Thread(target=lambda: served.get("/api/orders", signed(key)))
        waiting.start()
        assert asked.wait(LONG)
        assert served.get("/oauth/jwks.json").status_code == 200
        assert not let_go.is_set()
        assert waiting.is_alive()
        let_go.set()
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
