"""The composition root: the one module that sees the web edge and the adapters."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
import structlog
from sqlalchemy.exc import SQLAlchemyError

from adapters.backends.breaker import BreakerState
from adapters.backends.bulkhead import threads_held
from adapters.backends.counters import BackendSnapshot
from adapters.backends.inquiries import ParallelInquiries
from adapters.backends.registry import NEEDED, Backends, connect
from adapters.backends.settings import BackendSettings
from adapters.backends.versions import ContractVersion
from adapters.orchestration.dbos_engine import DbosEngine, EngineSettings
from adapters.persistence import migrations
from adapters.persistence.audit import SqlAuditTrail
from adapters.persistence.catalog import publish, read_offerings
from adapters.persistence.database import Database
from adapters.persistence.listeners import SqlListeners
from adapters.persistence.node_table import NodeTable
from adapters.persistence.orders import Document
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.queries import SqlQueries
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.simulators.serve import serve as serve_simulators
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import Order
from canonical.processes.change_plan import ChangeSubscriptionPlan
from canonical.processes.engine import Process
from canonical.processes.place_order import PlaceOrder
from canonical.shared.errors import StoreUnavailable
from canonical.subscriptions.handlers import CHANGE_PLAN
from canonical.views.customer_context import CustomerContexts
from canonical.views.order_snapshot import OrderSnapshots
from facade import logs
from facade.app import Api, build_app, contract_of, spec_of
from facade.cancellations import CancellationIntake
from facade.changes import OrderChanges
from facade.clock import SystemClock
from facade.correlation import Correlation
from facade.errors import ErrorHandler
from facade.health import BackendState, Health
from facade.identities import SortableIdentities, new_id
from facade.intake import OrderIntake
from facade.operations.decisions import DecisionIntake
from facade.operations.processes import OperatedProcesses
from facade.partners.profiles import ProfileError, Profiles, read_profiles
from facade.plan_changes import PlanChangeIntake
from facade.portal.bridge_reports import BridgeReports
from facade.portal.customer import PortalCustomers
from facade.portal.handlers import PortalOrders, Waiters
from facade.portal.handlers import to_submit_order as portal_to_submit_order
from facade.portal.snapshot import PortalSnapshots
from facade.portal.subscriptions import PortalSubscriptions
from facade.security.connexion_security import security_map
from facade.security.development_server import DevelopmentServer
from facade.security.settings import SecuritySettings, build_verifier
from facade.settings import BackendOptions, SettingError, Settings
from facade.tmf.hub.callbacks import CallbackRules
from facade.tmf.hub.handlers import Hub
from facade.tmf.hub.intake import ListenerIntake
from facade.tmf.hub.queries import Notifications
from facade.tmf.query.attributes import SchemaAttributes
from facade.tmf.tmf622.account import STATES
from facade.tmf.tmf622.cancel_handlers import CancelProductOrders
from facade.tmf.tmf622.handlers import OrderTranslator, ProductOrders
from facade.tmf.tmf622.mapper import from_order
from facade.tmf.tmf622.versions import V4, V5, Version
from facade.translations import Translatable, Translations

CATALOG = Path(__file__).parent.parent / "fixtures" / "catalog"
PARTNERS = CATALOG.parent / "partners"
TMF622_V4 = "tmf/tmf622-v4.yaml"
TMF622_V5 = "tmf/tmf622-v5.yaml"
TMF622: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {TMF622_V5: ("/tmf-api/productOrdering/v5", "/tmf/v5/productOrdering"), TMF622_V4: ()}
)
"""The contracts of TMF622, newest first, and other addresses of each."""

log = structlog.get_logger()


class Core:
    """Everything behind the edge, for one operating system process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.database = Database(settings.database_address)
        self.queries = SqlQueries(self.database, settings.search_seconds)
        self.audit = SqlAuditTrail(self.database)
        self.backends = connect(backend_settings(settings), settings.check_backend_answers)
        self.inquiries = ParallelInquiries(
            NEEDED,
            self.clock,
            at_once=settings.threads,
            seconds=settings.parts_wait,
            last_known_seconds=settings.last_known_seconds,
        )
        self.processes: dict[str, Process[Any]] = {
            PLACE_ORDER: self._place_order(self.backends),
            CHANGE_PLAN: self._change_plan(self.backends),
        }
        self.engine = DbosEngine(
            self.processes,
            ProcessTable(self.database, self.clock),
            NodeTable(self.database, self.clock),
            EngineSettings(
                system_database_url=settings.engine_address,
                node=new_id(),
                lease_seconds=settings.node_lease,
                held=settings.hold_processes,
                keep_steps_seconds=settings.keep_steps_days * 86400,
            ),
        )
        identities = SortableIdentities()
        self.intake = OrderIntake(self.unit_of_work, self.queries, self.engine, self.clock, identities)
        self.cancellations = CancellationIntake(self.unit_of_work, self.clock, identities)
        self.changes = OrderChanges(self.unit_of_work, self.engine, self.clock, identities)
        self.profiles = partner_profiles(settings)
        self.plan_changes = PlanChangeIntake(self.unit_of_work, self.queries, self.engine, self.clock, identities)
        self.waiters = Waiters(self.engine, settings.portal_wait, at_once=max(1, settings.threads // 2))
        self.listeners = ListenerIntake(self.unit_of_work, self.clock, identities)

    def unit_of_work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, project, self.clock)

    def database_ready(self) -> bool:
        try:
            self.database.ping()
        except StoreUnavailable:
            return False
        return True

    def backend_states(self) -> dict[str, BackendState]:
        versions, snapshots = self.backends.contract_versions(), self.backends.snapshot()
        return {name: _state(snapshot, versions[name]) for name, snapshot in snapshots.items()}

    def close(self) -> None:
        self.engine.close()
        self.inquiries.close()
        self.backends.close()
        self.database.close()

    def _place_order(self, backends: Backends) -> PlaceOrder:
        return PlaceOrder(
            backends.customers,
            backends.stock,
            backends.bss,
            backends.payments,
            self.unit_of_work,
            self.queries,
            self.clock,
        )

    def _change_plan(self, backends: Backends) -> ChangeSubscriptionPlan:
        return ChangeSubscriptionPlan(backends.subscriptions, backends.plan_billing, self.unit_of_work, self.clock)


def application() -> Correlation:
    """The ASGI application of one server process, its settings from the environment. Raises SettingError."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    core = Core(settings)
    migrations.check(core.database)
    security = security_settings(settings)

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        await asyncio.to_thread(core.engine.launch)
        core.backends.watch_contracts()
        yield
        await asyncio.to_thread(core.close)

    served = build_app(
        _apis(core, security),
        on_error=lambda methods: ErrorHandler(methods, core.audit, core.clock),
        security_map=security_map(build_verifier(security)),
        threads=settings.threads,
        deadline=settings.request_deadline,
        validate_responses=settings.validate_responses,
        lifespan=lifespan,
    )
    gc.collect()
    gc.freeze()  # the contracts are 300,000 objects that live for ever: no collection has to walk them again
    return served.asgi


def _apis(core: Core, security: SecuritySettings) -> list[Api]:
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
        Api("canonical/operations.yaml", _operated_processes(core).operations()),
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
            | BridgeReports(core.queries, core.audit).operations()
            | _views(core),
        ),
        Api("operations.yaml", Health(core.database_ready, core.backend_states).operations()),
    ]
    if security.uses_development_server:
        apis.append(Api("oauth.yaml", DevelopmentServer(security).operations()))
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


def _operated_processes(core: Core) -> OperatedProcesses:
    decisions = DecisionIntake(
        core.unit_of_work, core.processes, core.engine, core.queries, core.clock, SortableIdentities()
    )
    return OperatedProcesses(SqlProcessReads(core.database), core.unit_of_work, core.processes, decisions, core.clock)


def tmf622_versions() -> tuple[Version, Version]:
    v5 = contract_of(TMF622_V5)
    attributes = {spec: SchemaAttributes(spec_of(spec), "ProductOrder") for spec in TMF622}
    return V5(v5, attributes[TMF622_V5]), V4(v5, attributes[TMF622_V4], attributes[TMF622_V5])


def partner_profiles(settings: Settings) -> Profiles:
    """Raises SettingError."""
    try:
        return read_profiles(Path(settings.partners) if settings.partners else PARTNERS)
    except ProfileError as error:
        raise SettingError(f"PARTNERS cannot be used: {error}") from error


def _translations(core: Core, versions: Iterable[Version]) -> Translations:
    tmf622 = {
        ("TMF622", version.name, "createProductOrder"): Translatable(
            contract_of(spec), OrderTranslator(version, core.profiles)
        )
        for spec, version in zip(TMF622, versions, strict=True)
    }
    canonical = Translatable(contract_of("canonical/v1.yaml"), portal_to_submit_order)
    return Translations(
        tmf622 | {("canonical", "v1", "placeOrder"): canonical}, core.unit_of_work, core.clock, SortableIdentities()
    )


def project(order: Order, carried: dict[str, Any]) -> Document:
    """The document kept for TMF622 reads."""
    return Document(STATES[order.state], orjson.dumps(from_order(order, carried)).decode())


def security_settings(settings: Settings) -> SecuritySettings:
    return SecuritySettings(
        mode=settings.mode,
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        jwks_url=settings.jwks_url or None,
        state_dir=settings.state_dir,
    )


def development_token(settings: Settings, client: str, scope: str | None) -> str:
    """A token of a development client. Raises ValueError for an unknown one, ConfigurationError in production."""
    return DevelopmentServer(security_settings(settings)).issue_token(client, scope)


def upgrade_database(settings: Settings) -> None:
    """Bring the schema up to date. Safe to repeat."""
    database = Database(settings.database_address)
    migrations.upgrade(database)
    database.close()


def publish_catalog(settings: Settings, folder: Path = CATALOG) -> int:
    """Publish the offerings of the catalogue files; returns how many were new."""
    database = Database(settings.database_address)
    added = publish(database, read_offerings([path.read_bytes() for path in sorted(folder.glob("*.json"))]))
    database.close()
    return added


def simulate(settings: Settings, state: Path) -> None:
    """Serve the simulated backends until interrupted."""
    serve_simulators(
        settings.host,
        settings.backends_port,
        state,
        client_id=settings.backends_client,
        client_secret=settings.backends_secret,
    )


def backend_settings(settings: Settings) -> dict[str, BackendSettings]:
    """How each backend is called. Raises SettingError."""
    return {name: _backend(settings, name, options) for name, options in settings.backends.items()}


def _backend(settings: Settings, name: str, options: BackendOptions) -> BackendSettings:
    places = options.concurrency or max(1, settings.threads * 2 // 3)
    if options.concurrency and threads_held(places) >= settings.threads:
        raise SettingError(
            f"{name.upper()}_CONCURRENCY or BACKEND_CONCURRENCY={places} lets one backend hold {threads_held(places)}"
            f" threads, and THREADS={settings.threads} leaves none for anything else"
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
    )


def _state(snapshot: BackendSnapshot, version: ContractVersion) -> BackendState:
    calls: Counter[str] = Counter()
    for (_, outcome), count in snapshot.calls.items():
        calls[outcome] += count
    return BackendState(
        problem=version.problem,
        shown={
            "circuit": snapshot.breaker.value,
            "inFlight": snapshot.in_flight,
            "calls": calls,
            "retries": sum(snapshot.retries.values()),
            "circuitOpened": snapshot.breaker_changes.get(BreakerState.OPEN, 0),
            "heldSeconds": round(snapshot.held_seconds, 3),
            "contractViolations": sum(snapshot.contract_violations.values()),
            "tokensFailed": snapshot.tokens_failed,
            "contract": {"ours": version.ours, "theirs": version.theirs, "agreement": version.agreement.value},
        },
    )


DATABASE_TROUBLE = (StoreUnavailable, SQLAlchemyError, OSError, ValueError)


def reason_of(trouble: Exception) -> str:
    """What the driver says of a database that cannot be used, in one line."""
    error = (trouble.__cause__ or trouble) if isinstance(trouble, StoreUnavailable) else trouble
    return " ".join(str(getattr(error, "orig", None) or error).split())


def check_start(settings: Settings) -> None:
    """Raises SettingError, in one line: settings that do not fit together, a partner profile that is wrong, a database
    that cannot be reached or is not at this release's schema.
    """
    backend_settings(settings)
    partner_profiles(settings)
    try:
        database = Database(settings.database_address)
        try:
            migrations.check(database)
        finally:
            database.close()
    except (*DATABASE_TROUBLE, migrations.SchemaOutOfDate) as error:
        raise SettingError(f"the database at DATABASE_URL cannot be used: {reason_of(error)}") from error
