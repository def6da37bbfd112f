"""What a product of an offering is like: the characteristics that were chosen, and the defaults of the others."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from canonical.catalog.characteristics import AllowedValue, Characteristic, CharacteristicUse, Value, ValueType
from canonical.catalog.offering import OfferingContents
from canonical.catalog.patterns import matches
from canonical.catalog.selling import OfferedItem, Reason, Refusal, is_valid

NUMBERS = frozenset({"number", "integer", "int", "long", "decimal", "float", "double"})
BOOLEANS = MappingProxyType({"true": True, "false": False})
SHOWN = 10
"""Names or values told in a refusal."""


@dataclass(frozen=True, slots=True)
class NamedValue:
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class ConfiguredValue:
    """`chosen` False: the default of the catalog."""

    name: str
    value: Value
    chosen: bool


def effective(item: OfferedItem) -> Mapping[str, Characteristic]:
    """The characteristics of an offering by their names: those of its specification as its uses narrow them."""
    of_specification = () if item.specification is None else item.specification.contents.characteristics
    found = {one.name: one for one in of_specification if is_valid(one.valid_from, one.valid_until, item.at)}
    for use in _own_uses(item.offering.contents):
        known = found.get(use.name or "") or next((one for one in found.values() if one.id and one.id == use.id), None)
        if known is None and use.name is None:
            continue
        characteristic = known or Characteristic(use.name or "")
        found[characteristic.name] = _narrowed(characteristic, use)
    return found


def configured(item: OfferedItem, chosen: Sequence[NamedValue]) -> tuple[ConfiguredValue, ...]:
    """What was chosen, and the default of whatever was not."""
    return with_defaults(chosen, default_values(effective(item), item.at))


def default_values(known: Mapping[str, Characteristic], at: datetime) -> tuple[ConfiguredValue, ...]:
    return tuple(
        ConfiguredValue(name, one.value, chosen=False)
        for name, characteristic in known.items()
        for one in _defaults(characteristic, at)
        if one.value is not None
    )


def with_defaults(chosen: Sequence[NamedValue], defaults: Sequence[ConfiguredValue]) -> tuple[ConfiguredValue, ...]:
    named = {one.name for one in chosen}
    made = (ConfiguredValue(one.name, one.value, chosen=True) for one in chosen)
    return (*made, *(one for one in defaults if one.name not in named))


def refusals(
    item: OfferedItem,
    chosen: Sequence[NamedValue],
    characteristics: Mapping[str, Characteristic] | None = None,
    *,
    complete: bool,
) -> Iterator[Refusal]:
    """Why an offering cannot be ordered so; `characteristics` are the effective ones, if the caller has them. With
    `complete`, what is mandatory has to be there.
    """
    known = effective(item) if characteristics is None else characteristics
    counts = Counter(one.name for one in chosen)
    for number, one in enumerate(chosen):
        if one.name in known:
            yield from _value_refusals(known[one.name], one.value, number, item.at)
        elif known:
            names = ", ".join(list(known)[:SHOWN])
            text = f"{item.offering.contents.name} has no characteristic {one.name[:60]}; it has: {names}"
            yield Refusal(Reason.CHARACTERISTIC, text, number, MappingProxyType({"allowed": list(known)[:SHOWN]}))
    for name, characteristic in known.items():
        yield from _count_refusals(characteristic, counts[name], item, complete)


def allows(characteristic: Characteristic, value: Value, at: datetime) -> bool:
    """Whether products may have this value of the characteristic."""
    if not fits(characteristic, value):
        return False
    if characteristic.configurable is False and (defaults := _defaults(characteristic, at)):
        return any(_is(one, value) for one in defaults)
    return not characteristic.allowed or any(_is(one, value) for one in _valid(characteristic.allowed, at))


def fits(characteristic: Characteristic, value: Value) -> bool:
    """Whether the value has the type and the form of the characteristic."""
    if not _has_type(value, characteristic.value_type):
        return False
    return characteristic.pattern is None or matches(characteristic.pattern, value.text)


def use_holds(use: CharacteristicUse, values: Sequence[Value], at: datetime) -> bool:
    """Whether one of the values is among those that the use names; any value, when it names none."""
    return any(not use.allowed or any(_is(one, value) for one in _valid(use.allowed, at)) for value in values)


def _value_refusals(characteristic: Characteristic, value: Value, number: int, at: datetime) -> Iterator[Refusal]:
    if allows(characteristic, value, at):
        return
    fixed = characteristic.configurable is False
    allowed = _defaults(characteristic, at) if fixed else _valid(characteristic.allowed, at)
    told = [_told(one) for one in allowed][:SHOWN]
    what = "is always" if fixed else "is one of"
    of_type = f"is of type {characteristic.value_type}"
    if characteristic.pattern is not None:
        of_type = f"matches {characteristic.pattern}"
    text = f"{characteristic.name} {what} {', '.join(told)}" if told else f"{characteristic.name} {of_type}"
    yield Refusal(Reason.CHARACTERISTIC, f"{text}, not {value.text[:60]}", number, MappingProxyType({"allowed": told}))


def _count_refusals(characteristic: Characteristic, count: int, item: OfferedItem, complete: bool) -> Iterator[Refusal]:
    least, most = characteristic.least or 0, characteristic.most
    if complete and count < least and (count or not _defaults(characteristic, item.at)):
        text = f"{item.offering.contents.name} needs {least} of {characteristic.name}"
        yield Refusal(
            Reason.CHARACTERISTIC_MISSING, text, details=MappingProxyType({"characteristic": characteristic.name})
        )
    if most is not None and count > max(most, 1):
        text = f"{characteristic.name} has at most {most} values, not {count}"
        yield Refusal(Reason.CHARACTERISTIC, text)


def _own_uses(contents: OfferingContents) -> Iterator[CharacteristicUse]:
    own = None if contents.specification is None else contents.specification.id
    return (one for one in contents.uses if one.specification is None or one.specification.id == own)


def _narrowed(characteristic: Characteristic, use: CharacteristicUse) -> Characteristic:
    return Characteristic(
        name=characteristic.name,
        value_type=characteristic.value_type,
        id=characteristic.id,
        allowed=_with_defaults(use.allowed, characteristic) or characteristic.allowed,
        least=characteristic.least if use.least is None else use.least,
        most=characteristic.most if use.most is None else use.most,
        pattern=characteristic.pattern,
        configurable=characteristic.configurable,
    )


def _with_defaults(allowed: Sequence[AllowedValue], characteristic: Characteristic) -> tuple[AllowedValue, ...]:
    """A use that names no default keeps that of the specification, as far as it allows it."""
    if any(one.is_default for one in allowed):
        return tuple(allowed)
    defaults = [one.value for one in characteristic.allowed if one.is_default and one.value is not None]
    kept = (one.value is not None and any(one.value.means(default) for default in defaults) for one in allowed)
    return tuple(replace(one, is_default=is_kept) for one, is_kept in zip(allowed, kept, strict=True))


def _valid(allowed: Sequence[AllowedValue], at: datetime) -> list[AllowedValue]:
    return [one for one in allowed if is_valid(one.valid_from, one.valid_until, at)]


def _defaults(characteristic: Characteristic, at: datetime) -> list[AllowedValue]:
    valid = _valid(characteristic.allowed, at)
    return [one for one in valid if one.is_default] or (valid if characteristic.configurable is False else [])


def _is(allowed: AllowedValue, value: Value) -> bool:
    if allowed.value is not None:
        return allowed.value.means(value) or allowed.value.text == value.text
    if allowed.pattern is not None and not matches(allowed.pattern, value.text):
        return False
    if allowed.low is None and allowed.high is None:
        return True
    number = value.number
    if number is None:
        return False
    above = allowed.low is None or (allowed.low < number if allowed.open_low else allowed.low <= number)
    return above and (allowed.high is None or (number < allowed.high if allowed.open_high else number <= allowed.high))


def _has_type(value: Value, named: str | None) -> bool:
    """A type that is none of JSON's takes any value."""
    word = (named or "").casefold()
    if word in NUMBERS:
        return value.number is not None
    if word == "boolean":
        return value.type is ValueType.BOOLEAN or value.text.casefold() in BOOLEANS
    return True


def _told(allowed: AllowedValue) -> str:
    if allowed.value is not None:
        return allowed.value.text[:60]
    if allowed.pattern is not None:
        return f"what matches {allowed.pattern[:60]}"
    low, high = ("" if bound is None else f"{bound:f}" for bound in (allowed.low, allowed.high))
    return f"from {low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"
