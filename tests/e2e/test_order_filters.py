"""Lists of `/api/v1/orders` by customer, state and date; and orders named by either of their numbers."""

from datetime import UTC, datetime, timedelta

from tests.support.product import ORDERS, Node, portal_order


def test_orders_are_found_by_customer_state_and_date(product: Node) -> None:
    done = product.post(ORDERS, portal_order("C12346", SKU123=1)).json()
    refused = product.post(ORDERS, portal_order("C40200", SKU123=1)).json()
    assert (done["status"], refused["code"]) == ("confirmed", "PAYMENT_DECLINED")

    def found(query: str) -> set[str]:
        answer = product.get(f"{ORDERS}?limit=200&{query}")
        assert answer.status_code == 200, answer.text
        return {one["id"] for one in answer.json()["items"]}

    moment = datetime.fromisoformat(done["submittedAt"])
    after = (moment + timedelta(milliseconds=1)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert done["id"] in found("customerId=C12346&state=COMPLETED,CLOSED")
    assert done["id"] not in found("customerId=C40200") | found("customerId=nobody") | found("state=FAILED")
    assert refused["id"] in found("state=FAILED&customerId=C40200")
    assert done["id"] in found(f"submittedFrom={done['submittedAt']}&submittedBefore={after}")
    assert done["id"] not in found(f"submittedBefore={done['submittedAt']}") | found(f"submittedFrom={after}")
    assert found("submittedBefore=2020-01-01") == set()
    wrong = product.get(f"{ORDERS}?state=Completed").json()["errors"][0]
    assert (wrong["hint"], "FAILED" in wrong["allowed"]) == ("did you mean `COMPLETED`?", True)
    page = product.get(f"{ORDERS}?limit=1&state=COMPLETED,FAILED").json()
    following = product.get(page["next"].removeprefix(product.url)).json()
    assert following["items"][0]["id"] != page["items"][0]["id"]


def test_an_order_is_named_by_either_number_everywhere(product: Node) -> None:
    order = product.post(ORDERS, portal_order(SKU123=1)).json()
    assert order["bssOrderId"] == order["orderId"] != order["id"]
    for number in (order["id"], order["bssOrderId"]):
        read = product.get(f"{ORDERS}/{number}").json()
        assert (read["id"], read["bssOrderId"]) == (order["id"], order["bssOrderId"])
        refused = product.post(f"{ORDERS}/{number}/cancel", {"reason": "late"})
        assert refused.json()["code"] == "INVALID_TRANSITION"
        assets = product.get(f"/api/v1/customer-assets?orderId={number}").json()["items"]
        assert [one["assetId"] for one in assets] == [one for item in order["items"] for one in item["assetIds"]]
