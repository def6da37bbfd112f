"""What all resources of TMF620 v5 share: identity, version, status and validity of an item of the catalog."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

from canonical.audit.record import Mapped
from canonical.catalog.commands import ChangeItem, CreateItem, RemoveItem
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import PUBLISHED, LifecycleStatus
from canonical.shared.aggregates import Kind
from canonical.shared.projection import SearchIndex
from facade.application.requests import Translation
from facade.clock import time_text
from facade.contract.pointers import shortened
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.engine.declaration import PatchRules, Resource, Sender
from facade.tmf.engine.mapping import Field, Row, Written, carried_trail, read, show
from facade.tmf.engine.payload import SERVER_SET, Payload, overlong
from facade.tmf.switches import SWITCHES, UNKNOWN_LIFECYCLE_STATUS
from facade.tmf.tmf620.shapes import LONGEST, PERIOD
from facade.tmf.vocabulary import folded

LONGEST_VERSION = 100
LONGEST_STATUS = 30
UNADDRESSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, with which nothing has an address."""

STATES: Mapping[LifecycleStatus, str] = MappingProxyType(
    {status: status.value.replace("_", " ").title() for status in LifecycleStatus}
)
"""As TMF620's guide writes them; the schema has any text. Clients may spell them otherwise."""
STATUSES = MappingProxyType({folded(shown): status for status, shown in STATES.items()})
"""The same by their words, as they are compared."""
PUBLIC = frozenset(STATES[status] for status in PUBLISHED)

FIELDS = (
    Written("id", "item_id"),
    Field("version", "edition"),
    Written("lastUpdate", "changed_at", time_text),
)
SHAPED = frozenset({"lifecycleStatus", "validFor"})
CARRIED = frozenset({"@type", "@baseType", "@schemaLocation"})
IGNORED = frozenset({"href"})
"""Its address elsewhere; the server knows its own."""
NEVER_CHANGED: Mapping[str, str] = MappingProxyType(
    {"href": SERVER_SET, "id": "it names the item in all its versions"}
    | dict.fromkeys(("@type", "@baseType", "@schemaLocation"), "it is what it was when the item was made")
)
UNSAID = frozenset({"href", "lastUpdate"})
"""What a client may send back as it was shown, without asking for anything."""
STATED = frozenset({"lifecycleStatus", "statusReason", "validFor"}) | UNSAID
"""What may change of a published version: any other attribute makes a new one, also if it is only carried."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a payload: contents as fields, how, and what is wrong. Pointers of the trail lead into the
    definition, where contents stand below `/contents`.
    """

    fields: Mapping[str, Any]
    trail: Collection[Mapped]
    violations: Collection[Violation]


@dataclass(frozen=True)
class ItemMapper:
    """How one kind of item is read and shown.

    `contents` makes the contents of the fields that `read` finds in a body, told or not; `show` are the attributes of
    contents, as far as possible as they were sent. `mapped` are the attributes that these two know. `unsaid` are
    attributes of the document that follow from others, so that they are left out of what would have been sent.
    `definition` has the rows for what the definition says beside the contents.
    """

    kind: Kind[Any]
    schema: str
    contents: Callable[..., Any]
    read: Callable[[Payload, bool], Read]
    show: Callable[[Any, Payload], Payload]
    mapped: frozenset[str]
    unsaid: Callable[[Payload, Any], Collection[str]] = lambda document, contents: ()
    definition: tuple[Row, ...] = FIELDS

    @classmethod
    def of_rows(
        cls,
        kind: Kind[Any],
        schema: str,
        contents: Callable[..., Any],
        rows: Collection[Row],
        definition: tuple[Row, ...] = (),
    ) -> Self:
        """A mapper whose table says all of the contents."""
        return cls(
            kind,
            schema,
            contents,
            lambda body, told: Read(*read(rows, body, to="/contents", told=told)),
            lambda known, carried: show(rows, known, carried),
            frozenset(name for row in rows for name in row.attributes),
            definition=(*FIELDS, *definition),
        )

    def resource(self, name: str, index: SearchIndex, scope: str, **options: Any) -> Resource[Any]:
        """The declaration. `scope` lets a client publish; one that may write sees what is not published, too. `options`
        are further parameters of it.
        """
        return Resource(
            name=name,
            schema=self.schema,
            kind=self.kind,
            to_command=self.to_create,
            project=self.from_item,
            states=STATES,
            state_attribute="lifecycleStatus",
            index=index,
            patch=PatchRules(
                NEVER_CHANGED,
                _asked_of,
                self.as_created,
                self.to_change,
                lambda item, command: command.makes_version(item),
            ),
            to_removal=self.to_removal,
            public_states=PUBLIC,
            insider_scopes=frozenset({"catalog:write", scope}),
            scopes_of=lambda command, shown: (scope,) if shown in PUBLIC or _publishes(command) else (),
            **options,
        )

    def to_create(self, body: Payload, sender: Sender) -> Translation:
        """What a valid body asks for. Raises ContractViolation with everything that is refused."""
        sent = {name: value for name, value in body.items() if name not in IGNORED}
        definition, trail = self._definition(sent, sender)
        command = CreateItem(self.kind, sender.client, definition, body.get("id"), sender.tolerated)
        return Translation(command, carried=sent, trail=trail)

    def as_created(self, document: Payload, item: Item) -> Payload:
        unsaid = {*UNSAID, *self.unsaid(document, item.contents)} - {"lastUpdate"}
        return {name: value for name, value in document.items() if name not in unsaid}

    def to_change(
        self, asked: Collection[str], item: Item, names: Collection[str], body: Payload, sender: Sender
    ) -> Translation:
        definition, trail = self._definition(body, sender, names)
        if "statusReason" not in self._owned:
            definition = replace(definition, status_reason=item.status_reason)
        more = not STATED.issuperset(names)
        command = ChangeItem(self.kind, item.id, item.version, definition, sender.client, more, sender.tolerated)
        return Translation(command, carried=body, trail=trail)

    def to_removal(self, version_id: str, expected_version: int | None, one_version: bool, _: Sender) -> Translation:
        return Translation(
            RemoveItem(self.kind, version_id, expected_version, whole=not one_version), changes=version_id
        )

    def from_item(self, item: Item, carried: Payload) -> Payload:
        """The item as it stands, everything carried in it, without its address."""
        shown = {"@type": carried.get("@type", self.schema), **show(self.definition, item, carried)}
        shown |= {"lifecycleStatus": _shown_status(item, carried), **self.show(item.contents, carried)}
        kept = {name: value for name, value in carried.items() if name in shown or name not in self._owned}
        document: Payload = {**kept, **shown}
        if period := {**carried.get("validFor", {}), **show(PERIOD, item, carried.get("validFor", {}))}:
            document["validFor"] = period
        return document

    @cached_property
    def _owned(self) -> frozenset[str]:
        return self.mapped | {name for row in self.definition for name in row.attributes}

    def _definition(
        self, body: Payload, sender: Sender, changed: Collection[str] | None = None
    ) -> tuple[Definition, tuple[Mapped, ...]]:
        """What `body` says, where only the attributes `changed` are new; None for all."""
        told = sender.told
        found = self.read(body, told)
        fields, trail, wrong = read(self.definition, body, told=told)
        period, more, mistaken = read(PERIOD, body.get("validFor", {}), "/validFor", told=told)
        violations = [*found.violations, *wrong, *mistaken, *_unnameable(body)]
        trail += [*more, *found.trail]
        if "lifecycleStatus" in body:
            period["status"], mistaken = _status(body["lifecycleStatus"])
            violations += mistaken
            trail.append(Mapped("/lifecycleStatus", "/status", "the status of this name"))
        if violations and not told:
            return self._definition(body, replace(sender, told=True), changed)
        violations = [one for one in violations if not _tolerated(one, sender, changed)]
        if violations:
            raise ContractViolation(violations)
        if not told:
            return Definition(self.contents(**found.fields), **fields, **period), ()
        trail += carried_trail(body, self._owned | SHAPED | {row.attribute for row in FIELDS})
        return Definition(self.contents(**found.fields), **fields, **period), tuple(trail)


def _asked_of(item: Item, names: Collection[str], after: Payload, _: Sender) -> Collection[str]:
    """A change of any attribute asks for the same; whether the status may follow is the core's to say."""
    return set(names) - UNSAID


def _publishes(command: Any) -> bool:
    return not isinstance(command, RemoveItem) and command.definition.status in PUBLISHED


def _unnameable(body: Payload) -> list[Violation]:
    violations = overlong("a version", body.get("version", ""), LONGEST_VERSION, "/version")
    if "version" in body:
        violations += _without("a version", body["version"], "()", "/version")
    if "id" in body:
        violations += overlong("an id", body["id"], LONGEST, "/id") + _without("an id", body["id"], "/()", "/id")
        if body["id"] in (".", ".."):
            message = "an id that is . or .. would lead to another address"
            violations.append(Violation("/id", Code.INVALID_VALUE, message))
    return violations


def _without(what: str, text: str, characters: str, pointer: str) -> list[Violation]:
    if text.strip() and not UNADDRESSABLE.search(text) and not set(text) & set(characters):
        return []
    listed = " ".join(characters)
    message = f"{what} is not blank and has no control characters and none of these: {listed}"
    return [Violation(pointer, Code.INVALID_VALUE, message)]


def _status(text: str) -> tuple[LifecycleStatus, list[Violation]]:
    """The status of this name, and what is wrong with it. An unknown status means in study, for whoever may send it."""
    pointer, known = "/lifecycleStatus", STATUSES.get(folded(text))
    violations = overlong("a status", text, LONGEST_STATUS, pointer)
    if known is None and not violations:
        message, allowed = f"{shortened(text)} is no status of the catalog", tuple(STATES.values())
        violations = [Violation(pointer, Code.INVALID_VALUE, message, allowed, reason=UNKNOWN_LIFECYCLE_STATUS)]
    return known or LifecycleStatus.IN_STUDY, violations


def _shown_status(item: Item, carried: Payload) -> str:
    """An unknown status is shown as it was sent, until the item gets another one."""
    sent = carried.get("lifecycleStatus")
    kept = item.state is LifecycleStatus.IN_STUDY and isinstance(sent, str) and folded(sent) not in STATUSES
    return str(sent) if kept else STATES[item.state]


def _tolerated(violation: Violation, sender: Sender, changed: Collection[str] | None) -> bool:
    """Whether the sender may break that rule, or somebody did before and the patch leaves the attribute alone."""
    if violation.reason not in SWITCHES["catalogRules"]:
        return False
    attribute = violation.pointer.split("/")[1]
    return violation.reason in sender.tolerated or (changed is not None and attribute not in changed)
