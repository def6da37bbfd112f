"""What listeners are sent, of every event, in every version of every API."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from canonical.catalog.offering import OFFERINGS
from canonical.inventory.asset import ASSETS
from canonical.listeners.notification import ListenerUnusable
from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.order import ORDERS
from canonical.ordering.states import State
from canonical.shared.reader import CustomerSet
from facade.bootstrap.declared import TMF_APIS
from facade.bootstrap.deliveries import notifier_of
from facade.partners.api_versions import ApiVersions, VersionTerms
from facade.partners.customers import CustomerRule
from facade.partners.profiles import DEFAULT
from facade.tmf.engine.declaration import Resource
from facade.tmf.hub.envelopes import Change, event_type
from facade.tmf.tmf622.api import CANCEL_PRODUCT_ORDER, PRODUCT_ORDER
from tests.support.builders import a_cancellation, an_order_in
from tests.support.notified import OWNER, a_listener, a_notifier, an_event, sent

GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden"
RESOURCES = [(api, resource) for api in TMF_APIS for resource in api.resources]
NOTIFIER = a_notifier()
READS = ("catalog:read", "inventory:read", "order:read")
SEES_ALL = ("catalog:write", *READS)


def order(state: State, **carried: Any) -> dict[str, Any]:
    return dict(PRODUCT_ORDER.project(an_order_in(state), carried))


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents of every resource that has golden answers, without addresses."""
    for file in sorted(GOLDEN.glob("tmf6*/v5/*.response.json")):
        found = orjson.loads(file.read_bytes())
        for one in found if isinstance(found, list) else [found]:
            if "@type" in one and "id" in one:
                yield one["@type"], {name: value for name, value in one.items() if name != "href"}
    yield "ProductOrder", order(State.FULFILLING)
    yield "CancelProductOrder", dict(CANCEL_PRODUCT_ORDER.project(a_cancellation(), {}))
    for job in ("ImportJob", "ExportJob"):
        yield job, {"@type": job, "id": "j1", "status": "Running", "url": "https://files.example/1"}


DOCUMENTS = [
    pytest.param(api, resource, document, id=f"{document['@type']}-{number}")
    for number, (schema, document) in enumerate(documents())
    for api, resource in RESOURCES
    if resource.schema == schema
]


def test_every_resource_has_a_document_here() -> None:
    assert {one.values[1].name for one in DOCUMENTS} == {resource.name for _, resource in RESOURCES}  # type: ignore[union-attr]


@pytest.mark.parametrize("version", ["v4", "v5"])
@pytest.mark.parametrize(("api", "resource", "document"), DOCUMENTS)
def test_every_notification_keeps_the_contract(
    api: Any, resource: Resource[Any], document: dict[str, Any], version: str
) -> None:
    listener = a_listener(api.name, version, scopes=SEES_ALL)
    now = document.get(resource.state_attribute)
    other = next(state for state in dict.fromkeys(resource.states.values()) if state not in (now, "draft"))
    before = {**document, resource.state_attribute: other}
    kind, key = resource.kind.name, resource.name_in(version)
    told = {
        Change.CREATE: sent(NOTIFIER, listener, an_event(kind, document, "ThingCreated", sequence=1)),
        Change.STATE: sent(NOTIFIER, listener, an_event(kind, document, sequence=2), before),
        Change.ATTRIBUTES: sent(
            NOTIFIER, listener, an_event(kind, {**document, "description": "new"}, sequence=3), document
        ),
        Change.DELETE: sent(NOTIFIER, listener, an_event(kind, document, "ThingRemoved", sequence=4), document),
    }
    types = NOTIFIER._apis[(api.name, version)].notifications.types
    for change, body in told.items():
        name = event_type(resource, version, change)
        if name not in types:
            assert body is None
        else:
            assert body is not None, change
            assert body["eventType"] == name
            assert body["event"][key]["id"] == document["id"]
            assert body["event"][key]["href"].startswith(f"{listener.address}/{key}/")


def test_every_state_of_an_order_is_told_and_no_other() -> None:
    for version in ("v4", "v5"):
        listener, seen = a_listener(version=version), []
        way = [State.DRAFT, State.ACKNOWLEDGED, State.VALIDATED, State.FULFILLING, State.FALLOUT, State.FULFILLING]
        before = None
        for number, state in enumerate(way, 1):
            document = order(state)
            event = an_event(ORDERS.name, document, "OrderDrafted" if before is None else "OrderX", sequence=number)
            body = sent(NOTIFIER, listener, event, before)
            before = document
            if body:
                seen.append((body["eventType"].removeprefix("ProductOrder"), body["event"]["productOrder"]["state"]))
        create, change = "CreateEvent", "StateChangeEvent"
        after = [(change, "inProgress"), (change, "failed"), (change, "inProgress")]
        if version == "v4":
            assert seen == [(create, "acknowledged"), *after]
        else:
            assert seen == [(create, "draft"), (change, "acknowledged"), *after]


@pytest.mark.parametrize("version", ["v4", "v5"])
@pytest.mark.parametrize(
    ("kind", "type", "change"),
    [
        (ASSETS.name, "CustomerAssetCreated", "ProductCreateEvent"),
        (ASSETS.name, "CustomerAssetActivated", "ProductStateChangeEvent"),
        (ASSETS.name, "CustomerAssetStatusChanged", "ProductStateChangeEvent"),
        (ASSETS.name, "CustomerAssetChanged", "ProductAttributeValueChangeEvent"),
        (ASSETS.name, "CustomerAssetRemoved", "ProductDeleteEvent"),
        (ORDERS.name, "OrderSubmitted", "ProductOrderCreateEvent"),
        (ORDERS.name, "OrderFailed", "ProductOrderStateChangeEvent"),
        (ORDERS.name, "OrderAnnotated", "ProductOrderAttributeValueChangeEvent"),
        (ORDERS.name, "OrderAmended", "ProductOrderAttributeValueChangeEvent"),
        (CANCELLATIONS.name, "CancellationDone", "CancelProductOrderStateChangeEvent"),
    ],
)
def test_the_first_event_that_is_known_of_something_old_does_not_create_it(
    version: str, kind: str, type: str, change: str
) -> None:
    """It was loaded or imported, or its events are those of a release before the stream."""
    api, document = {
        ASSETS.name: ("TMF637", dict(documents())["Product"]),
        ORDERS.name: ("TMF622", order(State.FULFILLING)),
        CANCELLATIONS.name: ("TMF622", dict(CANCEL_PRODUCT_ORDER.project(a_cancellation(), {}))),
    }[kind]
    body = sent(a_notifier(), a_listener(api, version), an_event(kind, document, type))
    assert body is not None
    assert body["eventType"] == change


def test_an_imported_item_that_is_published_is_new_for_those_who_see_published_items_only() -> None:
    document = dict(documents())["ProductOffering"] | {"lifecycleStatus": "Launched"}
    event = an_event(OFFERINGS.name, document, "ProductOfferingPublished", sequence=1)
    kinds = []
    for scopes in ((), SEES_ALL):
        body = sent(a_notifier(), a_listener("TMF620", scopes=scopes), event)
        assert body is not None
        kinds.append(body["eventType"])
    assert kinds == ["ProductOfferingCreateEvent", "ProductOfferingStateChangeEvent"]


def test_the_envelopes_of_the_versions_are_spelt_as_their_contracts_do() -> None:
    event = an_event(ORDERS.name, order(State.ACKNOWLEDGED), "OrderSubmitted", sequence=1)
    v4, v5 = (sent(NOTIFIER, a_listener(version=version), event) for version in ("v4", "v5"))
    assert v4 is not None
    assert v5 is not None
    common = {"eventId": event.id, "eventType": "ProductOrderCreateEvent", "correlationId": "c-1"}
    at = {"eventTime": "2026-05-03T12:00:00.000Z"}
    assert {name: value for name, value in v4.items() if name != "event"} == common | at | {
        "timeOcurred": at["eventTime"]
    }
    assert {name: value for name, value in v5.items() if name != "event"} == common | at | {
        "@type": "ProductOrderCreateEvent",
        "@baseType": "Event",
        "timeOccurred": at["eventTime"],
    }
    assert "orderDate" in v4["event"]["productOrder"]
    assert "creationDate" in v5["event"]["productOrder"]


def test_v4_has_the_whole_resource_and_v5_what_changed() -> None:
    before, after = order(State.VALIDATED), order(State.COMPLETED)
    event = an_event(ORDERS.name, after, sequence=4)
    v4, v5 = (sent(NOTIFIER, a_listener(version=version), event, before) for version in ("v4", "v5"))
    assert v4 is not None
    assert v5 is not None
    assert "relatedParty" in v4["event"]["productOrder"]
    partial = v5["event"]["productOrder"]
    assert partial["state"] == "completed"
    assert {"@type", "id", "href"} <= set(partial)
    assert "relatedParty" not in partial


def test_a_query_is_held_against_the_whole_resource_and_selects_what_is_sent() -> None:
    before, after = order(State.ACKNOWLEDGED), order(State.VALIDATED)
    event = an_event(ORDERS.name, after, sequence=2)
    hit = "event.productOrder.relatedParty.partyOrPartyRole.id=C12345&fields=eventType,event.productOrder.state"
    body = sent(NOTIFIER, a_listener(query=hit), event, before)
    assert body is not None
    assert body["eventType"] == "ProductOrderStateChangeEvent"
    assert set(body) == {"@type", "eventType", "event"}
    assert set(body["event"]["productOrder"]) == {"@type", "id", "href", "state"}
    assert sent(NOTIFIER, a_listener(query="eventType=ProductOrderCreateEvent"), event, before) is None
    path = "filter=$[?(@.event.productOrder.state=='inProgress')]"
    assert sent(NOTIFIER, a_listener(query=path), event, before) is not None


def test_a_listener_is_told_of_what_its_client_may_see() -> None:
    event = an_event(ORDERS.name, order(State.ACKNOWLEDGED), sequence=1)
    assert sent(NOTIFIER, a_listener(owner="another"), event) is None
    assert sent(NOTIFIER, a_listener(owner="another", scopes=("order:all", "order:read")), event) is not None
    assert sent(NOTIFIER, a_listener(scopes=("events:subscribe",)), event) is None, "it may not read orders"
    bound = replace(DEFAULT, customers=CustomerRule(CustomerSet(frozenset({"C1"}))), version="bound")
    assert sent(a_notifier({OWNER: bound}), a_listener(), event) is None
    allowed = replace(bound, customers=CustomerRule(CustomerSet(frozenset({"C12345"}))))
    assert sent(a_notifier({OWNER: allowed}), a_listener(), event) is not None
    claimed = replace(bound, customers=CustomerRule(claim="customers"))
    with pytest.raises(ListenerUnusable, match="read GET /api/v1/events"):
        sent(a_notifier({OWNER: claimed}), a_listener(), event)
    agreed = replace(DEFAULT, versions=ApiVersions({"TMF622": {"v5": VersionTerms()}}), version="v5-only")
    assert sent(a_notifier({OWNER: agreed}), a_listener(), event) is not None
    with pytest.raises(ListenerUnusable, match="register in another version"):
        sent(a_notifier({OWNER: agreed}), a_listener(version="v4"), event)


def test_a_listener_that_an_earlier_release_registered_gets_addresses_below_the_public_one() -> None:
    event = an_event(ORDERS.name, order(State.ACKNOWLEDGED), sequence=1)
    notifier = notifier_of(TMF_APIS, lambda client: DEFAULT, "https://facade.example/")
    body = sent(notifier, a_listener(address=""), event)
    assert body is not None
    path = f"/tmf-api/productOrderingManagement/v5/productOrder/{body['event']['productOrder']['id']}"
    assert body["event"]["productOrder"]["href"] == f"https://facade.example{path}"


def test_an_outsider_is_told_of_what_the_catalog_shows_to_it() -> None:
    offering = {"@type": "ProductOffering", "id": "po1", "version": "1.0", "name": "Fibre"}
    design, launched = ({**offering, "lifecycleStatus": status} for status in ("In Design", "Launched"))
    listener = a_listener("TMF620")
    catalog = {"owner": "", "customer_id": ""}
    assert sent(NOTIFIER, listener, an_event(OFFERINGS.name, design, sequence=1, **catalog)) is None
    body = sent(NOTIFIER, listener, an_event(OFFERINGS.name, launched, sequence=2, **catalog), design)
    assert body is not None
    assert body["eventType"] == "ProductOfferingCreateEvent"
    assert body["event"]["productOffering"]["href"].endswith("/productOffering/po1:(version=1.0)")


def test_a_cancellation_is_told_in_both_versions() -> None:
    document = dict(CANCEL_PRODUCT_ORDER.project(a_cancellation(), {}))
    for version in ("v4", "v5"):
        event = an_event(CANCELLATIONS.name, document, "CancellationCreated", sequence=1)
        body = sent(NOTIFIER, a_listener(version=version), event)
        assert body is not None
        task = body["event"]["cancelProductOrder"]
        assert task["productOrder"]["href"].startswith(f"https://facade.example/TMF622/{version}/productOrder/")


def test_nothing_is_told_of_another_apis_resources() -> None:
    event = an_event(ASSETS.name, {"@type": "Product", "id": "p1", "status": "active"}, sequence=1)
    assert sent(NOTIFIER, a_listener(), event) is None
    assert sent(NOTIFIER, a_listener("TMF637"), event) is not None
