"""Documents of catalog items in the canonical API: how one is shown, and what one that is sent asks for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canonical.audit.record import Mapped
from canonical.catalog.item import Definition, Item
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.shared.aggregates import Kind
from canonical.shared.criteria import Criterion
from facade.clock import instant, time_text
from facade.portal.catalog_shapes import ContentsShape
from facade.tmf.engine.addresses import entity_tag


@dataclass(frozen=True)
class Section:
    """One kind of item in the canonical API. `noun` as in "ProductOffering", `version` the member with its version.

    With `by_market`, who may not write sees only what is sold in its part of the market. `filters` are query parameters
    that only this kind has, and `criteria` makes criteria of a query with them. `more` are members of the document of
    one item beside its contents, which nobody writes.
    """

    kind: Kind[Any]
    noun: str
    shape: ContentsShape
    version: str = "version"
    by_market: bool = False
    filters: frozenset[str] = frozenset()
    criteria: Callable[[Mapping[str, str], datetime], Iterable[Criterion]] = lambda query, at: ()
    more: Callable[[Item, datetime], Mapping[str, Any]] = lambda item, at: {}

    @property
    def plural(self) -> str:
        return f"{self.noun.removesuffix('y')}ies" if self.noun.endswith("y") else f"{self.noun}s"


def document_of(section: Section, item: Item) -> dict[str, Any]:
    """An item of the canonical API: what it is, and below that its contents."""
    period = {"startDateTime": item.valid_from, "endDateTime": item.valid_until}
    valid = {name: time_text(at) for name, at in period.items() if at is not None}
    head = {
        "id": item.item_id,
        section.version: item.edition,
        "catalogVersion": _catalog_version(item),
        "lifecycleStatus": item.state.value,
        "statusReason": item.status_reason,
        "lastUpdate": time_text(item.changed_at),
        "validFor": valid or None,
    }
    known = {name: value for name, value in head.items() if value is not None}
    return known | dict(section.shape.dump(item.contents))


def _catalog_version(item: Item) -> str | None:
    """The quarter in which it began to count, as in "2026.Q3"; None before it is published."""
    begin = item.counts_from
    return None if begin is None else f"{begin.year}.Q{(begin.month + 2) // 3}"


def definition_of(section: Section, body: Mapping[str, Any]) -> Definition:
    head = {"id", "version", section.version, "lifecycleStatus", "statusReason", "validFor"}
    period = body.get("validFor", {})
    begin, end = (period.get(name) for name in ("startDateTime", "endDateTime"))
    status = body.get("lifecycleStatus")
    return Definition(
        section.shape.load({name: value for name, value in body.items() if name not in head}),
        None if begin is None else instant(begin),
        None if end is None else instant(end),
        None if status is None else LifecycleStatus(status),
        body.get("statusReason"),
        body.get(section.version),
    )


def with_status(item: Item, status: LifecycleStatus, reason: str | None) -> Definition:
    return Definition(item.contents, item.valid_from, item.valid_until, status, reason, item.edition)


_HEAD = {
    "validFor": ("/validFor/endDateTime", "/valid_until"),
    "lifecycleStatus": ("/lifecycleStatus", "/status"),
    "parentId": ("/parentId", "/contents/parent_id"),
}


def trail_of(body: Mapping[str, Any]) -> tuple[Mapped, ...]:
    """How each member was read; what a rule of the core can be about by its own name."""
    placed = (_HEAD.get(name, (f"/{name}", f"/contents/{name}")) for name in body)
    return tuple(Mapped(source, target, "as sent") for source, target in placed)


def tag_of(item: Item) -> str:
    return entity_tag(item.version, item.edition)
