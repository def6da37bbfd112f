"""The authorization server for development: client credentials in, signed access tokens out. Never in production.

Authlib does the protocol (RFC 6749 sections 2.3.1, 4.4 and 5, RFC 9068 tokens); this module gives it the clients and
the key, and mends four things of Authlib 1.9, each named where it is done.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Request, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.authenticate_client import authenticate_client_secret_basic
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from joserfc.jwk import KeySet

from facade.security.clients import DEVELOPMENT_CLIENTS, DevelopmentClient, find_client
from facade.security.development_keys import development_key
from facade.security.guesses import Guesses
from facade.security.settings import SecuritySettings

TOKEN_SECONDS = 3600
INVALID_CLIENT_STATUS = 401


class DevelopmentServer:
    """Issues tokens to the development clients. Raises ConfigurationError when made outside development mode."""

    def __init__(self, settings: SecuritySettings) -> None:
        self._guesses = Guesses()
        self._keys = KeySet([development_key(settings.development_state_dir())])
        self._tokens = _AccessTokens(self._keys, settings.issuer, settings.audience)
        self._server = _Server(query_client=find_client, save_token=lambda token, request: None)
        self._server.register_token_generator("default", self._tokens)
        self._server.register_client_auth_method("client_secret_basic", _authenticate_basic)
        self._server.register_grant(_ClientCredentials)

    def operations(self) -> Mapping[str, Callable[..., Any]]:
        """The handlers of specs/oauth.yaml, by operationId."""
        return {"issueToken": self.answer_token_request, "listSigningKeys": self.list_keys}

    def answer_token_request(self) -> flask.Response:
        """The answer to the request Flask is handling: a token (RFC 6749 section 5.1) or an error (5.2).

        Raises RateLimited instead of looking at credentials after many wrong ones.
        """
        with self._guesses.attempt(_claimed_client(flask.request), flask.request.remote_addr or "") as attempt:
            response: flask.Response = self._server.create_token_response()
            attempt.right = response.status_code != INVALID_CLIENT_STATUS
        return response

    def list_keys(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        """The public half of the key, as a JSON Web Key Set."""
        keys = dict(self._keys.as_dict(private=False))
        return keys, 200, {"Content-Type": "application/json", "Cache-Control": "public, max-age=300"}

    def issue_token(self, client_id: str, scope: str | None = None) -> str:
        """An access token without a request, for the command line. Raises ValueError for a client or scope unknown."""
        if client_id not in DEVELOPMENT_CLIENTS:
            raise ValueError(f"no development client {client_id!r}; there are {', '.join(DEVELOPMENT_CLIENTS)}")
        client = DEVELOPMENT_CLIENTS[client_id]
        if client.get_allowed_scope(scope) is None:
            raise ValueError(f"{client_id} does not have the scope {scope!r}; it has {client.get_allowed_scope(None)}")
        answer = self._tokens(grant_type="client_credentials", client=client, scope=scope, include_refresh_token=False)
        return str(answer["access_token"])


class _AccessTokens(JWTBearerTokenGenerator):  # type: ignore[misc]
    def __init__(self, keys: KeySet, issuer: str, audience: str) -> None:
        super().__init__(issuer, alg="RS256", expires_generator=TOKEN_SECONDS)
        self._keys = keys
        self._audience = audience

    def get_jwks(self) -> KeySet:
        # A set rather than its only key: joserfc then writes the `kid` header.
        return self._keys

    def get_extra_claims(self, client: DevelopmentClient, grant_type: str, user: Any, scope: Any) -> dict[str, Any]:
        return dict(client.claims)

    def get_audiences(self, client: Any, user: Any, scope: Any) -> str:
        return self._audience


class _ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class _TokenRequest(FlaskOAuth2Request):  # type: ignore[misc]
    """The request, whatever address it came to.

    Authlib refuses token requests over plain http from anywhere but a loopback address, with an error it does not turn
    into an answer: 500 for whoever runs the product in a container. The one way to allow it is a process-wide
    environment variable.
    """

    def __init__(self, request: flask.Request) -> None:
        OAuth2Request.__init__(self, method=request.method, uri="https://development", headers=request.headers)
        self._request = request
        self.payload = FlaskOAuth2Payload(request)


class _Server(AuthorizationServer):  # type: ignore[misc]
    def create_oauth2_request(self, request: Any) -> _TokenRequest:
        return _TokenRequest(flask.request)

    def create_token_response(self, request: Any = None) -> Any:
        if not flask.request.form.get("grant_type"):
            # Authlib says `unsupported_grant_type`; RFC 6749 section 5.2 has another word for a missing parameter.
            return self.handle_error_response(None, InvalidRequestError("The parameter grant_type is missing"))
        return super().create_token_response(request)

    def handle_error_response(self, request: Any, error: Any) -> Any:
        # Authlib answers a wrong secret with a list of the ways to send it, and another grant without a description.
        for kind, description in _DESCRIPTIONS.items():
            if isinstance(error, kind):
                error.description = description
        return super().handle_error_response(request, error)


_DESCRIPTIONS: Mapping[Any, str] = {
    InvalidClientError: "unknown client or wrong secret",
    UnsupportedGrantTypeError: "the only grant_type here is client_credentials",
}


def _claimed_client(request: flask.Request) -> str:
    """The client that a token request says it comes from; empty when that cannot be read."""
    try:
        basic, _ = extract_basic_authorization(request.headers)
    except ValueError:
        basic = None
    return str(basic or request.form.get("client_id", ""))


def _authenticate_basic(query_client: Any, request: Any) -> Any:
    # Authlib lets the errors of bytes that are no UTF-8 and of text that is no base64 through, which would answer 500.
    try:
        return authenticate_client_secret_basic(query_client, request)
    except ValueError:
        return None
