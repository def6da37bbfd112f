"""The account of what TMF622 v4 and v5 cannot say alike: of one resource, or of the page of a list in v4."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import flask

import jsontext
from canonical.audit.record import Mapped
from canonical.ordering.cancellation import Cancellation
from canonical.shared.criteria import Criterion, SortKey, all_of
from canonical.shared.paging import Found, Slice
from canonical.shared.reader import Reader
from facade.json import answer_json
from facade.query import only
from facade.security.principal import current_principal
from facade.tmf.query.listing import read_listing
from facade.tmf.tmf622.cancel_mapper import from_cancellation
from facade.tmf.tmf622.versions import CANCELLATION, ORDER, Version, lowered


class Kept(Protocol):
    def document(self, order_id: str, reader: Reader) -> tuple[str, str, int]: ...

    def documents(
        self, reader: Reader, part: Slice, criterion: Criterion | None, sort: tuple[SortKey, ...]
    ) -> Found[tuple[str, str]]: ...

    def cancellation(self, cancellation_id: str, reader: Reader) -> tuple[Cancellation, dict[str, Any]]: ...

    def cancellations(
        self, reader: Reader, part: Slice, criterion: Criterion | None, sort: tuple[SortKey, ...]
    ) -> Found[tuple[str, str]]: ...


class Trails(Protocol):
    def translations_of(self, order_id: str) -> list[Mapped]:
        """How the fields of everything that was sent for an order were read, oldest first."""
        ...


@dataclass(frozen=True)
class BridgeReports:
    kept: Kept
    trails: Trails
    v4: Version

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "getOrderBridgeReport": self.of_order,
            "listOrderBridgeReports": self.of_orders,
            "getCancellationBridgeReport": self.of_cancellation,
            "listCancellationBridgeReports": self.of_cancellations,
        }

    def of_orders(self) -> flask.Response:
        """Of the page that a list in v4 shows for the same query."""
        wanted = read_listing(flask.request.query_string, self.v4.searchable(ORDER), ORDER)
        criterion = all_of(self.v4.visible, wanted.criterion)
        found = self.kept.documents(current_principal().reader(), wanted.page.slice, criterion, wanted.sort)
        return answer_json([_of(order_id, ORDER, jsontext.read_kept(document)) for order_id, document in found.members])

    def of_cancellations(self) -> flask.Response:
        """Of the page that a list in v4 shows for the same query."""
        wanted = read_listing(flask.request.query_string, self.v4.searchable(CANCELLATION), CANCELLATION)
        found = self.kept.cancellations(current_principal().reader(), wanted.page.slice, wanted.criterion, wanted.sort)
        return answer_json(
            [_of(task_id, CANCELLATION, jsontext.read_kept(document)) for task_id, document in found.members]
        )

    def of_order(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        order_id, document, _ = self.kept.document(id, current_principal().reader())
        told = [mapped for mapped in self.trails.translations_of(order_id) if not mapped.target]
        lifted = [{"pointer": mapped.source, "difference": mapped.rule} for mapped in told]
        return answer_json({"lowered": _lowered(ORDER, jsontext.read_kept(document)), "lifted": lifted})

    def of_cancellation(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        cancellation, carried = self.kept.cancellation(id, current_principal().reader())
        return answer_json({"lowered": _lowered(CANCELLATION, from_cancellation(cancellation, carried)), "lifted": []})


def _of(resource_id: str, resource: str, document: dict[str, Any]) -> dict[str, Any]:
    return {"id": resource_id, "lowered": _lowered(resource, document)}


def _lowered(resource: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    return [loss.as_document() for loss in lowered(resource, {"href": "", **document}).losses]
