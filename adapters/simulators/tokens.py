"""The backends' own authorization: client credentials for a signed token, and the check of that token."""

import hashlib
import hmac
import secrets
import time

from connexion.exceptions import OAuthProblem
from connexion.lifecycle import ConnexionRequest


class Tokens:
    """Issues and checks tokens `expiry.nonce.signature`.

    The signing key comes from the client's secret, so tokens outlive a restart and nothing needs to be stored.
    """

    def __init__(self, client_id: str, client_secret: str, seconds: int) -> None:
        self.seconds = seconds
        self._client = (client_id, client_secret)
        self._key = hashlib.sha256(f"simulated backends:{client_id}:{client_secret}".encode()).digest()

    def knows(self, client_id: str, client_secret: str) -> bool:
        given = f"{client_id}:{client_secret}".encode()
        return hmac.compare_digest(given, ":".join(self._client).encode())

    def issue(self) -> str:
        content = f"{time.time() + self.seconds:.3f}.{secrets.token_urlsafe(8)}"
        return f"{content}.{self._sign(content)}"

    def check(self, token: str) -> None:
        """Raises OAuthProblem for a token that is not ours or has expired."""
        content, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(content).encode()):
            raise OAuthProblem("The access token is not valid")
        if float(content.rpartition(".")[0]) <= time.time():
            raise OAuthProblem("The access token has expired")

    def _sign(self, content: str) -> str:
        return hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()


class BearerCheck:
    """The handler of the contracts' `oauth2` scheme. Scopes are not used between these systems."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def get_fn(self, security_scheme: object, required_scopes: object) -> object:
        return self._holder

    def _holder(self, request: ConnexionRequest) -> dict[str, str]:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise OAuthProblem("A bearer token is required")
        self._tokens.check(token.strip())
        return {"sub": "client"}
