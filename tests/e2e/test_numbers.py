"""JSON keeps its meaning from the request to every answer: all digits of all numbers, and no name twice."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import requests
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.persistence.database import Database
from adapters.persistence.tables import idempotency_keys
from canonical.shared.jsontext import read, text
from tests.support.postgres import execute
from tests.support.product import ORDERS, TMF622, Node, partner_order, running_product
from tests.support.waiting import LONG
from tests.unit.application.test_request_hashes import kept_by_0_1

V5_API, V4_API = (f"/tmf-api/productOrderingManagement/{version}" for version in ("v5", "v4"))
V4 = f"{V4_API}/productOrder"
MERGE, PATCH, QUERY = "application/merge-patch+json", "application/json-patch+json", "application/json-patch-query+json"
INTERESTING = [
    "0", "-0", "-0.0", "0.00", "1", "10", "10.0", "1E5", "1e5", "100e-2", "1.50", "1e400", "-1e-400", "0.0000001",
    "18446744073709551615", "18446744073709551616", "-9223372036854775809", "36893488147419103233", "9" * 1_000,
    "0.10000000000000000000000000000001", "123456789012345678901234567890.123456789012345678901234567890", "1e22",
    "1E+2",
]  # fmt: skip
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
DIGITS = st.text("0123456789", min_size=1, max_size=40)
NUMBERS = st.sampled_from(INTERESTING) | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.from_regex("0|[1-9][0-9]{0,40}", fullmatch=True),
    st.just("") | DIGITS.map(".{}".format),
    st.just("") | st.from_regex("[eE][+-]?[0-9]{1,2}", fullmatch=True),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    directory = tmp_path_factory.mktemp("numbers")
    if request.param == "sqlite":
        with running_product(directory, DATABASE_URL=f"sqlite:///{directory}/facade.db") as node:
            yield node
        return
    server: sa.URL = request.getfixturevalue("postgres_server")
    name = f"numbers_{uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    url = server.set(database=name).render_as_string(hide_password=False)
    with running_product(directory, DATABASE_URL=url) as node:
        yield node
    execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def send(product: Node, method: str, path: str, content: str, media_type: str = "application/json") -> Any:
    return product.request(method, path, data=content.encode(), headers={"Content-Type": media_type})


def spelled(value: Any) -> Any:
    """Numbers with their digits instead of their value."""
    if isinstance(value, dict):
        return {name: spelled(member) for name, member in value.items()}
    if isinstance(value, list):
        return [spelled(entry) for entry in value]
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def a_draft(**carried: str) -> str:
    """A v5 body that begins no process; the members given are JSON."""
    body = partner_order() | {"requestedInitialState": "draft"}
    return "{" + "".join(f'"{name}":{content},' for name, content in carried.items()) + text(body)[1:]


def a_v4_order(**carried: str) -> str:
    party = {"id": "C12345", "role": "Customer", "@referredType": "Customer"}
    item = {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "po_tv_basic"}}
    body = text({"relatedParty": [party], "productOrderItem": [item]})
    return "{" + "".join(f'"{name}":{content},' for name, content in carried.items()) + body[1:]


def shown(answer: requests.Response) -> Any:
    assert answer.ok, answer.text
    return spelled(read(answer.content))


@settings(max_examples=20, phases=[Phase.generate], suppress_health_check=CHECKS)
@given(numbers=st.lists(NUMBERS, min_size=5, max_size=30))
def test_every_digit_comes_back_in_every_answer(product: Node, numbers: list[str]) -> None:
    kept = spelled(read(f"[{','.join(numbers)}]".encode()))
    price = (
        f'[{{"@type":"OrderPrice","priceType":"x","price":{{"dutyFreeAmount":{{"unit":"EUR","value":{numbers[0]}}}}}}}]'
    )
    created = send(product, "POST", TMF622, a_draft(acme=f'{{"n":[{",".join(numbers)}]}}', orderTotalPrice=price))
    order = shown(created)
    again = shown(product.get(f"{TMF622}/{order['id']}"))
    selected = shown(product.get(f"{TMF622}/{order['id']}?fields=orderTotalPrice"))
    [listed] = shown(product.get(f"{TMF622}?id={order['id']}"))
    changed = shown(send(product, "PATCH", f"{TMF622}/{order['id']}", '{"description":"x"}', MERGE))
    for found in (order, again, listed, changed):
        assert found["acme"]["n"] == kept
    for found in (order, again, listed, changed, selected):
        assert found["orderTotalPrice"][0]["price"]["dutyFreeAmount"]["value"] == kept[0]


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=CHECKS)
@given(numbers=st.lists(NUMBERS, min_size=10, max_size=30))
def test_every_digit_crosses_the_bridge(product: Node, numbers: list[str]) -> None:
    kept = spelled(read(f"[{','.join(numbers)}]".encode()))
    order = shown(send(product, "POST", V4, a_v4_order(acme=f"[{','.join(numbers)}]")))
    for found in (
        order,
        shown(product.get(f"{V4}/{order['id']}")),
        shown(product.get(f"{V4}?id={order['id']}"))[0],
        shown(product.get(f"{TMF622}/{order['id']}")),
    ):
        assert found["acme"] == kept


@pytest.mark.parametrize("value", ["36893488147419103233", "1.50", "1E+400", "[1, 36893488147419103233]", "-0"])
def test_values_of_characteristics_keep_their_digits_on_v4(product: Node, value: str) -> None:
    body = a_v4_order()
    body = body.replace(
        '"quantity":1', f'"quantity":1,"product":{{"productCharacteristic":[{{"name":"n","value":{value}}}]}}'
    )
    order = shown(send(product, "POST", V4, body))
    for path in (V4, TMF622):
        item = shown(product.get(f"{path}/{order['id']}"))["productOrderItem"][0]
        assert item["product"]["productCharacteristic"][0]["value"] == spelled(read(value.encode()))


# --- a name twice -----------------------------------------------------------------------------------------------------

TWICE = '"x":{"y":[{"z":1,"z":1}]}'
OPERATIONS = [
    ("POST", TMF622, "application/json"),
    ("POST", V4, "application/json"),
    *[
        ("POST", f"{api}/{name}", "application/json")
        for api in (V5_API, V4_API)
        for name in ("cancelProductOrder", "hub")
    ],
    *[("PATCH", f"{path}/1", kind) for path in (TMF622, V4) for kind in ("application/json", MERGE)],
    ("POST", ORDERS, "application/json"),
    ("POST", f"{ORDERS}/1/cancel", "application/json"),
    ("PATCH", "/api/v1/subscriptions/SUB-1", "application/json"),
    ("POST", "/api/v1/operations/processes/placeOrder/1/decisions", "application/json"),
    ("POST", "/api/v1/translations", "application/json"),
]


@pytest.mark.parametrize(("method", "path", "media_type"), OPERATIONS)
def test_a_name_twice_is_refused_with_its_place_whatever_is_asked(
    product: Node, method: str, path: str, media_type: str
) -> None:
    answer = send(product, method, path, "{" + TWICE + "}", media_type)
    assert (answer.status_code, answer.json()["code"]) == (400, "REPEATED_NAME"), answer.text
    assert [entry["pointer"] for entry in answer.json()["errors"]] == ["/x/y/0/z"]


@pytest.mark.parametrize("media_type", [PATCH, QUERY])
@pytest.mark.parametrize("path", [TMF622, V4])
def test_a_name_twice_in_an_operation_of_a_patch(product: Node, path: str, media_type: str) -> None:
    operations = '[{"op":"add","path":"/description","value":"x"},{"op":"test","op":"add","path":"/x","value":1}]'
    answer = send(product, "PATCH", f"{path}/1", operations, media_type)
    assert (answer.status_code, answer.json()["code"]) == (400, "REPEATED_NAME"), answer.text
    assert [entry["pointer"] for entry in answer.json()["errors"]] == ["/1/op"]


def test_two_quantities_are_no_order(product: Node) -> None:
    body = text(partner_order()).replace('"quantity":1', '"quantity":1,"quantity":100000')
    answer = send(product, "POST", TMF622, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "REPEATED_NAME")
    assert [entry["pointer"] for entry in answer.json()["errors"]] == [
        f"/productOrderItem/{n}/quantity" for n in (0, 1)
    ]


@pytest.mark.parametrize(
    "number", ["9" * 1_000_000, "9" * 4_301, "9" * 1_001, f"0.{'9' * 1_001}", "1e9999", "1e-9999999999"]
)
@pytest.mark.parametrize("path", [TMF622, V4, ORDERS])
def test_a_number_that_is_too_long_is_refused_by_name(product: Node, path: str, number: str) -> None:
    answer = send(product, "POST", path, f'{{"acme":[{number}]}}')
    assert (answer.status_code, answer.json()["code"]) == (400, "NUMBER_TOO_LONG"), answer.text[:300]
    assert answer.json()["errors"][0]["pointer"] == "/acme/0"
    assert len(answer.content) < 2_000


# --- comparing --------------------------------------------------------------------------------------------------------


def with_key(product: Node, key: str, content: str) -> requests.Response:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return product.request("POST", TMF622, data=content.encode(), headers=headers)


def test_a_request_is_repeated_when_its_numbers_are_equal_by_value(product: Node) -> None:
    first = with_key(product, "by-value", a_draft(acme="[10, 36893488147419103233, 1.50]"))
    for alike in ("[10.0, 36893488147419103233, 1.5]", "[1e1, 36893488147419103233.0, 15e-1]"):
        assert with_key(product, "by-value", a_draft(acme=alike)).json()["id"] == first.json()["id"]
    for other in ("[10, 36893488147419103234, 1.50]", "[10, 36893488147419103233, 1.5000000000000000001]"):
        answer = with_key(product, "by-value", a_draft(acme=other))
        assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_a_request_that_an_earlier_release_took_in_is_still_known(product: Node) -> None:
    content = a_draft(acme="[0.10, 1E5, 12345678901234567890123, 7]")
    first = with_key(product, "kept-before", content)
    database = Database(product.settings["DATABASE_URL"], seconds=LONG)
    with database.writing() as connection:
        before = sa.update(idempotency_keys).where(idempotency_keys.c.key == "kept-before")
        connection.execute(before.values(request_hash=kept_by_0_1(content)))
        connection.commit()
    database.close()
    again = with_key(product, "kept-before", content)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert with_key(product, "kept-before", content.replace("0.10", "0.11")).status_code == 409


@pytest.mark.parametrize(
    ("kept", "tested", "status"),
    [
        ("1.50", "1.5", 200),
        ("10", "1e1", 200),
        ("-0", "0", 200),
        ("36893488147419103233", "36893488147419103233.0", 200),
        ("36893488147419103233", "36893488147419103234", 409),
        ("0.1", "0.1000000000000000055511151231257827", 409),
        ("1e400", "1e401", 409),
    ],
)
def test_a_patch_tests_numbers_by_value(product: Node, kept: str, tested: str, status: int) -> None:
    order = shown(send(product, "POST", TMF622, a_draft(acme=kept)))
    operations = f'[{{"op":"test","path":"/acme","value":{tested}}},{{"op":"add","path":"/description","value":"x"}}]'
    assert send(product, "PATCH", f"{TMF622}/{order['id']}", operations, PATCH).status_code == status


def test_a_patch_puts_in_every_digit(product: Node) -> None:
    order = shown(send(product, "POST", TMF622, a_draft()))
    numbers = f"[{','.join(INTERESTING)}]"
    changed = send(product, "PATCH", f"{TMF622}/{order['id']}", f'{{"acme":{numbers}}}', MERGE)
    assert shown(changed)["acme"] == spelled(read(numbers.encode()))
    assert shown(product.get(f"{TMF622}/{order['id']}"))["acme"] == spelled(read(numbers.encode()))


def test_copies_of_long_numbers_count_with_their_digits(product: Node) -> None:
    order = shown(send(product, "POST", TMF622, a_draft(acme=f"[{','.join(['9' * 1_000] * 100)}]")))
    copies = [{"op": "copy", "from": "/acme", "path": f"/copy{number}"} for number in range(20)]
    answer = send(product, "PATCH", f"{TMF622}/{order['id']}", text(copies), PATCH)
    assert answer.status_code == 400
    assert "larger than 1048576 bytes" in answer.text


VALUE = "productOrderItem.product.productCharacteristic.value"
BIG = ["36893488147419103233", "36893488147419103234", "0.1", "0.1000000000000000055511151231257827", "1e400", "2.50"]


@pytest.fixture(scope="module")
def orders_with_numbers(product: Node) -> dict[str, str]:
    """The ids of orders by the number in them."""
    ids = {}
    for number in BIG:
        item = f'{{"@type":"ProductOrderItem","id":"1","action":"add","productOffering":{{"id":"po_tv_basic","@type":"ProductOfferingRef"}},"product":{{"@type":"Product","productCharacteristic":[{{"@type":"NumberCharacteristic","name":"n","value":{number}}}]}}}}'  # noqa: E501
        body = re.sub(r'"productOrderItem":\[.*\]', f'"productOrderItem":[{item}]', a_draft())
        ids[number] = shown(send(product, "POST", TMF622, body))["id"]
    return ids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"{VALUE}=36893488147419103233", BIG[:1]),
        (f"{VALUE}=36893488147419103234.0", BIG[1:2]),
        (f"{VALUE}.gt=36893488147419103233&{VALUE}.lt=1e100", BIG[1:2]),
        (f"{VALUE}=0.1", BIG[2:3]),
        (f"{VALUE}.gt=0.1&{VALUE}.lt=0.11", BIG[3:4]),
        (f"{VALUE}=1e400", BIG[4:5]),
        (f"{VALUE}.gte=1e399", BIG[4:5]),
        (f"{VALUE}=2.5", BIG[5:]),
        ("filter=productOrderItem[?(@.product.productCharacteristic[?(@.value==36893488147419103234)])]", BIG[1:2]),
        (
            "filter=productOrderItem[?(@.product.productCharacteristic[?(@.value>36893488147419103233)])]",
            [BIG[1], BIG[4]],
        ),
        ("filter=productOrderItem[?(@.product.productCharacteristic[?(@.value==2.500)])]", BIG[5:]),
    ],
)
def test_filters_compare_every_digit(
    product: Node, orders_with_numbers: dict[str, str], query: str, found: list[str]
) -> None:
    answer = product.get(f"{TMF622}?{query}&state=draft&limit=100")
    assert answer.ok, answer.text
    ours = {order["id"] for order in answer.json()} & set(orders_with_numbers.values())
    assert ours == {orders_with_numbers[number] for number in found}


def test_what_one_version_loses_is_told_with_every_digit(product: Node) -> None:
    """An item's notes are v5's alone."""
    note = '"note":[{"@type":"Note","acme":36893488147419103233}],"@type":"ProductOrderItem"'
    payload = text(partner_order()).replace('"@type":"ProductOrderItem"', note, 1)
    asked = f'{{"api":"TMF622","version":"v5","operation":"createProductOrder","payload":{payload}}}'
    tried = read(send(product, "POST", "/api/v1/translations", asked).content)
    order = send(product, "POST", TMF622, payload).json()
    report = read(product.get(f"/api/v1/bridge-reports/productOrder/{order['id']}").content)
    for losses in (tried["losses"], report["lowered"]):
        notes = [loss["value"] for loss in losses if loss["pointer"] == "/productOrderItem/0/note"]
        assert [note["acme"] for [note] in notes] == [2**65 + 1]
