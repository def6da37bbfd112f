"""The versions of APIs that a partner may use: what a profile says of them, and what answers say."""

from pathlib import Path
from typing import Any

import pytest

from facade.bootstrap.apis import served_apis
from facade.bootstrap.declared import TMF_APIS
from facade.partners.api_versions import API_VERSIONS, VersionNotAgreed
from facade.partners.faults import ProfileFault
from facade.partners.files import read_profiles
from facade.partners.profiles import compile_profile

ADDRESSES = {"v4": "/tmf-api/x/v4", "v5": "/tmf-api/x/v5"}


def told(**terms: Any) -> dict[str, str]:
    versions = compile_profile({"versions": {"TMF622": {"v4": terms, "v5": {}}}}).versions
    return versions.terms("TMF622", "v4").headers(ADDRESSES)


def test_a_profile_can_name_every_version_that_is_served() -> None:
    assert {api: tuple(sorted(names)) for api, names in API_VERSIONS.items()} == {
        api.name: tuple(sorted(api.versions)) for api in TMF_APIS
    }


def test_only_the_versions_of_the_profile_may_be_used() -> None:
    versions = compile_profile({"versions": {"TMF622": {"v5": {}}}}).versions
    versions.check("TMF622", "v5")
    versions.check("TMF637", "v4")
    with pytest.raises(VersionNotAgreed, match="TMF622 v4 is not agreed with you") as refused:
        versions.check("TMF622", "v4")
    assert refused.value.allowed == ("v5",)


def test_answers_say_how_long_a_version_lives() -> None:
    assert told(
        deprecatedSince="2026-01-01", sunset="2027-06-30T12:00:00+02:00", successor="v5", information="https://a.b/c"
    ) == {
        "Deprecation": "@1767225600",
        "Sunset": "Wed, 30 Jun 2027 10:00:00 GMT",
        "Link": '<https://a.b/c>; rel="deprecation", <https://a.b/c>; rel="sunset", '
        '</tmf-api/x/v5>; rel="successor-version"',
    }
    assert told(deprecatedSince="2026-01-01") == {"Deprecation": "@1767225600"}
    assert told() == {}


@pytest.mark.parametrize(
    ("terms", "at", "reason"),
    [
        ({"sunset": "soon"}, "sunset", "is no time"),
        ({"deprecatedSince": "2026-02-30"}, "deprecatedSince", "is no time"),
        ({"deprecatedSince": "0001-01-01T00:00:00+14:00"}, "deprecatedSince", "is no time"),
        ({"sunset": "9999-12-31T23:59:59-12:00"}, "sunset", "is no time"),
        ({"deprecatedSince": "2026-02-02", "sunset": "2026-02-01"}, "sunset", "before it is deprecated"),
        ({"successor": "v4"}, "successor", "no other version"),
        ({"successor": "v6"}, "successor", "no other version"),
        ({"information": "https://a.b"}, "information", "deprecatedSince or sunset"),
        ({"information": "javascript:x", "sunset": "2026-01-01"}, "information", "does not match"),
        ({"information": "https://a.b/>,x", "sunset": "2026-01-01"}, "information", "does not match"),
        ({"information": "https://a.b/\n", "sunset": "2026-01-01"}, "information", "does not match"),
    ],
)
def test_a_mistake_is_told_with_its_pointer(terms: dict[str, str], at: str, reason: str) -> None:
    with pytest.raises(ProfileFault, match=reason) as refused:
        told(**terms)
    assert refused.value.pointer == f"/versions/TMF622/v4/{at}"


@pytest.mark.parametrize("said", [{"TMF633": {"v4": {}}}, {"TMF622": {"v6": {}}}, {"TMF622": {}}])
def test_unknown_apis_and_versions_are_refused(said: Any) -> None:
    with pytest.raises(ProfileFault):
        compile_profile({"versions": said})


def test_a_date_in_a_file_needs_no_quotes(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("versions: {TMF622: {v4: {deprecatedSince: 2026-01-01}}}")
    terms = read_profiles(tmp_path).of("shop").versions.terms("TMF622", "v4")
    assert terms.headers(ADDRESSES) == {"Deprecation": "@1767225600"}


def test_every_address_has_its_version_and_the_addresses_of_the_others() -> None:
    served = served_apis()
    assert len(served) == sum(1 + len(one.aliases) for api in TMF_APIS for one in api.versions.values())
    alias = served["/tmf/v5/productOrdering"]
    assert (alias.api, alias.version) == ("TMF622", "v5")
    assert alias.addresses["v4"] == "/tmf-api/productOrderingManagement/v4"
