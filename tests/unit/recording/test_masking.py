"""Masked payloads hold no personal data, and are read as the originals."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.bootstrap.apis import recorded_operations
from facade.bootstrap.declared import TMF_APIS
from facade.recording.masking import DOMAINS, EMAIL, PHONE, Mask
from tests.unit.engine.worded import ALPHA, BETA, golden
from tests.unit.facade.test_payload_evidence import CLASSES, answer, generated

__all__ = ["generated"]

MASK = Mask(b"key of acme")
PERSONAL: dict[str, Any] = {
    "description": "For Jane Doe, third floor",
    "note": [{"author": "Jane Doe", "text": "Call +49 170 1234567"}],
    "relatedParty": [
        {"id": "C1", "role": "Customer", "name": "Jane Doe", "contact": {"emailAddress": "jane@doe.example"}}
    ],
    "notificationContact": "jane@doe.example",
    "place": [{"streetName": "Hauptstraße", "postcode": "10115", "country": "DE"}],
}


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for member in value.values() for text in texts(member)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def test_personal_data_is_replaced_and_what_mapping_reads_stays() -> None:
    masked = MASK.masked(PERSONAL)
    kept = set(texts(masked)) & set(texts(PERSONAL))
    assert kept == {"C1", "Customer", "DE"}
    party = masked["relatedParty"][0]
    assert EMAIL.fullmatch(party["contact"]["emailAddress"])
    assert masked["note"][0]["text"][5] == "+"
    assert masked["place"][0]["postcode"].isdecimal()
    assert party["name"] == masked["note"][0]["author"]
    assert masked["notificationContact"] == party["contact"]["emailAddress"]


def test_further_members_are_masked_if_the_profile_names_them() -> None:
    body = {"x_note": "Jane", "id": "jane@doe.example", "@type": "ProductOrder", "x_phone": "+49 170 1234567"}
    masked = Mask(b"k", ("x_note",)).masked(body)
    assert masked["x_note"] != "Jane"
    assert (masked["id"], masked["@type"]) == (body["id"], body["@type"])
    assert masked["x_phone"] != body["x_phone"]
    assert PHONE.fullmatch(masked["x_phone"])


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/note/0/text", "value": "Call Mrs Jones"},
        {"op": "add", "path": "/relatedParty/0/name", "value": "Jones"},
        {"op": "add", "path": "/relatedParty/-", "value": {"id": "C1", "name": "Jones"}},
        {"op": "add", "path": "/note/-", "value": [{"text": "Jones"}]},
        {"op": "replace", "path": "", "value": {"description": "Jones"}},
        {"op": "replace", "path": "/x_person", "value": {"first": "Jones"}},
        {"op": "replace", "path": "/product/productCharacteristic/0/value", "value": "Jones"},
        {"op": "test", "path": "/note?author=Jones", "value": []},
        {"op": "move", "from": "/note?author=Jones", "path": "/note/-"},
    ],
    ids=lambda one: one["path"],
)
@pytest.mark.parametrize("media_type", ["application/json-patch+json", "application/json-patch-query+json; a=b"])
def test_a_json_patch_is_masked_by_its_paths(operation: dict[str, Any], media_type: str) -> None:
    [masked] = Mask(b"k", ("x_person",)).masked([operation], media_type)
    assert "Jones" not in str(masked)
    assert (masked["op"], masked["path"].partition("?")[0]) == (operation["op"], operation["path"].partition("?")[0])
    assert masked.keys() == operation.keys()


def test_everything_below_a_masked_member_is_masked() -> None:
    person = {"@type": "Person", "first": "Jones", "id": "J-12", "born": 19800101, "likes": ["Jones", {"of": "Jones"}]}
    body = {"x_person": person, "x_birth": 19800101, "x_weight": Decimal("-71.5"), "x_far": Decimal("1e999999")}
    masked = Mask(b"k", tuple(body)).masked(body | {"postcode": 10115})
    assert not [text for text in texts(masked) if "Jones" in text or "J-12" in text]
    assert masked["x_person"]["@type"] == "Person"
    numbers = masked["x_person"]["born"], masked["x_birth"], masked["x_weight"], masked["postcode"]
    assert [type(one) for one in numbers] == [int, int, Decimal, int]
    assert not {19800101, Decimal("-71.5"), 10115} & set(numbers)
    assert masked["x_weight"].as_tuple().exponent == -1
    assert masked["x_far"].as_tuple().exponent == 999999


def test_a_characteristic_is_masked_by_its_name() -> None:
    names = ("contactName", "Contact name", "EMAIL", "x_code")
    sent = [{"name": name, "value": "John Smith"} for name in names] + [{"name": "colour", "value": "white"}]
    masked = Mask(b"k", ("x_code",)).masked({"productCharacteristic": sent})["productCharacteristic"]
    assert [one["name"] for one in masked] == [one["name"] for one in sent]
    assert [one["value"] for one in masked if one["value"] in ("John Smith", "white")] == ["white"]


def test_addresses_of_files_are_not_recorded() -> None:
    recorded = [name for api in TMF_APIS for version in api.versions for name in recorded_operations(api, version)]
    assert "createProductOrder" in recorded
    assert not [name for name in recorded if "Job" in name]


@given(st.text(), st.sampled_from(sorted(DOMAINS)))
def test_a_token_has_the_form_of_its_text_and_depends_on_the_key(text: str, domain: str) -> None:
    token = MASK.token(domain, text)
    assert token == MASK.token(domain, text)
    assert len(token) == len(text)
    assert [one.isdecimal() for one in token] == [one.isdecimal() for one in text]
    assert [one.isalpha() for one in token] == [one.isalpha() for one in text]
    if sum(map(str.isalnum, text)) > 12:
        assert token not in (text, Mask(b"another").token(domain, text))


def trace(version: str, payload: Any, profile: Any = None) -> Any:
    """What is understood: which rule at each place, and what is wrong where."""
    told = answer(version, payload, profile)
    return told["accepted"], told["fields"], [(one["pointer"], one.get("reason")) for one in told["errors"]]


def test_a_masked_payload_has_the_rule_trace_of_the_original(generated: list[tuple[str, Any]]) -> None:
    for version, payload in generated:
        assert trace(version, MASK.masked(payload)) == trace(version, payload)


@pytest.mark.parametrize(("partner", "profile"), [("alpha", ALPHA), ("beta", BETA)])
@pytest.mark.parametrize("version", CLASSES)
def test_a_masked_order_in_a_partners_words_has_the_rule_trace_of_the_original(
    version: str, partner: str, profile: Any
) -> None:
    payload = golden(f"{partner}-{version}.request") | {"description": "Jane", "note": [{"text": "Jane"}]}
    assert MASK.masked(payload) != payload
    assert trace(version, MASK.masked(payload), profile) == trace(version, payload, profile)
