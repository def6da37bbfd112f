"""What a TMF622 item asks for beside the offering: places, terms, parties, the account that pays, another owner."""

from collections.abc import Iterator

from canonical.audit.record import Mapped
from canonical.ordering.wishes import WishedParty, WishedPlace, WishedTerm, Wishes
from facade.clock import instant
from facade.contract.violations import Code, Violation
from facade.tmf.bridge.tables import UNSPECIFIED
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.places import words_of
from facade.tmf.vocabulary import Vocabulary


def wishes_of(
    item: Payload,
    owner: str | None,
    vocabulary: Vocabulary,
    at: str,
    to: str,
    trail: list[Mapped],
    violations: list[Violation],
) -> Wishes:
    """`owner` is the customer who is to own the product from then on, if that changes."""
    product, into = item.get("product") or {}, f"{to}/wishes"
    for name, field in (("place", "places"), ("productTerm", "terms")):
        numbers = range(len(list(_objects(product, name))))
        trail += [
            Mapped(f"{at}/product/{name}/{one}", f"{into}/{field}/{one}", "role, id and words") for one in numbers
        ]
    account = account_of(product) or account_of(item)
    if account_of(item) not in (None, account):
        text = "the item and its product name different billing accounts: send one"
        violations.append(Violation(f"{at}/billingAccount/id", Code.INVALID_VALUE, text))
    if account is not None:
        holder = f"{at}/product" if account_of(product) else at
        trail.append(Mapped(f"{holder}/billingAccount/id", f"{into}/billing_account_id", "as sent"))
    return Wishes(
        places=tuple(map(_place, _objects(product, "place"))),
        terms=tuple(
            _term(one, f"{at}/product/productTerm/{index}", violations)
            for index, one in enumerate(_objects(product, "productTerm"))
        ),
        parties=tuple(_parties(product, vocabulary)),
        billing_account_id=account,
        customer_id=owner,
        quantity=item.get("quantity"),
    )


def owners_named(product: Payload, customer: str, vocabulary: Vocabulary) -> dict[str, str]:
    """The customers of a product other than `customer`, each with the pointer from the product."""
    found: dict[str, str] = {}
    for index, party in enumerate(_objects(product, "relatedParty")):
        party_id = _named(party).get("id")
        if isinstance(party_id, str) and party_id != customer and vocabulary.names_customer(str(party.get("role", ""))):
            found.setdefault(party_id, f"/relatedParty/{index}/partyOrPartyRole/id")
    return found


def _place(related: Payload) -> WishedPlace:
    place = related.get("place")
    place = place if isinstance(place, dict) else related
    place_id = place.get("id")
    role = str(related.get("role") or UNSPECIFIED)
    return WishedPlace(role, None if place_id is None else str(place_id), words_of(place))


def _term(sent: Payload, at: str, violations: list[Violation]) -> WishedTerm:
    duration, period = _object(sent, "duration"), _object(sent, "validFor")
    amount, units, end = duration.get("amount"), duration.get("units"), period.get("endDateTime")
    until = None
    if end is not None:
        try:
            until = instant(str(end))
        except ValueError as error:
            violations.append(Violation(f"{at}/validFor/endDateTime", Code.INVALID_VALUE, f"the end {error}"))
    name = sent.get("name") or sent.get("description") or UNSPECIFIED
    whole = isinstance(amount, int) and not isinstance(amount, bool)
    return WishedTerm(
        str(name),
        amount if whole else None,
        None if units is None else str(units),
        until,
    )


def _parties(product: Payload, vocabulary: Vocabulary) -> Iterator[WishedParty]:
    for party in _objects(product, "relatedParty"):
        named, role = _named(party), str(party.get("role") or UNSPECIFIED)
        if isinstance(named.get("id"), str) and not vocabulary.names_customer(role):
            name = named.get("name")
            yield WishedParty(role, named["id"], None if name is None else str(name))


def account_of(holder: Payload) -> str | None:
    """The id of the billing account that an order, an item or a product names."""
    account = _object(holder, "billingAccount").get("id")
    return account if isinstance(account, str) else None


def _named(party: Payload) -> Payload:
    return _object(party, "partyOrPartyRole")


def _object(holder: Payload, name: str) -> Payload:
    """The attribute if it is an object. On a reference to a product v5 declares none of them, so it may be anything."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _objects(holder: Payload, name: str) -> Iterator[Payload]:
    value = holder.get(name)
    yield from (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))
