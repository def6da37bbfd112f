"""TMF620 v5 category: a branch that offerings are sorted into."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from canonical.audit.record import Mapped
from canonical.catalog.category import Category
from canonical.catalog.commands import CategoryContents, ChangeCategory, CreateCategory, RemoveCategory
from canonical.catalog.lifecycle import LifecycleStatus
from facade.application.requests import Translation
from facade.clock import time_text
from facade.contract.pointers import escaped, shortened
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.bridge import COMPLEMENT
from facade.tmf.engine.declaration import Payload, Sender
from facade.tmf.engine.mapping import Field, Written, read, show
from facade.tmf.engine.payload import SERVER_SET, instant, overlong, refused, unusable
from facade.tmf.vocabulary import folded

LONGEST = 100
"""Characters of a name, an id and a version."""

STATES: Mapping[LifecycleStatus, str] = MappingProxyType(
    {status: status.value.replace("_", " ").title() for status in LifecycleStatus}
)
"""As TMF620's guide writes them; the schema has any text. Clients may spell them otherwise."""
STATUSES = MappingProxyType({folded(shown): status for status, shown in STATES.items()})
"""The same by their words, as they are compared."""

FIELDS = (
    Written("id", "id"),
    Field("name", "name"),
    Field("description", "description"),
    Field("version", "edition"),
    Written("lastUpdate", "changed_at", time_text),
)
PERIOD = (
    Field("startDateTime", "valid_from", instant, time_text, "time in UTC"),
    Field("endDateTime", "valid_until", instant, time_text, "time in UTC"),
)
SHAPED = frozenset({"isRoot", "lifecycleStatus", "parent", "validFor"})
CARRIED = frozenset({"@type", "@baseType", "@schemaLocation", "productOffering", "subCategory"})
REFUSED: Mapping[str, str] = MappingProxyType(dict.fromkeys(("id", "href", "lastUpdate"), SERVER_SET))
NEVER_CHANGED: Mapping[str, str] = MappingProxyType(
    {**REFUSED}
    | dict.fromkeys(("@type", "@baseType", "@schemaLocation"), "it is what it was when the category was made")
)


def to_create_category(body: Payload, sender: Sender) -> Translation:
    """What a valid `Category_FVO` asks for. Raises ContractViolation with everything that is refused."""
    contents, trail = _contents(body)
    return Translation(CreateCategory(sender.client, contents), carried=body, trail=trail)


def asked_of(category: Category, names: Collection[str], after: Payload) -> Collection[str]:
    """A change of any attribute asks for the same; whether the status may follow is the core's to say."""
    return names


def as_created(document: Payload, category: Category) -> Payload:
    """`isRoot` is left out where the patch did not change it: it follows from the parent, which may be another now."""
    unsaid = "isRoot" if document.get("isRoot") is _is_root(category.parent_id) else ""
    return {name: value for name, value in document.items() if name not in (*REFUSED, unsaid)}


def to_change(
    asked: Collection[str], category: Category, names: Collection[str], body: Payload, sender: Sender
) -> Translation:
    contents, trail = _contents(body)
    return Translation(ChangeCategory(category.id, category.version, contents), carried=body, trail=trail)


def to_removal(category_id: str, expected_version: int | None) -> Translation:
    return Translation(RemoveCategory(category_id, expected_version), changes=category_id)


def from_category(category: Category, carried: Payload) -> Payload:
    """The `Category` as it stands, everything carried in it, without its address."""
    document: Payload = {**carried, "@type": carried.get("@type", "Category"), **show(FIELDS, category, carried)}
    document |= {"lifecycleStatus": STATES[category.state], "isRoot": _is_root(category.parent_id)}
    if category.parent_id is not None:
        document["parent"] = {"@type": "CategoryRef", **carried.get("parent", {}), "id": category.parent_id}
    if period := {**carried.get("validFor", {}), **show(PERIOD, category, carried.get("validFor", {}))}:
        document["validFor"] = period
    return document


def _contents(body: Payload) -> tuple[CategoryContents, tuple[Mapped, ...]]:
    fields, trail, wrong = read(FIELDS, body)
    period, more, mistaken = read(PERIOD, body.get("validFor", {}), "/validFor")
    fields |= period
    trail += more
    violations = [*refused(body, REFUSED), *wrong, *mistaken, *unusable("a name", body["name"], LONGEST, "/name")]
    violations += overlong("a version", body.get("version", ""), LONGEST, "/version")
    if "parent" in body:
        fields["parent_id"] = body["parent"]["id"]
        violations += unusable("the identifier of the parent", body["parent"]["id"], LONGEST, "/parent/id")
        trail.append(Mapped("/parent/id", "/parent_id", "as sent"))
    if body.get("isRoot", root := _is_root(fields.get("parent_id"))) is not root:
        text = f"isRoot follows from the parent: it is {str(root).lower()} here"
        violations.append(Violation("/isRoot", Code.INVALID_VALUE, text, (str(root).lower(),)))
    if "lifecycleStatus" in body:
        fields["status"] = STATUSES.get(folded(body["lifecycleStatus"]))
        violations += [] if fields["status"] else [_unknown_status(body["lifecycleStatus"])]
        trail.append(Mapped("/lifecycleStatus", "/status", "the status of this name"))
    if violations:
        raise ContractViolation(violations)
    carried = (
        Mapped(f"/{escaped(name)}", f"/carried/{escaped(name)}", "carried") for name in body if _is_carried(name)
    )
    return CategoryContents(**fields), (*trail, *carried)


def _unknown_status(text: str) -> Violation:
    message = f"{shortened(text)} is no status of a category"
    return Violation("/lifecycleStatus", Code.INVALID_VALUE, message, tuple(STATES.values()))


def _is_root(parent_id: str | None) -> bool:
    return parent_id is None


def _is_carried(name: str) -> bool:
    return name != COMPLEMENT and name not in SHAPED and all(name != row.attribute for row in FIELDS)
