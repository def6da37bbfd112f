"""HTTP connections with a time limit for the whole answer.

The read timeout of requests and urllib3 limits the wait for each piece of an answer, so a server that sends a byte now
and then blocks its caller for ever. Here the timeout limits the whole answer, from its first header to the end of its
body. The deadline of the current work limits it too, including the time for connecting.
"""

import http.client
import io
import socket
from math import inf
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from canonical.shared.deadline import seconds_left


class Transport(HTTPAdapter):
    """Sends requests; an answer that is not whole within the read timeout ends as any other read timeout."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}


class _Until(io.RawIOBase):
    """What comes from the socket within its present timeout, all reads together."""

    def __init__(self, connected: socket.socket) -> None:
        timeout = connected.gettimeout()
        self._socket = connected
        self._raw = connected.makefile("rb", buffering=0)
        self._until = monotonic() + min(inf if timeout is None else timeout, seconds_left())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the answer was not complete in time")
        self._socket.settimeout(None if left == inf else left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """Made once the request is sent; urllib3 has then set the socket's timeout to the read timeout."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Until(sock))


class _Connection(HTTPConnection):
    response_class = _Answer


class _TlsConnection(HTTPSConnection):
    response_class = _Answer


class Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
