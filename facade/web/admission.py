"""Whether a known client may use what it asks for, and what every answer to it says about that."""

from collections.abc import Mapping
from dataclasses import dataclass

from connexion.lifecycle import ConnexionRequest
from connexion.middleware.abstract import ROUTING_CONTEXT

from facade.security.principal import Principal
from facade.web.correlation import ANSWER_HEADERS
from facade.web.limits import RateLimit


@dataclass(frozen=True, slots=True)
class ServedApi:
    """A version of an API; `addresses` has the address of each version of it."""

    api: str
    version: str
    addresses: Mapping[str, str]


@dataclass(frozen=True)
class Admission:
    """`limit` counts the requests of each client; None counts nothing. `apis`: what is served at each base path."""

    limit: RateLimit | None
    apis: Mapping[str, ServedApi]

    def __call__(self, principal: Principal, request: ConnexionRequest) -> None:
        """Raises RateLimited, and VersionNotAgreed."""
        versions = principal.profile.versions
        served = self._served(request) if versions.by_api else None
        if served is not None:
            told = versions.terms(served.api, served.version).headers(served.addresses)
            request.context[ANSWER_HEADERS] = [(name.lower().encode(), text.encode()) for name, text in told.items()]
        if self.limit is not None:
            self.limit.count(principal.client_id)
        if served is not None:
            versions.check(served.api, served.version)

    def _served(self, request: ConnexionRequest) -> ServedApi | None:
        return self.apis.get(request.scope["extensions"][ROUTING_CONTEXT]["api_base_path"])
