"""What has to be known to call a backend."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Route:
    """How a server is reached. `ca_bundle`: a PEM file with the certificates that we trust instead of the public ones;
    `client_cert`: a PEM file with our certificate and its key. A file that changes counts for new connections.
    """

    ca_bundle: str = ""
    client_cert: str = ""
    proxy: str = field(default="", repr=False)


DIRECT = Route()


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """One backend: its address, our credentials, and its limits.

    Times are seconds. `read_timeout` limits the whole answer, `call_timeout` one call with its wait for a place, its
    token and its retries. At most `places` calls run at the same time. `retries` counts retries within one call. After
    `breaker_threshold` failures in a row nothing is sent for `breaker_reset_seconds`. A Retry-After is obeyed up to
    `longest_hold`. Backends with the same token service, client and route share one token.
    """

    base_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    connect_timeout: float = 2.0
    read_timeout: float = 10.0
    call_timeout: float = 15.0
    places: int = 32
    retries: int = 2
    breaker_threshold: int = 5
    breaker_reset_seconds: float = 2.0
    longest_hold: float = 60.0
    route: Route = DIRECT
