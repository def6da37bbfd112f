"""Product orders of every shape that a query can meet, and some that no contract lets in."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from facade.contract.loading import load_spec
from facade.tmf.query.attributes import SchemaAttributes

ATTRIBUTES = SchemaAttributes(load_spec(Path(__file__).parents[3] / "specs" / "tmf" / "tmf622-v5.yaml"), "ProductOrder")
STATES = ["acknowledged", "inProgress", "held", "completed", "failed"]
NAMES = ["Ann", "ann", "Zoë", "Zoe", 'it\'s "so"', "a%b_c", "", "ﬀ𐐷", "a\nc", "true", "1"]
TIMES = [
    "2026-05-03T10:00:00Z", "2026-05-03T12:00:00+02:00", "2026-06-01T08:00:00+02:00", "2026-05-03T10:00:00.123456Z",
    "2026-05-03T10:00:00.1234567Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-11:00", "2026-05-03t10:00:00z",
    "2026-02-30T00:00:00Z", "tomorrow",
]  # fmt: skip
VALUES: list[Any] = [
    1,
    2,
    Decimal("2.5"),
    Decimal("2.50"),
    -3,
    Decimal("100.0"),
    Decimal("0.1"),
    Decimal("0.1000000000000000055511151231257827"),
    Decimal("1E+300"),
    Decimal("1E+400"),
    Decimal("-1E-400"),
    Decimal("-0"),
    2**53 + 1,
    2**65 + 1,
    2**65 + 2,
    "1",
    "x",
    "speed",
    True,
    False,
    None,
    [1, "x", None, 2**65 + 1, Decimal("1.50")],
    [],
    {"a": 1},
]


class Sample(list[dict[str, Any]]):
    """Documents that do not fill a screen when a test fails."""

    def __repr__(self) -> str:
        return f"<{len(self)} documents>"


def a_sample(size: int) -> Sample:
    """The same documents every time."""
    chance = random.Random(622)
    return Sample(a_document(chance, number) for number in range(size))


def a_document(chance: random.Random, number: int) -> dict[str, Any]:
    pick = chance.choice
    at = datetime(2026, 5, 3, tzinfo=UTC) + timedelta(milliseconds=pick([0, 1, number, number * 7_919]))
    document: dict[str, Any] = {
        "@type": pick(["ProductOrder", "ProductOrder", "AcmeOrder"]),
        "id": f"0197a000-0000-7000-8000-{number * 7919 % 100_000:012d}",
        "state": pick(STATES),
        "creationDate": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "productOrderItem": [an_item(chance, 2) for _ in range(chance.randint(1, 3))],
    }
    optional: dict[str, Any] = {
        "category": pick(NAMES),
        "description": pick([*NAMES, "ours", "x" * 3000]),
        "priority": pick(["0", "1", "4", "10"]),
        "requestedStartDate": pick(TIMES),
        "externalId": [
            {"id": pick(["PO-1", "PO-22", "y" * 150]), "owner": pick(NAMES)} for _ in range(chance.randint(0, 2))
        ],
        "note": pick(
            [[a_note(chance) for _ in range(chance.randint(0, 3))], [], ["loose", a_note(chance)], a_note(chance), None]
        ),
        "relatedParty": [a_party(chance) for _ in range(chance.randint(1, 3))],
        "orderTotalPrice": [
            {
                "price": {
                    "taxIncludedAmount": {
                        "unit": "EUR",
                        "value": pick(
                            [1, Decimal("2.5"), Decimal("99.95"), Decimal("99.950000000000000001"), -(2**70)]
                        ),
                    }
                }
            }
        ],
    }
    return document | {name: value for name, value in optional.items() if chance.random() < 0.7}


def a_note(chance: random.Random) -> dict[str, Any]:
    note = {"author": chance.choice(NAMES), "date": chance.choice(TIMES), "text": chance.choice([*NAMES, None, 5])}
    return {name: value for name, value in note.items() if chance.random() < 0.8}


def a_party(chance: random.Random) -> dict[str, Any]:
    party = {
        "id": chance.choice(["C1", "C2", "y" * 150, "sha256:x"]),
        "@referredType": chance.choice(["Customer", "Seller"]),
    }
    return {
        "role": chance.choice(["Customer", "Seller"]),
        "partyOrPartyRole": chance.choice([party, party, None, "C1"]),
    }


def an_item(chance: random.Random, depth: int) -> dict[str, Any]:
    pick = chance.choice
    item: dict[str, Any] = {"id": str(chance.randint(1, 3)), "action": pick(["add", "modify"])}
    optional: dict[str, Any] = {
        "quantity": pick([1, 2, 3, "2", Decimal("2.5")]),
        "productOffering": {"id": pick(["po_1", "po_2"])},
        "note": [a_note(chance)],
        "product": pick([a_product(chance), a_product(chance), [a_product(chance)], "x"]),
    }
    if depth:
        optional["productOrderItem"] = [an_item(chance, depth - 1)]
    return item | {name: value for name, value in optional.items() if chance.random() < 0.6}


def a_product(chance: random.Random) -> dict[str, Any]:
    characteristics = [
        {"name": chance.choice(["speed", "colour"]), "value": chance.choice(VALUES)}
        for _ in range(chance.randint(0, 3))
    ]
    product = {"isBundle": chance.choice([True, False, "true"]), "productCharacteristic": characteristics}
    return {name: value for name, value in product.items() if chance.random() < 0.8}
