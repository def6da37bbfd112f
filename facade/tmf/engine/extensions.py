"""Extensions in what a partner sends: refused as its profile says, or carried, and then named in the trail and in
headers of the answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import quote

from canonical.audit.record import Mapped, Outcome
from canonical.shared import jsontext
from facade.application.requests import Result, Translation
from facade.contract.pointers import Tokens, pointer
from facade.contract.violations import ContractViolation
from facade.evidence import MOST_PLACES
from facade.partners.extensions import ExtensionRules, place_of
from facade.tmf.engine.mapping import EXTENSION, VERBATIM
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.versions import Version
from facade.web.address import origin

HEADER = "X-Carried-Extensions"
RECORD = "X-Audit-Record"
RECORDS = "/api/v1/audit-records"
LONGEST = 1_000
"""Characters of the header. The audit record names MOST_PLACES at most."""
MOST_REFUSED = 50
"""Extensions that one refusal names."""
MORE = "..."
_PLAIN = "/~!$&'()*+;=:@"


def added(version: Version, before: Payload, after: Payload) -> list[Tokens]:
    """The extensions that a patch makes or changes, as this version has them. Both are v5 documents."""
    shown = version.as_shown(after)
    found = version.extensions(shown)
    if not found:
        return found
    earlier = version.as_shown(before)
    known = {(place_of(at), _value(earlier, at)) for at in version.extensions(earlier)}
    return [at for at in found if (place_of(at), _value(shown, at)) not in known]


def with_extensions(
    translation: Translation, found: Sequence[Tokens], rules: ExtensionRules, version: Version
) -> Translation:
    """The translation with these extensions in its trail, except those that were read as names of v5 (v4 accepts them).

    Raises ContractViolation for those that are not agreed.
    """
    if not found:
        return translation
    understood = _with_what_is_around(one.source for one in translation.trail if one.rule != VERBATIM)
    carried = [at for at in found if pointer(at) not in understood]
    if not carried:
        return translation
    refused = list(islice(rules.refused(carried), MOST_REFUSED))
    if refused:
        raise ContractViolation(refused)
    places = {pointer(at): f"/carried{pointer(version.kept_place(at))}" for at in carried[:MOST_PLACES]}
    told = None if translation.told is None else _with_extensions(translation.told, places)
    trail = _with_extensions(translation.trail, places)
    return replace(translation, trail=trail, told=told, headers={HEADER: _listed(map(pointer, carried))})


def headers_of(result: Result) -> dict[str, str]:
    """What the answer tells of extensions: which were carried, and where the audit record is."""
    if HEADER not in result.headers or result.answer is None:
        return {}
    return {HEADER: result.headers[HEADER], RECORD: f"{origin()}{RECORDS}/{result.answer['record']}"}


def _with_extensions(trail: Sequence[Mapped], places: Mapping[str, str]) -> tuple[Mapped, ...]:
    """`places`: where each of them is kept."""
    others = (one for one in trail if one.source not in places)
    return (*others, *(Mapped(at, to, EXTENSION, Outcome.CARRIED) for at, to in places.items()))


def _with_what_is_around(sources: Iterable[str]) -> set[str]:
    """These places, and the places that they are in."""
    found: set[str] = set()
    for source in sources:
        place = source
        while place and place not in found:
            found.add(place)
            place = place.rpartition("/")[0]
    return found


def _listed(places: Iterable[str]) -> str:
    """The pointers, percent-encoded, as many as fit."""
    return ", ".join(_fitting(places))


def _fitting(places: Iterable[str]) -> Iterator[str]:
    left = LONGEST - len(MORE)
    for place in places:
        text = quote(place, safe=_PLAIN)
        left -= len(text) + 2
        if left < 0:
            yield MORE
            return
        yield text


def _value(document: Any, at: Tokens) -> bytes:
    """The same for values that are equal as JSON."""
    for token in at:
        document = document[token]
    return jsontext.by_value(document)
