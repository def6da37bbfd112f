"""What a node has in force: all that is stored was compiled and tested before, or nothing changes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from canonical.partners.profile_version import ProfileVersion
from canonical.shared.errors import StoreUnavailable
from facade.bootstrap.core import load_profiles
from facade.partners.in_force import ProfilesInForce, ProfileWatch, UnusableProfile
from facade.partners.profiles import DEFAULT, Profiles, compile_profile, content_hash
from facade.setting_sources import SettingError
from tests.support.builders import NOON
from tests.support.fakes import StandingClock
from tests.support.waiting import until


def a_version(number: int = 1, at: datetime | None = NOON, **document: Any) -> ProfileVersion:
    made = ProfileVersion(
        f"id-{number}", "acme", number, document, content_hash(document), NOON, "qa", NOON, shown_from=at
    )
    return replace(made, version=1)


class Stored:
    """What is published, with a number that goes on when somebody says so."""

    def __init__(self, *versions: ProfileVersion) -> None:
        self.versions, self.count, self.loads = list(versions), 0, 0
        self.fails: Exception | None = None

    def changes(self) -> int:
        if self.fails is not None:
            raise self.fails
        return self.count

    def published(self) -> list[ProfileVersion]:
        self.loads += 1
        return self.versions

    def version(self, client: str, number: int) -> ProfileVersion | None:
        return next((one for one in self.versions if (one.client, one.number) == (client, number)), None)

    def publish(self, *versions: ProfileVersion) -> None:
        self.versions, self.count = list(versions), self.count + 1


def node_of(stored: Stored) -> ProfilesInForce:
    return ProfilesInForce(Profiles(), stored, StandingClock(NOON))


def test_nothing_is_loaded_again_until_something_changed() -> None:
    stored = Stored(a_version())
    node = node_of(stored)
    assert node.of("acme") is DEFAULT
    node.refresh()
    first = node.of("acme")
    node.refresh()
    assert (stored.loads, first.version) == (1, "acme@1")
    stored.publish(a_version(), a_version(2))
    node.refresh()
    assert (stored.loads, node.of("acme").version) == (2, "acme@2")
    assert node.now().by_client.keys() == {"acme"}


@pytest.mark.parametrize(
    ("faulty", "told"),
    [
        (a_version(2, hardlyKnown="x"), "acme@2 cannot be used: .*hardlyKnown"),
        (replace(a_version(2), content_hash="another"), "acme@2 is not what was stored"),
    ],
)
def test_a_version_that_cannot_be_used_leaves_the_node_as_it_was(faulty: ProfileVersion, told: str) -> None:
    stored = Stored(a_version())
    node = node_of(stored)
    node.refresh()
    stored.publish(a_version(), faulty)
    for _ in range(2):
        with pytest.raises(UnusableProfile, match=told):
            node.refresh()
        assert node.of("acme").version == "acme@1"
    with pytest.raises(SettingError, match=told):
        load_profiles(node_of(stored))
    stored.publish(a_version(), a_version(3))
    node.refresh()
    assert node.of("acme").version == "acme@3"


def test_a_version_that_cannot_be_used_does_no_harm_once_it_has_a_successor() -> None:
    faulty = replace(a_version(1, hardlyKnown="x"), shown_until=NOON + timedelta(seconds=5))
    later = NOON + timedelta(seconds=5)
    stored = Stored(faulty, a_version(2, at=later))
    node = ProfilesInForce(Profiles(), stored, StandingClock(later))
    node.refresh()
    assert node.of("acme").version == "acme@2"


def test_a_version_that_becomes_active_later_is_tested_now() -> None:
    later = NOON + timedelta(hours=1)
    former = replace(a_version(1), shown_until=later)
    coming = replace(a_version(2, at=later, hardlyKnown="x"), scheduled=True)
    with pytest.raises(UnusableProfile, match="acme@2"):
        node_of(Stored(former, coming)).refresh()


def test_work_goes_on_by_the_version_that_accepted_it() -> None:
    stored = Stored(replace(a_version(), shown_until=NOON), a_version(2))
    of_file = compile_profile({}, "mall@file:1")
    node = ProfilesInForce(Profiles({"mall": of_file}), stored, StandingClock(NOON))
    node.refresh()
    assert [node.recorded("acme", name).version for name in ("acme@1", "acme@2", "acme@3", None, "default")] == [
        *("acme@1", "acme@2", "acme@2", "acme@2"),
        "default",
    ]
    assert node.recorded("mall", "mall@file:1") is of_file
    assert node.recorded("mall", "mall@file:2") is of_file


def test_the_watch_tells_a_problem_until_it_is_over_and_logs_it_once() -> None:
    stored = Stored(a_version(hardlyKnown="x"))
    watch = ProfileWatch(node_of(stored).refresh)
    with capture_logs() as logs:
        for _ in range(3):
            watch.round()
    assert [one["event"] for one in logs] == ["partner profiles not loaded"]
    assert "hardlyKnown" in (watch.problem() or "")
    stored.fails = StoreUnavailable("away")
    watch.round()
    assert "hardlyKnown" in (watch.problem() or "")
    stored.fails = KeyError("document")
    watch.round()
    assert watch.problem() == "the partner profiles cannot be loaded"
    stored.fails = None
    stored.publish(a_version(2))
    watch.round()
    assert watch.problem() is None


def test_the_watch_looks_again_and_again_until_it_is_stopped() -> None:
    stored = Stored()
    node = node_of(stored)
    watch = ProfileWatch(node.refresh, seconds=0.001)
    watch.begin()
    stored.publish(a_version())
    until(lambda: node.of("acme").version == "acme@1")
    watch.stop()
    stored.publish()
    assert node.of("acme").version == "acme@1"
