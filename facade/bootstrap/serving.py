"""The application of one server process: which contracts it serves, and by which handlers."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from adapters.persistence.asset_outlook import SqlAssetOutlook
from adapters.persistence.delivery_reads import SqlDeliveryReads
from adapters.persistence.event_stream import SqlEventStream
from adapters.persistence.process_records import SqlProcessReads
from canonical.catalog.selling import SOLD
from canonical.processes.recorded_events import EVENT_TYPES, SUBJECT_TYPES
from canonical.views.customer_context import CustomerContexts
from canonical.views.order_snapshot import OrderSnapshots
from facade.app import Api
from facade.bootstrap.answers import answer_to
from facade.bootstrap.apis import shown_by_v4, tmf_apis, translatable
from facade.bootstrap.core import Core
from facade.bootstrap.documents import published
from facade.bootstrap.processes import assembled
from facade.health import Role
from facade.operations.processes import OperatedProcesses
from facade.portal.assets import PortalAssets
from facade.portal.audit_records import PortalAudit
from facade.portal.bridge_reports import BridgeReports
from facade.portal.catalog import PortalCatalog
from facade.portal.catalog_files import PortalCatalogFiles
from facade.portal.catalog_sections import sections
from facade.portal.customer import PortalCustomers
from facade.portal.event_waits import Advances
from facade.portal.events import PortalEvents
from facade.portal.handlers import PortalOrders
from facade.portal.listeners import PortalListeners
from facade.portal.offerings import PortalOfferings
from facade.portal.partner_profiles import PartnerProfiles
from facade.portal.snapshot import PortalSnapshots
from facade.portal.subscriptions import PortalSubscriptions
from facade.published.site import Page, pages_of
from facade.security.development_server import DevelopmentServer
from facade.security.settings import SecuritySettings
from facade.settings import OFF, Settings
from facade.translations import Translations
from facade.web.correlation import Correlation


def application() -> Correlation:
    """It accepts and answers, and leaves processes to others. Its settings come from the environment. Raises
    SettingError.
    """
    return _application(Role.SERVE)


def working_application() -> Correlation:
    """The same, but it carries out processes, too."""
    return _application(Role.SERVE_AND_WORK)


def site_pages(settings: Settings) -> Mapping[str, Page]:
    """What integrators read in a browser; nothing if the operator does not want it."""
    if settings.docs == OFF:
        return {}
    return pages_of(published(issues_tokens=settings.security.uses_development_server), version("tmf-facade"))


def _application(role: Role) -> Correlation:
    one = assembled(role)
    return one.application(_apis(one.core, one.settings.security), site_pages(one.settings))


def _apis(core: Core, security: SecuritySettings) -> list[Api]:
    advances = Advances(lambda: core.sequencer.head)
    core.sequencer.subscribe(advances.advanced)
    events = PortalEvents(
        SqlEventStream(core.database), advances, EVENT_TYPES, SUBJECT_TYPES, core.settings.events_wait
    )
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
            PortalOrders(core.application, core.reads, core.waiters).operations()
            | PortalAudit(core.reads, core.audit).operations()
            | _translations(core).operations()
            | _catalog(core)
            | PortalAssets(core.reads, SqlAssetOutlook(core.database, core.clock, core.sold)).operations()
            | PortalCatalogFiles(core.transfers.kept, core.transfers.staging, core.reads).operations()
            | BridgeReports(core.reads, core.clock, core.audit, shown_by_v4()).operations()
            | PortalListeners(
                core.application,
                SqlDeliveryReads(core.database),
                SqlEventStream(core.database),
                core.webhooks,
                core.clock,
            ).operations()
            | PartnerProfiles(core.application, core.reads, core.clock, core.profiles.files.by_client).operations()
            | events.operations()
            | _views(core),
            waits={"listEvents": events.wait},
            on_body=core.recorder.of("canonical", "v1", frozenset({"placeOrder"})),
        ),
    ]
    if security.uses_development_server:
        apis.append(Api("oauth.yaml", DevelopmentServer(security).operations()))
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
    return Translations(translatable(core.reads), core.application, answer_to, core.profiles.named)
