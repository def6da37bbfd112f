"""Which addresses may be told about events: a callback is an address that a stranger has our server call.

Whoever registers must not reach through us what is out of reach without us: other hosts of our network, the cloud's
metadata, our own machine. So an address has one plain way to be written, which every reader of URLs takes alike, and
what it leads to must be public or lie in a network that the operator allows. A name may lead elsewhere tomorrow:
delivery has to ask `permits` again, of the very address that it connects to.
"""

import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from typing import NoReturn

from facade.contract.violations import Code, ContractViolation, Violation

MAX_CALLBACK = 2_000
RESOLVE_SECONDS = 2.0
LOOK_UP = "callback look-up"
MAX_LOOKUPS = 8

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str], tuple[str, ...]]
"""The addresses of a name; none where it has none, or not soon enough."""

_NOT_URL = re.compile(r"[^A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]|%(?![0-9A-Fa-f]{2})")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)")
_AUTHORITY = re.compile(r"(?:\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
"""As the last label it makes a name an IPv4 address, in the eyes of many who read URLs."""

_PUBLIC_IPV6 = IPv6Network("2000::/3")
_NOT_PUBLIC: tuple[Network, ...] = (
    *map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' own
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's host, public in form only
            "169.254.0.0/16",  # link-local, the clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    ),
    # Of IPv6 only 2000::/3 is given out; what holds an IPv4 address (mapped, NAT64) lies outside of it.
    *map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")),
)
"""IANA's special-purpose registries (RFC 6890 and updates). `is_global` is not asked: it differs between Pythons."""


@dataclass(frozen=True)
class CallbackRules:
    """`allowed` are networks that count although they are not public; `plain_http` is for development."""

    allowed: tuple[Network, ...] = ()
    plain_http: bool = False
    resolve: Resolve | None = None

    def check(self, callback: str) -> None:
        """Raises ContractViolation at `/callback`. Nothing is sent to it; its name may be looked up.

        A name that has no address now is taken.
        """
        host = self.host(callback)
        literal = _literal(host)
        addresses = (literal,) if literal else tuple(map(ip_address, self.addresses(host.lower())))
        if not all(map(self.permits, addresses)):
            _refuse(
                "the host of a callback must have a public address, or one in a network that the operator allows "
                "(CALLBACK_NETWORKS)",
                Code.INVALID_VALUE,
            )

    def permits(self, address: Address) -> bool:
        """Whether we may connect to `address`."""
        if any(address in network for network in self.allowed):
            return True
        if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
            return False
        return not any(address in network for network in _NOT_PUBLIC)

    def addresses(self, name: str) -> tuple[str, ...]:
        """`localhost` is this machine, whatever the resolver says."""
        if name == "localhost" or name.endswith(".localhost"):
            return ("127.0.0.1",)
        return (self.resolve or look_up)(name)

    def host(self, callback: str) -> str:
        """The host of a callback that is written as it should be. Raises ContractViolation."""
        if not 0 < len(callback) <= MAX_CALLBACK:
            _refuse(f"a callback has 1 to {MAX_CALLBACK} characters")
        odd = _NOT_URL.search(callback)
        if odd:
            _refuse(f"a callback is plain ASCII, the rest percent-encoded; character {odd.start() + 1} is not")
        parts = _URL.fullmatch(callback)
        schemes = ("https", "http") if self.plain_http else ("https",)
        if parts is None or parts["scheme"].lower() not in schemes:
            _refuse(f"a callback is an absolute address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        if "#" in parts["rest"]:
            _refuse("a callback has no fragment")
        if "@" in parts["authority"]:
            _refuse("a callback names no user and no password")
        found = _AUTHORITY.fullmatch(parts["authority"])
        if found is None or not 0 < int(found["port"] or 1) < 65536:
            _refuse("a callback names a host, and perhaps a port from 1 to 65535")
        return str(found["literal"] or found["name"])


class LookUps:
    """Looks up names; at most `most` at the same time, because the system's resolver cannot be interrupted."""

    def __init__(self, most: int) -> None:
        self._places = threading.BoundedSemaphore(most)

    def __call__(self, name: str) -> tuple[str, ...]:
        """The addresses of a name as the system knows them, the best one first; none if there are none within
        RESOLVE_SECONDS. The thread of a look-up that takes longer is left behind.
        """
        if not self._places.acquire(blocking=False):
            return ()
        found: SimpleQueue[tuple[str, ...]] = SimpleQueue()

        def ask() -> None:
            try:
                known = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
                found.put(tuple(dict.fromkeys(str(one[4][0]) for one in known)))
            except (OSError, UnicodeError):
                found.put(())
            finally:
                self._places.release()

        threading.Thread(target=ask, name=LOOK_UP, daemon=True).start()
        try:
            return found.get(timeout=RESOLVE_SECONDS)
        except Empty:
            return ()


look_up = LookUps(MAX_LOOKUPS)
"""For those who register."""


def _literal(host: str) -> Address | None:
    """The address that a host is, or None for a name. Raises ContractViolation for what is neither."""
    if ":" in host:
        try:
            return IPv6Address(host)
        except ValueError:
            _refuse("the host of a callback is no IPv6 address")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return IPv4Address(host)
        except ValueError:
            _refuse("an IPv4 address in a callback is four decimal numbers without leading zeros")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        _refuse("the host of a callback is a DNS name: letters, digits and hyphens between dots, xn-- for others")
    return None


def _refuse(message: str, code: Code = Code.INVALID_FORMAT) -> NoReturn:
    raise ContractViolation([Violation("/callback", code, message)])
