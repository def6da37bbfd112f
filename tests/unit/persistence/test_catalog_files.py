"""Catalog files: what they say, and what is told of those that cannot be read."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from adapters.persistence.catalog_files import KINDS, FileError, read_items
from canonical.catalog.characteristics import AllowedValue, Value, ValueType
from canonical.catalog.item import Definition
from canonical.catalog.offering import OfferedPrice
from canonical.catalog.price import Quantity
from canonical.catalog.references import Reference
from canonical.shared.money import Money
from facade.bootstrap.catalog import read_files

ITEM: dict[str, Any] = {"kind": "offering", "id": "po_x", "version": "1", "contents": {"name": "X"}}


def read(**changes: Any) -> Definition:
    [item] = read_items(orjson.dumps({**ITEM, **changes}))
    return item.definition


def contents(kind: str, **said: Any) -> Any:
    return read(kind=kind, contents={"name": "X", **said}).contents


def test_a_file_is_a_list_or_has_an_item_in_each_line() -> None:
    line = orjson.dumps(ITEM)
    assert [one.where for one in read_items(b"[" + line + b"," + line + b"]")] == ["item 1", "item 2"]
    assert [one.where for one in read_items(line + b"\n\n" + line + b"\n")] == ["line 1", "line 3"]
    assert read_items(b"") == []


def test_values_are_written_as_one_would_say_them() -> None:
    offering = contents("offering", prices=["pop_1"], categories=["c", {"id": "d", "edition": "2"}], specification="s")
    assert offering.prices == (OfferedPrice(Reference("pop_1")),)
    assert offering.categories == (Reference("c"), Reference("d", "2"))
    assert offering.specification == Reference("s")
    price = contents("price", charge_type="USAGE", amount="1.50 EUR", unit="1 GB", percentage="-20")
    assert (price.amount, price.unit) == (Money(Decimal("1.50"), "EUR"), Quantity(Decimal(1), "GB"))
    assert price.percentage == Decimal(-20)
    values = ["a", 1, 2.5, True, {"value": {"x": 1}, "is_default": True}, {"low": 1, "high": "2"}]
    [characteristic] = contents("specification", characteristics=[{"name": "c", "allowed": values}]).characteristics
    assert characteristic.allowed == (
        AllowedValue(Value(ValueType.TEXT, "a")),
        AllowedValue(Value(ValueType.NUMBER, "1")),
        AllowedValue(Value(ValueType.NUMBER, "2.5")),
        AllowedValue(Value(ValueType.BOOLEAN, "true")),
        AllowedValue(Value(ValueType.OBJECT, '{"x":1}'), is_default=True),
        AllowedValue(low=Decimal(1), high=Decimal(2)),
    )


def test_every_kind_of_item_can_be_in_a_file() -> None:
    assert {"catalog", "category", "specification", "price", "offering", "rule", "decomposition"} == KINDS.keys()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": None}, "/kind: is one of catalog, category"),
        ({"kind": "phone"}, "/kind: is one of catalog, category"),
        ({"kind": []}, "/kind: is one of catalog, category"),
        ({"id": ""}, "/id: is a text of 1 to 100 characters"),
        ({"version": 1}, "/version: is a text of 1 to 60 characters"),
        ({"status": "SOLD"}, "/status: is one of IN_STUDY"),
        ({"status": {}}, "/status: is one of IN_STUDY"),
        ({"price": 1}, "/price: is unknown; there are contents, id"),
        ({"valid_from": "2026-01-01T00:00:00"}, "/valid_from: 2026-01-01T00:00:00 has no offset from UTC"),
        ({"valid_until": "tomorrow"}, "/valid_until: Invalid isoformat string"),
        ({"contents": {}}, "/contents/name: required field missing"),
        ({"contents": {"name": "X", "colour": 1}}, "/contents: extra fields found (colour)"),
        ({"contents": {"name": "X", "members": [{"offering": "a", "least": "b"}]}}, "/contents/members/0/least: "),
        (
            {"contents": {"name": "X", "prices": [{"contents": {"name": "p", "amount": "5"}}]}},
            "/prices/0/contents/amount",
        ),
        ({"kind": "price", "contents": {"name": "X", "percentage": "a"}}, "/contents/percentage"),
        ({"kind": "price", "contents": {"name": "X", "percentage": True}}, "/contents/percentage"),
        ({"kind": "price", "contents": {"name": "X", "charge_type": "GIFT"}}, "/contents/charge_type"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line_and_place(changes: dict[str, Any], told: str) -> None:
    line = orjson.dumps(ITEM)
    with pytest.raises(FileError) as caught:
        read_items(line + b"\n" + orjson.dumps({**ITEM, **changes}))
    assert str(caught.value).startswith("line 2, ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [(b"{", "line 1 is no JSON"), (b"[{]", "the file is no JSON"), (b"5", "line 1, at the top: an item is an object")],
)
def test_what_is_no_item_is_told(text: bytes, told: str) -> None:
    with pytest.raises(FileError, match=told):
        read_items(text)


def test_which_member_is_missing_is_told() -> None:
    with pytest.raises(FileError, match="line 1, /contents: is missing"):
        read_items(orjson.dumps({name: value for name, value in ITEM.items() if name != "contents"}))


def test_which_file_it_is_is_told(tmp_path: Any) -> None:
    (tmp_path / "a.jsonl").write_text("{")
    with pytest.raises(FileError, match=r"a\.jsonl: line 1 is no JSON"):
        read_files([tmp_path / "a.jsonl"])
    with pytest.raises(FileError, match=r"b\.jsonl: .*No such file"):
        read_files([tmp_path / "b.jsonl"])
