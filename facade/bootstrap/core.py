"""Everything behind the web edge, put together for one operating system process."""

from pathlib import Path
from typing import Any

import jsontext
from adapters.backends.inquiries import ParallelInquiries
from adapters.backends.registry import NEEDED, Backends, connect
from adapters.orchestration.engine import EngineSettings, TurnEngine
from adapters.persistence.audit import SqlAuditTrail
from adapters.persistence.database import Database
from adapters.persistence.node_table import NodeTable
from adapters.persistence.orders import Document
from adapters.persistence.probes import write
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.queries import SqlQueries
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.ordering.cancellation import Cancellation
from canonical.ordering.handlers import PLACE_ORDER
from canonical.ordering.order import Order
from canonical.processes.change_plan import ChangeSubscriptionPlan
from canonical.processes.engine import Process
from canonical.processes.place_order import PlaceOrder
from canonical.shared.errors import StoreUnavailable
from canonical.subscriptions.handlers import CHANGE_PLAN
from facade.bootstrap.backends import backend_settings, backend_state
from facade.clock import SystemClock
from facade.health import BackendState
from facade.identities import SortableIdentities, new_id
from facade.intake import (
    CancellationIntake,
    DecisionIntake,
    ListenerIntake,
    OrderChanges,
    OrderIntake,
    PlanChangeIntake,
)
from facade.partners.profiles import ProfileError, Profiles, read_profiles
from facade.portal.handlers import Waiters
from facade.probe import Probe
from facade.setting_sources import SettingError
from facade.settings import Settings
from facade.tmf.tmf622.account import STATES
from facade.tmf.tmf622.cancel_mapper import from_cancellation
from facade.tmf.tmf622.mapper import from_order

PARTNERS = Path(__file__).parents[2] / "fixtures" / "partners"


class Core:
    """Everything behind the edge, for one operating system process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.database = Database(settings.database_address, settings.database_timeout, settings.database_waiters)
        self.database_probe = Probe(self._write_problem, late="the database does not answer within 1 s")
        search_seconds = min(settings.search_seconds, 0.8 * settings.database_timeout)
        self.queries = SqlQueries(self.database, search_seconds)
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
        self.engine = TurnEngine(
            self.processes,
            self.unit_of_work,
            ProcessTable(self.database, self.clock),
            NodeTable(self.database),
            EngineSettings(
                node=new_id(),
                lease_seconds=settings.node_lease,
                held=settings.hold_processes,
                keep_steps_seconds=settings.keep_steps_days * 86400,
            ),
        )
        intake = (self.unit_of_work, self.queries, self.clock, SortableIdentities())
        self.intake = OrderIntake(*intake, self.engine)
        self.changes = OrderChanges(*intake, self.queries, self.engine)
        self.cancellations = CancellationIntake(*intake)
        self.plan_changes = PlanChangeIntake(*intake, self.engine)
        self.decisions = DecisionIntake(*intake, self.engine, self.processes)
        self.listeners = ListenerIntake(*intake)
        self.profiles = partner_profiles(settings)
        self.waiters = Waiters(self.engine, settings.portal_wait, at_once=settings.waiters)

    def unit_of_work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.database, project, project_cancellation, self.clock)

    def _write_problem(self) -> str | None:
        try:
            write(self.database)
        except StoreUnavailable as error:
            return error.message
        return None

    def backend_states(self) -> dict[str, BackendState]:
        versions, snapshots = self.backends.contract_versions(), self.backends.snapshot()
        return {name: backend_state(snapshot, versions[name]) for name, snapshot in snapshots.items()}

    def close(self) -> None:
        self.engine.close()
        self.inquiries.close()
        self.backends.close()
        self.audit.close()
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
        return ChangeSubscriptionPlan(backends.subscriptions, backends.plan_billing, self.clock)


def project(order: Order, carried: dict[str, Any]) -> Document:
    """The document kept for TMF622 reads."""
    return Document(STATES[order.state], jsontext.text(from_order(order, carried)))


def project_cancellation(cancellation: Cancellation, carried: dict[str, Any]) -> Document:
    """The document kept for TMF622 lists."""
    document = from_cancellation(cancellation, carried)
    return Document(document["state"], jsontext.text(document))


def partner_profiles(settings: Settings) -> Profiles:
    """Raises SettingError."""
    try:
        return read_profiles(Path(settings.partners) if settings.partners else PARTNERS)
    except ProfileError as error:
        raise SettingError(f"PARTNERS cannot be used: {error}") from error
