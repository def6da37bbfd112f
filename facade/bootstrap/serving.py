"""The application of one server process: which contracts it serves, and by which handlers."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry

from adapters.patterns.linear import compiled
from adapters.persistence import migrations
from adapters.persistence.asset_outlook import SqlAssetOutlook
from adapters.persistence.process_records import SqlProcessReads
from adapters.telemetry.tracer import otlp_tracer
from canonical.catalog import patterns
from canonical.catalog.selling import SOLD
from canonical.shared import tracing
from canonical.views.customer_context import CustomerContexts
from canonical.views.order_snapshot import OrderSnapshots
from facade import logs
from facade.app import Api, build_app
from facade.bootstrap.answers import answer_to
from facade.bootstrap.apis import served_apis, shown_by_v4, tmf_apis, translatable
from facade.bootstrap.core import Core, load_profiles
from facade.bootstrap.metrics import metrics_page
from facade.health import Health
from facade.metrics import AnswerTimes, MetricsPage, RequestMetrics
from facade.operations.processes import OperatedProcesses
from facade.portal.assets import PortalAssets
from facade.portal.bridge_reports import BridgeReports
from facade.portal.catalog import PortalCatalog
from facade.portal.catalog_files import PortalCatalogFiles
from facade.portal.catalog_sections import sections
from facade.portal.customer import PortalCustomers
from facade.portal.handlers import PortalOrders
from facade.portal.offerings import PortalOfferings
from facade.portal.partner_profiles import PartnerProfiles
from facade.portal.snapshot import PortalSnapshots
from facade.portal.subscriptions import PortalSubscriptions
from facade.security.connexion_security import security_map
from facade.security.development_server import DevelopmentServer
from facade.security.settings import SecuritySettings, build_verifier
from facade.security.tokens import TokenVerifier
from facade.settings import Settings
from facade.translations import Translations
from facade.web.admission import Admission
from facade.web.correlation import Correlation
from facade.web.errors import ErrorHandler
from facade.web.limits import RateLimit, RequestLimit
from facade.web.threads import Queue


def application() -> Correlation:
    """The ASGI application of one server process, its settings from the environment. Raises SettingError."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    tracer = otlp_tracer(settings.traces_endpoint, settings.service_name) if settings.traces_endpoint else None
    tracing.install(tracer)
    patterns.install(compiled)
    registry = CollectorRegistry()
    core = Core(settings, AnswerTimes(registry).observe)
    migrations.check(core.database)
    load_profiles(core.profiles)
    security = settings.security

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        await asyncio.to_thread(core.engine.launch)
        core.backends.watch_contracts()
        core.profile_watch.begin()
        core.sequencer.begin()
        if settings.workers > 1:
            page.mirror.begin()
        yield
        page.mirror.stop()
        await asyncio.to_thread(core.close)
        if tracer is not None:
            await asyncio.to_thread(tracer.close)

    verifier = build_verifier(security, core.profiles.of)
    page = metrics_page(core, registry, verifier)
    served = build_app(
        _apis(core, security, verifier, page),
        on_error=lambda methods: ErrorHandler(answer_to, methods, core.audit, core.clock),
        security_map=security_map(verifier, admit=_admission(settings)),
        threads=settings.threads,
        deadline=settings.request_deadline,
        validate_responses=settings.validate_responses,
        queue=Queue(settings.queue_length, settings.queue_seconds),
        observe=RequestMetrics(registry).observe,
        traced=tracer is not None,
        lifespan=lifespan,
    )
    gc.collect()
    gc.freeze()  # the contracts are 300,000 objects that live for ever: no collection has to walk them again
    return served


def _admission(settings: Settings) -> Admission:
    everybody = RequestLimit(settings.rate_limit, settings.rate_burst) if settings.rate_limit else None
    return Admission(RateLimit(everybody, settings.workers), served_apis())


def _apis(core: Core, security: SecuritySettings, verifier: TokenVerifier, page: MetricsPage) -> list[Api]:
    apis = [
        *tmf_apis(core),
        # Before the canonical API, whose base path begins this one's.
        Api(
            "canonical/operations.yaml",
            OperatedProcesses(
                SqlProcessReads(core.database), core.unit_of_work, core.processes, core.application, core.clock
            ).operations(),
        ),
        Api(
            "canonical/v1.yaml",
            PortalOrders(core.application, core.reads, core.audit, core.waiters).operations()
            | _translations(core).operations()
            | _catalog(core)
            | PortalAssets(core.reads, SqlAssetOutlook(core.database, core.clock, core.sold)).operations()
            | PortalCatalogFiles(core.transfers.kept, core.transfers.staging, core.reads).operations()
            | BridgeReports(core.reads, core.clock, core.audit, shown_by_v4()).operations()
            | PartnerProfiles(core.application, core.reads, core.clock, core.profiles.files.by_client).operations()
            | _views(core),
        ),
    ]
    if security.uses_development_server:
        apis.append(Api("oauth.yaml", DevelopmentServer(security).operations()))
    # Last, as its base path begins everybody's.
    keys, profiles = verifier.keys.problem, core.profile_watch.problem
    health = Health(core.database_probe.problem, core.backend_states, keys, profiles).operations()
    apis.append(Api("operations.yaml", dict(health) | page.operations(), on_loop=("live",)))
    return apis


def _catalog(core: Core) -> dict[str, Callable[..., Any]]:
    catalog = PortalCatalog(core.application, core.reads, core.clock, sections(core.reads))
    return catalog.operations() | PortalOfferings(catalog, core.reads, SOLD).operations()


def _views(core: Core) -> dict[str, Callable[..., Any]]:
    """The answers that combine several backends."""
    backends, part_queries = core.backends, core.part_queries
    snapshots = OrderSnapshots(core.reads, backends.order_records, backends.invoices, backends.shipments, part_queries)
    contexts = CustomerContexts(
        backends.profiles, backends.subscriptions, backends.balances, backends.shipments, part_queries
    )
    subscriptions = PortalSubscriptions(
        backends.subscriptions, part_queries, core.reads, core.application, core.waiters
    )
    return PortalSnapshots(snapshots).operations() | PortalCustomers(contexts).operations() | subscriptions.operations()


def _translations(core: Core) -> Translations:
    return Translations(translatable(core.reads), core.application)
