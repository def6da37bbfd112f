"""Files at other addresses: fetched only from where the operator allows, and from nowhere that these lead to.

An address must begin with one of the allowed prefixes, and its host must have an address that may be connected to. The
connection goes to the very address that was looked at, so that a name which leads elsewhere a moment later changes
nothing. Redirects are not followed, nothing is unpacked, and a file has a greatest size and a longest time.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from canonical.catalog.errors import FileRefused
from canonical.processes.signs_of_life import at_work

BLOCK = 64 * 1024
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
LONGEST_SECONDS = 600.0
PORTS = {"http": 80, "https": 443}

Permits = Callable[[ipaddress.IPv4Address | ipaddress.IPv6Address], bool]


@dataclass(frozen=True)
class Sources:
    """`prefixes` are beginnings of addresses; `permits` says which addresses of hosts may be connected to."""

    prefixes: tuple[str, ...]
    permits: Permits
    seconds: float = LONGEST_SECONDS

    def content(self, url: str) -> Iterator[bytes]:
        """The file, block by block. Raises FileRefused."""
        parts = self._allowed(url)
        until = monotonic() + self.seconds
        try:
            with _answer(parts, self._address(parts)) as answer:
                _check(answer)
                while block := answer.read(BLOCK):
                    at_work()
                    if monotonic() > until:
                        raise FileRefused(f"the file did not come within {self.seconds:.0f} s")
                    yield block
                if answer.length:
                    raise FileRefused("the file was cut off")
        except (OSError, http.client.HTTPException) as error:
            raise FileRefused(f"the file cannot be fetched: {type(error).__name__}") from error

    def _allowed(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            known = parts.scheme in PORTS and parts.hostname and parts.port != 0 and not parts.username
        except ValueError:
            known = False
        # What other readers of the address might resolve differently is not compared with a prefix.
        plain = url.isascii() and url.isprintable() and not {"\\", " ", "#"} & set(url)
        if not (known and plain and self._begins(parts)):
            raise FileRefused(self._told())
        return parts

    def _begins(self, parts: SplitResult) -> bool:
        if {"..", "."} & set(parts.path.replace("%2e", ".").replace("%2E", ".").split("/")):
            return False
        return any(_is_below(parts, urlsplit(prefix)) for prefix in self.prefixes)

    def _told(self) -> str:
        ours = "upload it to /api/v1/catalog-files/{name} and give that address, beginning as you reach us"
        if not self.prefixes:
            return f"the file is at an address that is not allowed: {ours} (CATALOG_IMPORT_SOURCES allows no other)"
        return f"the file is at an address that is not allowed: {ours}, or use one of {', '.join(self.prefixes)}"

    def _address(self, parts: SplitResult) -> str:
        assert parts.hostname is not None
        found = socket.getaddrinfo(parts.hostname, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        if not addresses or not all(self.permits(ipaddress.ip_address(one)) for one in addresses):
            raise FileRefused("the host of the file has no public address, and is in no network of CALLBACK_NETWORKS")
        return addresses[0]


def _is_below(parts: SplitResult, allowed: SplitResult) -> bool:
    """By scheme, host and port as a whole, and by the path up to a slash."""
    place = (parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme])
    if place != (allowed.scheme, allowed.hostname, allowed.port or PORTS.get(allowed.scheme)):
        return False
    folder = allowed.path if allowed.path.endswith("/") else f"{allowed.path}/"
    return parts.path == allowed.path or parts.path.startswith(folder)


@contextmanager
def _answer(parts: SplitResult, address: str) -> Iterator[http.client.HTTPResponse]:
    assert parts.hostname is not None
    port = parts.port or PORTS[parts.scheme]
    connected = socket.create_connection((address, port), CONNECT_SECONDS)
    with closing(connected):
        connected.settimeout(SILENCE_SECONDS)
        if parts.scheme == "https":
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=parts.hostname)
        connection = http.client.HTTPConnection(parts.netloc, port)
        connection.sock = connected
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("GET", target, headers={"Accept-Encoding": "identity", "Connection": "close"})
        with closing(connection.getresponse()) as answer:
            yield answer


def _check(answer: http.client.HTTPResponse) -> None:
    if 300 <= answer.status < 400:
        raise FileRefused("the address leads to another one; give the one where the file is")
    if answer.status != 200:
        raise FileRefused(f"the host of the file answered {answer.status}")
    if answer.getheader("Content-Encoding", "identity").lower() != "identity":
        raise FileRefused("the file came packed, which nobody asked for")
