"""Converts and checks the values of settings."""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from facade.setting_sources import SettingError

Networks = tuple[IPv4Network | IPv6Network, ...]
LONGEST_PREFIX = 200
SHOWN = 60
"""The number of characters of a wrong value that the message repeats."""


def value_of(setting: "Field[Any]", text: str, variable: str) -> Any:
    """Convert the text of a setting to the type of its default. Raises SettingError."""
    allowed = setting.metadata["allowed"]
    if allowed and text not in allowed:
        raise SettingError(f"{variable}={_shown(text)} is not allowed; use one of {', '.join(allowed)}")
    if setting.metadata["address"] and not _is_address(text):
        raise SettingError(f"{variable} is not an address; use one such as https://host.example/path")
    kind = Path if isinstance(setting.default, Path) else type(setting.default)
    read, wanted = READERS[kind]
    try:
        value = read(text)
    except (KeyError, ValueError):
        told = variable if setting.metadata["secret"] else f"{variable}={_shown(text)}"
        raise SettingError(f"{told} is not {wanted}") from None
    least, most = setting.metadata["least"], setting.metadata["most"]
    if kind in (int, float) and not least <= value <= most:  # NaN is not, either
        raise SettingError(f"{variable}={_shown(text)} must be from {least} to {most}")
    return value


def networks(text: str, variable: str = "CALLBACK_NETWORKS") -> Networks:
    """The networks in a list with commas, a single address among them. Raises SettingError."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        wanted = "use networks such as 10.1.0.0/16,fd00:1::/32"
        raise SettingError(f"{variable}={_shown(text)} is not usable: {str(error)[:100]}; {wanted}") from None


def prefixes(text: str) -> tuple[str, ...]:
    """The addresses in a list with commas. Raises SettingError."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for one in found:
        if not _is_address(one):
            wanted = "use addresses such as https://files.example/catalog/"
            raise SettingError(f"CATALOG_IMPORT_SOURCES={_shown(text)} is not usable: {_shown(one)} is none; {wanted}")
    return found


def origins(text: str) -> tuple[str, ...]:
    """The origins in a list with commas. Raises SettingError."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for one in found:
        parts = urlsplit(one) if _is_address(one) else None
        if parts is None or one != f"{parts.scheme}://{parts.netloc}" or "@" in one:
            wanted = "use origins such as https://portal.example: scheme, host and perhaps port, without a path"
            raise SettingError(f"ALLOWED_ORIGINS={_shown(text)} is not usable: {_shown(one)} is none; {wanted}")
    return found


def check_stream_prefix(text: str) -> None:
    """Raises SettingError for what cannot be the beginning of a subject and the name of a topic."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", text) or len(text) > LONGEST_PREFIX:
        wanted = "use words of letters, digits, - and _ with dots between them, such as tmf.events"
        raise SettingError(f"STREAM_PREFIX={_shown(text)} is not usable: {wanted}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and text.isascii() and text.isprintable() and " " not in text


def _printable(text: str) -> str:
    if not text.isprintable():  # a broken encoding is not, either
        raise ValueError("not printable")
    return text


def _digits(text: str) -> str:
    if not text.isascii() or "_" in text:  # Python would take 1_000 and Arabic digits
        raise ValueError("not only digits")
    return text


_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
READERS: Mapping[type[Any], tuple[Callable[[str], Any], str]] = {
    bool: (lambda text: _BOOLEANS[text.lower()], "true or false"),
    int: (lambda text: int(_digits(text)), "a whole number"),
    float: (lambda text: float(_digits(text)), "a number"),
    Path: (lambda text: Path(_printable(text)), "a path: it has characters that cannot be printed"),
    str: (_printable, "a text: it has characters that cannot be printed"),
}
"""The conversion for each kind of value, and the name of the expected value for its error."""
