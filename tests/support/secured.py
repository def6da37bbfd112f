"""A small app behind the token check, and tokens for it."""

import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any, Self

import requests
import uvicorn
import yaml
from connexion import FlaskApp
from connexion.resolver import Resolver
from joserfc import jws
from joserfc.jwk import RSAKey

from facade.security import connexion_security
from facade.security.development_server import DevelopmentServer
from facade.security.principal import current_principal
from facade.security.settings import SecuritySettings
from facade.security.tokens import TokenVerifier
from tests.support.waiting import LONG, until

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
        "everybody": caller.reader().everybody,
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

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive())
        assert self._server.started, "the server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.socket.close()

    def get(self, path: str, token: str | None = None, **headers: str) -> requests.Response:
        sent = headers | ({} if token is None else {"Authorization": f"Bearer {token}"})
        return requests.get(self.url + path, headers=sent, timeout=LONG)

    def token(self, auth: tuple[str, str] | None = None, **form: str) -> requests.Response:
        return requests.post(self.url + "/oauth/token", data=form, auth=auth, timeout=LONG)

    def raw(self, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, str | None]:
        """Status and challenge for headers sent exactly as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name.decode(), value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("WWW-Authenticate")


def signed(key: RSAKey, header: dict[str, Any] | None = None, **claims: Any) -> str:
    now = int(time.time())
    base = {"iss": ISSUER, "aud": AUDIENCE, "client_id": "qa", "scope": "order:read", "iat": now, "exp": now + 3600}
    return jws.serialize_compact({"alg": "RS256", "kid": key.kid, **(header or {})}, json.dumps(base | claims), key)


def challenge_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("WWW-Authenticate", "")
