"""Sends one notification to the callback of its listener.

The name of the callback is looked up, every address of it is checked, and the connection goes to an address that was
checked: a name that leads somewhere else a moment later changes nothing. Redirects are not followed.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Lock
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit

import certifi
from urllib3 import HTTPConnectionPool, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from adapters.backends.transport import Pool, TlsPool
from adapters.events.signatures import signed
from canonical.listeners.notification import Outcome, Outgoing
from canonical.shared.deadline import seconds_left, within

Address = IPv4Address | IPv6Address
CONNECT_SECONDS = 5.0
MOST_READ = 2_000
"""Bytes of an answer that are read and kept in the log."""
KNOWN_SECONDS = 30.0
"""For which an address that was looked up and checked is used again."""
MOST_POOLS = 200
MOST_TRIED = 3
"""Addresses of one name."""
LONGEST_RETRY_AFTER = 3600.0


class NotAllowed(Exception):
    """The callback leads nowhere, or to an address that may not be called."""


class WebhookSender:
    """May be used by many threads. `permits` says whether an address may be called, `seconds` is for a whole answer.

    `look_up` tells the addresses of a name, the best one first; none if there are none, or not soon enough.
    """

    def __init__(
        self,
        permits: Callable[[Address], bool],
        seconds: float,
        look_up: Callable[[str], Iterable[str]],
        ca_file: str | None = None,
    ) -> None:
        self._permits = permits
        self._seconds = seconds
        self._look_up = look_up
        self._ca_file = ca_file or certifi.where()
        self._pools: OrderedDict[tuple[str, int, str], HTTPConnectionPool] = OrderedDict()
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._lock = Lock()

    def send(self, outgoing: Outgoing) -> Outcome:
        begun = monotonic()
        try:
            with within(self._seconds):
                status, answer, retry_after = self._exchange(outgoing)
        except NotAllowed as error:
            return Outcome(None, str(error), "", _since(begun))
        except (HTTPError, OSError) as error:
            return Outcome(None, f"no answer: {_reason(error)}", "", _since(begun))
        problem = "" if 200 <= status < 300 else f"the listener answered {status}"
        return Outcome(status, problem, answer, _since(begun), retry_after)

    def close(self) -> None:
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _exchange(self, outgoing: Outgoing) -> tuple[int, str, float | None]:
        parts = urlsplit(outgoing.callback)
        name, secure = str(parts.hostname), parts.scheme.lower() == "https"
        port, tls_name = parts.port or (443 if secure else 80), name if secure else ""
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "User-Agent": "tmf-facade",
            **signed(outgoing.event_id, int(time()), outgoing.body, outgoing.keys),
        }
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        *first, last = (self._pool(address, port, tls_name) for address in self._addresses(name))
        for pool in first:
            try:
                return self._posted(pool, path, outgoing.body, headers)
            except (ConnectTimeoutError, NewConnectionError):  # nothing was sent
                continue
        return self._posted(last, path, outgoing.body, headers)

    def _posted(
        self, pool: HTTPConnectionPool, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str, float | None]:
        left = max(0.001, seconds_left())  # urllib3 refuses 0
        answer = pool.urlopen(
            "POST",
            path,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            timeout=Timeout(connect=min(CONNECT_SECONDS, left), read=left),
        )
        text = b""
        try:
            text = answer.read(MOST_READ + 1, decode_content=False)
        finally:
            if not text or len(text) > MOST_READ:
                answer.close()  # what is left in it must not be read as the next answer
            answer.release_conn()
        return (
            answer.status,
            _kept(text[:MOST_READ].decode(errors="replace")),
            _retry_after(answer.headers.get("Retry-After")),
        )

    def _addresses(self, name: str) -> tuple[str, ...]:
        """Where to connect: to the first that can be reached. Raises NotAllowed."""
        with self._lock:
            until, known = self._known.get(name, (0.0, ()))
        if monotonic() < until:
            return known
        literal = _literal(name)
        found = [literal] if literal else [ip_address(one) for one in self._look_up(name)]
        if not found:
            raise NotAllowed(f"{name} has no address, or its name server does not answer")
        if not all(map(self._permits, found)):
            raise NotAllowed(f"{name} leads to an address that is not public")
        known = tuple(map(str, found[:MOST_TRIED]))
        with self._lock:
            if len(self._known) > MOST_POOLS:
                self._known.clear()
            self._known[name] = (monotonic() + KNOWN_SECONDS, known)
        return known

    def _pool(self, address: str, port: int, tls_name: str) -> HTTPConnectionPool:
        """Connections to an address; `tls_name` is whom its certificate has to name, empty without TLS."""
        key = (address, port, tls_name)
        with self._lock:
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = self._new_pool(address, port, tls_name)
            self._pools.move_to_end(key)
            if len(self._pools) > MOST_POOLS:
                self._pools.popitem(last=False)[1].close()
        return pool

    def _new_pool(self, address: str, port: int, tls_name: str) -> HTTPConnectionPool:
        host = f"[{address}]" if ":" in address else address
        options: dict[str, Any] = {"maxsize": 8, "block": False}
        if not tls_name:
            return Pool(host, port, **options)
        return TlsPool(
            host,
            port,
            server_hostname=tls_name,
            assert_hostname=tls_name,
            cert_reqs="CERT_REQUIRED",
            ca_certs=self._ca_file,
            **options,
        )


def _literal(name: str) -> Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    cause = error
    while (deeper := getattr(cause, "reason", None) or cause.__cause__) and isinstance(deeper, Exception):
        cause = deeper
    return _kept(" ".join(str(cause).split())[:200]) or type(cause).__name__


def _kept(text: str) -> str:
    """What a listener said, as a database can keep it: PostgreSQL has no texts with a zero character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _retry_after(text: str | None) -> float | None:
    """Only seconds: a date would need the clocks of both to agree."""
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return min(float(text), LONGEST_RETRY_AFTER)


def _since(begun: float) -> int:
    return int(1000 * (monotonic() - begun))
