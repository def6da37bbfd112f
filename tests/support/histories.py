"""Made-up lives of one catalog item, and what has to be so after each step of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from canonical.catalog.errors import ItemNotFound
from canonical.catalog.item import Item
from canonical.catalog.lifecycle import OFFERED, LifecycleStatus
from canonical.shared.editions import Named
from canonical.shared.errors import Conflict, InvalidCommand, InvalidTransition
from canonical.shared.reader import ALL
from tests.support.builders import NOON
from tests.support.cataloguing import Cataloguing, a_category, as_it_is

QUARTER = timedelta(minutes=15)
STATUSES: list[Any] = [
    *LifecycleStatus,
    LifecycleStatus.ACTIVE,
    LifecycleStatus.ACTIVE,
    LifecycleStatus.LAUNCHED,
    None,
    None,
]
EDGE = timedelta(milliseconds=1)


@dataclass
class History:
    """An item changed at random. `reads` are those of the store that keeps it."""

    catalog: Cataloguing
    reads: Any
    random: Random
    item: str = "c1"
    published: dict[str, tuple[Any, datetime | None, str]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    """Ids of versions in the order of their publication."""
    refused: int = 0

    def step(self) -> None:
        """Something that an administrator may ask for; it may be refused."""
        self.catalog.clock.at += self.random.choice((timedelta(0), timedelta(seconds=7), QUARTER, 2 * QUARTER))
        wish = self.random.choice((self._create, self._change, self._change, self._state, self._state, self._remove))
        try:
            wish()
        except (InvalidCommand, InvalidTransition, Conflict):
            self.refused += 1

    def check(self) -> None:
        versions = self.catalog.versions(self.item)
        self._check_what_is_published(versions)
        for at in self._instants(versions):
            counting = [one.edition for one in versions if one.state in OFFERED and _counts(one, at)]
            assert len(counting) <= 1, f"at {at} {counting} count"
            assert self._found(at) == self._replayed(versions, at), f"at {at}"

    def _create(self) -> None:
        edition = self.random.choice((None, None, f"{self.random.randrange(9)}.0"))
        self.catalog.create(
            a_category(self._name(), status=self._status(), edition=edition, **self._period()), self.item
        )

    def _change(self) -> None:
        """Other contents: of a draft in place, and a version of what is published."""
        if (item := self._any()) is not None:
            begin = self.random.choice((item.valid_from, self._time()))
            self.catalog.change(item, a_category(self._name(), valid_from=begin, valid_until=self._time()))

    def _state(self) -> None:
        """Another status, or another end, which may be shorter or longer."""
        if (item := self._any()) is not None:
            more = {"valid_until": self._time()} if self.random.random() < 0.5 else {}
            self.catalog.change(item, as_it_is(item), status=self._status(), **more)

    def _remove(self) -> None:
        if (item := self._any()) is not None and self.random.random() < 0.5:
            self.catalog.remove(item, whole=self.random.random() < 0.2)

    def _any(self) -> Item | None:
        versions = self.catalog.versions(self.item)
        return self.random.choice(versions) if versions else None

    def _name(self) -> str:
        return f"name {self.random.randrange(10**6)}"

    def _status(self) -> LifecycleStatus | None:
        status: LifecycleStatus | None = self.random.choice(STATUSES)
        return status

    def _time(self) -> datetime | None:
        return self.random.choice((None, NOON + QUARTER * self.random.randrange(-8, 40)))

    def _period(self) -> dict[str, Any]:
        return {"valid_from": self._time(), "valid_until": self._time()}

    def _check_what_is_published(self, versions: list[Item]) -> None:
        for one in versions:
            if one.is_published:
                said = (one.contents, one.valid_from, one.edition)
                assert self.published.setdefault(one.id, said) == said, "what is published never changes"
                if one.id not in self.order:
                    self.order.append(one.id)
            else:
                assert one.id not in self.published, "what is published stays so"

    def _instants(self, versions: list[Item]) -> Iterator[datetime]:
        """Every time at which something begins or ends, and those just before."""
        times = {self.catalog.clock.at, NOON}
        for one in versions:
            times |= {
                at for at in (one.valid_from, one.valid_until, one.created_at, one.published_at) if at is not None
            }
        yield from sorted(times | {at - EDGE for at in times})

    def _found(self, at: datetime) -> str | None:
        try:
            found: str = self.reads.document(self.catalog.kind, Named(self.item, at), ALL).id
        except ItemNotFound:
            return None
        return found

    def _replayed(self, versions: list[Item], at: datetime) -> str | None:
        """The same, of all versions each time: the one that began last, of those that began together the one published
        last.
        """
        published = sorted((one for one in versions if one.is_published), key=lambda one: self.order.index(one.id))
        if not published:
            drafts = [one for one in versions if one.state is not LifecycleStatus.REJECTED] or versions
            newest = max(drafts, key=lambda one: (one.created_at, one.id), default=None)
            return newest.id if newest is not None and newest.created_at <= at else None
        valid = [one for one in published if one.valid_until is None or one.valid_until > _begin(one)] or published
        begun = [one for one in valid if _begin(one) <= at]
        if begun:
            return _last(begun, max(map(_begin, begun))).id
        first = min(valid, key=_begin)
        return first.id if _published(first) <= at else None


def _last(versions: list[Item], begin: datetime) -> Item:
    return [one for one in versions if _begin(one) == begin][-1]


def _published(item: Item) -> datetime:
    assert item.published_at is not None
    return item.published_at


def _begin(item: Item) -> datetime:
    return max(_published(item), item.valid_from or _published(item))


def _counts(item: Item, at: datetime) -> bool:
    return _begin(item) <= at and (item.valid_until is None or at < item.valid_until)


def live(make: Callable[[], tuple[Cataloguing, Any]], seeds: range, steps: int) -> tuple[int, int, int]:
    """Live the lives of these seeds, each in what `make` makes, and check each after every step. Answers how many steps
    were taken and refused, and how many versions were published.
    """
    refused = published = 0
    for seed in seeds:
        catalog, reads = make()
        catalog.clock.at = NOON
        history = History(catalog, reads, Random(seed), f"c{seed}")
        for _ in range(steps):
            history.step()
            history.check()
        refused += history.refused
        published += len(history.published)
    return len(seeds) * steps, refused, published
