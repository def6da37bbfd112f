"""Which callbacks are taken. Everything hostile is refused before anything is looked up, or by what it leads to."""

import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.contract.violations import ContractViolation
from facade.tmf.hub import callbacks
from facade.tmf.hub.callbacks import MAX_CALLBACK, CallbackRules, LookUps, look_up

KNOWN = {
    "acme.example": ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"),
    "inside.example": ("10.0.0.7",),
    "both.example": ("93.184.215.14", "127.0.0.1"),
    "mapped.example": ("::ffff:127.0.0.1",),
    "scoped.example": ("fe80::1%eth0",),
    "localhost.localdomain": ("127.0.0.1",),
    "metadata.google.internal": ("169.254.169.254",),
    "intranet": ("192.168.1.1",),
}
NEVER = "the look-up of a name was not expected"


def resolve(name: str) -> tuple[str, ...]:
    return KNOWN.get(name, ())


def never(name: str) -> tuple[str, ...]:
    raise AssertionError(NEVER)


STRICT = CallbackRules(resolve=resolve)
LOOSE = CallbackRules(plain_http=True, resolve=resolve)
OWN_NETWORK = CallbackRules(allowed=(ip_network("10.0.0.0/24"), ip_network("fd00::/8")), resolve=resolve)


def refusal(rules: CallbackRules, callback: str) -> str:
    with pytest.raises(ContractViolation) as refused:
        rules.check(callback)
    [found] = refused.value.violations
    assert found.pointer == "/callback"
    return found.message


@pytest.mark.parametrize(
    "callback",
    [
        "https://acme.example",
        "https://acme.example/",
        "HTTPS://ACME.example:8443/a/b;c=d?x=1&y=%20#".removesuffix("#"),
        "https://93.184.215.14/events",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443/events",
        "https://xn--bcher-kva.example/",
        "https://not-known-yet.example/events",
        "https://1.example/",
        "https://0x7f.example/",
        "https://acme.example?to=me@there",
        "https://acme.example/a@b:c",
        "https://" + ".".join(["a" * 63] * 3) + "." + "b" * 61 + "/",
        "https://acme.example/" + "a" * (MAX_CALLBACK - 21),
    ],
)
def test_a_public_address_is_taken(callback: str) -> None:
    STRICT.check(callback)


HOSTILE = [
    # other ways to write this machine and its network
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.8.9.1:8080/x",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://127.0.0.0x1/",
    "http://017700000001/",
    "http://0177.0.0.01/",
    "http://127.0.0.01/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0x/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xA9FEA9FE/",
    "http://168.63.129.16/machine",
    "http://192.0.0.192/opc/v2/instance/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://1.2.3.4.5/",
    "http://1.2.3.400/",
    "http://93.184.215.14./",
    # IPv6
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[4000::1]/",
    "http://[::1/",
    "http://::1/",
    "http://[]/",
    "http://[127.0.0.1]/",
    "http://[v1.x]/",
    # names
    "http://localhost/",
    "http://LOCALHOST:8080/",
    "http://me.localhost/",
    "http://localhost./",
    "http://localhost.localdomain/",
    "http://inside.example/",
    "http://INSIDE.example/",
    "http://both.example/",
    "http://mapped.example/",
    "http://scoped.example/",
    "http://intranet/",
    "http://metadata.google.internal/",
    "http://acme.example./",
    "http://acme..example/",
    "http://.acme.example/",
    "http://-acme.example/",
    "http://acme-.example/",
    "http://ac_me.example/",
    "http://ac!me.example/",
    "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 126 + "ex/",
    # what different readers understand differently
    "http://b\u00fccher.example/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://127\u30020\u30020\u30021/",
    "http://\u2460\u2461\u2466.0.0.1/",
    "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/",
    "http://acme.example\u2025/",
    "http://%31%32%37.0.0.1/",
    "http://127%2e0%2e0%2e1/",
    "http://local%68ost/",
    "http://acme.example%00.inside.example/",
    "http://acme.example\\@127.0.0.1/",
    "http://127.0.0.1\\.acme.example/",
    "http:\\\\127.0.0.1\\",
    "http://acme.example@127.0.0.1/",
    "http://user:secret@acme.example/",
    "http://@acme.example/",
    "http://acme.example:80@127.0.0.1/",
    "http://acme.example#@127.0.0.1/",
    "http://127.0.0.1#.acme.example/",
    "http://acme.example/#part",
    "http://acme.example/#",
    "http://acme.example:0/",
    "http://acme.example:65536/",
    "http://acme.example:/",
    "http://acme.example:80:80/",
    "http://acme.example:+80/",
    "http://acme.example:\u0661/",
    "http://acme.example:8 0/",
    "http://acme.example /",
    " http://acme.example/",
    "http://acme.example/ ",
    "http://acme.example/\r\nHost: inside.example",
    "http://acme.example/\n",
    "http://ac\tme.example/",
    "http://ac\nme.example/",
    "http://acme.example/\x00",
    "\x01http://acme.example/",
    "http://acme.example/\x7f",
    "http://acme.example/\u2028",
    "http://acme.example/\ud800",
    "http://acme.example/%",
    "http://acme.example/%zz",
    'http://acme.example/"',
    "http://acme.example/<>",
    "http://acme.example/{id}",
    # no absolute address of the web
    "",
    "acme.example",
    "/events",
    "//acme.example/events",
    "http:acme.example",
    "http:/acme.example/",
    "http:///acme.example/",
    "http://",
    "http://:80/",
    "http://?x",
    "://acme.example",
    "ftp://acme.example/",
    "file:///etc/passwd",
    "gopher://acme.example:6379/_x",
    "javascript://acme.example/%0aalert(1)",
    "jar:http://acme.example!/",
    "httpx://acme.example/",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "http://acme.example/" + "a" * MAX_CALLBACK,
]


@pytest.mark.parametrize("callback", HOSTILE)
def test_a_hostile_callback_is_refused(callback: str) -> None:
    assert refusal(LOOSE, callback)
    assert refusal(STRICT, callback.replace("http:", "https:", 1))


def test_a_refusal_does_not_tell_what_a_name_leads_to() -> None:
    refused = refusal(STRICT, "https://inside.example/")
    assert refused.startswith("the host of a callback must have a public address")
    assert "CALLBACK_NETWORKS" in refused


@pytest.mark.parametrize("callback", ["http://acme.example/", "HTTP://acme.example/"])
def test_plain_http_is_for_development(callback: str) -> None:
    LOOSE.check(callback)
    assert "https://" in refusal(STRICT, callback)


@pytest.mark.parametrize("callback", ["https://10.0.0.7/", "https://inside.example/", "https://[fd12::1]/"])
def test_an_allowed_network_counts_as_public(callback: str) -> None:
    assert refusal(STRICT, callback)
    OWN_NETWORK.check(callback)


@pytest.mark.parametrize(
    "callback", ["https://10.0.1.7/", "https://localhost/", "https://[::ffff:10.0.0.7]/", "https://intranet/"]
)
def test_an_allowed_network_allows_nothing_else(callback: str) -> None:
    assert refusal(OWN_NETWORK, callback)


def test_this_machine_can_be_allowed() -> None:
    rules = CallbackRules(allowed=(ip_network("127.0.0.0/8"),), plain_http=True, resolve=never)
    rules.check("http://localhost:9000/events")
    rules.check("http://127.0.0.1:9000/events")


NOT_PUBLIC = ("is_private", "is_loopback", "is_link_local", "is_multicast", "is_reserved", "is_unspecified")


@given(st.integers(0, 2**32 - 1))
def test_what_is_permitted_of_ipv4_is_public(number: int) -> None:
    address = IPv4Address(number)
    if STRICT.permits(address):
        assert not any(getattr(address, kind) for kind in NOT_PUBLIC)
        assert address not in ip_network("100.64.0.0/10")


@given(st.one_of(st.integers(0, 2**128 - 1), st.integers(0x2 << 124, (0x4 << 124) - 1)))
def test_what_is_permitted_of_ipv6_is_public_and_holds_no_ipv4_address(number: int) -> None:
    address = IPv6Address(number)
    if STRICT.permits(address):
        assert not any(getattr(address, kind) for kind in (*NOT_PUBLIC, "is_site_local"))
        assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)


WAYS: dict[str, Callable[[IPv4Address], str]] = {
    "dotted": str,
    "decimal": lambda address: str(int(address)),
    "hexadecimal": lambda address: hex(int(address)),
    "octal": lambda address: f"0{int(address):o}",
    "dotted octal": lambda address: ".".join(f"0{part:o}" for part in address.packed),
    "dotted hexadecimal": lambda address: ".".join(map(hex, address.packed)),
    "short": lambda address: f"{address.packed[0]}.{int(address) % 2**24}",
}


@given(st.ip_addresses(v=4), st.sampled_from(sorted(WAYS)))
def test_an_ipv4_address_is_read_in_one_way_only(address: IPv4Address, way: str) -> None:
    assert _is_taken(f"https://{WAYS[way](address)}/") == (way == "dotted" and STRICT.permits(address))


PIECES = ["https://", "http://", "127.0.0.1", "acme.example", "inside.example", "[::1]", "localhost", "2130706433"]
PIECES += ["@", ":", "/", "\\", "#", "?", ".", "%2e", "%40", " ", "\t", "\n", "\x00", "0x7f", "80", "\u3002", "[", "]"]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join))
def test_what_is_taken_leads_to_the_same_host_for_another_reader(callback: str) -> None:
    if _is_taken(callback):
        host = urlsplit(callback).hostname
        assert host is not None
        try:
            assert STRICT.permits(ip_address(host))
        except ValueError:
            assert all(STRICT.permits(ip_address(known)) for known in resolve(host))
            assert host not in ("localhost", "inside.example")


@given(st.text(max_size=60))
def test_any_text_is_taken_or_refused(text: str) -> None:
    _is_taken(text)
    _is_taken(f"https://{text}")
    _is_taken(f"https://{text}/")


def _is_taken(callback: str) -> bool:
    try:
        STRICT.check(callback)
    except ContractViolation:
        return False
    return True


# --- looking names up -------------------------------------------------------------------------------------------------


def test_the_addresses_of_a_name_are_those_that_the_system_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(0, 0, 0, "", ("10.0.0.7", 0)), (0, 0, 0, "", ("fd00::7", 0, 0, 0)), (0, 0, 0, "", ("10.0.0.7", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_, **__: found)
    assert look_up("inside.example") == ("10.0.0.7", "fd00::7")
    assert refusal(CallbackRules(), "https://inside.example/")


def test_a_name_without_an_address_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for _ in range(3 * callbacks.MAX_LOOKUPS):
        assert look_up("nowhere.example") == ()
    CallbackRules().check("https://nowhere.example/")


def test_slow_look_ups_are_not_waited_for_and_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    release, begun = threading.Event(), threading.Semaphore(0)

    def slow(*_: Any, **__: Any) -> Any:
        begun.release()
        release.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(callbacks, "RESOLVE_SECONDS", 0.01)
    few = LookUps(2)
    for _ in range(5):
        assert few("slow.example") == ()
    assert [begun.acquire(blocking=False) for _ in range(3)] == [True, True, False]
    release.set()
    for thread in threading.enumerate():
        if thread.name == callbacks.LOOK_UP:
            thread.join()
