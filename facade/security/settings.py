"""The settings of token checks, and the ones that production refuses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from joserfc.jwk import KeySet

from facade.partners.profiles import DEFAULT, Profile
from facade.security.development_keys import development_key
from facade.security.errors import ConfigurationError
from facade.security.keys import DIRECT, RemoteKeys, Route, StaticKeys
from facade.security.tokens import TokenVerifier

DEVELOPMENT = "development"
PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """The issuer and the audience of the tokens.

    In development, without a `jwks_url`, tokens come from the product's own server, whose key is in `state_dir`.
    """

    mode: str
    issuer: str
    audience: str
    jwks_url: str | None = None
    jwks_route: Route = DIRECT
    state_dir: Path | None = None
    leeway: int = 30

    @property
    def uses_development_server(self) -> bool:
        return self.mode == DEVELOPMENT and self.jwks_url is None

    def development_state_dir(self) -> Path:
        """The folder of the development server's key. Raises ConfigurationError if the server must not run."""
        self.check()
        if not self.uses_development_server or self.state_dir is None:
            raise ConfigurationError(
                "mode", f"must be {DEVELOPMENT}: the authorization server runs in development mode only"
            )
        return self.state_dir

    def check(self) -> None:
        """Raises ConfigurationError, which names the setting, if the product must not start."""
        for problem in self.problems():
            raise problem

    def problems(self) -> Iterator[ConfigurationError]:
        """All problems that prevent a start."""
        if self.mode not in (DEVELOPMENT, PRODUCTION):
            yield ConfigurationError("mode", f"must be {DEVELOPMENT} or {PRODUCTION}, not {self.mode!r}")
        for name, value in (("issuer", self.issuer), ("audience", self.audience)):
            if not value:
                yield ConfigurationError(name, "must not be empty: otherwise any token would be accepted")
        if self.mode == PRODUCTION:
            yield from self._problems_in_production()
        elif self.jwks_url is None and self.state_dir is None:
            yield ConfigurationError("state_dir", "must be set: the development server needs a directory for its key")

    def _problems_in_production(self) -> Iterator[ConfigurationError]:
        if not self.jwks_url:
            yield ConfigurationError("jwks_url", "must be set in production; the development server is not for it")
            return
        address = urlsplit(self.jwks_url)
        if address.scheme != "https" or not address.hostname:
            yield ConfigurationError("jwks_url", f"must be https in production, not {self.jwks_url}")


def build_verifier(
    settings: SecuritySettings, profile_of: Callable[[str], Profile] = lambda client: DEFAULT
) -> TokenVerifier:
    """The token check that the settings describe, for clients whose profiles `profile_of` knows.

    Raises ConfigurationError for settings that `check` refuses, and when production's authorization server publishes
    a key of a development server. One that does not answer is no error: it is asked again when the first token comes.
    """
    settings.check()
    whose = (settings.issuer, settings.audience, settings.leeway)
    if settings.jwks_url is None:
        own = StaticKeys(KeySet([development_key(settings.development_state_dir())]))
        return TokenVerifier(own, *whose, profile_of=profile_of)
    refuse = settings.mode == PRODUCTION
    remote = RemoteKeys(settings.jwks_url, settings.jwks_route, refuse_development_keys=refuse)
    remote.check()
    return TokenVerifier(remote, *whose, profile_of=profile_of)
