"""Checks the files of certificates that a route names."""

import ssl
from collections.abc import Callable
from pathlib import Path

from adapters.backends.settings import Route


def trusted_problem(path: str) -> str | None:
    """Why the file cannot be used for the certificates that we trust; None if it can."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "it has no certificate in PEM"
    except OSError as error:
        return _in_words(error)
    return None


def certificate_problem(path: str) -> str | None:
    """Why the file cannot be used for our certificate with its key; None if it can."""
    try:
        contents = Path(path).read_bytes()
        if b"-----BEGIN CERTIFICATE-----" not in contents:
            return "it has no certificate in PEM"
        if b"PRIVATE KEY-----" not in contents:
            return "it has no private key in PEM"
        if b"ENCRYPTED" in contents:  # urllib3 looks for the same word; without it OpenSSL asks on the terminal
            return "its private key has a password"
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path, password="")
    except ssl.SSLError as error:
        other = error.reason == "KEY_VALUES_MISMATCH"
        return "its private key belongs to another certificate" if other else "its certificate or private key is broken"
    except OSError as error:
        return _in_words(error)
    return None


CHECKS: tuple[tuple[str, str, Callable[[str], str | None]], ...] = (
    ("ca_bundle", "the file of trusted certificates", trusted_problem),
    ("client_cert", "the file of our certificate", certificate_problem),
)
"""The fields of a route that name files."""


def unusable_file(route: Route) -> str | None:
    """Which file of the route cannot be used now, and why; None if all can. Names no path: health shows the text."""
    for name, file, problem_of in CHECKS:
        if (path := getattr(route, name)) and (problem := problem_of(path)):
            return f"{file} cannot be used: {problem}"
    return None


def _in_words(error: OSError) -> str:
    return (error.strerror or "it cannot be read").lower()
