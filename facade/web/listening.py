"""Checks whether a server can listen on the configured address, and finds the wrong setting if it cannot."""

import errno
import socket

from facade.setting_sources import SettingError

OF_THE_PORT = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EPERM})


class PortTaken(Exception):
    """The host is valid, but the port cannot be used. The message is the reason."""


def check_listening(host: str, port: int, variable: str) -> None:
    """Raises SettingError, which names HOST or the port's `variable`."""
    try:
        try_listening(host, port)
    except PortTaken as error:
        raise SettingError(
            f"{variable}={port} cannot be used: {error}; stop the program that uses it, or choose another port"
        ) from error


def try_listening(host: str, port: int) -> None:
    """Raises SettingError for what HOST says, or PortTaken."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name too long, or with an empty part
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, OSError) and error.errno in OF_THE_PORT:
            raise PortTaken(reason) from error
        raise SettingError(
            f"HOST={host[:60]!r} is not an address of this machine: {reason}; use one such as 127.0.0.1, ::1 or 0.0.0.0"
        ) from error
