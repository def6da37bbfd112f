"""TMF620 v5 category: a branch that offerings are sorted into."""

from collections.abc import Collection

from canonical.audit.record import Mapped
from canonical.catalog.category import CATEGORIES, CategoryContents
from facade.contract.violations import Code, Violation
from facade.tmf.engine.mapping import Field, read, show
from facade.tmf.engine.payload import Payload, unusable
from facade.tmf.switches import ROOT_WITH_PARENT
from facade.tmf.tmf620.items import ItemMapper, Read
from facade.tmf.tmf620.shapes import LONGEST

FIELDS = (
    Field("name", "name"),
    Field("description", "description"),
)
SHAPED = frozenset({"isRoot", "parent"})
CARRIED = frozenset({"productOffering", "subCategory"})


def read_contents(body: Payload, told: bool) -> Read:
    fields, trail, violations = read(FIELDS, body, to="/contents", told=told)
    violations += unusable("a name", body["name"], LONGEST, "/name")
    if "parent" in body:
        fields["parent_id"] = body["parent"]["id"]
        violations += unusable("the identifier of the parent", body["parent"]["id"], LONGEST, "/parent/id")
        trail.append(Mapped("/parent/id", "/contents/parent_id", "as sent"))
    # False says nothing: SDKs send it for every category.
    if body.get("isRoot") is True and "parent" in body:
        text = "isRoot follows from the parent: it is false here"
        violations.append(Violation("/isRoot", Code.INVALID_VALUE, text, ("false",), reason=ROOT_WITH_PARENT))
    return Read(fields, trail, violations)


def show_contents(contents: CategoryContents, carried: Payload) -> Payload:
    shown = {**show(FIELDS, contents, carried), "isRoot": _is_root(contents.parent_id) or _said(contents, carried)}
    if contents.parent_id is not None:
        shown["parent"] = {"@type": "CategoryRef", **carried.get("parent", {}), "id": contents.parent_id}
    return shown


def _said(contents: CategoryContents, carried: Payload) -> bool:
    """Whether it was sent as a root with this parent, as some clients may."""
    return carried.get("isRoot") is True and carried.get("parent", {}).get("id") == contents.parent_id


def _unsaid(document: Payload, contents: CategoryContents) -> Collection[str]:
    """`isRoot` where the patch did not change it: it follows from the parent, which may be another now."""
    return {"isRoot"} if document.get("isRoot") is _is_root(contents.parent_id) else ()


def _is_root(parent_id: str | None) -> bool:
    return parent_id is None


MAPPER = ItemMapper(
    CATEGORIES,
    "Category",
    CategoryContents,
    read_contents,
    show_contents,
    SHAPED | {row.attribute for row in FIELDS},
    _unsaid,
)
