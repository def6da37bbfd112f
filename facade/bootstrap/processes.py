"""One operating system process of the product: its parts, and the application that it answers requests with."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from prometheus_client import CollectorRegistry

from adapters.patterns.linear import compiled
from adapters.persistence import migrations
from adapters.persistence.delivery_reads import SqlDeliveryReads
from adapters.telemetry.tracer import otlp_tracer
from canonical.catalog import patterns
from canonical.shared import tracing
from facade import logs
from facade.app import Api, build_app
from facade.bootstrap.answers import answer_to
from facade.bootstrap.apis import other_forms, served_apis
from facade.bootstrap.core import Core, api_deprecations, load_profiles
from facade.bootstrap.deliveries import DeliveryHealth
from facade.bootstrap.metrics import metrics_page
from facade.bootstrap.streaming import stream_state
from facade.health import Health, Role
from facade.metrics import AnswerTimes, MetricsPage, ProcessTimes, RequestMetrics
from facade.published.site import Page
from facade.security.connexion_security import security_map
from facade.security.settings import build_verifier
from facade.security.tokens import TokenVerifier
from facade.settings import Settings
from facade.web.admission import Admission
from facade.web.correlation import Correlation
from facade.web.errors import ErrorHandler
from facade.web.limits import RateLimit, RequestLimit
from facade.web.threads import Queue

NO_PAGES: Mapping[str, Page] = MappingProxyType({})


@dataclass(frozen=True)
class Assembled:
    """The parts of this process. `role` is what it does, `alike` how many processes the same command started."""

    settings: Settings
    role: Role
    alike: int
    core: Core
    registry: CollectorRegistry
    verifier: TokenVerifier
    page: MetricsPage
    traces: Any

    def application(self, apis: list[Api], pages: Mapping[str, Page] = NO_PAGES) -> Correlation:
        """The ASGI application: `apis`, `pages`, health and metrics. It begins the work when it is started."""
        settings, core = self.settings, self.core
        served = build_app(
            # Last, as the base path of health and metrics begins everybody's.
            [*apis, self._health_and_metrics()],
            on_error=lambda methods: ErrorHandler(answer_to, methods, core.audit, core.clock, other_forms().told),
            security_map=security_map(self.verifier, admit=_admission(settings, self.alike)),
            threads=settings.threads,
            deadline=settings.request_deadline,
            validate_responses=settings.validate_responses,
            queue=Queue(settings.queue_length, settings.queue_seconds),
            observe=RequestMetrics(self.registry).observe,
            traced=self.traces is not None,
            public_url=settings.public_url,
            trusted_proxies=[str(one) for one in settings.proxies],
            allowed_origins=settings.browser_origins,
            pages=pages,
            lifespan=self._lifespan,
        )
        gc.collect()
        gc.freeze()  # the contracts are 300,000 objects that live for ever: no collection has to walk them again
        return served

    @asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[None]:
        core, page = self.core, self.page
        await asyncio.to_thread(core.engine.launch)
        core.backends.watch_contracts()
        core.profile_watch.begin()
        core.recorder.begin()
        core.sequencer.begin()
        if self.role is not Role.WORK:
            core.backlog.begin()
        if self.role is not Role.SERVE:
            core.delivery.begin()
            if core.relay is not None:
                core.relay.begin()
        if self.alike > 1:
            page.mirror.begin()
        yield
        page.mirror.stop()
        await asyncio.to_thread(core.close)
        if self.traces is not None:
            await asyncio.to_thread(self.traces.close)

    def _health_and_metrics(self) -> Api:
        core = self.core
        problems = [core.profile_watch.problem]
        if self.role is not Role.WORK:
            problems.insert(0, self._keys_problem)
        health = Health(
            self.role,
            core.database_probe.problem,
            core.backend_states,
            problems,
            core.engine.running,
            core.stream_state,
            DeliveryHealth(SqlDeliveryReads(core.database)),
            partial(stream_state, self.settings.stream, core.database, core.relay),
        )
        return Api("operations.yaml", dict(health.operations()) | self.page.operations(), on_loop=("live",))

    def _keys_problem(self) -> str | None:
        problem = self.verifier.keys.problem()
        return f"there is no key to check access tokens with: {problem}" if problem else None


def assembled(role: Role) -> Assembled:
    """The parts of a process with this role, its settings from the environment. Raises SettingError."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    traces = otlp_tracer(settings.traces_endpoint, settings.service_name) if settings.traces_endpoint else None
    tracing.install(traces)
    patterns.install(compiled)
    registry = CollectorRegistry()
    works = role is not Role.SERVE
    core = Core(settings, AnswerTimes(registry).observe, ProcessTimes(registry) if works else None, works=works)
    migrations.check(core.database)
    load_profiles(core.profiles)
    verifier = build_verifier(settings.security, core.profiles.of)
    page = metrics_page(core, registry, verifier)
    alike = settings.work_processes if role is Role.WORK else settings.workers
    return Assembled(settings, role, alike, core, registry, verifier, page, traces)


def _admission(settings: Settings, alike: int) -> Admission:
    everybody = RequestLimit(settings.rate_limit, settings.rate_burst) if settings.rate_limit else None
    return Admission(RateLimit(everybody, alike), served_apis(), api_deprecations(settings))
