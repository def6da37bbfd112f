"""Faults that are put into the sample catalog."""

import copy
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.persistence.catalog_files import FileItem
from canonical.catalog.checks.check import check
from canonical.catalog.checks.findings import Catalog, Fault, Finding
from canonical.catalog.item import Item
from canonical.catalog.price import Commitment, Quantity
from canonical.catalog.references import Reference, Relationship
from facade.bootstrap.catalog import SAMPLE, files_in, read_files
from tests.support.builders import NOON
from tests.unit.selling.sample_catalog import an_item

Contents = dict[str, Any]
SAMPLE_ITEMS = read_files(files_in(SAMPLE))


def catalog_of(items: list[FileItem]) -> Catalog:
    made = {(one.kind.name, one.id): _made(one) for one in items}
    return Catalog(NOON, made, frozenset((kind, item_id, item.edition) for (kind, item_id), item in made.items()))


def _made(one: FileItem) -> Item:
    said = {name: getattr(one.definition, name) for name in ("valid_from", "valid_until", "status")}
    made: Item = an_item(one.kind.type, one.id, one.definition.contents, **said)
    made.edition = one.definition.edition or "1"
    return made


def found_after(kind: str, item_id: str, change: Callable[[FileItem], FileItem | None]) -> list[Finding]:
    return check(catalog_after(kind, item_id, change))


def catalog_after(kind: str, item_id: str, change: Callable[[FileItem], FileItem | None]) -> Catalog:
    items = []
    for one in SAMPLE_ITEMS:
        changed = change(copy.copy(one)) if (one.kind.name, one.id) == (kind, item_id) else one
        items += [] if changed is None else [changed]
    assert items != SAMPLE_ITEMS, "the item is in the sample"
    return catalog_of(items)


def contents(**changes: Any) -> Callable[[FileItem], FileItem]:
    """The item with other contents; a function makes the new value of the old one."""

    def change(one: FileItem) -> FileItem:
        known = one.definition.contents
        values = {name: new(getattr(known, name)) if callable(new) else new for name, new in changes.items()}
        return replace(one, definition=replace(one.definition, contents=replace(known, **values)))

    return change


def definition(**changes: Any) -> Callable[[FileItem], FileItem]:
    return lambda one: replace(one, definition=replace(one.definition, **changes))


def gone(one: FileItem) -> None:
    return None


def at(index: int, **changes: Any) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """The entry of this number with other fields."""

    def change(entries: tuple[Any, ...]) -> tuple[Any, ...]:
        values = {name: new(getattr(entries[index], name)) if callable(new) else new for name, new in changes.items()}
        return tuple(replace(one, **values) if number == index else one for number, one in enumerate(entries))

    return change


def renamed(reference: Any) -> Any:
    return replace(reference, id="nobody")


def twice(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*entries, entries[0])


def none(_: Any) -> tuple[()]:
    return ()


FAULTS: dict[str, tuple[str, str, Callable[[FileItem], FileItem | None], Fault, str]] = {
    "category of another": (
        "category",
        "cat_mobile",
        contents(parent_id="nobody"),
        Fault.BROKEN_REFERENCE,
        "/parent_id",
    ),
    "category of a catalog": (
        "catalog",
        "pc_business",
        contents(categories=at(0, id="nobody")),
        Fault.BROKEN_REFERENCE,
        "/categories/0",
    ),
    "specification": (
        "offering",
        "po_tablet",
        contents(specification=renamed),
        Fault.BROKEN_REFERENCE,
        "/specification",
    ),
    "version of a specification": (
        "offering",
        "po_tablet",
        contents(specification=lambda one: replace(one, edition="7")),
        Fault.BROKEN_REFERENCE,
        "/specification",
    ),
    "price": (
        "offering",
        "po_fibre_100",
        contents(prices=at(0, reference=renamed)),
        Fault.BROKEN_REFERENCE,
        "/prices/0",
    ),
    "relationship": (
        "offering",
        "po_business_backup",
        contents(relationships=at(0, to=renamed)),
        Fault.BROKEN_REFERENCE,
        "/relationships/0",
    ),
    "member": (
        "offering",
        "po_bundle_office",
        contents(members=at(3, offering=renamed)),
        Fault.BROKEN_REFERENCE,
        "/members/3",
    ),
    "member of a group": (
        "offering",
        "po_bundle_home",
        contents(groups=at(1, members=at(0, offering=renamed))),
        Fault.BROKEN_REFERENCE,
        "/groups/1/members/0",
    ),
    "price that is gone": ("price", "pop_b2b_60m", gone, Fault.BROKEN_REFERENCE, "/prices/6"),
    "in no bundle": (
        "offering",
        "po_bundle_mobile",
        contents(groups=lambda groups: groups[:2]),
        Fault.UNREACHABLE_OFFERING,
        "/sellable",
    ),
    "in no category": (
        "offering",
        "po_static_ip",
        contents(categories=none),
        Fault.UNREACHABLE_OFFERING,
        "/categories",
    ),
    "category of nobody's": (
        "category",
        "cat_business_services",
        definition(status=None),
        Fault.UNREACHABLE_OFFERING,
        "/categories",
    ),
    "cannot be added": (
        "offering",
        "po_roaming_world",
        contents(allowed_actions=lambda actions: actions[1:]),
        Fault.UNREACHABLE_OFFERING,
        "/allowed_actions",
    ),
    "requires itself": (
        "offering",
        "po_business_backup",
        contents(relationships=at(0, to=lambda one: replace(one, id="po_business_backup"))),
        Fault.CONTRADICTORY_RULES,
        "/relationships/0",
    ),
    "requires and excludes": (
        "offering",
        "po_fibre_100",
        contents(relationships=at(0, type="requires")),
        Fault.CONTRADICTORY_RULES,
        "/relationships/0",
    ),
    "requires what excludes one another": (
        "offering",
        "po_fibre_100_cz",
        contents(relationships=lambda _: _requires("po_fibre_250", "po_fibre_500")),
        Fault.CONTRADICTORY_RULES,
        "/relationships/0",
    ),
    "requires what is not sold": (
        "offering",
        "po_contract_24m",
        definition(status=None),
        Fault.CONTRADICTORY_RULES,
        "/relationships/0",
    ),
    "value outside": (
        "offering",
        "po_tablet",
        contents(uses=at(0, allowed=at(1, value=lambda one: replace(one, text="64")))),
        Fault.DEAD_VALUE,
        "/uses/0/allowed/1",
    ),
    "characteristic of nobody's": (
        "offering",
        "po_tablet",
        contents(uses=at(0, name="smell")),
        Fault.DEAD_VALUE,
        "/uses/0",
    ),
    "least above most": (
        "specification",
        "ps_static_ip",
        contents(characteristics=at(0, least=2)),
        Fault.DEAD_VALUE,
        "/characteristics/0/most",
    ),
    "no pattern": (
        "specification",
        "ps_sim_number",
        contents(characteristics=at(0, pattern="(")),
        Fault.DEAD_VALUE,
        "/characteristics/0/pattern",
    ),
    "empty range": (
        "specification",
        "ps_tv",
        contents(characteristics=at(0, allowed=at(0, high=lambda high: high - 4))),
        Fault.DEAD_VALUE,
        "/characteristics/0/allowed/0",
    ),
    "no pattern of values": (
        "specification",
        "ps_tv",
        contents(characteristics=at(0, allowed=at(0, pattern="("))),
        Fault.DEAD_VALUE,
        "/characteristics/0/allowed/0",
    ),
    "value of the past": (
        "specification",
        "ps_static_ip",
        contents(characteristics=at(0, allowed=at(1, valid_until=NOON))),
        Fault.DEAD_VALUE,
        "/characteristics/0/allowed/1",
    ),
    "value of another type": (
        "specification",
        "ps_security",
        contents(characteristics=at(0, allowed=at(2, value=lambda one: replace(one, text="many")))),
        Fault.DEAD_VALUE,
        "/characteristics/0/allowed/2",
    ),
    "price not published": ("price", "pop_cloud_100", definition(status=None), Fault.PRICE_NEVER_APPLIES, "/prices/0"),
    "price of the past": (
        "price",
        "pop_autumn",
        definition(valid_until=NOON),
        Fault.PRICE_NEVER_APPLIES,
        "/prices/1",
    ),
    "price without an amount": (
        "price",
        "pop_cloud_500",
        contents(amount=None),
        Fault.PRICE_NEVER_APPLIES,
        "/prices/1",
    ),
    "price for a value of nobody's": (
        "price",
        "pop_cloud_500",
        contents(constraints=at(0, allowed=at(0, value=lambda one: replace(one, text="7")))),
        Fault.PRICE_NEVER_APPLIES,
        "/prices/1",
    ),
    "price for a characteristic of nobody's": (
        "price",
        "pop_cloud_500",
        contents(constraints=at(0, name="smell")),
        Fault.PRICE_NEVER_APPLIES,
        "/prices/1",
    ),
    "price for a term of nobody's": (
        "offering",
        "po_wifi_repeater",
        contents(prices=at(0, contents=lambda one: replace(one, commitments=_terms()))),
        Fault.PRICE_NEVER_APPLIES,
        "/prices/0",
    ),
    "price twice": ("offering", "po_wifi_repeater", contents(prices=twice), Fault.PRICES_OVERLAP, "/prices/1"),
    "tiers that overlap": (
        "price",
        "pop_payg_data_2",
        contents(name="Data up to 1 GB", constraints=at(0, allowed=at(0, open_low=False))),
        Fault.PRICES_OVERLAP,
        "/prices/1",
    ),
    "bundle of nothing": (
        "offering",
        "po_bundle_home_cz",
        contents(members=none),
        Fault.BUNDLE_IMPOSSIBLE,
        "/members",
    ),
    "most below least": (
        "offering",
        "po_bundle_office",
        contents(members=at(0, most=0)),
        Fault.BUNDLE_IMPOSSIBLE,
        "/members",
    ),
    "member that is not sold": ("offering", "po_tv_cz", definition(status=None), Fault.BUNDLE_IMPOSSIBLE, "/members"),
    "group that needs too many": (
        "offering",
        "po_bundle_mobile",
        contents(groups=at(0, least=4, most=4)),
        Fault.BUNDLE_IMPOSSIBLE,
        "/groups",
    ),
    "group whose members need too many": (
        "offering",
        "po_bundle_mobile",
        contents(groups=at(0, members=lambda members: tuple(replace(one, least=1) for one in members))),
        Fault.BUNDLE_IMPOSSIBLE,
        "/groups",
    ),
    "in two groups": (
        "offering",
        "po_bundle_mobile",
        contents(groups=lambda groups: (*groups, replace(groups[2], name="Again"))),
        Fault.BUNDLE_IMPOSSIBLE,
        "/groups",
    ),
    "bundle in itself": (
        "offering",
        "po_bundle_office",
        contents(members=at(2, offering=lambda one: replace(one, id="po_bundle_office"))),
        Fault.CYCLE,
        "/members",
    ),
    "part of itself": (
        "specification",
        "ps_contract",
        contents(parts=lambda _: _parts("ps_contract")),
        Fault.CYCLE,
        "/parts",
    ),
    "price in itself": ("price", "pop_setup", contents(parts=lambda _: _parts("pop_setup")), Fault.CYCLE, "/parts"),
    "price that alters itself": (
        "price",
        "pop_setup",
        contents(relationships=lambda _: (Relationship("Discount", Reference("pop_setup")),)),
        Fault.CYCLE,
        "/relationships",
    ),
    "category below itself": (
        "category",
        "cat_tv",
        contents(parent_id=lambda _: "cat_tv"),
        Fault.CYCLE,
        "/parent_id",
    ),
}


def _requires(*ids: str) -> tuple[Any, ...]:
    return tuple(Relationship("requires", Reference(one)) for one in ids)


def _parts(item_id: str) -> tuple[Any, ...]:
    return (Reference(item_id),)


def _terms() -> tuple[Any, ...]:
    return (Commitment("36M", duration=Quantity(Decimal(36), "month")),)
