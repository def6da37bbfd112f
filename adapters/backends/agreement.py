"""What a backend's answer has to agree with: the kinds of fields, and how an answer is held against them.

`asked` is what the call names in its address, its query and its body, and what the caller knows beside that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from adapters.backends.errors import Arguments, CallFailed, CallOutcome
from adapters.backends.fields import AMOUNT


def equal(told: Any, asked: Any) -> bool:
    """To the letter; numbers by their value, and True is no 1."""
    return bool(told == asked) and isinstance(told, bool) == isinstance(asked, bool)


def equal_amount(told: Any, asked: Any) -> bool:
    """Decimal texts of the same value: 49.9 is 49.90."""
    return isinstance(told, str) and AMOUNT.match(told) is not None and Decimal(told) == Decimal(asked)


def at_least(told: Any, asked: Any) -> bool:
    return isinstance(told, int) and not isinstance(told, bool) and told >= asked


@dataclass(frozen=True, slots=True)
class Same:
    """Is what the call names `asked`.

    `about`: says what or whom the answer is about; an entry of a list that is about another is foreign. `lacking`: the
    backend may leave it out. `default`: what it means when it is left out. `when`: the answers in which it is checked.
    """

    asked: str
    about: bool = False
    lacking: bool = False
    default: Any = None
    agrees: Callable[[Any, Any], bool] = equal
    when: Callable[[Mapping[str, Any], Arguments], bool] | None = None


@dataclass(frozen=True, slots=True)
class Is:
    """Is this value and no other."""

    value: str


@dataclass(frozen=True, slots=True)
class Given:
    """The id of what the call made, which is the backend's to choose. Unless the header `Location` ends with it, the
    thing is read again under it (`effects.Kind`).
    """


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody asked about it: `why` it is used as it is, or not used."""

    why: str


Field = Same | Is | Given | Free


class Agreement:
    """How the fields of an answer that is one object, or each entry of it where it is a list, agree with the call.

    `fields` has all that the contract names, lists inside by the fields of their entries. `many`: the answer is a list,
    of which foreign entries are left out. `search`: none is left when all are foreign; any other list that has only
    foreign entries is an answer about something else.
    """

    def __init__(
        self,
        fields: Mapping[str, Field | Mapping[str, Field]],
        *,
        many: bool = False,
        search: bool = False,
    ) -> None:
        self.fields = MappingProxyType(dict(fields))
        self.many = many or search
        self.search = search
        own = {name: kind for name, kind in fields.items() if not isinstance(kind, Mapping)}
        self._about = [(name, kind) for name, kind in own.items() if isinstance(kind, Same) and kind.about]
        self._same = [(name, kind) for name, kind in own.items() if isinstance(kind, Same) and not kind.about]
        self._is = [(name, kind.value) for name, kind in own.items() if isinstance(kind, Is)]
        self.given = next((name for name, kind in own.items() if isinstance(kind, Given)), None)
        """The field with the id of what the call made."""
        lists = {name: kind for name, kind in fields.items() if isinstance(kind, Mapping)}
        self._lists = {
            name: checked
            for name, entries in lists.items()
            if (checked := [(field, kind) for field, kind in entries.items() if isinstance(kind, Same)])
        }
        self.needs = frozenset(kind.asked for _, kind in (*self._about, *self._same)) | frozenset(self._lists)
        """What a call has to name."""

    def held(self, answer: Any, asked: Arguments) -> Any:
        """The answer without foreign entries.

        Raises CallFailed: CONTRADICTS naming the first field that does not agree, UNREADABLE naming one that is not
        there.
        """
        if not self.many:
            self._hold(answer, asked, "")
            return answer
        if not isinstance(answer, list):
            raise CallFailed(CallOutcome.UNREADABLE, field="")
        foreign = {at: field for at, entry in enumerate(answer) if (field := self._foreign(entry, asked, f"/{at}"))}
        if foreign and len(foreign) == len(answer) and not self.search:
            raise _contradiction(next(iter(foreign.values())))
        for at, entry in enumerate(answer):
            if at not in foreign:
                self._hold(entry, asked, f"/{at}")
        return [entry for at, entry in enumerate(answer) if at not in foreign] if foreign else answer

    def _foreign(self, entry: Any, asked: Arguments, place: str) -> str | None:
        """The field that says that the entry is about something else."""
        return next(
            (f"{place}/{name}" for name, kind in self._about if not _agrees(entry, name, kind, asked, place)), None
        )

    def _hold(self, told: Any, asked: Arguments, place: str) -> None:
        if not isinstance(told, dict):
            raise CallFailed(CallOutcome.UNREADABLE, field=place)
        for name, kind in (*self._about, *self._same):
            if not _agrees(told, name, kind, asked, place):
                raise _contradiction(f"{place}/{name}")
        for name, value in self._is:
            if _told(told, name, place) != value:
                raise _contradiction(f"{place}/{name}")
        for name, kinds in self._lists.items():
            _hold_list(_told(told, name, place), asked[name], kinds, f"{place}/{name}")


def _hold_list(told: Any, asked: list[Mapping[str, Any]], kinds: list[tuple[str, Same]], place: str) -> None:
    """Entry by entry. What the call does not say of an entry is the backend's to say."""
    if not isinstance(told, list) or len(told) != len(asked):
        raise _contradiction(place)
    for at, (entry, ours) in enumerate(zip(told, asked, strict=True)):
        for name, kind in kinds:
            if kind.asked in ours and not _agrees(entry, name, kind, ours, f"{place}/{at}"):
                raise _contradiction(f"{place}/{at}/{name}")


def _agrees(told: Any, name: str, kind: Same, asked: Arguments, place: str) -> bool:
    if not isinstance(told, dict):
        raise CallFailed(CallOutcome.UNREADABLE, field=place)
    left_out = name not in told
    if kind.lacking and left_out:
        return True
    value = kind.default if left_out and kind.default is not None else _told(told, name, place)
    return (kind.when is not None and not kind.when(told, asked)) or kind.agrees(value, asked[kind.asked])


def _told(answer: Mapping[str, Any], name: str, place: str) -> Any:
    if name not in answer:
        raise CallFailed(CallOutcome.UNREADABLE, field=f"{place}/{name}")
    return answer[name]


def _contradiction(field: str) -> CallFailed:
    """It says nothing about the backend's health: one that reads ids less strictly than we do answers so to whoever
    writes them otherwise.
    """
    return CallFailed(CallOutcome.CONTRADICTS, field=field, ignored=True)


REFUSED_ABOUT = (
    "customerId",
    "orderId",
    "externalId",
    "reservationId",
    "reference",
    "sku",
    "chargeId",
    "subscriptionId",
)


def hold_refusal(refusal: Any, asked: Arguments) -> None:
    """A refusal need not say what it is about; where it does, that is what was asked for. Raises CallFailed."""
    details = refusal.get("details")
    if isinstance(details, dict):
        for name in REFUSED_ABOUT:
            if name in details and name in asked and not equal(details[name], asked[name]):
                raise _contradiction(f"/details/{name}")
