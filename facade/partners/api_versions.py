"""The versions of TM Forum's APIs that a partner may use, and how long each lives.

profile["versions"]["TMF622"]["v4"]     {"deprecatedSince": "2026-01-01", "sunset": "2027-01-01", "successor": "v5"}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any

from facade.contract.pointers import shortened
from facade.partners.faults import ProfileFault
from facade.tmf.query.constants import instant

API_VERSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    dict.fromkeys(("TMF620", "TMF622", "TMF637"), ("v4", "v5"))
)
"""The APIs that a profile can name, and their versions."""

_TIME = {"type": "string", "maxLength": 40}
_TERMS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "deprecatedSince": _TIME,
        "sunset": _TIME,
        "successor": {"type": "string"},
        "information": {"type": "string", "pattern": "^https?://[!#-;=?-~]+$", "maxLength": 2_000},
    },
}


def _versions_of(names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": dict.fromkeys(names, _TERMS),
    }


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {api: _versions_of(names) for api, names in API_VERSIONS.items()},
}
"""The form of the key `versions` of a profile."""


class VersionNotAgreed(Exception):
    """The client may use other versions of this API. `details`: allowed, their names."""

    def __init__(self, api: str, version: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{api} {version} is not agreed with you. Use {' or '.join(allowed)}.")
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class VersionTerms:
    """How long a version lives: since when it is deprecated, when it is to end, which version comes after it, and
    where people read about it.
    """

    deprecated_since: datetime | None = None
    sunset: datetime | None = None
    successor: str | None = None
    information: str | None = None

    def headers(self, address_of: Mapping[str, str]) -> dict[str, str]:
        """What every answer of the version says: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`.

        `address_of`: where each version of the API is.
        """
        told, links = {}, []
        if self.deprecated_since is not None:
            told["Deprecation"] = f"@{int(self.deprecated_since.timestamp())}"
        if self.sunset is not None:
            told["Sunset"] = format_datetime(self.sunset, usegmt=True)
        if self.information is not None:
            named = (("deprecation", self.deprecated_since), ("sunset", self.sunset))
            links += [f'<{self.information}>; rel="{relation}"' for relation, at in named if at is not None]
        if self.successor is not None:
            links.append(f'<{address_of[self.successor]}>; rel="successor-version"')
        return told | ({"Link": ", ".join(links)} if links else {})


NO_TERMS = VersionTerms()


@dataclass(frozen=True)
class ApiVersions:
    """`by_api`: the versions that may be used of each API that the profile names; of others, all."""

    by_api: Mapping[str, Mapping[str, VersionTerms]] = field(default_factory=lambda: MappingProxyType({}))

    def check(self, api: str, version: str) -> None:
        """Raises VersionNotAgreed."""
        allowed = self.by_api.get(api)
        if allowed is not None and version not in allowed:
            raise VersionNotAgreed(api, version, tuple(sorted(allowed)))

    def terms(self, api: str, version: str) -> VersionTerms:
        return self.by_api.get(api, {}).get(version, NO_TERMS)


ALL_VERSIONS = ApiVersions()


def api_versions(said: Mapping[str, Mapping[str, Mapping[str, str]]]) -> ApiVersions:
    """The versions in a profile that keeps its schema. Raises ProfileFault."""
    if not said:
        return ALL_VERSIONS
    return ApiVersions(
        MappingProxyType(
            {
                api: MappingProxyType(
                    {name: _terms(terms, name, versions, f"/versions/{api}/{name}") for name, terms in versions.items()}
                )
                for api, versions in said.items()
            }
        )
    )


def _terms(said: Mapping[str, str], name: str, versions: Mapping[str, Any], at: str) -> VersionTerms:
    since, sunset = (_time(said, key, at) for key in ("deprecatedSince", "sunset"))
    if since is not None and sunset is not None and sunset < since:
        raise ProfileFault(f"{at}/sunset", f"{name} would end before it is deprecated: choose a later sunset")
    successor, information = said.get("successor"), said.get("information")
    others = sorted(versions.keys() - {name})
    if successor is not None and successor not in others:
        raise ProfileFault(f"{at}/successor", f"{successor!r} is no other version that the partner may use", others)
    if information is not None and since is None and sunset is None:
        text = "it tells of the deprecation and the end of a version: say deprecatedSince or sunset beside it"
        raise ProfileFault(f"{at}/information", text)
    return VersionTerms(since, sunset, successor, information)


def _time(said: Mapping[str, str], key: str, at: str) -> datetime | None:
    if key not in said:
        return None
    found = instant(said[key])
    if found is None:
        text = f"{shortened(said[key])!r} is no time: write a date, as in 2026-05-03, or a time with its offset"
        raise ProfileFault(f"{at}/{key}", text)
    return found.astimezone(UTC)
