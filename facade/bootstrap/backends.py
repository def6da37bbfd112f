"""How the backends are called, by the settings, and what is shown of them."""

from collections import Counter

from adapters.backends.breaker import BreakerState
from adapters.backends.bulkhead import threads_held
from adapters.backends.counters import BackendSnapshot
from adapters.backends.settings import BackendSettings, Route
from adapters.backends.versions import ContractVersion
from facade.health import BackendState
from facade.setting_sources import SettingError
from facade.settings import BackendOptions, Settings


def backend_settings(settings: Settings) -> dict[str, BackendSettings]:
    """How each backend is called. Raises SettingError."""
    return {name: _backend(settings, name, options) for name, options in settings.backends.items()}


def _backend(settings: Settings, name: str, options: BackendOptions) -> BackendSettings:
    places = options.concurrency or settings.backend_places
    if options.concurrency and threads_held(places) + settings.waiters >= settings.threads:
        raise SettingError(
            f"{name.upper()}_CONCURRENCY or BACKEND_CONCURRENCY={places} lets one backend hold {threads_held(places)}"
            f" threads and {settings.waiters} wait for orders; THREADS={settings.threads} leaves none for anything else"
        )
    return BackendSettings(
        base_url=options.url or f"{settings.backends_address}/{name}",
        token_url=options.token_url or f"{settings.backends_address}/oauth/token",
        client_id=options.client or settings.backends_client,
        client_secret=options.secret or settings.backends_secret,
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        call_timeout=options.call_timeout,
        places=places,
        retries=options.retries,
        breaker_threshold=options.breaker_failures,
        breaker_reset_seconds=options.breaker_pause,
        longest_hold=options.longest_hold,
        route=Route(options.ca_bundle, options.client_cert, options.proxy),
    )


def backend_state(snapshot: BackendSnapshot, version: ContractVersion, trouble: str | None = None) -> BackendState:
    calls: Counter[str] = Counter()
    for (_, outcome), count in snapshot.calls.items():
        calls[outcome] += count
    return BackendState(
        problem=version.problem,
        shown={
            "circuit": snapshot.breaker.value,
            "connectionProblem": trouble,
            "inFlight": snapshot.in_flight,
            "calls": calls,
            "retries": sum(snapshot.retries.values()),
            "circuitOpened": snapshot.breaker_changes.get(BreakerState.OPEN, 0),
            "heldSeconds": round(snapshot.held_seconds, 3),
            "contractViolations": sum(snapshot.contract_violations.values()),
            "contradictions": sum(snapshot.contradictions.values()),
            "foreignEntries": sum(snapshot.foreign_entries.values()),
            "tokensFailed": snapshot.tokens_failed,
            "contract": {"ours": version.ours, "theirs": version.theirs, "agreement": version.agreement.value},
        },
    )
