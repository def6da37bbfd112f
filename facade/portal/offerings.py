"""What the canonical API tells of one offering: how it can be configured, what it costs, who can have it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import flask

from canonical.catalog.bundles import group_limits, member_limits
from canonical.catalog.characteristics import Characteristic
from canonical.catalog.condition import Facts
from canonical.catalog.configuration import configured, effective
from canonical.catalog.decomposition import TEMPLATES, in_order
from canonical.catalog.eligibility import objections
from canonical.catalog.errors import ItemNotFound
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED, LifecycleStatus
from canonical.catalog.offering import OFFERING, Offering
from canonical.catalog.price import PRICES
from canonical.catalog.pricing import charges
from canonical.catalog.references import Reference
from canonical.catalog.rule import RULES
from canonical.catalog.selling import CountingPrice, OfferedItem
from canonical.catalog.specification import SPECIFICATIONS
from canonical.catalog.words import costing
from canonical.shared.aggregates import Kind
from canonical.shared.criteria import AllOf, AnyElement, AnyOf, Compare, Criterion, Not, Operator, Path, PathStep
from canonical.shared.editions import Named
from canonical.shared.money import Money
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.characteristic_values import json_of, value_of
from facade.contract.connexion_plugin import validated_body
from facade.contract.violations import Code, ContractViolation, Violation
from facade.portal.catalog import PortalCatalog
from facade.portal.catalog_documents import Section, document_of
from facade.portal.catalog_reads import INDEX, CatalogReads
from facade.portal.catalog_shapes import CharacteristicShape, MoneyShape, PriceShape
from facade.portal.rule_shapes import TaskShape
from facade.web.json import answer_json
from facade.web.paging import only

MOST = 1_000
"""Items that a filter may go by."""
_PRICE, _MONEY, _TASK = PriceShape(), MoneyShape(), TaskShape()
_CHARACTERISTIC = CharacteristicShape()
FILTERS = frozenset({"category", "channel", "segment", "place", "characteristic", "minPrice", "maxPrice", "currency"})


@dataclass(frozen=True)
class CatalogShelf:
    """The core's `Shelf`, each item read for itself."""

    reads: CatalogReads

    def find(self, kind: Kind[Any], reference: Reference, at: datetime) -> Item | None:
        try:
            found: Item = self.reads.aggregate(kind, Named(reference.id, at, reference.edition), ALL)
        except ItemNotFound:
            return None
        return found


@dataclass(frozen=True)
class PortalOfferings:
    """`sold` are the statuses in which offerings are sold."""

    catalog: PortalCatalog
    reads: CatalogReads
    sold: frozenset[LifecycleStatus]

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "getConfigurationModel": partial(self._told, configuration_model),
            "getPricingModel": partial(self._told, pricing_model),
            "getDecompositionTemplateOfOffering": self.decomposition_template,
            "checkEligibility": self.check_eligibility,
            "compareProductOfferingVersions": self.compare,
        }

    def decomposition_template(self, id: str) -> flask.Response:
        """The template that counts for the offering, its tasks in an order in which they can be done."""
        item = self._offered(id)
        templates = self._about(TEMPLATES, ("contents", "offering", "id"), item)
        if not templates:
            raise TEMPLATES.missing(id)
        tasks = [_TASK.dump(task) for task in in_order(templates[0].contents)]
        told = {"templateId": templates[0].item_id, "version": templates[0].edition, "tasks": tasks}
        return answer_json(_head(item) | told)

    def check_eligibility(self, id: str) -> flask.Response:
        body, item = validated_body(), self._offered(id)
        rules = self._about(RULES, ("contents", "offerings", "id"), item)
        found = list(objections(item, self.sold, _facts(body), rules))
        reasons = [{"code": one.code, "message": one.message, "fact": one.fact, "ruleId": one.rule} for one in found]
        told = [{name: value for name, value in one.items() if value is not None} for one in reasons]
        return answer_json(_head(item) | {"eligible": not found, "reasons": told})

    def compare(self, id: str) -> flask.Response:
        """What differs between two versions, each difference by its place."""
        query, section = flask.request.args, self._section
        only(query, ("from", "to"))
        first, second = (self.catalog.item(section, id, query[name]) for name in ("from", "to"))
        before, after = (document_of(section, one) for one in (first, second))
        told = {"id": id, "from": first.edition, "to": second.edition, "differences": _compared(before, after)}
        return answer_json(told)

    def _told(self, tell: Callable[[OfferedItem], Mapping[str, Any]], id: str) -> flask.Response:
        item = self._offered(id)
        return answer_json(_head(item) | dict(tell(item)))

    def _offered(self, id: str) -> OfferedItem:
        only(flask.request.args, ("at", "version"))
        moment = self.catalog.moment()
        return offered(self.catalog.item(self._section, id), self.reads, moment)

    @property
    def _section(self) -> Section:
        return next(one for one in self.catalog.sections if one.kind.name == OFFERING)

    def _about(self, kind: Kind[Any], path: tuple[str, ...], item: OfferedItem) -> list[Any]:
        """What counts of this kind and names the offering at the path."""
        steps = tuple(PathStep(name, name == "offerings") for name in path)
        criterion = AllOf(
            (
                Compare(steps, Operator.EQUAL, (item.offering.item_id,)),
                Compare((PathStep("state"),), Operator.EQUAL, tuple(sorted(OFFERED))),
            )
        )
        return self.reads.found(kind, INDEX, ALL, Slice(0, MOST), criterion, item.at).members


def offered(offering: Item, reads: CatalogReads, at: datetime) -> OfferedItem:
    assert isinstance(offering, Offering)
    return OfferedItem.found(offering, CatalogShelf(reads), at)


def resolved(reads: CatalogReads, offering: Item, at: datetime) -> Mapping[str, Any]:
    """What its document says beside its own contents: the characteristics and the prices as they count."""
    item = offered(offering, reads, at)
    return {
        "characteristics": [_characteristic(one) for one in effective(item).values()],
        "prices": [_price(one) for one in item.prices],
    }


def configuration_model(item: OfferedItem) -> Mapping[str, Any]:
    """What can be chosen, what is chosen when nothing is said, and how many of which members a bundle takes."""
    defaults = configured(item, ())
    limits = [*member_limits(item.offering.contents).values(), *group_limits(item.offering.contents)]
    return {
        "characteristics": [_characteristic(one) for one in effective(item).values()],
        "defaults": [
            {"code": one.name, "value": json_of(one.value), "source": f"{OFFERING} {item.offering.item_id}"}
            for one in defaults
        ],
        "members": [
            {"what": one.what, "productOfferings": sorted(one.offerings), "least": one.least, "most": one.most}
            for one in limits
        ],
        "unresolved": list(item.unknown),
    }


def pricing_model(item: OfferedItem) -> Mapping[str, Any]:
    """All prices, and what a product with the defaults costs."""
    cost = charges(item, configured(item, ()))
    return {
        "prices": [_price(one) for one in item.prices],
        "withDefaults": {
            "oneTime": None if cost.one_time is None else _MONEY.dump(cost.one_time),
            "recurring": [{"amount": _MONEY.dump(amount), "period": period} for amount, period in cost.recurring],
        },
        "unresolved": list(item.unknown),
    }


def criteria(reads: CatalogReads, query: Mapping[str, str], at: datetime) -> Iterable[Criterion]:
    """What the filters that only offerings have ask for. Raises ContractViolation for half a range of prices."""
    if "category" in query:
        yield Compare(_steps("contents", "categories*", "id"), Operator.EQUAL, (query["category"],))
    for name, member in (("channel", "channels*"), ("segment", "segments*"), ("place", "places*")):
        if name in query:
            path = _steps("contents", member, "id")
            anywhere = Not(Compare(path, Operator.GREATER_OR_EQUAL, ("",)))
            yield AnyOf((Compare(path, Operator.EQUAL, (query[name],)), anywhere))
    if "characteristic" in query:
        code, text = query["characteristic"].split(":", 1)
        yield _can_have(reads, code, text, at)
    if query.keys() & {"minPrice", "maxPrice"}:
        yield _costs(reads, query, at)


def _costs(reads: CatalogReads, query: Mapping[str, str], at: datetime) -> Criterion:
    if "currency" not in query:
        text = "a range of prices needs currency, as in currency=EUR"
        raise ContractViolation([Violation("/currency", Code.MISSING_PROPERTY, text)])
    least, most = (Decimal(query.get(name, other)) for name, other in (("minPrice", "0"), ("maxPrice", "999999999999")))
    within = costing(Money(least, query["currency"]), Money(most, query["currency"]))
    prices = reads.found(PRICES, INDEX, ALL, Slice(0, MOST), within, at).members
    return AnyOf((within, *_naming(prices, "contents", "prices*", "reference", "id")))


def _can_have(reads: CatalogReads, code: str, text: str, at: datetime) -> Criterion:
    """Offerings that use the characteristic with the value, and those that leave it as their specification has it."""
    values = AnyElement(_steps("allowed*"), Compare(_steps("value", "text"), Operator.EQUAL, (text,)))
    named = Compare(_steps("name"), Operator.EQUAL, (code,))
    having = AnyElement(_steps("contents", "characteristics*"), AllOf((named, values)))
    specifications = reads.found(SPECIFICATIONS, INDEX, ALL, Slice(0, MOST), having, at).members
    uses = _steps("contents", "uses*")
    left_alone = Not(AnyElement(uses, named))
    of_those = [AllOf((one, left_alone)) for one in _naming(specifications, "contents", "specification", "id")]
    return AnyOf((AnyElement(uses, AllOf((named, values))), *of_those))


def _naming(items: Sequence[Item], *names: str) -> list[Criterion]:
    """What names one of the items at this path; nothing does where there is none."""
    ids = tuple(one.item_id for one in items)
    return [Compare(_steps(*names), Operator.EQUAL, ids)] if ids else []


def _steps(*names: str) -> Path:
    """A path; names that end with a star lead to lists."""
    return tuple(PathStep(name.removesuffix("*"), name.endswith("*")) for name in names)


def _head(item: OfferedItem) -> dict[str, Any]:
    return {"id": item.offering.item_id, "offeringVersion": item.offering.edition, "name": item.offering.contents.name}


def _facts(body: Mapping[str, Any]) -> Facts:
    """The facts of a request by their names: a value, or a list of several."""
    listed = {name: value if isinstance(value, list) else [value] for name, value in body.get("facts", {}).items()}
    return {name: tuple(map(value_of, values)) for name, values in listed.items()}


def _characteristic(one: Characteristic) -> dict[str, Any]:
    return {**_CHARACTERISTIC.dump(one), "required": bool(one.least)}


def _price(one: CountingPrice) -> dict[str, Any]:
    known = {} if one.id is None else {"id": one.id}
    return {**known, **_PRICE.dump(one.contents)}


def _compared(before: Any, after: Any, at: str = "") -> list[dict[str, Any]]:
    """Members and entries that differ, each with its pointer and both values, None for none."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        return [one for name in names for one in _compared(before.get(name), after.get(name), f"{at}/{name}")]
    if isinstance(before, list) and isinstance(after, list):
        padded = [*before, *[None] * (len(after) - len(before))], [*after, *[None] * (len(before) - len(after))]
        pairs = enumerate(zip(*padded, strict=True))
        return [one for index, (left, right) in pairs for one in _compared(left, right, f"{at}/{index}")]
    return [] if before == after else [{"pointer": at, "from": before, "to": after}]
