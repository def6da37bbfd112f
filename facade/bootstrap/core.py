"""Builds everything behind the web edge for one operating system process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.backends.http import Timed, untimed
from adapters.backends.parallel_queries import ParallelQueries
from adapters.backends.registry import NEEDED, connect
from adapters.events.sequencer import Sequencer
from adapters.orchestration.engine import EngineSettings, TurnEngine
from adapters.orchestration.runner import ProcessTimes
from adapters.persistence.audit import SqlAuditTrail
from adapters.persistence.database import Database
from adapters.persistence.event_numbers import EventNumbers
from adapters.persistence.event_retention import EventRetention
from adapters.persistence.node_table import NodeTable
from adapters.persistence.partner_profiles import SqlPublishedProfiles
from adapters.persistence.probes import write
from adapters.persistence.process_records import SqlProcessReads
from adapters.persistence.process_table import ProcessTable
from adapters.persistence.reads import SqlReads
from adapters.persistence.recordings import SqlRecordings
from adapters.persistence.retention import Keeping, Retention
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.signals.of_database import signals_of
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.selling import ONLY_LAUNCHED, SOLD
from canonical.ordering.handlers import PLACE_ORDER
from canonical.processes.change_plan import ChangeSubscriptionPlan
from canonical.processes.engine import Process
from canonical.processes.place_order import PlaceOrder
from canonical.shared.errors import StoreUnavailable
from canonical.shared.ports import Clock
from canonical.subscriptions.handlers import CHANGE_PLAN
from facade.application.turns import Turns
from facade.application.use_cases import Application, Repeats
from facade.bootstrap.backends import backend_settings, backend_state
from facade.bootstrap.declared import projectors
from facade.bootstrap.deliveries import notification_delivery, webhook_sender
from facade.bootstrap.streaming import event_relay
from facade.bootstrap.transfers import Transfers
from facade.bootstrap.use_cases import use_cases
from facade.clock import SystemClock
from facade.health import BackendState
from facade.identities import SortableIdentities, new_id
from facade.partners.api_versions import ALL_VERSIONS, ApiVersions
from facade.partners.files import ProfileError, read_profiles, read_versions
from facade.partners.in_force import ProfilesInForce, ProfileWatch, UnusableProfile
from facade.partners.profiles import Profiles
from facade.portal.handlers import Waiters
from facade.probe import Probe
from facade.recording.recorder import Recorder
from facade.setting_sources import SettingError
from facade.settings import OFF, REFUSED, START, Settings
from facade.web.backlog import Backlog

PARTNERS = Path(__file__).parents[2] / "fixtures" / "partners"


class Core:
    """Everything behind the edge, for one operating system process. `timed` is called for each exchange
    with a backend, `process_times` for each process. `works`: it carries out processes.
    """

    def __init__(
        self, settings: Settings, timed: Timed = untimed, process_times: ProcessTimes | None = None, *, works: bool
    ) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self.database = Database(settings.database_address, settings.database_timeout, settings.database_waiters)
        self.database_probe = Probe(self._write_problem, late="the database does not answer within 1 s")
        self.sequencer = Sequencer(EventNumbers(self.database), self._keeping())
        search_seconds = min(settings.search_seconds, 0.8 * settings.database_timeout)
        self.reads = SqlReads(self.database, search_seconds)
        self._projectors = projectors()
        self.audit = SqlAuditTrail(self.database)
        self.backends = connect(backend_settings(settings), settings.check_backend_answers, timed)
        self.part_queries = ParallelQueries(
            NEEDED,
            self.clock,
            at_once=settings.threads,
            seconds=settings.parts_wait,
            last_known_seconds=settings.last_known_seconds,
        )
        self.profiles = profiles_in_force(partner_profiles(settings), self.database, self.clock)
        self.profile_watch = ProfileWatch(self.profiles.refresh)
        self.recorder = Recorder(SqlRecordings(self.database), self.clock)
        self.transfers = Transfers(settings, self.database, self._projectors, self.clock, self.profiles.recorded)
        backends = self.backends
        self.processes: dict[str, Process[Any]] = {
            PLACE_ORDER: PlaceOrder(
                backends.customers,
                backends.stock,
                backends.bss,
                backends.payments,
                backends.accounts,
                self.unit_of_work,
                self.reads,
                self.clock,
                future_claims_at_start=settings.future_orders_claim == START,
            ),
            CHANGE_PLAN: ChangeSubscriptionPlan(backends.subscriptions, backends.plan_billing, self.clock),
            **self.transfers.processes(),
        }
        node = new_id()
        self.engine = TurnEngine(
            self.processes,
            self.unit_of_work,
            ProcessTable(self.database, self.clock),
            NodeTable(self.database),
            signals_of(self.database, node),
            EngineSettings(
                node=node,
                lease_seconds=settings.node_lease,
                held=settings.hold_processes or not works,
                keep_steps_seconds=settings.keep_steps_days * 86400,
            ),
            process_times,
        )
        self.webhooks = webhook_sender(settings)
        self.delivery = notification_delivery(settings, self.database, self.profiles, node, self.webhooks)
        self.sequencer.subscribe(self.delivery.wake)
        self.relay = event_relay(settings, self.database, node) if works else None
        if self.relay is not None:
            self.sequencer.subscribe(self.relay.wake)
        self.backlog = Backlog(SqlProcessReads(self.database).oldest_of_clients, settings.backlog_seconds)
        self.application = Application(
            self.unit_of_work,
            self.reads,
            self.clock,
            SortableIdentities(),
            self.engine,
            use_cases(self.processes),
            self.backlog.check,
            Repeats(settings.repeated_order_seconds, settings.repeated_orders == REFUSED),
        )
        self.turns = Turns()
        self.waiters = Waiters(self.engine, settings.portal_wait, at_once=settings.waiters)

    @property
    def sold(self) -> frozenset[LifecycleStatus]:
        """The statuses of offerings that orders find."""
        return SOLD if self.settings.catalog_sells_active else ONLY_LAUNCHED

    def unit_of_work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(
            self.database,
            self._projectors,
            self.clock,
            self.sold,
            assets_per_item=self.settings.assets_per_item,
            future_claims_at_start=self.settings.future_orders_claim == START,
            told=self.sequencer.wake,
        )

    def _keeping(self) -> Callable[[], None]:
        """What deletes what is old."""
        settings, retention = self.settings, Retention(self.database)
        events = EventRetention(self.database, None if settings.stream == OFF else settings.stream)
        kept = (
            (events.forget, settings.keep_events_days),
            (retention.forget_audit, settings.keep_audit_days),
            (retention.forget_keys, settings.keep_keys_days),
            (retention.forget_processes, settings.keep_processes_days),
        )
        keeping = [Keeping(forget, days * 86400, self.clock.now) for forget, days in kept if days]

        def tend() -> None:
            for one in keeping:
                one.tend()

        return tend

    def _write_problem(self) -> str | None:
        try:
            write(self.database)
        except StoreUnavailable as error:
            return error.message
        return None

    def backend_states(self) -> dict[str, BackendState]:
        versions, snapshots = self.backends.contract_versions(), self.backends.snapshot()
        troubles = self.backends.connection_troubles()
        return {name: backend_state(snapshot, versions[name], troubles[name]) for name, snapshot in snapshots.items()}

    def stream_state(self) -> dict[str, Any]:
        """What health shows of the stream of events."""
        return {"lastNumber": self.sequencer.head, "problem": self.sequencer.problem}

    def close(self) -> None:
        self.backends.leave()
        self.profile_watch.stop()
        self.backlog.stop()
        self.engine.close()
        self.delivery.stop()
        if self.relay is not None:
            self.relay.stop()
        self.webhooks.close()
        self.sequencer.stop()
        self.part_queries.close()
        self.backends.close()
        self.audit.close()
        self.recorder.stop()
        self.database.close()


def partner_profiles(settings: Settings) -> Profiles:
    """Raises SettingError."""
    try:
        return read_profiles(Path(settings.partners) if settings.partners else PARTNERS)
    except ProfileError as error:
        raise SettingError(f"PARTNERS cannot be used: {error}") from error


def api_deprecations(settings: Settings) -> ApiVersions:
    """Until when versions of APIs live for everybody. Raises SettingError."""
    try:
        return read_versions(Path(settings.api_deprecations)) if settings.api_deprecations else ALL_VERSIONS
    except ProfileError as error:
        raise SettingError(f"API_DEPRECATIONS cannot be used: {error}") from error


def profiles_in_force(files: Profiles, database: Database, clock: Clock) -> ProfilesInForce:
    """Empty of stored versions until they are loaded."""
    return ProfilesInForce(files, SqlPublishedProfiles(database, clock), clock)


def load_profiles(profiles: ProfilesInForce) -> None:
    """Raises SettingError: a node must not serve a client by another profile than the one in force."""
    try:
        profiles.refresh()
    except UnusableProfile as error:
        raise SettingError(f"{error}. Activate a version that this release can use, or go back") from error
