"""The profiles in force on this node: stored versions before files, the default for everybody else."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from canonical.partners.ports import PublishedProfiles
from canonical.partners.profile_version import PROFILE_VERSIONS, ProfileState, ProfileVersion, in_force
from canonical.shared.errors import StoreUnavailable
from canonical.shared.ports import Clock
from facade.partners.faults import ProfileFault
from facade.partners.profiles import DEFAULT, Profile, Profiles, compile_profile, content_hash

log = structlog.get_logger()

NUMBER = re.compile("[1-9][0-9]{0,8}")
SECONDS = 0.25
"""Between two looks at the number of changes."""


class UnusableProfile(ValueError):
    """A stored version that this release cannot use; the message names it and the mistake."""


@dataclass(frozen=True)
class _Loaded:
    """`changes` is the number that was read before them; -1 before anything was loaded."""

    changes: int = -1
    compiled: Mapping[str, Profile] = field(default_factory=dict)
    by_client: Mapping[str, tuple[ProfileVersion, ...]] = field(default_factory=dict)


class ProfilesInForce:
    """Answers from memory: what `refresh` loaded last, swapped as one reference. `files` are the profiles of clients
    without an active stored version.
    """

    def __init__(self, files: Profiles, stored: PublishedProfiles, clock: Clock) -> None:
        self.files = files
        self._stored = stored
        self._clock = clock
        self._loaded = _Loaded()

    def of(self, client: str) -> Profile:
        """The compiled profile of a client at this moment. Ask once for each request."""
        loaded = self._loaded
        versions = loaded.by_client.get(client)
        version = None if versions is None else in_force(versions, self._clock.now())
        return self.files.of(client) if version is None else loaded.compiled[version.id]

    def recorded(self, client: str, version: str | None) -> Profile:
        """The profile by which work of a client was accepted, for what is done about it later.

        Published versions never change, so that is the same. Only if it cannot be had any more, because a file has
        changed or an earlier release recorded nothing, it is the profile in force.
        """
        if version == DEFAULT.version:
            return DEFAULT
        of_file, number = self.files.of(client), (version or "").removeprefix(f"{client}@")
        if of_file.version == version:
            return of_file
        kept = self._stored.version(client, int(number)) if number.isdecimal() else None
        return self.of(client) if kept is None else self._loaded.compiled.get(kept.id) or tested(kept)

    def named(self, version: str) -> Profile:
        """The profile of that name, whatever its state: of a stored version, a draft too, or of a file. Raises
        ProfileNotFound, and UnusableProfile.
        """
        client, _, number = version.rpartition("@")
        of_file = self.files.of(client)
        if of_file.version == version:
            return of_file
        kept = self._stored.version(client, int(number)) if NUMBER.fullmatch(number) else None
        if kept is None:
            raise PROFILE_VERSIONS.missing(version)
        return tested(kept)

    def refresh(self) -> None:
        """Load what is in force, if that changed. Raises UnusableProfile, and StoreUnavailable; then everything stays
        as it was.
        """
        changes, known = self._stored.changes(), self._loaded.compiled
        if changes == self._loaded.changes:
            return
        by_client: dict[str, list[ProfileVersion]] = {}
        for one in self._stored.published():
            by_client.setdefault(one.client, []).append(one)
        compiled: dict[str, Profile] = {}
        for versions in by_client.values():
            compiled.update(_compiled(versions, known, self._clock.now()))
        kept = {client: tuple(one for one in versions if one.id in compiled) for client, versions in by_client.items()}
        self._loaded = _Loaded(changes, compiled, kept)

    def now(self) -> Profiles:
        """The profile of each client that has one."""
        clients = {*self.files.by_client, *self._loaded.by_client}
        return Profiles({client: profile for client in clients if (profile := self.of(client)) is not DEFAULT})


def _compiled(
    versions: Sequence[ProfileVersion], known: Mapping[str, Profile], now: datetime
) -> Iterator[tuple[str, Profile]]:
    """The profiles of one client's versions by their ids, without those that ended and cannot be used. Raises
    UnusableProfile for one that counts, or will.
    """
    current = in_force(versions, now)
    for one in versions:
        try:
            yield one.id, known.get(one.id) or tested(one)
        except UnusableProfile:
            if one is current or one.state_at(now) is ProfileState.SCHEDULED:
                raise


def tested(version: ProfileVersion) -> Profile:
    """The compiled profile of a stored version. Raises UnusableProfile."""
    if content_hash(version.document) != version.content_hash:
        raise UnusableProfile(f"the partner profile {version.name} is not what was stored: its hash differs")
    try:
        return compile_profile(version.document, version.name)
    except ProfileFault as fault:
        raise UnusableProfile(f"the partner profile {version.name} cannot be used: {fault}") from fault


class ProfileWatch:
    """A thread that refreshes the profiles of this node. After a failed round the node keeps those that it has."""

    def __init__(self, refresh: Callable[[], None], seconds: float = SECONDS) -> None:
        self._refresh = refresh
        self._seconds = seconds
        self._stopped = threading.Event()
        self._problem: str | None = None
        self._thread = threading.Thread(target=self._rounds, name="partner profiles", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def problem(self) -> str | None:
        """Why this node does not have the profiles that are in force; None if it has them. An unavailable database is
        told by the check of the database.
        """
        return self._problem

    def round(self) -> None:
        """A problem is logged once, until another one comes or it is over."""
        try:
            self._refresh()
        except StoreUnavailable:
            return
        except Exception as error:
            problem = str(error) if isinstance(error, UnusableProfile) else "the partner profiles cannot be loaded"
            if problem != self._problem:
                log.exception("partner profiles not loaded", reason=problem)
            self._problem = problem
        else:
            self._problem = None

    def _rounds(self) -> None:
        while not self._stopped.wait(self._seconds):
            self.round()
