"""Whether a known client may use what it asks for, and what every answer to it says about that."""

from collections.abc import Mapping
from dataclasses import dataclass

from connexion.lifecycle import ConnexionRequest
from connexion.middleware.abstract import ROUTING_CONTEXT

from facade.partners.api_versions import ALL_VERSIONS, ApiVersions
from facade.security.principal import Principal
from facade.web.correlation import ANSWER_HEADERS
from facade.web.limits import RateLimit
from facade.web.public_address import public_address


@dataclass(frozen=True, slots=True)
class ServedApi:
    """A version of an API; `addresses` has the address of each version of it."""

    api: str
    version: str
    addresses: Mapping[str, str]

    def addresses_at(self, origin: str) -> dict[str, str]:
        """As a client reaches them that reaches us at `origin`."""
        return {version: origin + address for version, address in self.addresses.items()}


@dataclass(frozen=True)
class Admission:
    """`limit` counts the requests of each client. `apis`: what is served at each base path. `everybody`: until when the
    versions of an API live for a client with whom nothing is agreed about that API.
    """

    limit: RateLimit
    apis: Mapping[str, ServedApi]
    everybody: ApiVersions = ALL_VERSIONS

    def __call__(self, principal: Principal, request: ConnexionRequest) -> None:
        """Raises RateLimited, and VersionNotAgreed."""
        profile = principal.profile
        served = self._served(request) if profile.versions.by_api or self.everybody.by_api else None
        if served is not None:
            known = profile.versions if served.api in profile.versions.by_api else self.everybody
            terms = known.terms(served.api, served.version)
            _tell(request, terms.headers(served.addresses_at(public_address(request.scope))))
        quota = self.limit.count(principal.client_id, profile.limit)
        if quota is not None:
            _tell(request, quota.headers())
            quota.check()
        if served is not None:
            profile.versions.check(served.api, served.version)

    def _served(self, request: ConnexionRequest) -> ServedApi | None:
        return self.apis.get(request.scope["extensions"][ROUTING_CONTEXT]["api_base_path"])


def _tell(request: ConnexionRequest, headers: Mapping[str, str]) -> None:
    """Have these headers in every answer to the request."""
    told = request.context.setdefault(ANSWER_HEADERS, [])
    told += [(name.lower().encode(), text.encode()) for name, text in headers.items()]
