"""One version of something in the catalog: a category, a specification, an offering, a price.

What is published never changes. What may still change, its status and the end of its validity, is recorded with its
time; any other change makes a new version.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, Self

from canonical.catalog.errors import ItemNotFound
from canonical.catalog.events import Changed, Created, ItemEvent, Published, Removed, Retired, StatusChanged
from canonical.catalog.lifecycle import FOLLOWING, PUBLISHED, LifecycleStatus
from canonical.catalog.words import terms_of
from canonical.shared.aggregates import Kind, Link
from canonical.shared.errors import InvalidCommand, InvalidTransition
from canonical.shared.money import Money

Sought = tuple[Collection[str | None], Collection[Money | None]]
"""Texts and amounts that something is found by."""


class Contents(Protocol):
    """What an item says, without its status and its validity. It never changes."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str | None: ...

    @property
    def links(self) -> Collection[Link]:
        """The other items that it names, each by its kind and its id."""
        ...

    @property
    def sought(self) -> Sought:
        """Texts and amounts that it is found by, beside its name and its description."""
        ...


@dataclass(frozen=True, slots=True)
class Definition:
    """An item as it is to be. `edition` is the name of its version; None for the one it has, and the next one for a
    new version. It is valid from `valid_from` until before `valid_until`, each None for no bound. `status` None: as it
    is, and in study when it is new.
    """

    contents: Any
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    status: LifecycleStatus | None = None
    status_reason: str | None = None
    edition: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The status and the end of validity that a version had from `at` on."""

    at: datetime
    status: LifecycleStatus
    reason: str | None
    valid_until: datetime | None


@dataclass(slots=True)
class Item:
    """`item_id` names the item in all its versions, `edition` this version, `id` the two of them for the store.

    `owner` is the client that made it. `state` is its status in the life of the catalog. From `shown_from` until
    before `shown_until` it is what is found by `item_id`; it never is when `shown_from` is None. `standings` says what
    was said of it since when, from its publication on. `recorded` counts its events.
    """

    id: str
    item_id: str
    edition: str
    owner: str
    created_at: datetime
    changed_at: datetime
    contents: Any
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    state: LifecycleStatus = LifecycleStatus.IN_STUDY
    status_reason: str | None = None
    standings: tuple[Standing, ...] = ()
    shown_from: datetime | None = None
    shown_until: datetime | None = None
    recorded: int = 0
    version: int = 0
    events: list[ItemEvent] = field(default_factory=list)

    @property
    def customer_id(self) -> str:
        return ""

    @property
    def removed(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], Removed)

    @property
    def is_published(self) -> bool:
        return self.state in PUBLISHED

    @property
    def published_at(self) -> datetime | None:
        return self.standings[0].at if self.standings else None

    @property
    def counts_from(self) -> datetime | None:
        """When it begins to count, once it is published: not before it was."""
        published = self.published_at
        return published if published is None or self.valid_from is None else max(self.valid_from, published)

    @classmethod
    def create(
        cls, version_id: str, item_id: str, edition: str, owner: str, definition: Definition, at: datetime
    ) -> Self:
        """Raises InvalidCommand."""
        item = cls(version_id, item_id, edition, owner, at, at, definition.contents)
        item._contain(definition)
        item._record(Created, at, name=definition.contents.name)
        status = definition.status or LifecycleStatus.IN_STUDY
        if status is not LifecycleStatus.IN_STUDY:
            item._become(status, definition, at)
        return item

    def redefine(self, definition: Definition, at: datetime) -> None:
        """Change what is not published yet. Raises InvalidCommand, or InvalidTransition for a status that does not
        follow.
        """
        self.check_status(definition.status)
        self._contain(definition)
        self.changed_at = at
        self._record(Changed, at)
        if definition.status not in (None, self.state):
            self._become(definition.status, definition, at)

    def restate(self, definition: Definition, at: datetime) -> None:
        """Give what is published another status, reason or end of validity. Raises the same."""
        self.check_status(definition.status)
        _check_period(self.valid_from, definition.valid_until)
        self._become(definition.status or self.state, definition, at)

    def end(self, valid_until: datetime, at: datetime) -> None:
        """Let it count until then at most: its successor counts from then on."""
        self._become(self.state, Definition(self.contents, None, valid_until, None, self.status_reason), at)

    def remove(self, at: datetime) -> None:
        self._record(Removed, at)

    def as_of(self, at: datetime) -> Self:
        """What was said of it at that moment; as it is now before it was published."""
        said = [one for one in self.standings if one.at <= at]
        if not said:
            return self
        then = said[-1]
        return replace(self, state=then.status, status_reason=then.reason, valid_until=then.valid_until)

    def says_the_same(self, definition: Definition) -> bool:
        """Whether the definition leaves alone all that a published version keeps for ever."""
        same = definition.contents == self.contents and definition.valid_from == self.valid_from
        return same and definition.edition in (None, self.edition)

    def check_status(self, status: LifecycleStatus | None) -> None:
        """Raises InvalidTransition for a status that does not follow the one it has."""
        if status is None or status is self.state or status in FOLLOWING[self.state]:
            return
        following = [one for one in LifecycleStatus if one in FOLLOWING[self.state]]
        allowed = ", ".join(following) or "nothing"
        raise InvalidTransition(
            f"what is {self.state} cannot become {status}; it can become {allowed}",
            pointer="/status",
            state=self.state.value,
            trigger=f"become {status}",
            allowedActions=following,
        )

    def _contain(self, definition: Definition) -> None:
        _check_period(definition.valid_from, definition.valid_until)
        self.contents = definition.contents
        self.valid_from, self.valid_until = definition.valid_from, definition.valid_until
        self.status_reason = definition.status_reason

    def _become(self, status: LifecycleStatus, definition: Definition, at: datetime) -> None:
        was, self.state, self.changed_at = self.state, status, at
        self.status_reason, self.valid_until = definition.status_reason, definition.valid_until
        if self.is_published:
            self.standings += (Standing(at, status, self.status_reason, self.valid_until),)
        self._record(_event_of(was, status), at, status=status, valid_until=self.valid_until)

    def _record(self, event: type[ItemEvent], at: datetime, **facts: Any) -> None:
        self.recorded += 1
        self.events.append(event(item_id=self.item_id, edition=self.edition, sequence=self.recorded, at=at, **facts))


def _event_of(was: LifecycleStatus, status: LifecycleStatus) -> type[StatusChanged]:
    if status in PUBLISHED and was not in PUBLISHED:
        return Published
    return Retired if status is LifecycleStatus.RETIRED and was is not status else StatusChanged


def _check_period(valid_from: datetime | None, valid_until: datetime | None) -> None:
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise InvalidCommand("the validity ends before it begins", pointer="/valid_until")


def _nothing_more(_: Any) -> Iterable[tuple[str, str]]:
    return ()


def kind_of_items(
    name: str, made: type[Item], called: str, more: Callable[[Any], Iterable[tuple[str, str]]] = _nothing_more
) -> Kind[Any]:
    """One kind of catalog item. `called` is what people call it; its events' names begin with that, without blanks.

    `more` are texts that contents are found by, beside words and amounts, each with its path.
    """

    def found_by(item: Item) -> Collection[tuple[str, str]]:
        texts, amounts = item.contents.sought
        words = terms_of((item.contents.name, *texts, item.contents.description), amounts)
        return (*words, *more(item.contents))

    return Kind(
        name,
        made,
        missing=lambda item_id: ItemNotFound(f"{called.capitalize()} not found", id=item_id),
        reference=lambda item: item.item_id,
        removed=lambda item: item.removed,
        links=lambda item: item.contents.links,
        found_by=found_by,
        versioned=True,
        event_prefix=called.title().replace(" ", ""),
        recorded=(ItemEvent,),
    )
