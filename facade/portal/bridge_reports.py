"""The account of what TMF622 v4 and v5 cannot say alike of one resource."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import flask
import orjson

from canonical.audit.record import Mapped
from canonical.ordering.cancellation import Cancellation
from facade.json import answer_json
from facade.query import only
from facade.security.principal import current_principal
from facade.tmf.tmf622.cancel_mapper import from_cancellation
from facade.tmf.tmf622.versions import CANCELLATION, ORDER, lowered


class Kept(Protocol):
    def document(self, order_id: str, owner: str | None) -> tuple[str, int]: ...

    def cancellation(self, cancellation_id: str, owner: str | None) -> tuple[Cancellation, dict[str, Any]]: ...


class Trails(Protocol):
    def translations_of(self, order_id: str) -> list[Mapped]:
        """How the fields of everything that was sent for an order were read, oldest first."""
        ...


@dataclass(frozen=True)
class BridgeReports:
    kept: Kept
    trails: Trails

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"getOrderBridgeReport": self.of_order, "getCancellationBridgeReport": self.of_cancellation}

    def of_order(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        document, _ = self.kept.document(id, current_principal().owner_filter())
        told = [mapped for mapped in self.trails.translations_of(id) if not mapped.target]
        lifted = [{"pointer": mapped.source, "difference": mapped.rule} for mapped in told]
        return _report(ORDER, {"href": "", **orjson.loads(document)}, lifted)

    def of_cancellation(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        cancellation, carried = self.kept.cancellation(id, current_principal().owner_filter())
        return _report(CANCELLATION, from_cancellation(cancellation, carried, ""), [])


def _report(resource: str, document: dict[str, Any], lifted: list[dict[str, str]]) -> flask.Response:
    losses = [loss.as_document() for loss in lowered(resource, document).losses]
    return answer_json({"lowered": losses, "lifted": lifted})
