"""Every setting: its variable, its default and what it means. `docs/operators.md` lists them."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from facade.security.errors import VARIABLES
from facade.security.keys import Route
from facade.security.settings import PRODUCTION, SecuritySettings
from facade.setting_sources import Problems, SettingError, gathered
from facade.setting_values import Networks, check_stream_prefix, networks, origins, prefixes, value_of

__all__ = ["BACKENDS", "BackendOptions", "SettingError", "Settings"]

_VAR = Path("var")
DAY = 86_400
"""No timeout is longer: databases and sockets count in milliseconds of 32 bits."""
YEAR = 365 * DAY
MILLION = 1_000_000


def _setting(
    variable: str,
    default: Any,
    meaning: str,
    allowed: tuple[str, ...] = (),
    *,
    least: float = 0,
    most: float = DAY,
    secret: bool = False,
    address: bool = False,
) -> Any:
    """`least` and `most` bound a number. What is `secret` may be in a file of its own. An `address` is one of HTTP."""
    rules = {"variable": variable, "meaning": meaning, "allowed": allowed, "least": least, "most": most}
    rules |= {"secret": secret, "address": address}
    return field(default=default, metadata=rules)


TRUSTED_PROXIES = "TRUSTED_PROXIES"
OFF = "off"
NATS, KAFKA = "nats", "kafka"
"""Streaming platforms."""
ACKNOWLEDGEMENT, START = "acknowledgement", "start"
ACCEPTED, REFUSED = "accepted", "refused"
"""When a future order claims products."""
BACKENDS = ("crm", "inventory", "bss", "billing", "scm")


@dataclass(frozen=True, kw_only=True)
class BackendOptions:
    """How one backend is called.

    `BACKEND_READ_TIMEOUT` is for all backends that have no `BILLING_READ_TIMEOUT` of their own, and so for the others.
    A variable that begins with `*_` exists for single backends only.
    """

    url: str = _setting("*_URL", "", "its address; default: BACKENDS_URL and its name", address=True)
    token_url: str = _setting(
        "*_TOKEN_URL", "", "address of its token endpoint; default: BACKENDS_URL/oauth/token", address=True
    )
    client: str = _setting("*_CLIENT", "", "our client id there; default: BACKENDS_CLIENT")
    secret: str = _setting("*_SECRET", "", "its secret; default: BACKENDS_SECRET", secret=True)
    ca_bundle: str = _setting("BACKEND_CA_BUNDLE", "", "PEM file of certificates that we trust")
    client_cert: str = _setting("BACKEND_CLIENT_CERT", "", "PEM file of our certificate with its key")
    proxy: str = _setting("BACKEND_PROXY", "", "address of a proxy to reach it through", address=True)
    connect_timeout: float = _setting("BACKEND_CONNECT_TIMEOUT", 2.0, "seconds to reach it", least=0.001)
    read_timeout: float = _setting("BACKEND_READ_TIMEOUT", 10.0, "seconds for a whole answer", least=0.001)
    call_timeout: float = _setting(
        "BACKEND_CALL_TIMEOUT", 15.0, "seconds for one call, with its waits and retries", least=0.01
    )
    concurrency: int = _setting("BACKEND_CONCURRENCY", 0, "concurrent calls; 0: two fifths of THREADS", most=10_000)
    retries: int = _setting("BACKEND_RETRIES", 2, "retries within one call", most=10)
    breaker_failures: int = _setting(
        "BACKEND_BREAKER_FAILURES", 5, "failures in a row that open its circuit breaker", least=1, most=MILLION
    )
    breaker_pause: float = _setting("BACKEND_BREAKER_PAUSE", 2.0, "seconds that it stays open", least=0.001, most=3600)
    longest_hold: float = _setting("BACKEND_LONGEST_HOLD", 60.0, "longest Retry-After in seconds that we obey")
    variables: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The variable that each of the other fields was read from, unless it has its default."""

    @classmethod
    def of(cls, backend: str, environment: Mapping[str, str], problems: Problems) -> "BackendOptions":
        """What cannot be used is noted in `problems`."""
        given: dict[str, Any] = {}
        variables: dict[str, str] = {}
        for setting in fields(cls):
            if not setting.metadata:
                continue
            general = setting.metadata["variable"]
            own = f"{backend.upper()}_{general.partition('_')[2]}"
            if variable := next((name for name in (own, general) if environment.get(name)), None):
                variables[setting.name] = variable
                with problems.noting():
                    given[setting.name] = value_of(setting, environment[variable], variable)
        return cls(**given, variables=variables)

    @classmethod
    def of_all(
        cls, environment: Mapping[str, str] = MappingProxyType({}), problems: Problems | None = None
    ) -> Mapping[str, "BackendOptions"]:
        """By the backend's name. What cannot be used is noted in `problems`."""
        noted = Problems() if problems is None else problems
        return {backend: cls.of(backend, environment, noted) for backend in BACKENDS}


@dataclass(frozen=True, kw_only=True)
class Settings:
    mode: str = _setting(
        "FACADE_MODE", "development", "production refuses development tokens and keys", ("development", "production")
    )
    host: str = _setting("HOST", "127.0.0.1", "address to listen on")
    port: int = _setting("PORT", 8080, "port of the product", most=65535)
    public_url: str = _setting(
        "PUBLIC_URL",
        "",
        "address at which clients reach the product, as in https://api.example/telco; default: the one they call",
        address=True,
    )
    trusted_proxies: str = _setting(
        TRUSTED_PROXIES, "127.0.0.1,::1", "proxies whose X-Forwarded-* and Forwarded count, by address or network"
    )
    allowed_origins: str = _setting(
        "ALLOWED_ORIGINS", "", "origins whose pages may call the product from a browser, as in https://portal.example"
    )
    docs: str = _setting(
        "DOCS", "open", "whether the contracts are shown on / and /docs, without a token", ("open", OFF)
    )
    backends_port: int = _setting("BACKENDS_PORT", 8090, "port of the simulated backends", most=65535)
    workers: int = _setting("WORKERS", 1, "operating system processes of `serve`", least=1, most=1_000)
    work_processes: int = _setting("WORK_PROCESSES", 1, "operating system processes of `work`", least=1, most=1_000)
    work_port: int = _setting("WORK_PORT", 8081, "port of health and metrics of `work`", most=65535)
    threads: int = _setting("THREADS", 96, "requests that one process handles at the same time", least=1, most=10_000)
    state_dir: Path = _setting("STATE_DIR", _VAR, "where databases and the development key are kept")
    database_url: str = _setting("DATABASE_URL", "", "SQLAlchemy address; default: SQLite in STATE_DIR", secret=True)
    database_timeout: float = _setting(
        "DATABASE_TIMEOUT", 5.0, "seconds that one transaction may take, with all its waits", least=3
    )
    backends_url: str = _setting(
        "BACKENDS_URL", "", "base address of the backends; default: the simulated ones", address=True
    )
    backends_client: str = _setting("BACKENDS_CLIENT", "facade", "client id at the backends' authorization server")
    backends_secret: str = _setting("BACKENDS_SECRET", "facade-secret", "its secret", secret=True)
    request_deadline: float = _setting(
        "REQUEST_DEADLINE", 20.0, "seconds until a request is answered, with all backends and the database", least=0.1
    )
    check_backend_answers: float = _setting(
        "CHECK_BACKEND_ANSWERS", 0.01, "share of backends' answers that are checked against their contracts", most=1
    )
    backends: Mapping[str, BackendOptions] = field(default_factory=BackendOptions.of_all)
    token_issuer: str = _setting("TOKEN_ISSUER", "tmf-facade-development", "`iss` of accepted tokens")
    token_audience: str = _setting("TOKEN_AUDIENCE", "tmf-facade", "`aud` of accepted tokens")
    jwks_url: str = _setting(
        "JWKS_URL", "", "keys of the authorization server; default: the development server's", address=True
    )
    jwks_ca_bundle: str = _setting(
        "JWKS_CA_BUNDLE", "", "PEM file of certificates that JWKS_URL is trusted by; default: the public ones"
    )
    jwks_client_cert: str = _setting("JWKS_CLIENT_CERT", "", "PEM file of our certificate for JWKS_URL, with its key")
    jwks_proxy: str = _setting("JWKS_PROXY", "", "address of a proxy to reach JWKS_URL through", address=True)
    portal_wait: float = _setting("PORTAL_WAIT", 10.0, "seconds POST /api/v1/orders waits before it answers 202")
    events_wait: float = _setting(
        "EVENTS_WAIT", 30.0, "most seconds that GET /api/v1/events waits, whatever its `wait` says", most=30
    )
    parts_wait: float = _setting("PARTS_WAIT", 2.0, "seconds a read waits for backends before it answers without them")
    last_known_seconds: float = _setting(
        "LAST_KNOWN_SECONDS",
        0.0,
        "age in seconds of a last known value that may replace a missing answer; 0: never",
        most=YEAR,
    )
    backlog_seconds: float = _setting(
        "BACKLOG_SECONDS",
        3600.0,
        "age of a client's oldest waiting order with which its new orders are answered 503; 0: no limit",
    )
    repeated_order_seconds: float = _setting(
        "REPEATED_ORDER_SECONDS",
        10.0,
        "seconds after an order in which an equal one without Idempotency-Key is told to repeat it; 0: never",
    )
    repeated_orders: str = _setting(
        "REPEATED_ORDERS", ACCEPTED, "what happens to an order that repeats another one", (ACCEPTED, REFUSED)
    )
    node_lease: float = _setting(
        "NODE_LEASE", 5.0, "seconds without a heartbeat after which a node counts as dead", least=1
    )
    rate_limit: float = _setting(
        "RATE_LIMIT",
        0.0,
        "requests per second of one client, all WORKERS together; 0: no limit",
        most=MILLION,
    )
    rate_burst: int = _setting("RATE_BURST", 100, "how many of them may come at the same time", least=1, most=100_000)
    queue_length: int = _setting(
        "QUEUE_LENGTH", 500, "requests that wait for a thread before more are answered 503", most=MILLION
    )
    queue_seconds: float = _setting(
        "QUEUE_SECONDS", 5.0, "seconds a request waits for a thread before it is answered 503", least=0.01
    )
    traces_endpoint: str = _setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "address of the OpenTelemetry collector for traces; default: none",
        address=True,
    )
    service_name: str = _setting("OTEL_SERVICE_NAME", "tmf-facade", "name of this product in traces")
    metrics_access: str = _setting(
        "METRICS_ACCESS", "open", "who may read /metrics: everybody, or tokens with operations:read", ("open", "token")
    )
    keep_steps_days: float = _setting(
        "KEEP_STEPS_DAYS", 7.0, "days for which the calls and runs of an ended process are kept", most=36_500
    )
    keep_processes_days: float = _setting(
        "KEEP_PROCESSES_DAYS", 0.0, "days for which ended processes are kept; 0: for ever", most=36_500
    )
    keep_keys_days: float = _setting(
        "KEEP_KEYS_DAYS", 0.0, "days for which Idempotency-Keys are kept; 0: for ever", most=36_500
    )
    keep_audit_days: float = _setting(
        "KEEP_AUDIT_DAYS", 0.0, "days for which audit records are kept; 0: for ever", most=36_500
    )
    partners: str = _setting(
        "PARTNERS", "", "folder of partner profiles, a YAML file for each client id; default: `fixtures/partners`"
    )
    api_deprecations: str = _setting(
        "API_DEPRECATIONS",
        "",
        "file that says until when versions of APIs live, as `versions` of a partner profile does",
    )
    catalog: str = _setting(
        "CATALOG",
        "",
        "folder of catalog files (*.json, *.jsonl) that are loaded; default: the sample, into an empty catalog",
    )
    catalog_sells_active: bool = _setting(
        "CATALOG_SELLS_ACTIVE", True, "sell offerings that are active, not only those that are launched"
    )
    catalog_import_sources: str = _setting(
        "CATALOG_IMPORT_SOURCES",
        "",
        "beginnings of addresses that catalog files may be imported from, as in https://files.example/catalog/",
    )
    catalog_file_bytes: int = _setting(
        "CATALOG_FILE_BYTES", 128 * 1024**2, "bytes that a catalog file may have", least=1, most=4 * 1024**3
    )
    search_seconds: float = _setting(
        "SEARCH_SECONDS",
        0.8,
        "seconds that a list may search without an index; then it answers 400",
        least=0.1,
    )
    assets_per_item: int = _setting(
        "ASSETS_PER_ITEM", 100, "products that one item of an order may make at most", least=1
    )
    future_orders_claim: str = _setting(
        "FUTURE_ORDERS_CLAIM",
        ACKNOWLEDGEMENT,
        "when an order with a later requestedStartDate claims the products that it changes",
        (ACKNOWLEDGEMENT, START),
    )
    hold_processes: bool = _setting("HOLD_PROCESSES", False, "accept orders, but do not carry them out")
    callback_networks: str = _setting(
        "CALLBACK_NETWORKS", "", "non-public networks in which callbacks are allowed, as in 10.1.0.0/16"
    )
    notification_timeout: float = _setting(
        "NOTIFICATION_TIMEOUT", 15.0, "seconds that a listener has to answer a notification", least=0.1, most=300
    )
    notification_retry_days: float = _setting(
        "NOTIFICATION_RETRY_DAYS", 3.0, "days for which a notification is tried before it is given up", most=365
    )
    notification_pause_days: float = _setting(
        "NOTIFICATION_PAUSE_DAYS", 5.0, "days after which a listener that takes nothing is paused", most=365
    )
    notification_threads: int = _setting(
        "NOTIFICATION_THREADS", 32, "notifications that are sent at the same time", least=1, most=1_000
    )
    keep_events_days: float = _setting(
        "KEEP_EVENTS_DAYS", 0.0, "days for which events are kept; 0: for ever", most=36_500
    )
    keep_deliveries_days: float = _setting(
        "KEEP_DELIVERIES_DAYS", 7.0, "days for which the log of deliveries is kept", most=36_500
    )
    stream: str = _setting("STREAM", OFF, "streaming platform that events are published to", (OFF, NATS, KAFKA))
    stream_url: str = _setting(
        "STREAM_URL",
        "",
        "its servers, as in nats://host:4222 or tls://host:4222, of Kafka host:9092; default: NATS on STREAM_PORT",
        secret=True,
    )
    stream_port: int = _setting("STREAM_PORT", 4222, "port of the NATS server that `run` starts", most=65535)
    stream_prefix: str = _setting("STREAM_PREFIX", "tmf.events", "beginning of NATS subjects, or Kafka's topic")
    stream_credentials: str = _setting(
        "STREAM_CREDENTIALS", "", "file with what logs in: a .creds file of NATS, or properties of librdkafka"
    )
    stream_ca_bundle: str = _setting("STREAM_CA_BUNDLE", "", "PEM file of certificates that we trust")
    warehouse_file: str = _setting(
        "WAREHOUSE_FILE", "", "file of the warehouse; default: warehouse.duckdb in STATE_DIR"
    )
    warehouse_source: str = _setting(
        "WAREHOUSE_SOURCE", "", "address of the product whose events the warehouse reads; default: PORT", address=True
    )
    warehouse_token_url: str = _setting(
        "WAREHOUSE_TOKEN_URL", "", "where it gets its tokens; default: /oauth/token of WAREHOUSE_SOURCE", address=True
    )
    warehouse_client: str = _setting("WAREHOUSE_CLIENT", "warehouse", "the warehouse's client id")
    warehouse_secret: str = _setting("WAREHOUSE_SECRET", "warehouse-secret", "its secret", secret=True)
    warehouse_ca_bundle: str = _setting(
        "WAREHOUSE_CA_BUNDLE",
        "",
        "PEM file of certificates that WAREHOUSE_SOURCE is trusted by; default: the public ones",
    )
    warehouse_chunk: int = _setting(
        "WAREHOUSE_CHUNK", 2000, "events that the warehouse stores in one transaction", least=1, most=100_000
    )
    warehouse_memory_mb: int = _setting(
        "WAREHOUSE_MEMORY_MB", 1024, "memory of the warehouse's database in megabytes", least=64, most=MILLION
    )
    warehouse_query_seconds: float = _setting(
        "WAREHOUSE_QUERY_SECONDS", 60.0, "seconds that a query of the warehouse may take", least=0.1
    )
    validate_responses: bool = _setting("VALIDATE_RESPONSES", False, "check answers against the contracts (tests, CI)")
    log_level: str = _setting("LOG_LEVEL", "info", "lowest level that is logged", ("debug", "info", "warning", "error"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings of this process. Raises SettingError, which tells all that is wrong at once."""
        names, problems = variables(cls), Problems()
        texts = gathered(environment, names, [name for name, secret in names.items() if secret], problems)
        given: dict[str, Any] = {}
        for setting in fields(cls):
            variable = setting.metadata.get("variable")
            if variable and texts.get(variable):
                with problems.noting():
                    given[setting.name] = value_of(setting, texts[variable], variable)
        settings = cls(**given, backends=BackendOptions.of_all(texts, problems))
        with problems.noting():
            networks(settings.callback_networks)
        with problems.noting():
            networks(settings.trusted_proxies, TRUSTED_PROXIES)
        with problems.noting():
            origins(settings.allowed_origins)
        with problems.noting():
            prefixes(settings.catalog_import_sources)
        with problems.noting():
            check_stream_prefix(settings.stream_prefix)
        told = " ".join(problems)
        problems += (problem for variable, problem in settings._unfit() if variable not in told)
        problems.tell()
        return settings

    def _unfit(self) -> Iterator[tuple[str, str]]:
        """The problems in production, by variable."""
        if urlsplit(self.public_url).query or urlsplit(self.public_url).fragment:
            yield "PUBLIC_URL", "PUBLIC_URL is the beginning of addresses: it has no query and no fragment"
        if self.stream == KAFKA and not self.stream_url:
            yield "STREAM_URL", "STREAM_URL must be set for STREAM=kafka: use brokers such as kafka1.example:9092"
        for error in self.security.problems():
            yield VARIABLES[error.setting], str(error)
        if self.mode != PRODUCTION:
            return
        everywhere = self.backends.values()
        if not self.backends_url and not all(one.url and one.token_url for one in everywhere):
            yield (
                "BACKENDS_URL",
                "BACKENDS_URL must be set in production; the simulated backends are not for it",
            )
        if self.backends_secret == "facade-secret" and not all(one.secret for one in everywhere):  # noqa: S105
            yield "BACKENDS_SECRET", "BACKENDS_SECRET must be set in production"
        if self.stream == NATS and not self.stream_url:
            yield "STREAM_URL", "STREAM_URL must be set in production: use servers such as tls://nats.example:4222"

    @property
    def security(self) -> SecuritySettings:
        """The settings of token checks."""
        return SecuritySettings(
            mode=self.mode,
            issuer=self.token_issuer,
            audience=self.token_audience,
            jwks_url=self.jwks_url or None,
            jwks_route=Route(self.jwks_ca_bundle, self.jwks_client_cert, self.jwks_proxy),
            state_dir=self.state_dir,
        )

    @property
    def database_address(self) -> str:
        return self.database_url or f"sqlite:///{self.state_dir.absolute() / 'facade.db'}"

    @property
    def warehouse_path(self) -> Path:
        return Path(self.warehouse_file or self.state_dir / "warehouse.duckdb").absolute()

    @property
    def database_variable(self) -> str:
        """The variable that says where the database is."""
        return "DATABASE_URL" if self.database_url else "STATE_DIR"

    @property
    def database_waiters(self) -> int:
        """The number of threads that may wait for a hanging database."""
        return max(1, self.threads // 8)

    @property
    def waiters(self) -> int:
        """Requests that may wait for their order; with the calls to one backend they leave a sixth of the threads."""
        return max(1, self.threads // 3)

    @property
    def backend_places(self) -> int:
        """Calls under way to one backend that has no bound of its own; with their queue, half of the threads."""
        return max(1, self.threads * 2 // 5)

    @property
    def allowed_networks(self) -> Networks:
        """The non-public networks in which callbacks are allowed."""
        return networks(self.callback_networks)

    @property
    def proxies(self) -> Networks:
        """Whose word about the client's address counts."""
        return networks(self.trusted_proxies, TRUSTED_PROXIES)

    @property
    def browser_origins(self) -> tuple[str, ...]:
        """Whose pages may call us."""
        return origins(self.allowed_origins)

    @property
    def import_sources(self) -> tuple[str, ...]:
        """Where catalog files may be imported from."""
        return prefixes(self.catalog_import_sources)

    @property
    def starts_broker(self) -> bool:
        """Whether `run` starts a NATS server."""
        return self.stream == NATS and not self.stream_url

    @property
    def stream_servers(self) -> str:
        """The servers of the streaming platform, with commas."""
        return self.stream_url or f"nats://127.0.0.1:{self.stream_port}"

    @property
    def backends_address(self) -> str:
        return self.backends_url or f"http://127.0.0.1:{self.backends_port}"


def variables(settings: "type[Settings]") -> dict[str, bool]:
    """Every variable there is, and whether it is secret."""
    found = {one.metadata["variable"]: one.metadata["secret"] for one in fields(settings) if one.metadata}
    for option in (one for one in fields(BackendOptions) if one.metadata):
        general, secret = option.metadata["variable"], option.metadata["secret"]
        names = [f"{backend.upper()}_{general.partition('_')[2]}" for backend in BACKENDS]
        found |= dict.fromkeys(names if general.startswith("*") else [general, *names], secret)
    return found
