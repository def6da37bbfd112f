"""TMF622's resources as each version speaks of them, and what becomes of payloads and patches in their words."""

from typing import Any

from canonical.ordering.order import Order
from facade.application.requests import Translation
from facade.bootstrap.versions import versions_of
from facade.security.principal import Principal
from facade.tmf.engine.changes import Patch, planned
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.tmf622.api import CANCEL_PRODUCT_ORDER, PRODUCT_ORDER, TMF622
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.tmf622.payloads import ACME

ORDER, CANCELLATION = PRODUCT_ORDER.schema, CANCEL_PRODUCT_ORDER.schema
_V5, _V4 = versions_of(TMF622, "v5"), versions_of(TMF622, "v4")
V5, V4 = _V5[PRODUCT_ORDER.name], _V4[PRODUCT_ORDER.name]
V5_TASK, V4_TASK = _V5[CANCEL_PRODUCT_ORDER.name], _V4[CANCEL_PRODUCT_ORDER.name]


def translated(version: Version, body: Any) -> Translation:
    """What a payload of partner-acme asks for. It may name no resource: nothing is kept here."""
    translator = ResourceTranslator(version, ReadsFromMemory(Memory()))
    return translator.translate(body, Principal(ACME.client, frozenset()))


def plan_of(
    patch: Patch, order: Order, carried: Payload, version: Version, sender: Sender = ACME
) -> Translation | None:
    """What the patch asks for; None for nothing."""
    rules = PRODUCT_ORDER.patch
    assert rules is not None
    return planned(version, rules, patch, order, carried, sender)
