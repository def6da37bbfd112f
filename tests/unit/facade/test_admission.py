"""What known clients may use, and what answers say about it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from connexion.middleware.abstract import ROUTING_CONTEXT

from facade.bootstrap.core import api_deprecations
from facade.partners.api_versions import VersionNotAgreed, api_versions
from facade.partners.profiles import DEFAULT, Profile, compile_profile
from facade.security.principal import Principal
from facade.setting_sources import SettingError
from facade.settings import Settings
from facade.web.admission import Admission, ServedApi
from facade.web.correlation import ANSWER_HEADERS
from facade.web.limits import RateLimit, RateLimited, RequestLimit
from facade.web.public_address import BASE

ADDRESSES = {"v4": "/orders/v4", "v5": "/orders/v5"}
APIS = {address: ServedApi("TMF622", version, ADDRESSES) for version, address in ADDRESSES.items()}
EVERYBODY = api_versions({"TMF622": {"v4": {"sunset": "2031-01-01"}}})


def answer_headers(admission: Admission, profile: Profile, address: str) -> dict[str, str]:
    """What answers to a request say. Raises what the request is refused by."""
    extensions = {ROUTING_CONTEXT: {"api_base_path": address}, BASE: "https://api.example/telco"}
    request: Any = SimpleNamespace(scope={"extensions": extensions}, context={})
    admission(Principal("acme", frozenset(), profile=profile), request)
    return {name.decode(): text.decode() for name, text in request.context.get(ANSWER_HEADERS, ())}


def test_a_version_is_deprecated_for_everybody_with_whom_nothing_else_is_agreed() -> None:
    admission = Admission(RateLimit(), APIS, EVERYBODY)
    other = compile_profile({"versions": {"TMF622": {"v4": {"deprecatedSince": "2026-01-01"}}}})
    elsewhere = compile_profile({"versions": {"TMF637": {"v5": {}}}})
    sunset = {"sunset": "Wed, 01 Jan 2031 00:00:00 GMT"}
    assert answer_headers(admission, DEFAULT, "/orders/v4") == sunset
    assert answer_headers(admission, elsewhere, "/orders/v4") == sunset
    assert answer_headers(admission, other, "/orders/v4") == {"deprecation": "@1767225600"}
    assert answer_headers(admission, DEFAULT, "/orders/v5") == {}, "everybody may use it"
    assert answer_headers(admission, DEFAULT, "/api/v1") == {}


def test_the_successor_of_a_version_is_named_as_the_client_reaches_it() -> None:
    profile = compile_profile({"versions": {"TMF622": {"v4": {"successor": "v5"}, "v5": {}}}})
    told = answer_headers(Admission(RateLimit(), APIS), profile, "/orders/v4")
    assert told == {"link": '<https://api.example/telco/orders/v5>; rel="successor-version"'}


def test_a_profile_refuses_versions_and_counts_requests() -> None:
    profile = compile_profile({"versions": {"TMF622": {"v5": {}}}, "limits": {"requestsPerSecond": 0.01, "burst": 2}})
    admission = Admission(RateLimit(RequestLimit(100, 100)), APIS)
    with pytest.raises(VersionNotAgreed):
        answer_headers(admission, profile, "/orders/v4")
    assert answer_headers(admission, profile, "/orders/v5")["ratelimit"] == '"default";r=0'
    with pytest.raises(RateLimited):
        answer_headers(admission, profile, "/orders/v5")


def test_the_file_of_deprecations_is_read_and_its_mistakes_are_told(tmp_path: Path) -> None:
    file = tmp_path / "versions.yaml"
    file.write_text("TMF622: {v4: {sunset: 2031-01-01}}")
    assert api_deprecations(Settings(api_deprecations=str(file))) == EVERYBODY
    assert not api_deprecations(Settings()).by_api
    for text in ("TMF622: {v7: {}}", "TMF622: {v4: {sunset: soon}}", "[]", "{"):
        file.write_text(text)
        with pytest.raises(SettingError, match=r"API_DEPRECATIONS cannot be used: .*versions\.yaml"):
            api_deprecations(Settings(api_deprecations=str(file)))
