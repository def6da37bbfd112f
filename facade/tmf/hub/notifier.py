"""The notifications of each listener: what its client may see, what it asked for, in its version and its words."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from canonical.events.recorded import RecordedEvent
from canonical.listeners.listener import Listener
from canonical.listeners.notification import ListenerUnusable, Notification
from canonical.shared import jsontext
from canonical.shared.errors import NotFound
from facade.contract.validator import Contract
from facade.contract.violations import ContractViolation
from facade.partners.api_versions import VersionNotAgreed
from facade.partners.profiles import Profile
from facade.security.principal import Principal
from facade.tmf.engine.addresses import addressed, last_part
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.versions import Version
from facade.tmf.hub.envelopes import Change, Envelope, change_named, envelope
from facade.tmf.hub.queries import NotificationFilter, Notifications
from facade.tmf.query.matching import meets
from facade.tmf.query.selection import selected

REMOVED = "Removed"
"""How the names of events end that remove their subject."""
PUBLISHED = "Published"
"""How the names of events end after which everybody sees the subject."""
MOST_KEPT = 500
TOKENS_NEEDED = (
    "its client's customers come with its tokens, and there is none when events are delivered: read GET /api/v1/events"
)


@dataclass(frozen=True)
class SpokenApi:
    """One version of an API. `versions` are its resources by the kinds of their aggregates. `address` is for listeners
    whose own is not known, because a release before kept none. `reads` are the scopes that reading each resource takes,
    by the kinds.
    """

    notifications: Notifications
    versions: Mapping[str, Version]
    address: str
    reads: Mapping[str, Collection[str]]

    @classmethod
    def of(
        cls, notifications: Notifications, versions: Iterable[Version], contract: Contract, origin: str
    ) -> "SpokenApi":
        """`origin`: what its address begins with."""
        kinds = {one.resource.kind.name: one for one in versions}
        reads = {name: contract.scopes(one.resource.operation(Verb.RETRIEVE, one.name)) for name, one in kinds.items()}
        return cls(notifications, kinds, f"{origin}{contract.base_path}", reads)


class Notifier:
    """Makes notifications. `apis` by the names of API and version, `profile_of` the profile in force of a client."""

    def __init__(self, apis: Mapping[tuple[str, str], SpokenApi], profile_of: Callable[[str], Profile]) -> None:
        self._apis = apis
        self._profile_of = profile_of
        self._made: OrderedDict[tuple[Any, ...], Envelope | None] = OrderedDict()
        self._lock = Lock()
        self._filter = lru_cache(maxsize=MOST_KEPT)(self._read)

    def concerns(self, listener: Listener, subject_type: str) -> bool:
        """Whether events of this kind of aggregate can be notifications of the listener's API."""
        api = self._apis.get((listener.api, listener.version))
        return api is not None and subject_type in api.versions

    def notification(self, listener: Listener, event: RecordedEvent, before: str | None) -> Notification | None:
        """What the listener is sent about an event; None for nothing. `before` is the document before it. Raises
        ListenerUnusable.
        """
        version = self._version(listener, event.subject_type)
        if version is None or event.document is None:
            return None
        asked = self._filter(listener.api, listener.version, listener.query)
        principal = self._principal(listener)
        if not self._may_read(listener, principal, event.subject_type):
            return None
        if not version.resource.reader(principal).sees(event.owner, event.customer_id):
            return None
        made = self._envelope(listener, version, event, before, principal)
        if made is None or not (asked.criterion is None or meets(made.whole, asked.criterion)):
            return None
        return Notification(event.id, made.type, jsontext.write(selected(made.sent, asked.selection)))

    def _version(self, listener: Listener, subject_type: str) -> Version | None:
        api = self._apis.get((listener.api, listener.version))
        if api is None:
            raise ListenerUnusable(f"{listener.api} {listener.version} is not served any more: delete the registration")
        return api.versions.get(subject_type)

    def _read(self, api: str, version: str, query: str) -> NotificationFilter:
        try:
            return self._apis[(api, version)].notifications.read(query)
        except ContractViolation as error:
            reason = error.violations[0].message
            raise ListenerUnusable(f"its query cannot be used any more ({reason}): register again") from error

    def _principal(self, listener: Listener) -> Principal:
        """The client as it was when it registered, and as its profile is now. Raises ListenerUnusable."""
        profile = self._profile_of(listener.owner)
        if profile.customers is not None and profile.customers.claim is not None:
            raise ListenerUnusable(TOKENS_NEEDED)
        try:
            profile.versions.check(listener.api, listener.version)
        except VersionNotAgreed as error:
            raise ListenerUnusable(f"{error} Delete the registration and register in another version.") from error
        return Principal(listener.owner, frozenset(listener.scopes), profile.customers_for({}), profile)

    def _may_read(self, listener: Listener, principal: Principal, kind: str) -> bool:
        """Releases before kept no scopes of listeners."""
        return not listener.scopes or principal.may_all(self._apis[(listener.api, listener.version)].reads[kind])

    def _envelope(
        self, listener: Listener, version: Version, event: RecordedEvent, before: str | None, principal: Principal
    ) -> Envelope | None:
        """Listeners that see the same share one."""
        profile, resource = principal.profile, version.resource
        insider = resource.sees_all(principal)
        api = self._apis[(listener.api, listener.version)]
        address = listener.address or api.address
        key = (event.id, listener.api, listener.version, address, profile.version, insider)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        seen = _Seen(version, profile, address, None if insider else principal)
        removed = event.type.endswith(REMOVED)
        made = envelope(
            event,
            resource,
            listener.version,
            api.notifications.types,
            seen.document(before if before is not None or not removed else event.document),
            None if removed else seen.document(event.document),
            Change.CREATE if before is not None or seen.sees_first(event) else change_named(event),
        )
        with self._lock:
            self._made[key] = made
            while len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        return made


@dataclass(frozen=True)
class _Seen:
    """A resource as a listener could read it. `outsider`: the client, if it sees the public states only."""

    version: Version
    profile: Profile
    address: str
    outsider: Principal | None

    def sees_first(self, event: RecordedEvent) -> bool:
        """Whether the listener could not read the subject before this event, whatever its document was."""
        return self.outsider is not None and event.type.endswith(PUBLISHED)

    def document(self, text: str | None) -> Payload | None:
        """The document in the listener's words; None if it could not read it."""
        if text is None:
            return None
        kept, resource = jsontext.read_kept(text), self.version.resource
        if self.outsider is not None and not self._is_public(kept, self.outsider):
            return None
        wording = self.version.wording(self.profile)
        own_id = kept["id"] if wording is None else wording.their_id(kept["id"])
        edition = kept.get("version") if resource.kind.versioned else None
        href = f"{self.address}/{resource.name_in(self.version.name)}/{last_part(own_id, edition)}"
        try:
            spoken = self.version.spoken(addressed(resource, kept, href))
        except NotFound:
            return None
        return spoken if wording is None else dict(wording.shown(spoken))

    def _is_public(self, kept: Payload, outsider: Principal) -> bool:
        resource = self.version.resource
        if kept.get(resource.state_attribute) not in (resource.public_states or ()):
            return False
        found_by = set(resource.found_by(kept))
        return all(any((path, text) in found_by for text in texts) for path, texts in resource.only(outsider))
