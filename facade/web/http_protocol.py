"""The HTTP/1.1 protocol of the server: uvicorn's protocol over llhttp (httptools), corrected to follow RFC 9112.

Without these corrections, uvicorn 0.54 with httptools 0.9
- ends a message with an `Upgrade` header at its headers and reads the body as the next request;
- adds trailers to the headers;
- writes its own 400, in plain text, before the answers to the requests ahead of the malformed one;
- accepts HTTP/0.9 and HTTP/2.0 in a request line;
- waits for ever for the rest of a request, and accepts headers and trailers without a limit;
- does not answer a client that has sent everything and closed its side of the connection.

A malformed message is handed to the application in its turn, with the refusal in its scope; then the connection closes.
docs/decisions/0021 says why this parser and not another one.
"""

import asyncio
import re
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from facade.answers import ErrorAnswer
from facade.web.request_guard import HEADERS, HEADERS_TOO_LARGE, REFUSAL
from facade.web.unreadable import (
    HEAD_BYTES,
    MESSAGE_BYTES,
    MESSAGE_SECONDS,
    OTHER_VERSION,
    PATH_BYTES,
    PIPELINED,
    TOO_LONG_URL,
    TOO_MANY,
    TOO_MUCH,
    TOO_SLOW,
    UNKNOWN_METHOD,
    URL_BYTES,
    VERSIONS,
    malformed,
    malformed_by,
    path_of,
)
from facade.web.wsgi_bridge import ENDING

REQUEST_LINE = re.compile(rb"(?:\r\n)*[!#$%&'*+.^_`|~0-9A-Za-z-]+ (\S+) HTTP/\d")


class Refused(Exception):
    """Raised inside a callback of the parser, which ends there."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.detail)
        self.answer = answer


class Cycle(RequestResponseCycle):
    """One request and its answer. `broken` says why the rest of its body will never come."""

    broken: str | None = None

    async def receive(self) -> Any:
        """As ASGI says; a body that is broken ends with `http.disconnect` and a `reason`."""
        message = await super().receive() if self.broken is None else None
        return message if self.broken is None else {"type": "http.disconnect", "reason": self.broken}

    def give_up(self, reason: str) -> None:
        """Let the application answer without the rest of the body, and close after that."""
        self.broken = reason
        self.keep_alive = False
        self.message_event.set()


class ExpectingCycle(Cycle):
    """The client waits for `100 Continue` before it sends the body."""

    async def send(self, message: Any) -> None:
        if self.waiting_for_100_continue and self.more_body:
            # Refused without reading. The client may still send the body or not, so the next bytes cannot be
            # interpreted.
            self.keep_alive = False
        await super().send(message)


class HttpProtocol(HttpToolsProtocol):
    """One connection."""

    message_seconds = MESSAGE_SECONDS
    cycle: Cycle

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.app_state.setdefault(ENDING, asyncio.Event())
        self.url = b""
        self._incomplete = False
        self._in_head = False
        self._received = 0
        self._begun = 0
        self._deaf = False
        self._deadline: asyncio.TimerHandle | None = None

    # The connection

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self.app_state[ENDING].set()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        first = not self._incomplete
        self._begun = 0
        try:
            self._feed(data)
            self._received += len(data)
            self._check_length()
        except Refused as refused:
            self._refuse(refused.answer)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, Refused):
                raise  # a defect of ours: the loop logs it and closes the connection
            self._refuse(error.__context__.answer)
        except httptools.HttpParserError as error:
            # For a request with an unknown method, the parser gives nothing, not even the address.
            line = REQUEST_LINE.match(data) if first and self._begun == 1 and not self.url else None
            self.url = line[1] if line else self.url
            self._refuse(malformed_by(error))
        if self._incomplete and self._deadline is None and not self._deaf:
            self._watch()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio allows either
        """A client that has sent all and closes its side is still answered."""
        if self._incomplete and not self._deaf:
            self._refuse(malformed("the connection closed before it was complete"))
        if self.cycle is None or self.cycle.response_complete:
            return False
        self._deaf = True
        self.cycle.keep_alive = False
        return True

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                [begin_of_rest] = upgrade.args
                if self.parser.get_method() == b"CONNECT":
                    raise Refused(UNKNOWN_METHOD) from None
                # A declined upgrade changes nothing (RFC 9110 section 7.8): read the message once more without it, then
                # its body as usual.
                data = self._head_without_upgrade() + data[begin_of_rest:]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def _head_without_upgrade(self) -> bytes:
        line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = [b"%b: %b" % field for field in self.headers if field[0] != b"upgrade"]
        return b"\r\n".join([line, *fields, b"", b""])

    def _check_length(self) -> None:
        if self._incomplete and self._received > (HEAD_BYTES if self._in_head else MESSAGE_BYTES):
            raise Refused(HEADERS_TOO_LARGE if self._in_head else TOO_MUCH)

    # The deadline of a request

    def _watch(self) -> None:
        self._deadline = self.loop.call_later(self.message_seconds, self._too_slow)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self.flow.read_paused:  # it is we who do not read
            self._watch()
        elif self._incomplete:
            self._refuse(TOO_SLOW)
        elif self.cycle is None:
            self.transport.close()

    # What the parser finds

    def on_message_begin(self) -> None:
        self._unset_keepalive_if_required()
        super().on_message_begin()
        self._incomplete = self._in_head = True
        self._received = 0
        self._begun += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            if len(self.headers) >= HEADERS:
                raise Refused(HEADERS_TOO_LARGE)
            super().on_header(name, value)
        # Otherwise it is a trailer. We use no trailers, and the checks of headers have run already.

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        version = self.parser.get_http_version()
        if version not in VERSIONS:
            raise Refused(OTHER_VERSION)
        if len(self.url) > URL_BYTES:
            raise Refused(TOO_LONG_URL)
        if len(self.pipeline) >= PIPELINED:
            raise Refused(TOO_MANY)
        path, query = self._target()
        scope = {
            **self.scope,
            "method": self.parser.get_method().decode("ascii"),
            "http_version": version,
            "path": self.root_path + unquote(path.decode("ascii")),
            "raw_path": self.root_path.encode("ascii") + path,
            "query_string": query,
        }
        self._in_head = False
        self._begin(scope, keep_alive=version == "1.1" and self.parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        if not self.parser.should_upgrade():
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._incomplete = False
        self._unwatch()
        super().on_message_complete()

    def _target(self) -> tuple[bytes, bytes]:
        """Path and query of the request target (RFC 9112 section 3.2)."""
        try:
            parsed = httptools.parse_url(self.url)
        except httptools.HttpParserInvalidURLError:
            raise Refused(malformed("its address cannot be read")) from None
        if parsed.host is not None:
            authority = parsed.host if parsed.port is None else b"%b:%d" % (parsed.host, parsed.port)
            hosts = [value.lower() for name, value in self.headers if name == b"host"]
            if parsed.userinfo is not None or hosts != [authority.lower()]:
                raise Refused(malformed("the request line names another host than the header Host"))
        path = parsed.path or b"/"
        if len(path) > PATH_BYTES:
            raise Refused(TOO_LONG_URL)
        return path, parsed.query or b""

    # Turns

    def _begin(self, scope: Any, *, keep_alive: bool) -> None:
        """Have the application answer a request, after those before it on this connection."""
        before = self.cycle
        kind = ExpectingCycle if self.expect_100_continue else Cycle
        self.cycle = kind(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _refuse(self, answer: ErrorAnswer) -> None:
        """Answer for the message at hand in its turn, read nothing more, and close after that."""
        self._deaf = True
        self._unwatch()
        if not self._in_head and self._incomplete:
            if self.cycle.response_complete:
                self.transport.close()
            else:
                self.cycle.give_up(answer.detail)
            return
        if not self._incomplete:
            self.on_message_begin()
        path = path_of(self.url)
        told = {
            "method": "?",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "extensions": {REFUSAL: answer},
        }
        self.expect_100_continue = False
        self._begin(self.scope | told, keep_alive=False)
        self.cycle.more_body = False
        self.cycle.message_event.set()
