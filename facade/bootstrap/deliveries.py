"""Delivery of notifications, as a background service of a node."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from threading import Lock
from time import monotonic

from adapters.events.delivery import DeliverySettings, NotificationDelivery
from adapters.events.duty import Duty
from adapters.events.outcomes import DAY
from adapters.events.webhooks import WebhookSender
from adapters.persistence.database import Database
from adapters.persistence.deliveries import DeliveryTable
from adapters.persistence.delivery_reads import SqlDeliveryReads
from adapters.persistence.duties import NOTIFICATIONS, DutyTable
from canonical.shared.errors import StoreUnavailable
from facade.app import contract_of
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.versions import notifications_of, versions_of
from facade.identities import SortableIdentities
from facade.partners.in_force import ProfilesInForce
from facade.partners.profiles import Profile
from facade.settings import Settings
from facade.tmf.engine.declaration import TmfApi
from facade.tmf.hub.callbacks import CallbackRules, LookUps
from facade.tmf.hub.notifier import Notifier, SpokenApi


def webhook_sender(settings: Settings) -> WebhookSender:
    """It looks names up beside those who register, so that neither keeps the other waiting."""
    rules = replace(callback_rules(settings), resolve=LookUps(2 * settings.notification_threads))
    return WebhookSender(rules.permits, settings.notification_timeout, rules.addresses)


def callback_rules(settings: Settings) -> CallbackRules:
    return CallbackRules(settings.allowed_networks, plain_http=settings.mode == "development")


def notification_delivery(
    settings: Settings, database: Database, profiles: ProfilesInForce, node: str, sender: WebhookSender
) -> NotificationDelivery:
    """Starts with `begin`. Only one node delivers at a time; the others wait."""
    table = DutyTable(database, NOTIFICATIONS)
    return NotificationDelivery(
        DeliveryTable(database, table, SortableIdentities()),
        Duty(table, node, settings.node_lease),
        notifier_of(TMF_APIS, profiles.of, settings.public_url),
        sender,
        DeliverySettings(
            retry_seconds=settings.notification_retry_days * DAY,
            pause_seconds=settings.notification_pause_days * DAY,
            threads=settings.notification_threads,
            keep_seconds=settings.keep_deliveries_days * DAY,
        ),
    )


def notifier_of(apis: Collection[TmfApi], profile_of: Callable[[str], Profile], public_url: str = "") -> Notifier:
    """Makes the notifications of these APIs in all their versions."""
    spoken = {
        (api.name, version): SpokenApi.of(
            notifications_of(api, version),
            versions_of(api, version).values(),
            contract_of(served.spec),
            public_url.rstrip("/"),
        )
        for api in apis
        for version, served in api.versions.items()
    }
    return Notifier(spoken, profile_of)


class DeliveryHealth:
    """What health shows of notifications, read from the database at most every SECONDS."""

    SECONDS = 5.0

    def __init__(self, reads: SqlDeliveryReads) -> None:
        self._reads = reads
        self._lock = Lock()
        self._until = 0.0
        self._kept: Mapping[str, int] = {}

    def __call__(self) -> Mapping[str, int]:
        with self._lock:
            if monotonic() >= self._until:
                self._kept = self._read()
                self._until = monotonic() + self.SECONDS
            return self._kept

    def _read(self) -> Mapping[str, int]:
        try:
            found = self._reads.backlogs()
        except StoreUnavailable:
            return {}
        return {
            "paused": sum(one.paused for one in found),
            "failing": sum(one.failing for one in found),
            "waiting": sum(one.waiting for one in found),
            "deadLetters": sum(one.dead for one in found),
        }
