"""The application of one server process: which contracts it serves, and by which handlers."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import MappingProxyType
from typing import Any

from prometheus_client import CollectorRegistry

from adapters.persistence import migrations
from adapters.persistence.listeners import SqlListeners
from adapters.persistence.process_records import SqlProcessReads
from adapters.telemetry.tracer import otlp_tracer
from canonical.shared import tracing
from canonical.views.customer_context import CustomerContexts
from canonical.views.order_snapshot import OrderSnapshots
from facade import logs
from facade.app import Api, build_app, contract_of, spec_of
from facade.bootstrap.core import Core
from facade.bootstrap.metrics import metrics_page
from facade.correlation import Correlation
from facade.errors import ErrorHandler
from facade.health import Health
from facade.identities import SortableIdentities
from facade.limits import RateLimit
from facade.metrics import MetricsPage, RequestMetrics
from facade.operations.processes import OperatedProcesses
from facade.portal.bridge_reports import BridgeReports
from facade.portal.customer import PortalCustomers
from facade.portal.handlers import PortalOrders
from facade.portal.handlers import to_submit_order as portal_to_submit_order
from facade.portal.snapshot import PortalSnapshots
from facade.portal.subscriptions import PortalSubscriptions
from facade.security.connexion_security import security_map
from facade.security.development_server import DevelopmentServer
from facade.security.settings import SecuritySettings, build_verifier
from facade.security.tokens import TokenVerifier
from facade.settings import Settings
from facade.threads import Queue
from facade.tmf.hub.callbacks import CallbackRules
from facade.tmf.hub.handlers import Hub
from facade.tmf.hub.queries import Notifications
from facade.tmf.query.attributes import SchemaAttributes
from facade.tmf.tmf622.cancel_handlers import CancelProductOrders
from facade.tmf.tmf622.handlers import OrderTranslator, ProductOrders
from facade.tmf.tmf622.versions import CANCELLATION, ORDER, V4, V5, Version
from facade.translations import Translatable, Translations

TMF622_V4 = "tmf/tmf622-v4.yaml"
TMF622_V5 = "tmf/tmf622-v5.yaml"
TMF622: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {TMF622_V5: ("/tmf-api/productOrdering/v5", "/tmf/v5/productOrdering"), TMF622_V4: ()}
)
"""The contracts of TMF622, newest first, and other addresses of each."""
TMF622_ADDRESSES: Mapping[str, frozenset[str]] = MappingProxyType(
    {ORDER: frozenset({"href"}), CANCELLATION: frozenset({"href", "productOrder.href"})}
)
"""Attributes of each resource that depend on the address used, so that nothing can be found by them."""


def application() -> Correlation:
    """The ASGI application of one server process, its settings from the environment. Raises SettingError."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    tracer = otlp_tracer(settings.traces_endpoint, settings.service_name) if settings.traces_endpoint else None
    tracing.install(tracer)
    core = Core(settings)
    migrations.check(core.database)
    security = settings.security

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        await asyncio.to_thread(core.engine.launch)
        core.backends.watch_contracts()
        if settings.workers > 1:
            page.mirror.begin()
        yield
        page.mirror.stop()
        await asyncio.to_thread(core.close)
        if tracer is not None:
            await asyncio.to_thread(tracer.close)

    registry = CollectorRegistry()
    verifier = build_verifier(security, core.profiles.customers_of)
    page = metrics_page(core, registry, verifier)
    served = build_app(
        _apis(core, security, verifier, page),
        on_error=lambda methods: ErrorHandler(methods, core.audit, core.clock),
        security_map=security_map(verifier, count=_counting(settings)),
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
    return served.asgi


def _counting(settings: Settings) -> Callable[[str], None]:
    if not settings.rate_limit:
        return lambda client: None
    return RateLimit(settings.rate_limit, settings.rate_burst, settings.workers).count


def _apis(core: Core, security: SecuritySettings, verifier: TokenVerifier, page: MetricsPage) -> list[Api]:
    versions = tmf622_versions()
    apis = [
        *(
            Api(
                spec,
                ProductOrders(version, core.intake, core.changes, core.queries, core.profiles).operations()
                | CancelProductOrders(version, core.cancellations, core.queries).operations()
                | _hub(core, "TMF622", version.name, spec).operations(),
                aliases,
            )
            for (spec, aliases), version in zip(TMF622.items(), versions, strict=True)
        ),
        # Before the canonical API, whose base path begins this one's.
        Api(
            "canonical/operations.yaml",
            OperatedProcesses(
                SqlProcessReads(core.database), core.unit_of_work, core.processes, core.decisions, core.clock
            ).operations(),
        ),
        Api(
            "canonical/v1.yaml",
            PortalOrders(
                core.intake,
                core.queries,
                core.cancellations,
                core.audit,
                core.waiters,
            ).operations()
            | _translations(core, versions).operations()
            | BridgeReports(core.queries, core.audit, versions[1]).operations()
            | _views(core),
        ),
    ]
    if security.uses_development_server:
        apis.append(Api("oauth.yaml", DevelopmentServer(security).operations()))
    # Last, as its base path begins everybody's.
    health = Health(core.database_probe.problem, core.backend_states, verifier.keys.problem).operations()
    apis.append(Api("operations.yaml", dict(health) | page.operations(), on_loop=("live",)))
    return apis


def _hub(core: Core, api: str, version: str, spec: str) -> Hub:
    return Hub(
        api,
        version,
        Notifications(spec_of(spec)),
        CallbackRules(core.settings.allowed_networks, plain_http=core.settings.mode == "development"),
        core.listeners,
        SqlListeners(core.database),
    )


def _views(core: Core) -> dict[str, Callable[..., Any]]:
    """What is put together from several backends."""
    backends, inquiries = core.backends, core.inquiries
    snapshots = OrderSnapshots(core.queries, backends.order_records, backends.invoices, backends.shipments, inquiries)
    contexts = CustomerContexts(
        backends.profiles, backends.subscriptions, backends.balances, backends.shipments, inquiries
    )
    subscriptions = PortalSubscriptions(
        backends.subscriptions, inquiries, core.queries, core.plan_changes, core.waiters
    )
    return PortalSnapshots(snapshots).operations() | PortalCustomers(contexts).operations() | subscriptions.operations()


def _translations(core: Core, versions: Iterable[Version]) -> Translations:
    tmf622 = {
        ("TMF622", version.name, "createProductOrder"): Translatable(
            contract_of(spec), OrderTranslator(version, core.profiles), partial(version.losses, ORDER)
        )
        for spec, version in zip(TMF622, versions, strict=True)
    }
    canonical = Translatable(contract_of("canonical/v1.yaml"), portal_to_submit_order)
    return Translations(
        tmf622 | {("canonical", "v1", "placeOrder"): canonical}, core.unit_of_work, core.clock, SortableIdentities()
    )


def tmf622_versions() -> tuple[Version, Version]:
    contract = contract_of(TMF622_V5)
    v5, v4 = (
        {
            resource: SchemaAttributes(spec_of(spec), resource, addresses)
            for resource, addresses in TMF622_ADDRESSES.items()
        }
        for spec in TMF622
    )
    return V5(contract, v5), V4(contract, v4, kept=v5)
