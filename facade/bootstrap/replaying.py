"""Payloads translated again, with the profiles of a folder, and compared with what was understood before."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from adapters.persistence.database import Database
from adapters.persistence.recordings import SqlRecordings
from canonical.audit.recording import Recording
from canonical.shared.aggregates import A, Kind
from canonical.shared.editions import Named
from canonical.shared.projection import StoredDocument
from canonical.shared.reader import Reader
from facade.bootstrap.answers import answer_to
from facade.bootstrap.apis import translatable
from facade.bootstrap.core import partner_profiles, profiles_in_force
from facade.clock import SystemClock
from facade.partners.files import ProfileError
from facade.partners.in_force import UnusableProfile
from facade.partners.profiles import Profiles
from facade.replay.differences import Difference, Group, differences, grouped
from facade.replay.outcomes import Replay
from facade.replay.recordings import Recorded
from facade.settings import Settings


class NothingKept:
    """The store of a replay: what a payload refers to is unknown, so both outcomes are the same there."""

    def document(self, kind: Kind[A], asked: str | Named, reader: Reader) -> StoredDocument:
        raise kind.missing(asked if isinstance(asked, str) else asked.reference)


@dataclass(frozen=True, slots=True)
class Replayed:
    """`compared` of `payloads` had an outcome to compare with, and `differing` of these another one now."""

    payloads: int
    compared: int
    differing: int
    groups: list[Group]


def replay(
    recorded: Iterable[Recorded],
    now: Profiles,
    before: Profiles | None = None,
    keep: Callable[[str], object] = lambda line: None,
    told: Callable[[int], None] = lambda done: None,
) -> Replayed:
    """Translate with the profiles `now`. Compared with the outcome that was recorded, or where there is none with the
    profiles `before`. `keep` takes each payload with its outcome, as a line of a recording. Raises RecordingError.
    """
    known = translatable(NothingKept())
    candidate = Replay(known, now, answer_to)
    present = None if before is None else Replay(known, before, answer_to)
    counts = Counter[str]()

    def compared() -> Iterator[tuple[str, str, list[Difference]]]:
        for one in recorded:
            outcome = candidate.outcome(one)
            keep(one.as_line(outcome))
            expected: Any = one.outcome
            if expected is None and present is not None:
                expected = present.outcome(one)
            found = [] if expected is None else list(differences(expected, outcome))
            counts.update(payloads=1, compared=expected is not None, differing=bool(found))
            told(counts["payloads"])
            yield " ".join(one.operation), one.name, found

    groups = grouped(compared())
    return Replayed(counts["payloads"], counts["compared"], counts["differing"], groups)


def in_force(settings: Settings, database: Database) -> Profiles:
    """The profiles in force: stored versions before files. Raises SettingError, and ProfileError."""
    found = profiles_in_force(partner_profiles(settings), database, SystemClock())
    try:
        found.refresh()
    except UnusableProfile as error:
        raise ProfileError(str(error)) from error
    return found.now()


def recordings(database: Database, client: str) -> Iterator[Recording]:
    """What is recorded of a client and did not expire, oldest first."""
    return SqlRecordings(database).of(client, SystemClock().now())


def end_recordings(database: Database, client: str) -> int:
    """Delete what is recorded of a client, and the key that it is masked with. Returns how many payloads that were."""
    return SqlRecordings(database).end(client)
