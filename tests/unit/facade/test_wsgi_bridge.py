"""What of an ASGI request a WSGI application gets to see."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from connexion.middleware.abstract import ROUTING_CONTEXT

from facade.contract.bodies import BODY_LIMIT
from facade.contract.violations import BodyTooLarge, MalformedBody
from facade.web.methods import MethodTable
from facade.web.threads import Queue
from facade.web.wsgi_bridge import ENDING, WsgiBridge


def scope_of(headers: Iterable[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/orders",
        "query_string": b"",
        "headers": list(headers),
        "http_version": "1.1",
        "extensions": {ROUTING_CONTEXT: {"operation_id": "x", "api_base_path": ""}},
    }


def answered(_: Any, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("204 No Content", [])
    return []


def seen(*messages: dict[str, Any], headers: Iterable[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    """The WSGI environment of a POST, with its body as `body`."""
    environ: dict[str, Any] = {}
    waiting = list(messages or ({"type": "http.request"},))

    def application(given: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ.update(given, body=given["wsgi.input"].read())
        start_response("204 No Content", [])
        return []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        pass

    bridge = WsgiBridge(application, 1, MethodTable(), 20, Queue(1, 10))
    asyncio.run(bridge(scope_of(headers), receive, send))
    return environ


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_pieces_is_one_body_with_its_length() -> None:
    environ = seen(part(b"grant_", True), part(b"type=x", False), headers=[(b"transfer-encoding", b"chunked")])
    assert (environ["body"], environ["CONTENT_LENGTH"]) == (b"grant_type=x", "12")


def test_a_body_that_was_cut_off_is_not_worked_on() -> None:
    with pytest.raises(MalformedBody):
        seen(part(b"grant_type=x", True), {"type": "http.disconnect"})


def test_a_body_without_end_is_refused_at_the_limit() -> None:
    with pytest.raises(BodyTooLarge):
        seen(*[part(b"x" * 65536, True)] * (BODY_LIMIT // 65536 + 1))


def test_a_header_written_with_underscores_is_not_taken_for_another() -> None:
    sent = [(b"if_match", b'"1"'), (b"idempotency_key", b"x"), (b"idempotency-key", b"y"), (b"content_type", b"z")]
    environ = seen(headers=sent)
    assert environ["HTTP_IDEMPOTENCY_KEY"] == "y"
    assert not {"HTTP_IF_MATCH", "CONTENT_TYPE"} & environ.keys()


@pytest.mark.parametrize("ends", ["the wait", "the server"])
def test_a_request_waits_until_it_need_not_or_the_server_ends(ends: str) -> None:
    """A reader of events would keep a server from ending for as long as it waits."""
    sent: list[Any] = []
    left: list[str] = []

    async def asking() -> None:
        server, events = asyncio.Event(), asyncio.Event()

        async def wait(scope: Any) -> None:
            try:
                await events.wait()
            finally:
                left.append("the wait")

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = scope_of() | {"state": {ENDING: server}}
        bridge = WsgiBridge(answered, 1, MethodTable(), 20, Queue(1, 10), waits={("", "x"): wait})
        request = asyncio.ensure_future(bridge(scope, receive, send))
        for _ in range(8):
            await asyncio.sleep(0)
        assert not sent
        (server if ends == "the server" else events).set()
        await request

    asyncio.run(asking())
    assert [message.get("status") for message in sent] == [204, None]
    assert left == ["the wait"]


def test_a_wait_that_fails_fails_its_request() -> None:
    async def wait(scope: Any) -> None:
        raise BodyTooLarge(BODY_LIMIT)

    async def nothing(*_: Any) -> Any:
        return None

    bridge = WsgiBridge(answered, 1, MethodTable(), 20, Queue(1, 10), waits={("", "x"): wait})

    async def asking() -> None:
        await bridge(scope_of() | {"state": {ENDING: asyncio.Event()}}, nothing, nothing)

    with pytest.raises(BodyTooLarge):
        asyncio.run(asking())
