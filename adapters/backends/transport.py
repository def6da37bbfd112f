"""HTTP connections with a time limit for the whole answer.

The read timeout of requests and urllib3 limits the wait for each piece of an answer, so a server that sends a byte now
and then blocks its caller for ever. Here the timeout limits the whole answer, from its first header to the end of its
body. The deadline of the current work limits it too, including the time for connecting.
"""

import http.client
import io
import socket
import ssl
from collections.abc import Iterator
from math import inf
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ProxyError

from adapters.backends.settings import DIRECT, Route
from adapters.backends.tls_files import unusable_file
from canonical.shared.deadline import seconds_left

ANOTHER_HOST = (62, 64)
"""OpenSSL's codes for a certificate of another host name or address. Its texts name the host, which is nobody's
business.
"""


class Transport(HTTPAdapter):
    """Sends requests; an answer that is not whole within the read timeout ends as any other read timeout.

    `trouble`: why the last request found no connection, if TLS or the proxy is the cause.
    """

    def __init__(self, route: Route = DIRECT, **pools: Any) -> None:
        self._route = route
        self._verified_by = route.ca_bundle or True
        # The same file twice: if only one is named, urllib3 2.8 does not look whether the key has a password.
        self._client_cert = (route.client_cert, route.client_cert) if route.client_cert else None
        self._proxies = {"http": route.proxy, "https": route.proxy} if route.proxy else {}
        self.trouble: str | None = None
        super().__init__(**pools)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
        return manager

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The server of the connection, which may be a proxy, is checked by its scheme.

        requests 2.34 goes by `url`, the backend's: on the way to plain HTTP a proxy of https could be anybody.
        """
        super().cert_verify(conn, f"{conn.scheme}://", verify, cert)  # type: ignore[no-untyped-call]

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, *_: Any, **__: Any
    ) -> requests.Response:
        """By the route, whatever a session says. Raises what HTTPAdapter raises."""
        try:
            answer = super().send(request, stream, timeout, self._verified_by, self._client_cert, self._proxies)
        except requests.exceptions.SSLError as error:
            problem = unusable_file(self._route)
            self.trouble = problem or connection_trouble(error)
            if problem is None:
                raise
            raise requests.exceptions.SSLError(UnusableFile(problem), request=request) from error
        except (requests.RequestException, HTTPError) as error:
            self.trouble = connection_trouble(error)
            raise
        except OSError as error:  # requests 2.34 looks for the files before each request
            missing = MissingFile(unusable_file(self._route) or "a file of certificates cannot be used")
            self.trouble = str(missing)
            raise requests.exceptions.SSLError(missing, request=request) from error
        self.trouble = None
        return answer


class UnusableFile(Exception):
    """A file of the route cannot be used; the message says why."""


class MissingFile(UnusableFile):
    """Nothing was sent."""


def connection_trouble(error: BaseException) -> str | None:
    """Why TLS or the proxy is the cause of the error, in words; None if they are not."""
    for cause in _causes(error):
        if isinstance(cause, UnusableFile):
            return str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            other = cause.verify_code in ANOTHER_HOST
            return f"its certificate is not trusted: {'it is for another host' if other else cause.verify_message}"
        if isinstance(cause, ssl.SSLEOFError):
            return "TLS failed: the connection was closed"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f"TLS failed: {cause.reason.lower().replace('_', ' ')}"
        if isinstance(cause, ProxyError):
            return "the proxy gave us no connection"
    return None


def _causes(error: object) -> Iterator[BaseException]:
    """An error of requests or urllib3 with those inside it."""
    if not isinstance(error, BaseException):
        return
    yield error
    for inside in (getattr(error, "reason", None), *error.args, error.__cause__):
        yield from _causes(inside)


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
