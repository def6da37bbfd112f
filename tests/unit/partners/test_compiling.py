"""Profiles are compiled by one pure function, whatever they were read from."""

from decimal import Decimal
from typing import Any

import pytest

from facade.partners.faults import ProfileFault
from facade.partners.profiles import DEFAULT, compile_profile, content_hash
from facade.tmf.switches import SWITCHES
from facade.web.limits import RequestLimit


@pytest.mark.parametrize(
    ("document", "pointer", "allowed"),
    [
        ({"validation": "sometimes"}, "/validation", ["before", "after"]),
        ({"validaton": "after"}, "", ["catalogRules", "customers", "description", "market", "validation"]),
        ({"password": "secret"}, "", ["customers"]),
        ({"market": {"shops": []}}, "/market", ["channels", "places", "segments"]),
        ({"partyRoles": {"a/b": 7}}, "/partyRoles/a~1b", []),
        ({"partyRoles": {"a/b": "Kundin"}}, "/partyRoles/a~1b", ["Customer", "Buyer"]),
        ({"relationshipTypes": {"auf": "drunter"}}, "/relationshipTypes/auf", ["reliesOn"]),
        ({"orderRules": {"NO_RULE": "keep"}}, "/orderRules", sorted(SWITCHES["orderRules"])),
        ({"orderRules": {"RULE_BROKEN": "drop"}}, "/orderRules/RULE_BROKEN", ["refuse", "keep"]),
        ({"customers": {"list": ["C1*"]}}, "/customers/list", []),
        ({"customers": {"pattern": "C1"}}, "/customers/pattern", []),
        ({"customers": {"lists": ["C1"]}}, "/customers", ["claim", "list", "pattern"]),
        ({"limits": {"burst": 3}}, "/limits", []),
        ({"limits": {"requestsPerSecond": 0}}, "/limits/requestsPerSecond", []),
        ({"limits": {"requestsPerSecond": 1, "burst": 0}}, "/limits/burst", []),
        ({"extensions": {"allowed": ["x"]}}, "/extensions", []),
        ({"extensions": {"allowed": ["x"], "others": "drop"}}, "/extensions/others", ["refuse", "carry"]),
        ({"extensions": {"allowed": ["x"], "others": "carry"}}, "/extensions/allowed", []),
        ({"extensions": {"allowed": ["x", "/y/"], "others": "refuse"}}, "/extensions/allowed/1", []),
        ({"nulls": "keep"}, "/nulls", ["absent", "refuse"]),
        ([], "", []),
        ({7: "x"}, "", []),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_pointer_and_what_is_allowed(
    document: Any, pointer: str, allowed: list[str]
) -> None:
    with pytest.raises(ProfileFault) as refused:
        compile_profile(document)
    assert refused.value.pointer == pointer
    assert set(allowed) <= set(refused.value.allowed)
    assert "secret" not in str(refused.value)


def test_a_profile_without_a_word_is_the_default_under_its_own_name() -> None:
    compiled = compile_profile({}, "acme@1")
    assert (compiled, compiled.version, DEFAULT.version) == (DEFAULT, "acme@1", "default")


def test_equal_profiles_have_one_hash() -> None:
    one = {"description": "x", "market": {"channels": ["a", "b"]}}
    assert content_hash(one) == content_hash(dict(reversed(one.items())))
    assert content_hash(one) != content_hash(one | {"market": {"channels": ["b", "a"]}})


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        ({"requestsPerSecond": 2.5}, RequestLimit(2.5, 3)),
        ({"requestsPerSecond": Decimal("0.1")}, RequestLimit(0.1, 1)),
        ({"requestsPerSecond": 10, "burst": Decimal("50.0")}, RequestLimit(10.0, 50)),
    ],
)
def test_without_a_burst_the_requests_of_one_second_may_come_at_once(said: Any, limit: RequestLimit) -> None:
    assert compile_profile({"limits": said}).limit == limit
    assert compile_profile({}).limit is None


def test_what_is_recorded_is_compiled() -> None:
    found = compile_profile({"recording": {"retentionDays": 30, "masked": ["x_note"]}}).recording
    assert found is not None
    assert (found.retention_days, found.masked) == (30, ("x_note",))
    assert compile_profile({}).recording is None
    for wrong in ({}, {"retentionDays": 0}, {"retentionDays": 366}, {"retentionDays": 1, "for": "ever"}):
        with pytest.raises(ProfileFault):
            compile_profile({"recording": wrong})
