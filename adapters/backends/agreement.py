"""Agreements: which fields of a backend's answer must agree with its call, and how they are compared.

`asked` has the values that the call names in its address, query and body, and what the caller knows in addition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from adapters.backends.errors import Arguments, CallFailed, CallOutcome
from adapters.backends.fields import AMOUNT


def equal(told: Any, asked: Any) -> bool:
    """Compared exactly; numbers by value, and True is not 1."""
    return bool(told == asked) and isinstance(told, bool) == isinstance(asked, bool)


def equal_amount(told: Any, asked: Any) -> bool:
    """Decimal texts of the same value: 49.9 is 49.90."""
    return isinstance(told, str) and AMOUNT.match(told) is not None and Decimal(told) == Decimal(asked)


def at_least(told: Any, asked: Any) -> bool:
    return isinstance(told, int) and not isinstance(told, bool) and told >= asked


@dataclass(frozen=True, slots=True)
class Same:
    """Must equal the value that the call names `asked`.

    `about`: identifies the subject of the answer; a list entry about another subject is foreign. `lacking`: the backend
    may leave it out. `default`: the meaning of a missing field. `when`: the answers in which it is checked.
    """

    asked: str
    about: bool = False
    lacking: bool = False
    default: Any = None
    agrees: Callable[[Any, Any], bool] = equal
    when: Callable[[Mapping[str, Any], Arguments], bool] | None = None


@dataclass(frozen=True, slots=True)
class Is:
    """Must have this value."""

    value: str


@dataclass(frozen=True, slots=True)
class Given:
    """The id of the created object, which the backend chooses. Unless the header `Location` ends with it, the object is
    read again under this id (`effects.Kind`).
    """


@dataclass(frozen=True, slots=True)
class Free:
    """The call does not name it. `why` says why it is used as it is, or not used."""

    why: str


Field = Same | Is | Given | Free


class Agreement:
    """How the fields of an answer, or of each entry of a list, agree with the call.

    `fields` has all fields that the contract names; for lists inside, those of their entries. `many`: the answer is a
    list, and foreign entries are left out. `search`: the result is empty if all entries are foreign; any other list
    with only foreign entries contradicts the call.
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
        """The names that a call must have."""

    def held(self, answer: Any, asked: Arguments) -> Any:
        """The answer without foreign entries.

        Raises CallFailed: CONTRADICTS with the first contradicting field, or UNREADABLE with a missing field.
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
        """The field that shows that the entry has another subject."""
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
    """Compares entry by entry. Values that the call does not name may be anything."""
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
    """It does not count for the circuit breaker: a backend that compares ids less strictly than we do answers like this
    to a caller that writes them differently.
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
    """A refusal may name its subject; if it does, it must be the subject of the call. Raises CallFailed."""
    details = refusal.get("details")
    if isinstance(details, dict):
        for name in REFUSED_ABOUT:
            if name in details and name in asked and not equal(details[name], asked[name]):
                raise _contradiction(f"/details/{name}")
