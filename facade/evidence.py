"""What audit records and dry runs tell of each place of a payload, beside how it was mapped."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from canonical.audit.record import Mapped, Outcome
from facade.contract.lenient_defaults import Allowance, Leniency
from facade.contract.pointers import shortened, tokens_of

MOST_PLACES = 100
"""Places that a record names of one kind: of a refusal, of nulls, of extensions."""
LONGEST_POINTER = 300
"""Characters of such a place."""

SUPPLIED = "required, and supplied"


def refused_places(errors: Sequence[Mapping[str, Any]]) -> tuple[Mapped, ...]:
    """Why a request is refused: the entries of its error answer, each with the code of the rule that it breaks."""
    return tuple(
        Mapped(_place(one["pointer"]), "", one.get("reason") or one["code"], Outcome.REFUSED)
        for one in errors[:MOST_PLACES]
    )


def _place(pointer: str) -> str:
    """The pointer without what no answer has: it may name a member that was refused for the NUL in its name."""
    return shortened(pointer, LONGEST_POINTER).replace("\0", "\N{REPLACEMENT CHARACTER}")


def with_supplied(trail: tuple[Mapped, ...], body: Any, allowances: Collection[Allowance] = ()) -> tuple[Mapped, ...]:
    """The trail of a body, telling what was not sent: what the contract added to it, and what only v5 has."""
    added = {one.pointer for one in allowances if one.rule is Leniency.TYPE_BY_POSITION}
    return tuple(
        one
        if one.outcome is Outcome.ENRICHED or (one.source not in added and is_sent(body, one.source))
        else replace(one, rule=SUPPLIED, outcome=Outcome.ENRICHED)
        for one in trail
    )


def is_sent(body: Any, pointer: str) -> bool:
    """Whether something stands at this place of a body."""
    for token in tokens_of(pointer):
        if isinstance(body, dict) and token in body:
            body = body[token]
        elif isinstance(body, list) and token.isdecimal() and int(token) < len(body):
            body = body[int(token)]
        else:
            return False
    return True
