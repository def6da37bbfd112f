"""The canonical API's customer assets: what customers have, what happened to it, and what can be ordered for it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import flask

from canonical.inventory.asset import ASSETS, CustomerAsset, found_by_value
from canonical.inventory.states import AssetStatus
from canonical.ordering.errors import OrderNotFound
from canonical.ordering.order import ORDERS, Order
from canonical.processes.eligible_actions import EligibleAction
from canonical.shared import jsontext
from canonical.shared.criteria import AnyOf, Compare, Criterion, Operator, PathStep, all_of
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import Reader
from facade.contract.messages import not_one_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.portal.asset_shapes import asset_document, eligible_document, timeline_document
from facade.portal.pages import page_document
from facade.portal.reads import FoundReads
from facade.security.principal import Principal, current_principal
from facade.web.address import requested_address
from facade.web.cursors import Course
from facade.web.json import answer_json
from facade.web.paging import PAGING, only, page_of

READ = "inventory:read"
FOUND_BY = MappingProxyType(
    {
        "customerId": "customer",
        "offeringId": "offering",
        "place": "place",
        "orderId": "order",
    }
)
"""The index of assets that a filter looks into."""
VALUES = ("characteristic", "characteristic:number")
INDEX = SearchIndex(
    {("state",): "state"}, frozenset((name,) for name in (*FOUND_BY.values(), *VALUES)), of_aggregates=True
)
LIST = Course("assets")


class AssetOutlook(Protocol):
    def eligible(
        self, asset: CustomerAsset, tolerated: Collection[str], excusable: Collection[str], /
    ) -> list[EligibleAction]:
        """Each action that an order can have, and why it is not allowed now, or only with a reason."""
        ...


@dataclass(frozen=True)
class PortalAssets:
    reads: FoundReads
    outlook: AssetOutlook

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "listCustomerAssets": self.list_assets,
            "getCustomerAsset": self.get,
            "getCustomerAssetTimeline": self.timeline,
            "listEligibleActions": self.eligible_actions,
        }

    def list_assets(self) -> flask.Response:
        """What the filters ask for, as far as the caller sees it; newest first."""
        query = flask.request.args
        only(query, (*PAGING, "status", "characteristic", *FOUND_BY))
        page = page_of(query, LIST)
        asked = [
            _is((name,), (self._sought(parameter, query),))
            for parameter, name in FOUND_BY.items()
            if parameter in query
        ]
        if "characteristic" in query:
            asked.append(_with_value(query["characteristic"]))
        if "status" in query:
            asked.append(_is(("state",), _statuses(query["status"])))
        found = self.reads.found(ASSETS, INDEX, _reader(current_principal()), page.slice, all_of(*asked), None)
        return answer_json(page_document([asset_document(one) for one in found.members], page, found))

    def _sought(self, parameter: str, query: Mapping[str, str]) -> str:
        """What assets are found by: an order by our id, also if it is named by its number in BSS."""
        text = query[parameter]
        if parameter != "orderId":
            return text
        try:
            order: Order = self.reads.aggregate(ORDERS, text, current_principal().reader())
        except OrderNotFound:
            return text
        return order.id

    def get(self, assetId: str) -> flask.Response:
        asset = self._asked(assetId)
        return answer_json(asset_document(asset), 200, {"ETag": f'"{asset.version}"'})

    def timeline(self, assetId: str) -> flask.Response:
        asset, principal = self._asked(assetId), current_principal()
        return answer_json({"assetId": asset.id, "items": timeline_document(asset, principal.may_act_for)})

    def eligible_actions(self, assetId: str) -> flask.Response:
        """What the caller could order for the asset now."""
        asset, principal = self._asked(assetId), current_principal()
        profile = principal.profile
        found = self.outlook.eligible(asset, profile.tolerated, profile.excusable)
        shown = [eligible_document(one, self._pending(one, principal)) for one in found]
        return answer_json({"assetId": asset.id, "items": shown})

    def _pending(self, one: EligibleAction, principal: Principal) -> dict[str, Any] | None:
        """The order that is about to change it, if the caller sees it."""
        if not one.order_id:
            return None
        try:
            order = self.reads.aggregate(ORDERS, one.order_id, principal.reader())
        except OrderNotFound:
            return None
        api = requested_address().split("/customer-assets")[0]
        return {"id": order.id, "href": f"{api}/orders/{order.id}"}

    def _asked(self, asset_id: str) -> CustomerAsset:
        only(flask.request.args, ())
        return self.reads.aggregate(ASSETS, asset_id, _reader(current_principal()))


def _reader(principal: Principal) -> Reader:
    return principal.reader(READ)


def _is(path: Collection[str], texts: Collection[str]) -> Criterion:
    return Compare(tuple(map(PathStep, path)), Operator.EQUAL, tuple(texts))


def _with_value(text: str) -> Criterion:
    """Asks for `name=value`, where the value is a number or not."""
    name, equals, value = text.partition("=")
    if not equals:
        told = "a characteristic is asked for as name=value, as in downstream=500"
        raise ContractViolation([Violation("/characteristic", Code.INVALID_VALUE, told)])
    meant = (value, jsontext.number_of(value))
    found = (found_by_value(name, one) for one in meant if one is not None)
    return AnyOf(tuple(_is((index,), (one,)) for index, one in found))


def _statuses(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in AssetStatus.__members__]:
        raise ContractViolation([not_one_of(("status",), tuple(AssetStatus), unknown[0])])
    return names
