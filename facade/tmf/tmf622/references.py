"""What a TMF622 v5 order refers to: its external ids, and the orders that it is related to."""

from collections.abc import Iterator, Sequence

from canonical.audit.record import Mapped
from canonical.ordering.commands import OrderRelationship
from canonical.ordering.external_ids import in_words
from canonical.shared.external_identifier import ExternalIdentifier
from facade.contract.violations import Violation
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.parties import MOST_RECORDS
from facade.tmf.engine.payload import Payload, too_many
from facade.tmf.switches import UNKNOWN_ORDER_RELATIONSHIP_TYPE


def order_relationships(
    body: Payload, sender: Sender, trail: list[Mapped], violations: list[Violation]
) -> tuple[OrderRelationship, ...]:
    """The relationships to other orders. One with an unknown type that the sender may send is only carried."""
    found: list[OrderRelationship] = []
    violations += (excess := too_many(body, "orderRelationship", MOST_RECORDS))
    for index, sent in enumerate([] if excess else body.get("orderRelationship", ())):
        place, to = f"/orderRelationship/{index}", f"/relationships/{len(found)}"
        kind = sender.vocabulary.order_relationship(sent["relationshipType"])
        if kind is not None:
            found.append(OrderRelationship(kind, sent["id"]))
            trail += [
                Mapped(f"{place}/relationshipType", f"{to}/type", "table of order relationships"),
                Mapped(f"{place}/id", f"{to}/id", "as sent"),
            ]
        elif UNKNOWN_ORDER_RELATIONSHIP_TYPE not in sender.tolerated:
            at = f"{place}/relationshipType"
            violations.append(sender.vocabulary.unknown_order_relationship(sent["relationshipType"], at))
    return tuple(found)


def identifiers_trail(identifiers: Sequence[ExternalIdentifier]) -> list[Mapped]:
    return [
        Mapped(f"/externalId/{index}", f"/external_identifiers/{index}", "owner, type and id as sent")
        for index in range(len(identifiers))
    ]


def identifiers_changed(before: Sequence[ExternalIdentifier], after: Sequence[ExternalIdentifier]) -> Iterator[Mapped]:
    """The evidence of a change: the identifiers that it removes and adds."""
    gone, new = ([one for one in some if one not in others] for some, others in ((before, after), (after, before)))
    if gone or new:
        was, now = ("; ".join(map(in_words, some)) or "nothing" for some in (gone, new))
        yield Mapped("/externalId", "/external_identifiers", f"changed from {was} to {now}")
