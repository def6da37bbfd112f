"""What a profile says of a partner's registrations for events."""

from typing import Any

import pytest

from facade.app import spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.partners.faults import ProfileFault
from facade.partners.hub_terms import EVENT_TYPES, HubTerms
from facade.partners.profiles import compile_profile
from facade.tmf.engine.declaration import TmfApi
from facade.tmf.hub.queries import Notifications


def hub(**said: Any) -> HubTerms:
    return compile_profile({"hub": said}).hub


@pytest.mark.parametrize("api", TMF_APIS, ids=lambda api: api.name)
def test_a_profile_can_name_the_event_types_that_all_versions_have(api: TmfApi) -> None:
    published = [set(Notifications(spec_of(one.spec)).types) for one in api.versions.values()]
    assert set(EVENT_TYPES[api.name]) == set.intersection(*published)


def test_without_a_query_the_event_types_of_the_profile_are_asked_for() -> None:
    agreed = hub(eventTypes={"TMF622": ["ProductOrderStateChangeEvent", "ProductOrderCreateEvent"]})
    assert agreed.query("TMF622") == "eventType=ProductOrderStateChangeEvent,ProductOrderCreateEvent"
    assert (agreed.query("TMF637"), compile_profile({}).hub.query("TMF622")) == ("", "")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("events.acme.example", True),
        ("EVENTS.acme.EXAMPLE", True),
        ("a.b.shop.example", True),
        ("shop.example", False),
        ("evilshop.example", False),
        ("x.events.acme.example", False),
        ("93.184.215.14", True),
        ("2001:db8::1", True),
        ("other.example", False),
    ],
)
def test_callbacks_have_the_hosts_of_the_profile(host: str, allowed: bool) -> None:
    agreed = hub(callbackHosts=["Events.acme.example", "*.shop.example", "93.184.215.14", "2001:db8::1"])
    assert agreed.allows(host) is allowed
    assert compile_profile({}).hub.allows(host)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, "/hub"),
        ({"callbackHosts": []}, "/hub/callbackHosts"),
        ({"callbackHosts": ["https://a.example/x"]}, "/hub/callbackHosts/0"),
        ({"callbackHosts": ["*"]}, "/hub/callbackHosts/0"),
        ({"callbackHosts": ["a.*.example"]}, "/hub/callbackHosts/0"),
        ({"callbackHosts": ["a.example", "A.example"]}, "/hub/callbackHosts/1"),
        ({"eventTypes": {"TMF622": ["ProductOrderMilestoneEvent"]}}, "/hub/eventTypes/TMF622/0"),
        ({"eventTypes": {"TMF633": []}}, "/hub/eventTypes"),
    ],
)
def test_a_mistake_is_told_with_its_pointer(said: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ProfileFault) as refused:
        hub(**said)
    assert refused.value.pointer == pointer
