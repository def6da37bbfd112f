"""The validators inside a Connexion FlaskApp, over its whole ASGI stack."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from connexion import FlaskApp
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.resolver import Resolver

from facade.contract.connexion_plugin import allowances, validated_body, validator_map
from facade.contract.validator import Contract
from facade.contract.violations import BodyTooLarge, ContractViolation, MalformedBody, ResponseViolation
from facade.web.json import ExactJsonifier

BASE = "/orders/v1"
LIMIT = 4096
VALID = {"@type": "Order", "item": [{"@type": "Item", "id": "1", "action": "add"}]}


def create_order() -> Any:
    body = validated_body()
    status = 201 if body.get("code") != "TEAPOT" else 418
    answer = {**body, "serverSet": "x", "note": [a.rule.value for a in allowances()]}
    if body.get("code") == "BROKEN":
        del answer["serverSet"]
    return answer, status, {"Content-Type": "application/json"}


def create_plain(body: Any) -> Any:
    return body, 200


def refused(status: int) -> Any:
    def handler(_request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        if isinstance(error, ContractViolation):
            body: Any = [violation.as_document() for violation in error.violations]
        else:
            body = str(error)
        return ConnexionResponse(status, content_type="application/json", body=json.dumps(body))

    return handler


PLAIN = {
    "openapi": "3.0.1",
    "info": {"title": "Without a contract", "version": "1"},
    "paths": {
        "/plain": {
            "post": {
                "operationId": "createPlain",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}},
                },
                "responses": {"200": {"description": "echo"}},
            }
        }
    },
}


@pytest.fixture(scope="module")
def app(spec: dict[str, Any]) -> FlaskApp:
    contract = Contract(spec)
    app = FlaskApp("contract_test", jsonifier=ExactJsonifier())
    handlers = {"createOrder": create_order, "createPlain": create_plain}
    contracts = {BASE: contract, "/alias": contract}
    options = {
        "resolver": Resolver(handlers.__getitem__),
        "validator_map": validator_map(contracts, body_limit=LIMIT),
        "validate_responses": True,
    }
    app.add_api(spec, base_path=BASE, name="orders", **options)
    app.add_api(spec, base_path="/alias", name="alias", **options)
    app.add_api(PLAIN, base_path="/plain", name="plain", **options)
    app.add_error_handler(ContractViolation, refused(400))
    app.add_error_handler(MalformedBody, refused(400))
    app.add_error_handler(BodyTooLarge, refused(413))
    app.add_error_handler(ResponseViolation, refused(500))
    return app


@pytest.fixture(scope="module")
def client(app: FlaskApp) -> Iterator[Any]:
    with app.test_client() as client:
        yield client


def post(client: Any, body: Any, path: str = BASE + "/order", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post(path, content=content, headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("base", [BASE, "/alias"])
def test_a_valid_body_reaches_the_handler_under_every_address(client: Any, base: str) -> None:
    answer = post(client, VALID, base + "/order")
    assert answer.status_code == 201
    assert answer.json() == {**VALID, "serverSet": "x", "note": []}


def test_the_handler_sees_the_completed_body(client: Any) -> None:
    answer = post(client, {"item": [{"id": "1", "action": "add", "quantity": 2.0}]})
    assert answer.json()["@type"] == "Order"
    assert answer.json()["item"] == [{"@type": "Item", "id": "1", "action": "add", "quantity": 2}]
    assert sorted(answer.json()["note"]) == ["typeByPosition", "typeByPosition", "wholeNumber"]


def test_every_violation_reaches_the_apps_own_error_handler(client: Any) -> None:
    answer = post(client, {"date": "x", "item": [{"id": 1, "action": "change"}]})
    assert answer.status_code == 400
    assert {v["pointer"]: v.get("hint") for v in answer.json()} == {
        "/date": None,
        "/item/0/id": None,
        "/item/0/action": "did you mean `modify`?",
    }


def test_a_chunked_body_is_a_body(client: Any) -> None:
    content = orjson.dumps(VALID)
    chunks = (content[i : i + 7] for i in range(0, len(content), 7))
    answer = client.post(BASE + "/order", content=chunks, headers={"Content-Type": "application/json"})
    assert answer.request.headers.get("transfer-encoding") == "chunked"
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "content",
    [b"", b"  ", b"{", b"{'a': 1}", b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "\\ud800"}', b"[" * 60],
)
def test_what_is_no_json_document_is_malformed(client: Any, content: bytes) -> None:
    answer = post(client, content)
    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


@pytest.mark.parametrize("depth", [65, 150, 1_100])
def test_what_is_nested_too_deep_breaks_the_contract_however_deep(client: Any, depth: int) -> None:
    answer = post(client, b"[" * depth + b"]" * depth)
    assert answer.status_code == 400
    assert [(entry["pointer"], entry["message"]) for entry in answer.json()] == [
        ("", "The body is nested deeper than 64 levels.")
    ]


def test_a_byte_order_mark_and_other_character_sets_are_read(client: Any) -> None:
    assert post(client, b"\xef\xbb\xbf" + orjson.dumps(VALID)).status_code == 201
    latin = json.dumps({**VALID, "nickname": "Zoë"}, ensure_ascii=False).encode("latin-1")
    answer = post(client, latin, **{"Content-Type": "application/json; charset=iso-8859-1"})
    assert answer.json()["nickname"] == "Zoë"
    assert post(client, b"\xff", **{"Content-Type": "application/json; charset=utf-16"}).status_code == 400
    assert post(client, VALID, **{"Content-Type": "application/json; charset=klingon"}).status_code == 415


def test_a_name_that_stands_twice_in_one_object_is_refused_where_it_is(client: Any) -> None:
    content = b'{"x": [{"nickname": "a", "nickname": "b"}], ' + orjson.dumps(VALID)[1:-1] + b', "@type": "Order"}'
    answer = post(client, content)
    assert answer.status_code == 400
    assert [(entry["pointer"], entry["reason"]) for entry in answer.json()] == [
        ("/@type", "REPEATED_NAME"),
        ("/x/0/nickname", "REPEATED_NAME"),
    ]


@pytest.mark.parametrize("number", ["9" * 1_001, "9" * 4_000, "1e1000", "1e-1001", "1e99999999999999999999"])
def test_a_number_beyond_the_limits_is_refused_where_it_is(client: Any, number: str) -> None:
    answer = post(client, b'{"x": [1, %b], ' % number.encode() + orjson.dumps(VALID)[1:])
    assert answer.status_code == 400
    assert [(entry["pointer"], entry["reason"]) for entry in answer.json()] == [("/x/1", "NUMBER_TOO_LONG")]


def test_every_digit_is_handed_on(client: Any) -> None:
    content = b'{"x": [36893488147419103233, 1.50, 1E+400, -0], ' + orjson.dumps(VALID)[1:]
    assert b"[36893488147419103233,1.50,1E+400,-0]" in post(client, content).content


def test_a_body_over_the_limit_is_refused(client: Any) -> None:
    assert post(client, {**VALID, "x": "y" * LIMIT}).status_code == 413
    chunks = (b"x" * 1000 for _ in range(10))
    answer = client.post(BASE + "/order", content=chunks, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_another_media_type_is_refused(client: Any) -> None:
    assert post(client, VALID, **{"Content-Type": "text/plain"}).status_code == 415


def test_an_answer_outside_its_contract_is_not_sent(client: Any) -> None:
    answer = post(client, {**VALID, "code": "BROKEN"})
    assert answer.status_code == 500
    assert "createOrder answered 201" in answer.json()
    assert "/serverSet" in answer.json()


def test_an_undeclared_status_is_not_sent(client: Any) -> None:
    assert "does not declare status 418" in post(client, {**VALID, "code": "TEAPOT"}).json()


def test_where_there_is_no_contract_connexion_validates(client: Any) -> None:
    assert post(client, {"a": 1}, "/plain/plain").json() == {"a": 1}
    answer = post(client, {}, "/plain/plain")
    assert answer.status_code == 400
    assert answer.json()["title"] == "Bad Request"


def test_long_bodies_are_judged_too(spec: dict[str, Any]) -> None:
    app = FlaskApp("long_bodies")
    resolver = Resolver({"createOrder": create_order}.__getitem__)
    app.add_api(spec, base_path=BASE, resolver=resolver, validator_map=validator_map({BASE: Contract(spec)}))
    app.add_error_handler(ContractViolation, refused(400))
    long = {**VALID, "x": "y" * 100_000}
    with app.test_client() as client:
        assert post(client, long).status_code == 201
        assert post(client, {**long, "date": 1}).json()[0]["pointer"] == "/date"


def test_reading_stops_at_the_limit_and_at_a_lost_connection(app: FlaskApp) -> None:
    """Straight at the ASGI interface: a client that never stops sending, and one that goes away."""

    def call(messages: Iterator[dict[str, Any]]) -> int:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return next(messages)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": BASE + "/order", "raw_path": (BASE + "/order").encode(), "root_path": "", "query_string": b"",
            "headers": [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        asyncio.run(app(scope, receive, send))
        return int(sent[0]["status"])

    endless = ({"type": "http.request", "body": b" " * 1000, "more_body": True} for _ in iter(int, 1))
    assert call(endless) == 413
    assert len(list(zip(range(3), endless, strict=False))) == 3  # it could have gone on
    assert call(iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])) == 400


def test_outside_a_judged_request_there_is_no_body() -> None:
    with pytest.raises((LookupError, RuntimeError)):
        validated_body()
