"""Bytes of one connection and what the application and the client get of them, however they are cut into segments."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from facade.web.http_protocol import HttpProtocol
from facade.web.request_guard import RequestGuard
from facade.web.unreadable import PIPELINED
from facade.web.wsgi_bridge import ENDING

HOST = b"Host: x\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
EVIL = b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /p HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


def post(*headers: bytes, body: bytes = b"hello", line: bytes = b"POST /p HTTP/1.1") -> bytes:
    fields = [line, b"Host: x", *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*fields, b"", b""]) + body


def get(*headers: bytes, line: bytes = b"GET /p HTTP/1.1") -> bytes:
    return b"\r\n".join([line, b"Host: x", *headers, b"", b""])


class Transport(asyncio.Transport):
    """Keeps what is written, and what becomes of the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.reading_paused = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading_paused = True

    def resume_reading(self) -> None:
        self.reading_paused = False


@dataclass
class Application:
    """Echoes each request; answers to `/slow…` wait until they are let go, `/unread` is answered without its body."""

    seen: list[str] = field(default_factory=list)
    scopes: list[Any] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope["path"])
        self.scopes.append(scope)
        body, more, reason = b"", scope["path"] != "/unread", None
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                reason = message.get("reason", "gone")
                break
            body += message["body"]
            more = message["more_body"]
        if scope["path"].startswith("/slow"):
            await self.let_go.wait()
        names = sorted(name.decode() for name, _ in scope["headers"])
        told = {"path": scope["path"], "query": scope["query_string"].decode(), "body": body.decode("latin1")}
        content = json.dumps(told | {"method": scope["method"], "names": names, "broken": reason}).encode()
        headers = [(b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 400 if reason else 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def short(self) -> Any:
        """The path and body of the echoed request, or the status and code of a refusal."""
        if self.status == 200:
            return self.body["path"], self.body["body"]
        return self.status, self.body.get("code", "broken") if self.body else ""


def parsed(written: bytes) -> list[Answer]:
    """The answers on the wire, one after the other, with nothing between and behind them."""
    answers = []
    while written:
        head, _, rest = written.partition(b"\r\n\r\n")
        version, status, *_ = head.split(b" ")
        assert version == b"HTTP/1.1", written
        lines = [line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:]]
        headers = {name.lower(): value for name, value in lines}
        length = int(headers.get("content-length", "0"))
        answers.append(Answer(int(status), headers, json.loads(rest[:length]) if length else None))
        written = rest[length:]
    return answers


@dataclass
class Connection:
    """One connection to a server that runs in the test's own loop."""

    application: Application
    protocol: HttpProtocol
    transport: Transport

    @classmethod
    def made(cls, kind: type[HttpProtocol] = HttpProtocol) -> "Connection":
        application = Application()
        config = uvicorn.Config(RequestGuard(application), http=kind, ws="none", log_config=None, access_log=False)
        protocol, transport = kind(config=config, server_state=ServerState(), app_state={}), Transport()
        protocol.connection_made(transport)
        return cls(application, protocol, transport)

    async def send(self, *segments: bytes) -> None:
        for segment in segments:
            if not self.transport.closed:
                self.protocol.data_received(segment)
            await self.settle()

    async def settle(self) -> None:
        for _ in range(8):
            await asyncio.sleep(0)

    @property
    def answers(self) -> list[Answer]:
        return parsed(self.transport.written)


def talk(segments: Iterable[bytes]) -> tuple[list[Answer], bool, list[str]]:
    """The answers, whether the server closed the connection, and the paths that the application saw."""

    async def talking() -> tuple[list[Answer], bool, list[str]]:
        connection = Connection.made()
        await connection.send(*segments)
        return connection.answers, connection.transport.closed, connection.application.seen

    return asyncio.run(talking())


def cuts(message: bytes) -> Iterable[list[bytes]]:
    """The message in one piece, byte by byte, and cut in two at each place."""
    yield [message]
    yield [message[i : i + 1] for i in range(len(message))]
    for place in range(1, len(message)):
        yield [message[:place], message[place:]]


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (post(H2C.rstrip(), body=EVIL), EVIL),
        (post(b"Connection: upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", body=EVIL), EVIL),
        (post(b"Upgrade: foo/1, bar", b"Connection: keep-alive, Upgrade", body=EVIL), EVIL),
        (post(b"Upgrade: h2c", b"Upgrade: websocket", b"Connection: Upgrade", b"Connection: x", body=EVIL), EVIL),
        (CHUNKED.replace(HOST, HOST + H2C) + b"5\r\nGET /\r\n0\r\n\r\n", b"GET /"),
        (get(H2C.rstrip()), b""),
        (post(b"Connection: Upgrade", b"Upgrade: h2c", b"Proxy-Connection: upgrade", body=b""), b""),
    ],
)
def test_an_offer_to_upgrade_changes_no_message(message: bytes, body: bytes) -> None:
    for segments in cuts(message + LAST):
        answers, closed, _ = talk(segments)
        assert [answer.short for answer in answers] == [("/p", body.decode()), ("/last", "")], segments
        assert "upgrade" not in answers[0].body["names"]
        assert closed


def test_an_offer_to_upgrade_with_the_last_request_of_a_connection_is_answered() -> None:
    answers, closed, _ = talk([post(b"Connection: close, Upgrade", b"Upgrade: h2c")])
    assert [answer.short for answer in answers] == [("/p", "hello")]
    assert closed


POST, GET = b"POST /p HTTP/1.1\r\n" + HOST, b"GET /p HTTP/1.1\r\n" + HOST
REFUSED = {
    # Where a message ends
    "length and chunked": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunked and length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    "length twice, the same": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    "length twice": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    "lengths in one": (POST + b"Content-Length: 5, 5\r\n\r\nhello", 400),
    "length with sign": (POST + b"Content-Length: +5\r\n\r\nhello", 400),
    "length in hex": (POST + b"Content-Length: 0x5\r\n\r\nhello", 400),
    "length of two words": (POST + b"Content-Length: 5 5\r\n\r\nhello", 400),
    "length too large": (POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\nhello", 400),
    "length empty": (POST + b"Content-Length: \r\n\r\nhello", 400),
    "length in other digits": (POST + b"Content-Length: \xd9\xa5\r\n\r\nhello", 400),
    "chunked, then a space before the colon": (
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "coding with NUL": (POST + b"Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n", 400),
    "coding with a vertical tab": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "coding unknown before chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "chunked in HTTP/1.0": (b"POST /p HTTP/1.0\r\n%bTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    # Headers
    "space before colon": (GET + b"X-A : 1\r\n\r\n", 400),
    "obs-fold": (GET + b"X-A: 1\r\n  folded\r\n\r\n", 400),
    "space before the first name": (b"GET /p HTTP/1.1\r\n Host: evil\r\n%b\r\n", 400),
    "NUL in value": (GET + b"X-A: a\0b\r\n\r\n", 400),
    "NUL in name": (GET + b"X\0A: b\r\n\r\n", 400),
    "bare CR": (GET + b"X-A: a\rX-B: b\r\n\r\n", 400),
    "bare LF": (GET + b"X-A: a\nX-B: b\r\n\r\n", 400),
    "no colon": (GET + b"XA\r\n\r\n", 400),
    "no name": (GET + b": x\r\n\r\n", 400),
    "name of other letters": (GET + "X-é: a\r\n\r\n".encode(), 400),
    "control character": (GET + b"X-A: a\x01b\r\n\r\n", 400),
    "Host twice": (GET + b"Host: y\r\n\r\n", 400),
    "no Host": (b"GET /p HTTP/1.1\r\n\r\n", 400),
    "too many headers": (GET + b"" + b"A: b\r\n" * 201 + b"\r\n", 431),
    "too much in headers": (GET + b"A: " + b"b" * 70_000 + b"\r\n\r\n", 431),
    # Request lines
    "no version": (b"GET /p\r\n%b\r\n", 505),
    "HTTP/0.9": (b"GET /p HTTP/0.9\r\n%b\r\n", 505),
    "HTTP/1.2": (b"GET /p HTTP/1.2\r\n%b\r\n", 505),
    "HTTP/2.0": (b"GET /p HTTP/2.0\r\n%b\r\n", 505),
    "HTTP/3": (b"GET /p HTTP/3\r\n%b\r\n", 505),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "http in lower case": (b"GET /p http/1.1\r\n%b\r\n", 400),
    "tab": (b"GET\t/p HTTP/1.1\r\n%b\r\n", 501),
    "space in the address": (b"GET /a b HTTP/1.1\r\n%b\r\n", 400),
    "space at the end": (b"GET /p HTTP/1.1 \r\n%b\r\n", 400),
    "LF after the line": (b"GET /p HTTP/1.1\n%b\r\n", 400),
    "other letters in the address": ("GET /é HTTP/1.1\r\n%b\r\n".encode(), 400),
    "NUL in the address": (b"GET /a\0b HTTP/1.1\r\n%b\r\n", 400),
    "no slash": (b"GET p HTTP/1.1\r\n%b\r\n", 400),
    "an authority": (b"GET evil:80 HTTP/1.1\r\n%b\r\n", 400),
    "another host": (b"GET http://evil/p HTTP/1.1\r\n%b\r\n", 400),
    "a user": (b"GET http://u@x/p HTTP/1.1\r\n%b\r\n", 400),
    "path too long": (b"GET /" + b"a" * 4_096 + b" HTTP/1.1\r\n%b\r\n", 414),
    "too many parameters": (b"GET /p?" + b"&" * 200 + b" HTTP/1.1\r\n%b\r\n", 400),
    "too long": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n%b\r\n", 414),
    "CONNECT": (b"CONNECT x:80 HTTP/1.1\r\n%b\r\n", 501),
    "CONNECT of a path": (b"CONNECT /p HTTP/1.1\r\n%bContent-Length: 5\r\n\r\nhello", 501),
    "unknown method": (b"FOO /p HTTP/1.1\r\n%b\r\n", 501),
    "method in lower case": (b"get /p HTTP/1.1\r\n%b\r\n", 501),
    "TLS": (b"\x16\x03\x01\x02\0%b\r\n", 501),
}


GOES_ON = {"coding unknown before chunked", "Host twice", "no Host", "too much in headers", "too many parameters"}
"""Refused by the gate; where the message ends is beyond doubt."""


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("before", [b"", get(line=b"GET /1 HTTP/1.1") + post(line=b"POST /2 HTTP/1.1")])
def test_what_is_no_request_is_refused_in_its_turn_and_ends_the_connection(name: str, before: bytes) -> None:
    message, status = REFUSED[name][0].replace(b"%b", HOST), REFUSED[name][1]
    pieces = [[before + message + LAST], [before, message, LAST]]
    if len(message) < 1_000:
        pieces.append([bytes([byte]) for byte in before + message + LAST])
    for segments in pieces:
        answers, closed, seen = talk(segments)
        assert closed
        assert ("/last" in seen) == (name in GOES_ON), segments
        if name in GOES_ON:
            assert answers.pop().short == ("/last", "")
        *earlier, refusal = answers
        assert [answer.short for answer in earlier] == [("/1", ""), ("/2", "hello")][: 2 if before else 0]
        assert refusal.status == status, segments
        if refusal.headers.get("content-type"):  # otherwise the application's own, of a body that broke off
            assert refusal.headers["content-type"] == "application/problem+json"
            assert refusal.body["instance"].startswith("urn:uuid:")
        assert name in GOES_ON or refusal.headers["connection"] == "close"


@pytest.mark.parametrize(
    "line", [b"FOO /tmf-api/productOrderingManagement/v5/productOrder HTTP/1.1", b"GET /tmf-api/x HTTP/1.1\r\nA : b"]
)
def test_on_tmf_addresses_a_refusal_has_their_form(line: bytes) -> None:
    [answer], _, _ = talk([get(line=line)])
    assert answer.headers["content-type"] == "application/json"
    assert (answer.body["@type"], answer.body["status"]) == ("Error", str(answer.status))


BODIES = {
    "extension": (b"3;a=b\r\nabc\r\n0\r\n\r\n", True),
    "leading zeros": (b"0003\r\nabc\r\n00\r\n\r\n", True),
    "extension with LF": (b"3;a\nabc\r\n0\r\n\r\n", False),
    "extension with CR": (b"3;a\rX\r\nabc\r\n0\r\n\r\n", False),
    "quoted extension with CRLF": (b'3;a="b\r\nc"\r\nabc\r\n0\r\n\r\n', False),
    "size beyond 64 bits": (b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n", False),
    "bare LF": (b"3\nabc\n0\n\n", False),
    "LF after the chunk": (b"3\r\nabc\n0\r\n\r\n", False),
    "bare CR": (b"3\rabc\r0\r\r", False),
    "too long": (b"3\r\nabcd\r\n0\r\n\r\n", False),
    "too short": (b"3\r\nab\r\n0\r\n\r\n", False),
    "hex prefix": (b"0x3\r\nabc\r\n0\r\n\r\n", False),
    "sign": (b"+3\r\nabc\r\n0\r\n\r\n", False),
    "space after the size": (b"3 \r\nabc\r\n0\r\n\r\n", False),
    "space before the size": (b" 3\r\nabc\r\n0\r\n\r\n", False),
    "no size": (b"\r\nabc\r\n0\r\n\r\n", False),
    "no end": (b"3\r\nabc\r\n0\r\n", False),
    "length in a trailer": (b"3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n", False),
    "trailer without colon": (b"3\r\nabc\r\n0\r\nbad trailer\r\n\r\n", False),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_in_chunks_is_read_exactly_or_breaks_off(name: str) -> None:
    chunks, sound = BODIES[name]
    for segments in cuts(CHUNKED + chunks + LAST):
        answers, closed, seen = talk(segments)
        assert closed
        if sound:
            assert [answer.short for answer in answers] == [("/p", "abc"), ("/last", "")], segments
        else:
            [answer] = answers
            assert answer.body["broken"].startswith("This is not an HTTP/1.1 request: ")
            assert answer.headers["connection"] == "close"
            assert seen == ["/p"], segments


def test_a_body_that_breaks_off_after_its_answer_ends_the_connection() -> None:
    answers, closed, _ = talk([CHUNKED.replace(b"/p", b"/unread"), b"zz\r\n", LAST])
    assert [answer.short for answer in answers] == [("/unread", "")]
    assert closed


def test_trailers_are_no_headers() -> None:
    trailers = b"Authorization: Bearer x\r\nHost: evil\r\nX-T: 1\r\n"
    for segments in cuts(CHUNKED + b"3\r\nabc\r\n0\r\n" + trailers + b"\r\n" + LAST):
        answers, _, _ = talk(segments)
        assert [answer.short for answer in answers] == [("/p", "abc"), ("/last", "")], segments
        assert answers[0].body["names"] == ["host", "transfer-encoding"]


def test_requests_in_one_segment_are_answered_in_their_order() -> None:
    async def talking() -> None:
        connection = Connection.made()
        slow = get(line=b"GET /slow1 HTTP/1.1") + post(line=b"POST /slow2 HTTP/1.1") + get(line=b"GET /3 HTTP/1.1")
        await connection.send(slow + LAST)
        assert connection.application.seen == ["/slow1"]
        connection.application.let_go.set()
        await connection.settle()
        shorts = [answer.short for answer in connection.answers]
        assert shorts == [("/slow1", ""), ("/slow2", "hello"), ("/3", ""), ("/last", "")]

    asyncio.run(talking())


def test_a_refusal_waits_for_the_answers_before_it() -> None:
    async def talking() -> None:
        connection = Connection.made()
        await connection.send(post(line=b"POST /slow HTTP/1.1") + b"BAD\r\n\r\n" + LAST)
        assert connection.transport.written == b""
        connection.application.let_go.set()
        await connection.settle()
        assert [answer.short for answer in connection.answers] == [("/slow", "hello"), (501, "UNKNOWN_METHOD")]
        assert connection.transport.closed

    asyncio.run(talking())


@pytest.mark.parametrize("more", [LAST, EVIL, b"\x00garbage"])
def test_nothing_after_the_last_request_of_a_connection_is_answered(more: bytes) -> None:
    for line in (b"GET /p HTTP/1.0", b"GET /p HTTP/1.1\r\nConnection: close"):
        answers, closed, seen = talk([get(line=line) + more])
        assert [answer.short for answer in answers] == [("/p", "")]
        assert seen == ["/p"]
        assert closed


def test_more_requests_than_can_wait_on_one_connection_are_turned_away() -> None:
    async def talking() -> None:
        connection = Connection.made()
        await connection.send(get(line=b"GET /slow HTTP/1.1") + get() * 10_000)
        assert len(connection.protocol.pipeline) <= PIPELINED + 1
        connection.application.let_go.set()
        for _ in range(PIPELINED):
            await connection.settle()
        *answered, refusal = [answer.short for answer in connection.answers]
        assert answered == [("/slow", ""), *[("/p", "")] * PIPELINED]
        assert refusal == (503, "OVERLOADED")
        assert connection.transport.closed

    asyncio.run(talking())


@pytest.mark.parametrize("target", [b"http://x/p?q=1", b"HTTP://X/p?q=1", b"/p?q=1", b"/p?q=1#fragment"])
def test_an_address_may_be_absolute(target: bytes) -> None:
    [answer], _, _ = talk([get(line=b"GET " + target + b" HTTP/1.1")])
    assert (answer.short, answer.body["query"]) == (("/p", ""), "q=1")


def test_a_server_as_a_whole_may_be_asked() -> None:
    [answer], _, _ = talk([get(line=b"OPTIONS * HTTP/1.1")])
    assert answer.short == ("*", "")


def test_what_is_just_within_the_limits_is_taken() -> None:
    line = b"GET /" + b"a" * 4_095 + b"?" + b"&" * 199 + b" HTTP/1.1"
    [answer], _, _ = talk([get(*[b"X: y"] * 199, line=line)])
    assert (answer.status, answer.body["query"]) == (200, "&" * 199)


class TestExpectations:
    ASKS = b"POST %b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"

    def test_a_client_that_waits_is_told_to_go_on(self) -> None:
        async def talking() -> None:
            connection = Connection.made()
            await connection.send(self.ASKS.replace(b"%b", b"/p"))
            assert connection.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
            await connection.send(b"hello", LAST)
            shorts = [answer.short for answer in connection.answers[1:]]
            assert shorts == [("/p", "hello"), ("/last", "")]

        asyncio.run(talking())

    def test_one_that_is_refused_before_may_send_its_body_or_not(self) -> None:
        """The connection ends, so that nobody has to guess which."""
        for following in (b"hello" + LAST, LAST):
            answers, closed, seen = talk([self.ASKS.replace(b"%b", b"/unread"), following])
            assert [answer.short for answer in answers] == [("/unread", "")]
            assert answers[0].headers["connection"] == "close"
            assert closed
            assert seen == ["/unread"]


class TestEndOfInput:
    @staticmethod
    def end(*segments: bytes, path: str = "/slow") -> tuple[list[Any], bool]:
        async def talking() -> tuple[list[Any], bool]:
            connection = Connection.made()
            await connection.send(*segments)
            stays = connection.protocol.eof_received()
            connection.transport.closed = connection.transport.closed or not stays
            connection.application.let_go.set()
            await connection.settle()
            return [answer.short for answer in connection.answers], connection.transport.closed

        return asyncio.run(talking())

    def test_who_has_sent_all_gets_its_answers(self) -> None:
        slow = get(line=b"GET /slow HTTP/1.1")
        assert self.end(slow + get()) == ([("/slow", ""), ("/p", "")], True)

    @pytest.mark.parametrize("part", [b"G", b"GET /p HTTP/1.1\r\nHost: x\r\n"])
    def test_a_part_of_a_request_is_refused(self, part: bytes) -> None:
        assert self.end(part) == ([(400, "MALFORMED_REQUEST")], True)

    @pytest.mark.parametrize("part", [post()[:-1], CHUNKED, CHUNKED + b"3\r\nabc\r\n"])
    def test_a_part_of_a_body_breaks_off(self, part: bytes) -> None:
        assert self.end(part) == ([(400, "broken")], True)

    @pytest.mark.parametrize("segments", [[], [get()]])
    def test_nobody_waits_for_more(self, segments: list[bytes]) -> None:
        assert self.end(*segments)[1]


class Hasty(HttpProtocol):
    message_seconds = 0.01


class TestDeadline:
    @staticmethod
    def wait(*segments: bytes) -> tuple[list[Any], bool]:
        async def talking() -> tuple[list[Any], bool]:
            connection = Connection.made(Hasty)
            await connection.send(*segments)
            await asyncio.sleep(0.1)
            return [answer.short for answer in connection.answers], connection.transport.closed

        return asyncio.run(talking())

    @pytest.mark.parametrize("part", [b"G", get()[:-2], get() + get()[:-2]])
    def test_a_request_that_does_not_come_to_its_end_is_refused(self, part: bytes) -> None:
        answers, closed = self.wait(part)
        assert answers[-1] == (408, "REQUEST_TIMEOUT")
        assert closed

    @pytest.mark.parametrize("part", [post()[:-1], CHUNKED])
    def test_a_body_that_does_not_come_to_its_end_breaks_off(self, part: bytes) -> None:
        assert self.wait(part) == ([(400, "broken")], True)

    def test_a_connection_on_which_nothing_comes_is_closed(self) -> None:
        assert self.wait() == ([], True)

    @pytest.mark.parametrize("segments", [[get()], [get(line=b"GET /slow HTTP/1.1")]])
    def test_a_complete_request_has_all_the_time_it_needs(self, segments: list[bytes]) -> None:
        assert self.wait(*segments)[1] is False

    def test_a_request_that_we_do_not_read_is_not_late(self) -> None:
        slow = get(line=b"GET /slow HTTP/1.1")
        assert self.wait(slow + post()[:-1]) == ([], False)


class TestSizes:
    def test_headers_without_end_are_not_waited_for(self) -> None:
        for segments in ([b"GET /p HTTP/1.1\r\n"] + [b"X-%d: %b\r\n" % (n, b"a" * 900) for n in range(200)],
                         [b"GET /p HTTP/1.1\r\nX: "] + [b"a" * 1000] * 200,
                         [b"GET /"] + [b"a" * 1000] * 200):  # fmt: skip
            [answer], closed, _ = talk(segments)
            assert answer.short == (431, "HEADERS_TOO_LARGE")
            assert closed

    @pytest.mark.parametrize(
        "endless", [b"1;" + b"a" * 9_000 + b"\r\nb\r\n", b"0\r\n" + b"X: " + b"a" * 9_000, b"0\r\n"]
    )
    def test_a_body_of_framing_only_is_not_taken_for_ever(self, endless: bytes) -> None:
        trailer = b"X: " + b"a" * 9_000 + b"\r\n"
        segments = [CHUNKED, *([endless] * 1_000 if endless.startswith(b"1") else [endless, *[trailer] * 1_000])]
        [answer], closed, _ = talk(segments)
        assert (answer.status, closed) == (400, True)
        assert "longer than" in answer.body["broken"]

    def test_what_follows_an_early_answer_is_passed_over_up_to_a_limit(self) -> None:
        unread = post(line=b"POST /unread HTTP/1.1", body=b"a" * 1_000_000)
        answers, _, _ = talk([unread[:1000], unread[1000:], LAST])
        assert [answer.short for answer in answers] == [("/unread", ""), ("/last", "")]
        huge = post(line=b"POST /unread HTTP/1.1", body=b"a" * 20_000_000)
        answers, closed, _ = talk([huge[:1000], *[huge[1000:1_001_000]] * 9])
        assert [answer.short for answer in answers] == [("/unread", "")]
        assert closed


def test_requests_learn_that_the_server_ends() -> None:
    async def talking() -> bool:
        connection = Connection.made()
        await connection.send(get(line=b"GET /slow HTTP/1.1"))
        ending = connection.application.scopes[0]["state"][ENDING]
        before = ending.is_set()
        connection.protocol.shutdown()
        connection.application.let_go.set()
        await connection.settle()
        assert connection.answers[0].status == 200
        assert connection.transport.closed
        return not before and ending.is_set()

    assert asyncio.run(talking())
