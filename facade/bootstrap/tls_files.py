"""Checks the files of certificates that settings name, before anything is sent."""

from collections.abc import Iterator

from adapters.backends.tls_files import CHECKS
from facade.setting_sources import SettingError
from facade.settings import Settings

WANTED = {
    "ca_bundle": "the certificates of the authorities that you trust",
    "client_cert": "our certificate and then its private key, without a password",
}


def check_files(settings: Settings) -> None:
    """Raises one SettingError for all files that cannot be used."""
    problems = dict.fromkeys(_problems(settings))
    if problems:
        raise SettingError(*problems)


def _problems(settings: Settings) -> Iterator[str]:
    for name, _, problem_of in CHECKS:
        named = [(one.variables.get(name, name), getattr(one, name)) for one in settings.backends.values()]
        named.append((f"JWKS_{name.upper()}", getattr(settings, f"jwks_{name}")))
        for variable, path in named:
            if path and (problem := problem_of(path)):
                yield f"{variable}={path!r} cannot be used: {problem}; name a PEM file with {WANTED[name]}"
