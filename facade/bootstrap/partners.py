"""Folders of partner profiles, compared with the stored versions and applied."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.persistence.database import Database
from adapters.persistence.partner_profiles import SqlPublishedProfiles
from adapters.persistence.unit_of_work import SqlUnitOfWork
from canonical.audit.record import AuditRecord
from canonical.partners.commands import ApplyProfile
from canonical.partners.handlers import apply_profile
from canonical.partners.profile_version import PROFILE_VERSIONS, ProfileVersion, in_force
from facade.clock import SystemClock
from facade.identities import SortableIdentities, new_id
from facade.partners.differences import differences
from facade.partners.files import documents_in, located
from facade.partners.profiles import content_hash, faults_of
from facade.security.tokens import LONGEST_CLIENT_ID

BY = "tmf-facade"
"""Who applies a folder, in versions and audit records."""
OPERATION = "partners apply"


class FaultyProfiles(ValueError):
    """Files that hold no profile; `faults` has a line for each mistake."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@dataclass(frozen=True)
class PlannedChange:
    """A client whose file differs from what is in force. `seen` counts the changes of its versions so far."""

    client: str
    document: Mapping[str, Any]
    content_hash: str
    former: ProfileVersion | None
    seen: int

    def in_words(self) -> Iterator[str]:
        if self.former is None:
            yield f"{self.client}: none is active so far"
            yield from (f"  {one}" for one in differences({}, self.document))
            return
        yield f"{self.client}: a successor of {self.former.name}"
        found = differences(self.former.document, self.document)
        yield from (f"  {one}" for one in found or ["only the order in lists differs"])


@dataclass(frozen=True)
class Plan:
    """`unnamed` are the clients with an active version and without a file: they stay as they are."""

    changes: tuple[PlannedChange, ...]
    same: tuple[str, ...]
    unnamed: tuple[str, ...]


def profiles_in(folder: Path) -> dict[str, Any]:
    """The document of each client. Raises ProfileError, and FaultyProfiles with every mistake that is found."""
    documents, faults = {}, []
    for client, path, document in documents_in(folder):
        if len(client) > LONGEST_CLIENT_ID:
            faults.append(f"{path}: the id of a client has at most {LONGEST_CLIENT_ID} characters")
        faults.extend(located(path, fault) for fault in faults_of(document))
        documents[client] = document
    if faults:
        raise FaultyProfiles(faults)
    return documents


def planned(database: Database, documents: Mapping[str, Any]) -> Plan:
    """What would have to change for the documents to be in force."""
    clock = SystemClock()
    stored = SqlPublishedProfiles(database, clock)
    seen = stored.seen()  # before the versions: what changes meanwhile makes the plan stale
    active = active_versions(database)
    changes, same = [], []
    for client, document in documents.items():
        digest, former = content_hash(document), active.get(client)
        if former is not None and former.content_hash == digest:
            same.append(client)
        else:
            changes.append(PlannedChange(client, document, digest, former, seen.get(client, 0)))
    return Plan(tuple(changes), tuple(same), tuple(sorted(active.keys() - documents.keys())))


def apply(database: Database, changes: Sequence[PlannedChange], told: Callable[[int], None]) -> list[ProfileVersion]:
    """Have the changes in force: all of them, or none. `told`: how many are done.

    Raises ProfilesChanged for a plan that became stale, and ActivationPending.
    """
    clock, identities, run = SystemClock(), SortableIdentities(), new_id()
    made = []
    with SqlUnitOfWork(database, {}, clock) as work:
        for change in sorted(changes, key=lambda one: one.client):  # so that two runs never wait for each other
            command = ApplyProfile(change.client, change.document, change.content_hash, BY, change.seen)
            version = apply_profile(command, work, clock, identities)
            subject = (PROFILE_VERSIONS.name, version.id)
            work.record(AuditRecord(new_id(), clock.now(), BY, OPERATION, run, 200, None, (), *subject))
            made.append(version)
            told(len(made))
        work.commit()
    return made


def active_versions(database: Database) -> dict[str, ProfileVersion]:
    """The stored version in force of each client that has one."""
    clock = SystemClock()
    by_client: dict[str, list[ProfileVersion]] = {}
    for version in SqlPublishedProfiles(database, clock).published():
        by_client.setdefault(version.client, []).append(version)
    now = clock.now()
    found = {client: in_force(versions, now) for client, versions in sorted(by_client.items())}
    return {client: version for client, version in found.items() if version is not None}
