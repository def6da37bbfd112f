"""Values of characteristics that nobody can choose."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from canonical.catalog.characteristics import AllowedValue, Characteristic, CharacteristicUse
from canonical.catalog.checks.findings import Catalog, Fault, Finding, finding
from canonical.catalog.configuration import allows, fits
from canonical.catalog.item import Item
from canonical.catalog.offering import OFFERING
from canonical.catalog.patterns import is_regular
from canonical.catalog.references import Reference
from canonical.catalog.specification import SPECIFICATION


def dead_values(catalog: Catalog) -> Iterator[Finding]:
    for specification in catalog.of(SPECIFICATION):
        for index, characteristic in enumerate(specification.contents.characteristics):
            for place, text, remedy in _dead_in(characteristic, catalog.at):
                pointer = f"/characteristics/{index}{place}"
                yield finding(SPECIFICATION, specification, pointer, Fault.DEAD_VALUE, text, remedy)
    for offering in catalog.of(OFFERING):
        known = catalog.get(SPECIFICATION, offering.contents.specification or Reference(""))
        if known is not None:
            for pointer, text, remedy in _dead_uses(offering, known, catalog.at):
                yield finding(OFFERING, offering, pointer, Fault.DEAD_VALUE, text, remedy)


def _dead_uses(offering: Item, specification: Item, at: datetime) -> Iterator[tuple[str, str, str]]:
    known = {one.name: one for one in specification.contents.characteristics}
    for index, use in enumerate(offering.contents.uses):
        if use.specification is not None and use.specification.id != specification.item_id:
            continue
        if use.name in known:
            for number in _not_allowed(use, known, at):
                text = f"{specification.item_id} does not allow {_text(use, number)} for {use.name}"
                yield f"/uses/{index}/allowed/{number}", text, "name a value that it allows"
        elif use.name is not None and known:
            yield f"/uses/{index}", f"{specification.item_id} has no characteristic {use.name}", "name one that it has"


def _not_allowed(use: CharacteristicUse, known: Mapping[str, Characteristic], at: datetime) -> list[int]:
    values = ((number, one.value) for number, one in enumerate(use.allowed))
    return [number for number, value in values if value is not None and not allows(known[use.name or ""], value, at)]


def _text(use: CharacteristicUse, number: int) -> str:
    value = use.allowed[number].value
    return "" if value is None else value.text


def _dead_in(characteristic: Characteristic, at: datetime) -> Iterator[tuple[str, str, str]]:
    """What can never be chosen of a characteristic: pointer, message and remedy."""
    name, least, most = characteristic.name, characteristic.least or 0, characteristic.most
    if most is not None and most < least:
        yield "/most", f"{name} has at least {least} values and at most {most}", "let most be no less than least"
    if characteristic.pattern is not None and not is_regular(characteristic.pattern):
        yield "/pattern", f"the pattern of {name} is no regular expression", "mend the pattern"
    for number, one in enumerate(characteristic.allowed):
        if (dead := _dead(one, characteristic, at)) is not None:
            yield f"/allowed/{number}", f"{name}: {dead}", "mend the value, or take it out"


def _dead(allowed: AllowedValue, characteristic: Characteristic, at: datetime) -> str | None:
    if _is_empty(allowed):
        return f"nothing is from {allowed.low} to {allowed.high}"
    if allowed.pattern is not None and not is_regular(allowed.pattern):
        return "the pattern is no regular expression"
    if allowed.valid_until is not None and allowed.valid_until <= at:
        return f"it was valid until {allowed.valid_until.isoformat()} only"
    if allowed.value is not None and not fits(characteristic, allowed.value):
        return f"{allowed.value.text} is not what the characteristic takes"
    return None


def _is_empty(allowed: AllowedValue) -> bool:
    if allowed.low is None or allowed.high is None:
        return False
    return allowed.high < allowed.low or (allowed.high == allowed.low and (allowed.open_low or allowed.open_high))
