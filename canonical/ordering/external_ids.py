"""External identifiers of orders: what was agreed about them, and which of them an order may have."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from canonical.ordering.errors import (
    DuplicateExternalId,
    RuleBroken,
    UnknownExternalIdSystem,
    UnknownExternalIdType,
)
from canonical.shared.external_identifier import ExternalIdentifier


class Uniqueness(StrEnum):
    """What happens if a client sends the external identifier of one of its orders with another one."""

    UNIQUE = "unique"
    """The new order is refused."""
    SAME_ORDER = "sameOrder"
    """The request counts as a repetition if it has the same contents; otherwise it is refused."""
    FREE = "free"
    """Both orders have it."""


@dataclass(frozen=True, slots=True)
class ExternalIdRules:
    """What was agreed with a client about its external identifiers. `systems` and `types` are those that it may name;
    with none it may name any.
    """

    systems: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    uniqueness: Uniqueness = Uniqueness.UNIQUE


ANY_UNIQUE = ExternalIdRules()


def check_external_ids(
    sent: Collection[ExternalIdentifier],
    rules: ExternalIdRules,
    tolerated: Collection[str],
    known: Collection[ExternalIdentifier] = (),
) -> None:
    """Raises a kind of RuleBroken for the first mistake, unless it is tolerated. `known` are the identifiers that the
    order had before: it may keep them, whatever was agreed since.
    """
    seen: set[ExternalIdentifier] = set()
    for index, one in enumerate(sent):
        wrong = list(_mistakes(one, rules, index, seen)) if one in seen or one not in known else []
        for mistake in wrong:
            if mistake.code not in tolerated:
                raise mistake
        seen.add(one)


def in_words(one: ExternalIdentifier) -> str:
    """The identifier as a text: `PO-1 (system acme, type purchaseOrder)`."""
    named = [f"{what} {word}" for what, word in (("system", one.owner), ("type", one.type)) if word]
    return f"{one.id} ({', '.join(named)})" if named else one.id


def _mistakes(
    one: ExternalIdentifier, rules: ExternalIdRules, index: int, seen: Collection[ExternalIdentifier]
) -> Iterator[RuleBroken]:
    at = f"/external_identifiers/{index}"
    if one in seen:
        yield DuplicateExternalId(f"the order has the external id {in_words(one)} twice: send it once", pointer=at)
    if one.owner and rules.systems and one.owner not in rules.systems:
        text = f"no system {one.owner} was agreed with you; allowed: {', '.join(rules.systems)}"
        yield UnknownExternalIdSystem(text, pointer=f"{at}/owner", allowed=list(rules.systems))
    if one.type and rules.types and one.type not in rules.types:
        text = f"no type {one.type} of external ids was agreed with you; allowed: {', '.join(rules.types)}"
        yield UnknownExternalIdType(text, pointer=f"{at}/type", allowed=list(rules.types))
