"""Versions of partner profiles on both databases: drafted, activated at once or later, retired; one at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from adapters.persistence.database import Database
from adapters.persistence.partner_profiles import SqlPublishedProfiles
from adapters.persistence.reads import SqlReads
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.partners.commands import ActivateProfile, ApplyProfile, DraftProfile, ReplaceDraft, RetireProfile
from canonical.partners.errors import ActivationPending, ProfileNotFound, ProfilesChanged
from canonical.partners.handlers import HANDLERS
from canonical.partners.profile_version import PROFILE_VERSIONS, ProfileState, ProfileVersion
from canonical.shared.editions import Named
from canonical.shared.errors import ConcurrentChange, InvalidCommand, InvalidTransition
from canonical.shared.paging import Slice
from canonical.shared.reader import ALL
from facade.identities import SortableIdentities
from facade.partners.in_force import ProfilesInForce
from facade.partners.profiles import DEFAULT, Profiles, compile_profile, content_hash
from facade.portal.partner_profiles import INDEX
from tests.support.builders import NOON
from tests.support.fakes import StandingClock

ADMIN = "qa"
FROM_FILE = compile_profile({"description": "file"}, "acme@file:0")


class Agreeing:
    """Versions of profiles, changed as the edge does it, and a node that has them in force."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, StandingClock(NOON)
        self.stored = SqlPublishedProfiles(database, self.clock)
        self.node = ProfilesInForce(Profiles({"acme": FROM_FILE}), self.stored, self.clock)

    def do(self, command: Any) -> ProfileVersion:
        with SqlUnitOfWork(self.database, {}, self.clock) as work:
            made: ProfileVersion = HANDLERS[type(command)](command, work, self.clock, SortableIdentities())
            work.commit()
        return made

    def draft(self, said: str = "x", client: str = "acme") -> ProfileVersion:
        document = {"description": said}
        return self.do(DraftProfile(client, document, content_hash(document), ADMIN))

    def in_force(self, client: str = "acme") -> str:
        self.node.refresh()
        return self.node.of(client).version

    def kept(self, number: int, client: str = "acme") -> ProfileVersion:
        named = Named(client, self.clock.now(), str(number))
        found: ProfileVersion = SqlReads(self.database).aggregate(PROFILE_VERSIONS, named, ALL)
        return found

    def states(self, client: str = "acme") -> list[ProfileState]:
        with SqlUnitOfWork(self.database, {}, self.clock) as work:
            return [one.state_at(self.clock.now()) for one in work.repository(PROFILE_VERSIONS).versions(client)]


@pytest.fixture
def agreeing(database: Database) -> Agreeing:
    return Agreeing(database)


def test_a_draft_is_kept_and_changes_nothing_until_it_is_activated(agreeing: Agreeing) -> None:
    first, second = agreeing.draft("a"), agreeing.draft("b")
    assert (first.name, second.name) == ("acme@1", "acme@2")
    assert agreeing.in_force() == "acme@file:0"
    kept = agreeing.kept(2)
    assert (kept.document, kept.content_hash) == ({"description": "b"}, content_hash({"description": "b"}))
    assert (kept.created_at, kept.created_by, kept.state) == (NOON, ADMIN, ProfileState.DRAFT)


def test_an_activation_retires_the_former_version(agreeing: Agreeing) -> None:
    for said in "ab":
        agreeing.do(ActivateProfile(agreeing.draft(said).id, ADMIN))
        agreeing.clock.pass_(60)
    assert agreeing.states() == [ProfileState.RETIRED, ProfileState.ACTIVE]
    assert agreeing.in_force() == "acme@2"
    assert agreeing.in_force("somebody") == DEFAULT.version
    first = agreeing.kept(1)
    assert (first.shown_from, first.shown_until) == (NOON, NOON + timedelta(seconds=60))
    at = Named("acme", NOON + timedelta(seconds=30))
    assert SqlReads(agreeing.database).aggregate(PROFILE_VERSIONS, at, ALL).number == 1


def test_a_version_may_become_effective_later_by_the_clock_of_each_node(agreeing: Agreeing) -> None:
    agreeing.do(ActivateProfile(agreeing.draft("a").id, ADMIN))
    later = NOON + timedelta(hours=2)
    agreeing.do(ActivateProfile(agreeing.draft("b").id, ADMIN, effective_at=later))
    assert agreeing.in_force() == "acme@1"
    assert agreeing.states() == [ProfileState.ACTIVE, ProfileState.SCHEDULED]
    with pytest.raises(ActivationPending) as refused:
        agreeing.do(ActivateProfile(agreeing.draft("c").id, ADMIN))
    assert refused.value.details == {"number": 2, "effectiveAt": later.isoformat()}
    agreeing.clock.pass_(2 * 3600)
    assert agreeing.in_force() == "acme@2"
    assert agreeing.states() == [ProfileState.RETIRED, ProfileState.ACTIVE, ProfileState.DRAFT]
    agreeing.do(ActivateProfile(agreeing.kept(3).id, ADMIN))
    assert agreeing.in_force() == "acme@3"


def test_a_scheduled_version_can_be_withdrawn_and_the_former_goes_on(agreeing: Agreeing) -> None:
    agreeing.do(ActivateProfile(agreeing.draft("a").id, ADMIN))
    scheduled = agreeing.do(ActivateProfile(agreeing.draft("b").id, ADMIN, NOON + timedelta(hours=1)))
    agreeing.do(RetireProfile(scheduled.id, ADMIN))
    for _ in range(2):
        assert agreeing.in_force() == "acme@1"
        assert agreeing.states() == [ProfileState.ACTIVE, ProfileState.RETIRED]
        agreeing.clock.pass_(2 * 3600)


def test_without_an_active_version_the_file_counts_again(agreeing: Agreeing) -> None:
    version = agreeing.do(ActivateProfile(agreeing.draft().id, ADMIN))
    assert agreeing.in_force() == "acme@1"
    agreeing.do(RetireProfile(version.id, ADMIN))
    assert agreeing.in_force() == "acme@file:0"


def test_lists_of_what_is_in_force_count_exactly(agreeing: Agreeing) -> None:
    reads = SqlReads(agreeing.database)

    def totals() -> tuple[int, int]:
        found = reads.found(PROFILE_VERSIONS, INDEX, ALL, Slice(0, 1), None, agreeing.clock.now())
        return found.total, len(found.members)

    versions = []
    for number, client in enumerate(("acme", "shop", "mall"), start=1):
        versions.append(agreeing.do(ActivateProfile(agreeing.draft(client=client).id, ADMIN)))
        assert totals() == (number, 1)
        agreeing.clock.pass_(1)
    agreeing.do(RetireProfile(versions[1].id, ADMIN))
    assert totals() == (2, 1)


def test_a_version_that_ended_long_ago_is_had_for_what_it_accepted(agreeing: Agreeing) -> None:
    for said in "ab":
        agreeing.do(ActivateProfile(agreeing.draft(said).id, ADMIN))
        agreeing.clock.pass_(86_400)
    assert agreeing.in_force() == "acme@2"
    assert agreeing.node.recorded("acme", "acme@1").version == "acme@1"
    assert agreeing.node.recorded("acme", "acme@3").version == "acme@2"


def test_a_slow_clock_does_not_delay_what_is_effective_at_once(agreeing: Agreeing) -> None:
    agreeing.do(ActivateProfile(agreeing.draft("a").id, ADMIN))
    agreeing.do(ActivateProfile(agreeing.draft("b").id, ADMIN))
    agreeing.clock.pass_(-30)
    assert agreeing.in_force() == "acme@2"


def test_what_was_published_never_changes(agreeing: Agreeing) -> None:
    version = agreeing.draft("a")
    agreeing.do(ReplaceDraft(version.id, {"description": "b"}, "hash of b", ADMIN, expected=1))
    assert agreeing.kept(1).document == {"description": "b"}
    with pytest.raises(ConcurrentChange):
        agreeing.do(ReplaceDraft(version.id, {}, "", ADMIN, expected=1))
    agreeing.do(ActivateProfile(version.id, ADMIN))
    for command in (ReplaceDraft(version.id, {}, "", ADMIN), ActivateProfile(version.id, ADMIN)):
        with pytest.raises(InvalidTransition) as refused:
            agreeing.do(command)
        assert refused.value.details["allowedActions"] == ["retire"]
    agreeing.do(RetireProfile(version.id, ADMIN))
    with pytest.raises(InvalidTransition):
        agreeing.do(RetireProfile(version.id, ADMIN))


def test_a_time_that_is_over_and_an_unknown_version_are_refused(agreeing: Agreeing) -> None:
    draft = agreeing.draft()
    with pytest.raises(InvalidCommand) as refused:
        agreeing.do(ActivateProfile(draft.id, ADMIN, NOON - timedelta(seconds=1)))
    assert refused.value.pointer == "/effective_at"
    with pytest.raises(ProfileNotFound):
        agreeing.do(RetireProfile("unknown", ADMIN))


def test_a_stale_plan_is_refused(agreeing: Agreeing) -> None:
    document = {"description": "applied"}

    def apply(seen: int) -> ProfileVersion:
        return agreeing.do(ApplyProfile("acme", document, content_hash(document), "cli", seen))

    assert apply(seen=0).name == "acme@1"
    assert agreeing.stored.seen() == {"acme": 1}
    with pytest.raises(ProfilesChanged):
        apply(seen=0)
    assert apply(seen=1).name == "acme@2"
    assert agreeing.in_force() == "acme@2"


def test_of_activations_at_once_one_is_active(agreeing: Agreeing) -> None:
    drafts = [agreeing.draft(str(number)).id for number in range(4)]
    with ThreadPoolExecutor(len(drafts)) as pool:
        list(pool.map(lambda draft: agreeing.do(ActivateProfile(draft, ADMIN)), drafts))
    assert sorted(agreeing.states()) == [ProfileState.ACTIVE, *[ProfileState.RETIRED] * 3]


def test_new_numbers_are_given_once(agreeing: Agreeing) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda said: agreeing.draft(said).number, "abcd"))
    assert sorted(made) == [1, 2, 3, 4]
