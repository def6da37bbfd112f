"""One call to a backend: what is sent, what is read, when it is repeated."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import stamina
from structlog.contextvars import bound_contextvars
from structlog.testing import capture_logs

from adapters.backends.agreement import Agreement, Field, Free, Same
from adapters.backends.answers import BackendAnswer, needed, one_of, only
from adapters.backends.breaker import BreakerState
from adapters.backends.http import Backend, Timed, untimed
from adapters.backends.messages import LARGEST_ANSWER, Received
from adapters.backends.operation import BackendOperation
from adapters.backends.settings import BackendSettings
from adapters.backends.tokens import Tokens
from canonical.shared.errors import (
    BackendContractError,
    BackendContradiction,
    BackendRefused,
    BackendUnavailable,
    CanonicalError,
    OutcomeUnknown,
)
from tests.unit.backends.transport import Scene, Scripted, answer, token


class Thing(BackendAnswer):
    id = needed("thingId")
    status = one_of("on", "off")


ANY: dict[str, Field] = {"thingId": Free("any"), "status": Free("any")}
OURS: dict[str, Field] = {"thingId": Same("thingId", about=True), "status": Free("any")}
GET = BackendOperation("getThing", "GET", "/things/{thingId}", Thing(), Agreement(ANY))
GET_OURS = BackendOperation("getThing", "GET", "/things/{thingId}", Thing(), Agreement(OURS))
FIND = BackendOperation("findThings", "GET", "/things", Thing(many=True), Agreement(ANY, many=True))
MAKE = BackendOperation("makeThing", "POST", "/things", Thing(), Agreement(ANY))
FINE = {"thingId": "T1", "status": "on", "colour": "new in the next version"}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


def a_backend(
    *script: Scene, tokens: Scripted | None = None, timed: Timed = untimed, **settings: Any
) -> tuple[Backend, Scripted]:
    known = BackendSettings("http://crm/base/", "http://auth/token", "id", "secret", **settings)
    transport = Scripted(*script)
    service = Tokens(known.token_url, "id", "secret", (1, 1), transport=tokens or Scripted(token(), token("token-2")))
    return Backend("crm", known, service, transport, timed=timed), transport


def test_a_change_carries_its_key_its_token_and_its_body() -> None:
    backend, transport = a_backend(answer(201, FINE))
    with bound_contextvars(correlation_id="corr-1"):
        made = backend.call(MAKE, json={"name": "é"}, key="order:make")
    (asked,) = transport.asked
    assert made == {"id": "T1", "status": "on"}
    assert (asked.method, asked.url, asked.body) == ("POST", "http://crm/base/things", '{"name":"é"}'.encode())
    assert dict(asked.headers) == {
        "Accept": "application/json",
        "User-Agent": "tmf-facade",
        "Content-Type": "application/json",
        "Content-Length": "13",
        "Idempotency-Key": "order:make",
        "X-Correlation-Id": "corr-1",
        "X-Request-Timeout-Ms": "10000",
        "Authorization": "Bearer token-1",
    }


@pytest.mark.parametrize("correlation", ["a\r\nX-Evil: 1", "é", 7, None])
def test_a_correlation_id_that_is_no_header_stays_here(correlation: Any) -> None:
    backend, transport = a_backend(answer(200, FINE))
    with bound_contextvars(correlation_id=correlation):
        backend.call(GET, {"thingId": "T1"})
    assert "X-Correlation-Id" not in transport.asked[0].headers


@pytest.mark.parametrize(
    ("id_", "segment"),
    [("T 1", "T%201"), ("%0A", "%250A"), ("é?x#y", "%C3%A9%3Fx%23y"), ("...", "...")],
)
def test_an_id_stays_one_segment_of_the_path(id_: str, segment: str) -> None:
    backend, transport = a_backend(answer(200, FINE))
    backend.call(GET, {"thingId": id_})
    assert transport.asked[0].url == f"http://crm/base/things/{segment}"


@pytest.mark.parametrize("id_", ["", ".", "..", "a/", "/a", "a/../b", "a\\b", "a\nb", "a\x00", "\ud800"])
def test_what_no_backend_has_as_an_id_is_not_asked_for(id_: str) -> None:
    backend, transport = a_backend()
    with pytest.raises(BackendRefused) as refused:
        backend.call(GET, {"thingId": id_})
    assert refused.value.details["status"] == 404
    assert transport.asked == []


def test_a_query_is_encoded() -> None:
    backend, transport = a_backend(answer(200, []))
    assert backend.call(FIND, query={"reference": "a&b=c d/é"}) == []
    assert transport.asked[0].url == "http://crm/base/things?reference=a%26b%3Dc%20d%2F%C3%A9"


@pytest.mark.parametrize(
    ("operation", "body", "field"),
    [
        (GET, {"status": "on"}, "/thingId"),
        (GET, {"thingId": "", "status": "on"}, "/thingId"),
        (GET, {"thingId": 7, "status": "on"}, "/thingId"),
        (GET, {"thingId": "T1", "status": "unheard of"}, "/status"),
        (GET, None, ""),
        (GET, [], ""),
        (GET, b"{broken", ""),
        (GET, b"", ""),
        (GET, b" " * (LARGEST_ANSWER + 1), ""),
        (FIND, [FINE, {"thingId": "T2"}], "/1/status"),
        (FIND, {}, ""),
        (MAKE, {}, "/thingId"),
    ],
)
def test_an_answer_outside_the_contract_names_the_field(operation: BackendOperation, body: Any, field: str) -> None:
    backend, transport = a_backend(answer(200, body))
    with pytest.raises(BackendContractError) as broken:
        backend.call(operation, {"thingId": "T1"} if "{" in operation.path else None, key="k")
    assert dict(broken.value.details) == {
        "backend": "crm", "operation": operation.name, "status": 200, "field": field,
    }  # fmt: skip
    assert len(transport.asked) == 1


def test_a_redirect_is_not_followed() -> None:
    backend, transport = a_backend(answer(302, Location="http://elsewhere/"))
    with pytest.raises(BackendContractError):
        backend.call(GET, {"thingId": "T1"})
    assert len(transport.asked) == 1


def test_a_rejected_token_is_renewed_and_the_call_repeated_once() -> None:
    backend, transport = a_backend(answer(401), answer(201, FINE))
    backend.call(MAKE, json={}, key="k")
    assert [asked.headers["Authorization"] for asked in transport.asked] == ["Bearer token-1", "Bearer token-2"]


def test_a_backend_that_rejects_the_new_token_too_is_for_operators() -> None:
    backend, transport = a_backend(answer(401), answer(401))
    with pytest.raises(BackendUnavailable, match="client and permissions"):
        backend.call(MAKE, json={}, key="k")
    assert len(transport.asked) == 2


def test_without_a_token_nothing_is_sent() -> None:
    backend, transport = a_backend(tokens=Scripted(requests.ConnectionError()))
    with pytest.raises(BackendUnavailable, match="no access token"):
        backend.call(MAKE, json={}, key="k")
    assert transport.asked == []


DOWN = requests.ConnectTimeout
BUSY = {"code": "UNAVAILABLE", "message": "later"}
"""The backend's own 503; one without a code comes from a proxy, which may have lost the answer."""


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"thingId":"T1","status":"on","status":"off"}', "/status"),
        (b'{"thingId":"T1","status":"on","code":"X","code":"X"}', "/code"),
        (b'{"thingId":"T1","status":"on","code":"X","new":[{"n":1,"n":1}]}', "/new/0/n"),
        (b'{"thingId":"T1","status":"on","code":"X","n":%b}' % (b"9" * 1_001), "/n"),
        (b'{"thingId":"T1","status":"on","code":"X","n":1e9999}', "/n"),
    ],
)
def test_an_answer_that_two_readers_could_read_differently_is_outside_the_contract(
    status: int, body: bytes, field: str
) -> None:
    backend, _ = a_backend(answer(status, body))
    with pytest.raises(BackendContractError) as refused, capture_logs() as logs:
        backend.call(GET, {"thingId": "T1"})
    assert refused.value.details["field"] == field
    assert [entry["field"] for entry in logs if entry["event"] == "backend answered outside its contract"] == [field]


def test_a_backend_that_is_away_is_away_whatever_its_answer_says() -> None:
    backend, _ = a_backend(*(answer(503, b'{"a":1,"a":2}') for _ in range(3)))
    with pytest.raises(BackendUnavailable):
        backend.call(GET, {"thingId": "T1"})


def test_an_answer_to_an_effect_that_says_two_things_is_no_success() -> None:
    backend, _ = a_backend(answer(201, b'{"thingId":"T1","thingId":"T2","status":"on"}'))
    with pytest.raises(BackendContractError):
        backend.call(MAKE, json={}, key="k")


def test_numbers_in_an_answer_keep_every_digit() -> None:
    read = Received(200, b'{"n":[36893488147419103233,1.50]}', None).json()
    assert str(read) == "{'n': [36893488147419103233, Decimal('1.50')]}"


@pytest.mark.parametrize(
    ("operation", "key", "script", "raised", "sent"),
    [
        (GET, None, [DOWN(), answer(500), answer(200, FINE)], None, 3),
        (GET, None, [DOWN(), DOWN(), DOWN()], BackendUnavailable, 3),
        (GET, None, [answer(503, Retry_After="2")], BackendUnavailable, 1),
        (GET, None, [answer(404, {"code": "UNKNOWN_THING"})], BackendRefused, 1),
        (MAKE, "k", [DOWN(), answer(503, BUSY), answer(200, FINE)], None, 3),
        (MAKE, "k", [answer(503)], OutcomeUnknown, 1),
        (MAKE, "k", [answer(503, b"<h1>upstream connect error or disconnect/reset</h1>")], OutcomeUnknown, 1),
        (MAKE, "k", [answer(503, FINE)], OutcomeUnknown, 1),
        (GET, None, [answer(503), answer(200, FINE)], None, 2),
        (MAKE, "k", [DOWN(), answer(500)], OutcomeUnknown, 2),
        (MAKE, "k", [requests.ReadTimeout()], OutcomeUnknown, 1),
        (MAKE, None, [DOWN()], BackendUnavailable, 1),
    ],
)
def test_only_what_makes_no_difference_is_repeated(
    operation: BackendOperation, key: str | None, script: list[Any], raised: type[CanonicalError] | None, sent: int
) -> None:
    backend, transport = a_backend(*script)
    path = {"thingId": "T1"} if operation is GET else None
    if raised is None:
        assert backend.call(operation, path, key=key)["id"] == "T1"
    else:
        with pytest.raises(raised) as caught:
            backend.call(operation, path, key=key)
        assert type(caught.value) is raised
        assert caught.value.__cause__ is not None
    assert len(transport.asked) == sent


def test_a_node_that_leaves_repeats_nothing() -> None:
    backend, transport = a_backend(DOWN(), answer(200, FINE))
    backend.leave()
    with pytest.raises(BackendUnavailable):
        backend.call(GET, {"thingId": "T1"})
    assert len(transport.asked) == 1


def test_what_a_backend_writes_goes_to_the_log_only() -> None:
    backend, _ = a_backend(answer(500, {"message": "ORA-00942 at 10.0.0.7"}))
    with capture_logs() as logs, pytest.raises(OutcomeUnknown) as unknown:
        backend.call(MAKE, json={}, key="k")
    assert "ORA" not in f"{unknown.value}{dict(unknown.value.details)}"
    assert "ORA-00942" in logs[0]["answer"]


def test_a_failing_backend_is_spared_and_that_is_said() -> None:
    backend, transport = a_backend(*[DOWN()] * 3, breaker_threshold=3)
    with pytest.raises(BackendUnavailable):
        backend.call(GET, {"thingId": "T1"})
    assert backend.state is BreakerState.OPEN
    with pytest.raises(BackendUnavailable, match="keeps failing") as spared:
        backend.call(GET, {"thingId": "T1"})
    assert spared.value.details["retryAfter"] == 2
    assert len(transport.asked) == 3


def test_two_where_there_can_be_one_are_not_chosen_from() -> None:
    on, off = {"id": "T1", "status": "on"}, {"id": "T2", "status": "off"}
    assert only("crm", "find", [off, on], "on") == "T1"
    assert only("crm", "find", [off], "on") is None
    with pytest.raises(BackendContractError) as twice:
        only("crm", "find", [on, on | {"id": "T3"}], "on")
    assert twice.value.details["ids"] == ["T1", "T3"]


def test_who_writes_ids_otherwise_than_the_backend_does_not_have_it_spared() -> None:
    backend, _ = a_backend(*(answer(200, FINE) for _ in range(6)), breaker_threshold=2)
    for _ in range(6):
        with pytest.raises(BackendContradiction):
            backend.call(GET_OURS, {"thingId": "t1"})
    assert backend.state is BreakerState.CLOSED
