"""The feed of events over HTTP, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema_rs
import pytest

from facade.app import spec_of
from tests.support.product import TMF622, Node, partner_order, portal_order
from tests.support.waiting import until

EVENTS = "/api/v1/events"
CANCEL = TMF622.rpartition("/")[0] + "/cancelProductOrder"
CATALOGUE = spec_of("events/asyncapi.yaml")
MESSAGES = CATALOGUE["components"]["messages"]


def read(node: Node, after: int = 0, client: str = "qa", **query: Any) -> list[dict[str, Any]]:
    """Everything from a number on."""
    found: list[dict[str, Any]] = []
    while True:
        answer = node.get(EVENTS, client, params={"after": after, **query})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        after = page["next"]
        if after >= page["last"]:
            return found


def last(node: Node) -> int:
    return int(node.get(EVENTS, params={"limit": 1}).json()["last"])


def course(node: Node, subject: str, until_type: str, **query: Any) -> list[dict[str, Any]]:
    """The events of a subject, once there is one of this type."""
    found: list[dict[str, Any]] = []

    def complete() -> bool:
        found[:] = read(node, subjectId=subject, **query)
        return until_type in [event["type"] for event in found]

    until(complete, lambda: found)
    return found


def test_what_happens_to_an_order_is_read_in_order_and_as_the_catalogue_says(product: Node) -> None:
    before = last(product)
    correlation = {"X-Correlation-Id": "shop-42"}
    order = product.post(TMF622, partner_order(), "partner-acme", headers=correlation).json()
    events = course(product, order["id"], "OrderCompleted", include="document")
    assert [(event["type"], event["subject"]["sequence"]) for event in events] == [
        ("OrderSubmitted", 1),
        ("OrderValidated", 2),
        ("OrderFulfilmentStarted", 3),
        ("OrderCompleted", 4),
    ]
    numbers = [event["number"] for event in events]
    assert numbers == sorted(numbers)
    assert numbers[0] > before
    assert [event["document"]["state"] for event in events] == ["acknowledged", *["inProgress"] * 2, "completed"]
    shown = product.get(f"{TMF622}/{order['id']}").json()
    assert events[-1]["document"] == {name: value for name, value in shown.items() if name != "href"}
    submitted, _, started, _ = events
    assert (submitted["actor"], submitted["owner"], submitted["customerId"]) == (
        "partner-acme",
        "partner-acme",
        "C12345",
    )
    record = product.get(f"/api/v1/audit-records/{submitted['causationId']}").json()
    assert record["orderId"] == order["id"]
    assert (started["actor"], started["causationId"]) == ("place-order", f"place-order/{order['id']}")
    assert {event["correlationId"] for event in events} == {"shop-42"}
    # Everything that happened meanwhile, of the assets of the order too.
    every = read(product, before)
    assert [event["number"] for event in every] == [*range(before + 1, before + 1 + len(every))], "dense"
    assert {"order", "asset"} <= {event["subject"]["type"] for event in every}
    for event in every:
        schema = {
            **CATALOGUE["components"]["messages"][event["type"]]["payload"],
            "components": CATALOGUE["components"],
        }
        jsonschema_rs.validate(schema, event)


def test_a_cancelled_order_and_its_task_have_events_of_their_own(product: Node) -> None:
    draft = partner_order() | {"requestedInitialState": "draft"}
    order = product.post(TMF622, draft, "partner-acme")
    assert order.status_code == 201, order.text
    task = product.post(
        CANCEL, {"productOrder": {"id": order.json()["id"], "@type": "ProductOrderRef"}}, "partner-acme"
    )
    assert task.status_code == 201, task.text
    events = course(product, task.json()["id"], "CancellationDone", include="document")
    assert [event["type"] for event in events] == ["CancellationCreated", "CancellationAccepted", "CancellationDone"]
    assert {event["document"]["state"] for event in events} == {"done"}
    assert events[0]["hints"]["orderId"] == order.json()["id"]
    assert course(product, order.json()["id"], "OrderCancelled")[-1]["causationId"] == events[0]["causationId"]


def test_each_client_reads_the_events_of_what_it_sees(product: Node) -> None:
    before = last(product)
    acme = product.post(TMF622, partner_order(), "partner-acme").json()["id"]
    portal = product.post("/api/v1/orders", portal_order(), "portal").json()["id"]
    course(product, acme, "OrderCompleted")
    course(product, portal, "OrderCompleted")
    owners = {
        client: {event["owner"] for event in read(product, before, client)}
        for client in ("partner-acme", "portal", "partner-list")
    }
    assert owners == {"partner-acme": {"partner-acme"}, "portal": {"partner-acme", "portal"}, "partner-list": set()}
    for client, status in (("partner-acme", 200), ("partner-list", 404), ("portal", 200)):
        answer = product.get(f"{EVENTS}/{acme}-1", client)
        assert answer.status_code == status, answer.text
    assert product.get(f"{EVENTS}/{acme}-1", "portal").json()["document"]["state"] == "acknowledged"
    unknown = product.get(f"{EVENTS}/{acme}-99")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "EVENT_NOT_FOUND")


def test_an_event_is_waited_for(product: Node) -> None:
    def waited() -> Any:
        return product.get(EVENTS, params={"after": after, "wait": 30, "types": "OrderRejected,OrderDrafted"}).json()

    after = last(product)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(waited)
        order = product.post(TMF622, partner_order() | {"requestedInitialState": "draft"}, "partner-acme").json()
        page = waiting.result()
        while not page["items"]:  # on a busy machine thirty seconds may pass
            after = page["next"]
            page = waited()
    assert [(event["type"], event["subject"]["id"]) for event in page["items"]] == [("OrderDrafted", order["id"])]
    assert page["next"] >= page["items"][0]["number"]


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("types=OrderPlaced", 400, "/types"),
        ("after=-1", 400, "/after"),
        ("wait=31", 400, "/wait"),
        ("limit=0", 400, "/limit"),
        ("include=all", 400, "/include"),
        ("since=1", 400, "/since"),
        ("subjectId=%00", 400, "/subjectId"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(product: Node, query: str, status: int, pointer: str) -> None:
    answer = product.get(f"{EVENTS}?{query}")
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (status, [pointer]), answer.text
