"""Everything that changes something is repeated with its Idempotency-Key: it is done once, and answered as at first."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.support.postgres import new_database
from tests.support.product import ORDERS, TMF622, Node, partner_order, running_product

V5 = TMF622.rpartition("/")[0]
V4 = V5.replace("/v5", "/v4")
BOTH = pytest.mark.parametrize("api", [V5, V4], ids=["v5", "v4"])
JSON_PATCH = "application/json-patch+json"
TOLD = ("Content-Type", "ETag", "Location", "X-Bridge-Losses")
"""Headers that are part of an answer. Correlation id, date and the like are those of each request."""


@dataclass(frozen=True)
class Sent:
    """A request that changes something."""

    method: str
    path: str
    body: Any = None
    media_type: str = "application/json"

    def send(self, product: Node, key: str | None = None) -> requests.Response:
        headers = {"Content-Type": self.media_type} if self.body is not None else {}
        text = None if self.body is None else json.dumps(self.body)
        named = {} if key is None else {"Idempotency-Key": key}
        return product.request(self.method, self.path, headers=headers | named, data=text)


def answer_of(answer: requests.Response) -> tuple[int, bytes, dict[str, str | None]]:
    return answer.status_code, answer.content, {name: answer.headers.get(name) for name in TOLD}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Orders stay acknowledged, so that they can be changed and given up."""
    environment = {"HOLD_PROCESSES": "true"}
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            environment["DATABASE_URL"] = stack.enter_context(new_database(server))
        directory = tmp_path_factory.mktemp("repeated")
        yield stack.enter_context(running_product(directory, **environment))


def an_order(product: Node, **more: Any) -> str:
    placed = product.post(f"{V5}/productOrder", partner_order() | more)
    assert placed.status_code == 201, placed.text
    return str(placed.json()["id"])


def an_ended_order(product: Node) -> str:
    """A draft that was given up: it can be removed, and v4 shows it."""
    order_id = an_order(product, requestedInitialState="draft")
    assert product.post(f"{ORDERS}/{order_id}/cancel", {"reason": "not wanted"}).status_code == 202
    return order_id


def a_callback() -> dict[str, str]:
    return {"callback": f"https://93.184.215.14/{uuid4()}"}


def a_listener(product: Node, api: str) -> str:
    return str(product.post(f"{api}/hub", a_callback()).json()["id"])


def ordered(customer: str, api: str) -> dict[str, Any]:
    if api == V5:
        return partner_order(customer)
    return {
        "relatedParty": [{"id": customer, "role": "Customer", "@referredType": "Customer"}],
        "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "po_tv_basic"}}],
    }


Pair = tuple[Sent, Sent]


def creating(product: Node, api: str) -> Pair:
    first, other = (Sent("POST", f"{api}/productOrder", ordered(name, api)) for name in ("C12345", "C12346"))
    return first, other


def patching(product: Node, api: str) -> Pair:
    path = f"{api}/productOrder/{an_order(product, note=[])}"
    first, other = (
        Sent("PATCH", path, [{"op": "add", "path": "/note/-", "value": {"@type": "Note", "text": text}}], JSON_PATCH)
        for text in ("call first", "ring twice")
    )
    return first, other


def patching_with_a_test(product: Node, api: str) -> Pair:
    """A patch whose test does not hold any more once it was applied."""
    path = f"{api}/productOrder/{an_order(product, description='before')}"
    first, other = (
        Sent(
            "PATCH",
            path,
            [
                {"op": "test", "path": "/description", "value": "before"},
                {"op": "replace", "path": "/description", "value": text},
            ],
            JSON_PATCH,
        )
        for text in ("after", "later")
    )
    return first, other


def patching_nothing(product: Node, api: str) -> Pair:
    """A patch that asks for what is there already."""
    path = f"{api}/productOrder/{an_order(product, description='before')}"
    first, other = (Sent("PATCH", path, {"description": text}) for text in ("before", "after"))
    return first, other


def deleting(product: Node, api: str) -> Pair:
    first, other = (Sent("DELETE", f"{api}/productOrder/{an_ended_order(product)}") for _ in range(2))
    return first, other


def cancelling(product: Node, api: str) -> Pair:
    order = {"productOrder": {"id": an_order(product)}}
    path = f"{api}/cancelProductOrder"
    return Sent("POST", path, order), Sent("POST", path, order | {"cancellationReason": "another"})


def registering(product: Node, api: str) -> Pair:
    return Sent("POST", f"{api}/hub", a_callback()), Sent("POST", f"{api}/hub", a_callback())


def unregistering(product: Node, api: str) -> Pair:
    first, other = (Sent("DELETE", f"{api}/hub/{a_listener(product, api)}") for _ in range(2))
    return first, other


def cancelling_canonically(product: Node, api: str) -> Pair:
    path = f"{ORDERS}/{an_order(product)}/cancel"
    return Sent("POST", path, {"reason": "no longer wanted"}), Sent("POST", path, {"reason": "another"})


ON_TMF: tuple[Callable[[Node, str], Pair], ...] = (
    creating,
    patching,
    patching_with_a_test,
    patching_nothing,
    deleting,
    cancelling,
    registering,
    unregistering,
)
CHANGES: Mapping[str, tuple[Callable[[Node, str], Pair], str]] = {
    **{f"{make.__name__}-{api.rpartition('/')[2]}": (make, api) for make in ON_TMF for api in (V5, V4)},
    "cancelling-canonical": (cancelling_canonically, ""),
}
EACH = pytest.mark.parametrize(("make", "api"), CHANGES.values(), ids=CHANGES.keys())


@EACH
def test_the_same_key_and_body_get_the_first_answer_and_another_body_is_refused(
    product: Node, make: Callable[[Node, str], Pair], api: str
) -> None:
    (first, other), key = make(product, api), str(uuid4())
    answer = first.send(product, key)
    assert answer.ok, answer.text
    for _ in range(2):
        assert answer_of(first.send(product, key)) == answer_of(answer)
        refused = other.send(product, key)
        assert (refused.status_code, refused.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert other.send(product, f"{key}-2").status_code in (answer.status_code, 404, 409), "a key of its own"


SECOND = {
    "creating": (201, None),
    "patching": (200, None),
    "patching_with_a_test": (409, "PATCH_TEST_FAILED"),
    "patching_nothing": (200, None),
    "deleting": (404, "ORDER_NOT_FOUND"),
    "cancelling": (409, "INVALID_TRANSITION"),
    "registering": (409, "LISTENER_EXISTS"),
    "unregistering": (404, "LISTENER_NOT_FOUND"),
    "cancelling_canonically": (409, "INVALID_TRANSITION"),
}
"""What asking for the same a second time comes to when nothing says that it is a repeat."""


@EACH
def test_without_a_key_the_same_is_asked_for_twice(product: Node, make: Callable[[Node, str], Pair], api: str) -> None:
    first, _ = make(product, api)
    assert first.send(product).ok
    second = first.send(product)
    assert (second.status_code, None if second.ok else second.json()["code"]) == SECOND[make.__name__]


@EACH
def test_of_repeats_at_once_one_is_done_and_all_get_its_answer(
    product: Node, make: Callable[[Node, str], Pair], api: str
) -> None:
    for _ in range(3):
        (first, _), key = make(product, api), str(uuid4())
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _, sent=first, same=key: answer_of(sent.send(product, same)), range(8)))
        assert answers[0][0] < 300, answers[0][1]
        assert answers == answers[:1] * 8


def notes(product: Node, path: str) -> list[str]:
    return [note["text"] for note in product.get(path).json()["note"]]


@BOTH
def test_a_note_that_is_sent_again_with_its_key_is_there_once(product: Node, api: str) -> None:
    first, other = patching(product, api)
    for _ in range(2):
        assert first.send(product, f"note-{first.path}").status_code == 200
    assert notes(product, first.path) == ["call first"]
    assert first.send(product).ok
    assert notes(product, first.path) == ["call first", "call first"]
    assert other.send(product).ok
    again = first.send(product, f"note-{first.path}")
    assert [note["text"] for note in again.json()["note"]] == ["call first"], "as it was at first"
    assert notes(product, first.path) == ["call first", "call first", "ring twice"]


@BOTH
def test_a_patch_that_changed_nothing_changes_nothing_when_it_is_sent_again(product: Node, api: str) -> None:
    (first, other), key = patching_nothing(product, api), str(uuid4())
    answer = first.send(product, key)
    assert other.send(product).json()["description"] == "after"
    assert answer_of(first.send(product, key)) == answer_of(answer)
    assert product.get(first.path).json()["description"] == "after"


@BOTH
def test_a_cancellation_that_is_sent_again_is_its_own_task(product: Node, api: str) -> None:
    (first, _), key = cancelling(product, api), str(uuid4())
    task = first.send(product, key).json()
    assert first.send(product, key).json() == task
    found = product.get(first.path, params={"productOrder.id": first.body["productOrder"]["id"]})
    assert [one["id"] for one in found.json()] == [task["id"]]


@BOTH
def test_the_same_steps_as_another_kind_of_patch_are_another_request(product: Node, api: str) -> None:
    address, key = f"{api}/productOrder/{an_order(product)}", str(uuid4())
    steps = [{"op": "add", "path": "/description", "value": "for the lobby"}]
    assert Sent("PATCH", address, steps, JSON_PATCH).send(product, key).status_code == 200
    answer = Sent("PATCH", address, steps, "application/json-patch-query+json").send(product, key)
    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


@BOTH
def test_a_refused_request_leaves_its_key_free(product: Node, api: str) -> None:
    order_id, key = an_order(product), str(uuid4())
    wrong = Sent("POST", f"{api}/cancelProductOrder", {"productOrder": {"id": "none"}})
    assert wrong.send(product, key).status_code == 404
    right = Sent("POST", f"{api}/cancelProductOrder", {"productOrder": {"id": order_id}})
    assert right.send(product, key).status_code == 201


def of_partner(quantity: int) -> dict[str, Any]:
    order = partner_order()
    return order | {"productOrderItem": [item | {"quantity": quantity} for item in order["productOrderItem"]]}


def of_v4(quantity: int) -> dict[str, Any]:
    return of_partner(quantity) | {"relatedParty": [{"id": "C12345", "role": "Customer", "@referredType": "Customer"}]}


def of_portal(quantity: int) -> dict[str, Any]:
    return {"customerId": "C12345", "items": [{"sku": "SKU123", "quantity": quantity}]}


@pytest.mark.parametrize(
    ("path", "of"),
    [(f"{V5}/productOrder", of_partner), (f"{V4}/productOrder", of_v4), (ORDERS, of_portal)],
    ids=["v5", "v4", "portal"],
)
def test_an_equal_order_without_a_key_is_told_to_repeat_the_first(
    product: Node, path: str, of: Callable[[int], dict[str, Any]]
) -> None:
    def place(quantity: int, **headers: str) -> requests.Response:
        answer = product.post(path, of(quantity), headers={"Prefer": "respond-async", **headers})
        assert answer.status_code in (201, 202), answer.text
        return answer

    first = place(41)
    again = place(41)
    assert "X-Repeats" not in first.headers
    assert again.headers["X-Repeats"] == first.json()["id"] != again.json()["id"]
    assert place(41).headers["X-Repeats"] == again.json()["id"]
    for other in (place(41, **{"Idempotency-Key": uuid4().hex}), place(42)):
        assert "X-Repeats" not in other.headers
