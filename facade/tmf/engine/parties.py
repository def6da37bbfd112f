"""The customer among the related parties of a payload, and the external identifiers in it."""

from collections.abc import Iterator, Mapping

from canonical.audit.record import Mapped
from canonical.shared.external_identifier import ExternalIdentifier
from facade.contract.violations import Code, Violation
from facade.tmf.engine.payload import Payload, overlong, too_many, unusable
from facade.tmf.vocabulary import Vocabulary

CUSTOMER_MISSING = "CUSTOMER_MISSING"
SEVERAL_CUSTOMERS = "SEVERAL_CUSTOMERS"
LONGEST_CUSTOMER_ID = 64
"""Characters; TM Forum sets no bound, the contract of CRM does."""
LONGEST_ID = 100
MOST_RECORDS = 100
"""External identifiers and related parties of a resource: it can be found by each of them."""


def customer_of(
    body: Payload,
    what: str,
    vocabulary: Vocabulary,
    trail: list[Mapped],
    violations: list[Violation],
    *,
    needed: bool = True,
) -> str:
    """The id of the one customer that `what`, such as "the order", names; empty where that is wrong, or where it names
    none and `needed` is false.
    """
    violations += too_many(body, "relatedParty", MOST_RECORDS)
    for index, party in enumerate(body.get("relatedParty", ())):
        if party.get("role"):
            violations += vocabulary.check_role(str(party["role"]), f"/relatedParty/{index}/role")
    pointers = customers_named(body, vocabulary)
    wrong = list(_wrong_customers(pointers, what)) if pointers or needed else []
    if wrong or not pointers:
        violations += wrong
        return ""
    customer, pointer = next(iter(pointers.items()))
    trail.append(Mapped(pointer, "/customer_id", "related party with the customer's role"))
    return customer


def customers_named(body: Payload, vocabulary: Vocabulary) -> dict[str, str]:
    """The ids of those that are named as the customer, each with its pointer. A valid payload names one."""
    found: dict[str, str] = {}
    for index, party in enumerate(body.get("relatedParty", ())):
        if vocabulary.names_customer(str(party.get("role", ""))):
            customer = party.get("partyOrPartyRole", {}).get("id", "")
            found.setdefault(customer, f"/relatedParty/{index}/partyOrPartyRole/id")
    return found


def seeming_customer(body: Payload, vocabulary: Vocabulary) -> str:
    """The customer of a payload that may be wrong in many ways; empty where it names none that could be one."""
    named = customers_named(body, vocabulary)
    return next((one for one in named if one.strip() and len(one) <= LONGEST_CUSTOMER_ID), "")


def parties_with(customer_id: str, sent: list[Payload]) -> list[Payload]:
    """The related parties as sent, the customer among them."""
    if not customer_id or any(party.get("partyOrPartyRole", {}).get("id") == customer_id for party in sent):
        return sent
    reference = {"@type": "PartyRoleRef", "@referredType": "Customer", "id": customer_id}
    return [*sent, {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "Customer", "partyOrPartyRole": reference}]


def _wrong_customers(pointers: Mapping[str, str], what: str) -> Iterator[Violation]:
    """What is wrong with the customers named. `pointers`: where the id of each stands, by the id."""
    if not pointers:
        text = f"{what} names no customer: one related party must have the role Customer"
        yield Violation("/relatedParty", Code.MISSING_PROPERTY, text, ("Customer", "Buyer"), reason=CUSTOMER_MISSING)
    for customer, pointer in pointers.items():
        if not customer.strip():
            yield Violation(pointer, Code.MISSING_PROPERTY, "the customer needs an id", reason=CUSTOMER_MISSING)
        yield from overlong("a customer's id", customer, LONGEST_CUSTOMER_ID, pointer)
    for pointer in list(pointers.values())[1:]:
        text = f"{what} names several customers, and only one can be charged"
        yield Violation(pointer, Code.TOO_MANY_RECORDS, text, reason=SEVERAL_CUSTOMERS)


# --- external identifiers ---------------------------------------------------------------------------------------------


def identifiers_of(body: Payload, attribute: str) -> tuple[ExternalIdentifier, ...]:
    return tuple(
        ExternalIdentifier(known.get("owner", ""), known.get("externalIdentifierType", ""), known["id"])
        for known in body.get(attribute, ())
    )


def wrong_identifiers(body: Payload, attribute: str) -> list[Violation]:
    """What keeps external identifiers from being kept."""
    found = too_many(body, attribute, MOST_RECORDS)
    for index, known in enumerate([] if found else body.get(attribute, ())):
        place = f"/{attribute}/{index}"
        found += unusable("an external identifier", known["id"], LONGEST_ID, f"{place}/id")
        for name in ("owner", "externalIdentifierType"):
            found += overlong(name, known.get(name, ""), LONGEST_ID, f"{place}/{name}")
    return found


def identifier_object(known: ExternalIdentifier) -> Payload:
    names = {"owner": known.owner, "externalIdentifierType": known.type, "id": known.id}
    return {"@type": "ExternalIdentifier", **names}
