"""The mappers of TMF620's catalogs, specifications, prices and offerings, in both directions and both versions."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from canonical.catalog.characteristics import Value, ValueType
from canonical.catalog.item import Definition
from canonical.catalog.price import ChargeType
from canonical.shared import jsontext
from canonical.shared.money import Money
from facade.app import contract_of, spec_of
from facade.contract.classes import ClassCatalog
from facade.contract.violations import ContractViolation
from facade.tmf.bridge.tables import UNSPECIFIED
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.payload import Payload
from facade.tmf.tmf620 import items
from facade.tmf.tmf620.api import TMF620
from facade.tmf.tmf620.v4 import BRIDGE
from tests.support.builders import NOON
from tests.support.golden import require_as_agreed
from tests.support.specs import mistakes
from tests.unit.tmf620.offered import (
    ACME,
    CONTENTS,
    ITEM_ID,
    MAPPERS,
    MODULES,
    VERSIONS,
    cases,
    command_document,
    contents_of,
    document,
    golden,
    golden_file,
    shown,
    translated,
)

EACH = pytest.mark.parametrize("name", MODULES)
BOTH = pytest.mark.parametrize("version", ["v5", "v4"])


def published(version: str, *names: str) -> set[str]:
    catalog = ClassCatalog(spec_of(TMF620.versions[version].spec)["components"]["schemas"])
    return {attribute for name in names for attribute in catalog.shape(name).properties}


# --- every attribute --------------------------------------------------------------------------------------------------


@EACH
def test_every_attribute_is_mapped_shaped_carried_or_refused_and_none_twice(name: str) -> None:
    mapper, schema = MAPPERS[name], MAPPERS[name].schema
    of_all = [row.attribute for row in items.FIELDS]
    definition = [name for row in mapper.definition[len(items.FIELDS) :] for name in row.attributes]
    accounted = [*of_all, *definition, *mapper.mapped, *items.SHAPED, *items.CARRIED, *items.IGNORED]
    accounted += MODULES[name].CARRIED
    own: frozenset[str] = getattr(MODULES[name], "OWN", frozenset())
    assert set(accounted) == published("v5", schema, f"{schema}_FVO", f"{schema}_MVO") | own
    assert len(accounted) == len(set(accounted))


@EACH
def test_every_attribute_of_v4_is_one_of_v5(name: str) -> None:
    resource = TMF620.resource(name)
    row, schema = BRIDGE.classes[resource.schema], resource.schema_in("v4")
    v4 = published("v4", schema, f"{schema}_Create", f"{schema}_Update")
    assert {row.renamed.get(one, one) for one in v4} <= published("v5", resource.schema)


# --- golden files -----------------------------------------------------------------------------------------------------

CASES = pytest.mark.parametrize(("version", "number", "name"), list(cases()))


@CASES
def test_a_golden_request_becomes_its_command(version: str, number: str, name: str) -> None:
    request = golden(version, number, name)
    operation = TMF620.resource(name).operation(Verb.CREATE, version)
    assert mistakes(contract_of(TMF620.versions[version].spec), operation, request) == []
    require_as_agreed(
        golden_file(version, number, name), command_document(translated(version, name, request)), "command"
    )


@CASES
def test_a_golden_request_is_answered_as_written(version: str, number: str, name: str) -> None:
    answer = shown(version, name, golden(version, number, name))
    require_as_agreed(golden_file(version, number, name), answer)
    operation = TMF620.resource(name).operation(Verb.RETRIEVE, version)
    assert contract_of(TMF620.versions[version].spec).response_errors(operation, 200, answer) == []


@EACH
def test_both_versions_of_a_golden_request_mean_the_same(name: str) -> None:
    numbers = {number for version, number, known in cases() if (version, known) == ("v4", name)}
    assert numbers
    for number in numbers:
        v5, v4 = (contents_of(version, name, golden(version, number, name)) for version in ("v5", "v4"))
        assert v5 == v4


# --- contents that nobody sent ----------------------------------------------------------------------------------------

often = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def made(name: str, contents: Any) -> Any:
    return MAPPERS[name].kind.type.create(ITEM_ID, ITEM_ID, "1.0", "acme", Definition(contents), NOON)


@EACH
@often
@given(data=st.data())
def test_what_the_core_says_is_what_its_document_says(name: str, data: st.DataObject) -> None:
    """It can be changed by a PATCH, then, and nothing else becomes another by that."""
    contents = data.draw(CONTENTS[name])
    kept = document(name, made(name, contents), {})
    contract, resource = contract_of(TMF620.versions["v5"].spec), TMF620.resource(name)
    assert contract.response_errors(resource.operation(Verb.RETRIEVE), 200, {"href": "x", **kept}) == []
    assert contract.check_request(resource.operation(Verb.CREATE), kept).violations == ()
    command = MAPPERS[name].to_create(kept, ACME).command
    assert command.definition.contents == contents
    assert MAPPERS[name].to_create(kept, replace(ACME, told=False)).command == command


@EACH
@often
@given(data=st.data())
def test_v4_can_show_what_the_core_says(name: str, data: st.DataObject) -> None:
    text = jsontext.text(document(name, made(name, data.draw(CONTENTS[name])), {}))
    answer = jsontext.read_kept(VERSIONS["v4", name].shown(text, "https://x.example/1", None).text)
    operation = TMF620.resource(name).operation(Verb.RETRIEVE, "v4")
    assert contract_of(TMF620.versions["v4"].spec).response_errors(operation, 200, answer) == []


@EACH
@often
@given(data=st.data())
def test_other_contents_are_shown_with_what_was_sent_beside_the_old_ones(name: str, data: st.DataObject) -> None:
    old, new = (data.draw(CONTENTS[name]) for _ in range(2))
    sent = {**document(name, made(name, old), {}), "acme": {"kept": True}}
    kept = document(name, made(name, new), sent)
    assert kept["acme"] == {"kept": True}
    assert MAPPERS[name].to_create(kept, ACME).command.definition.contents == new


# --- values and words -------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("sent", "value", "class_of_it"),
    [
        ("8", Value(ValueType.TEXT, "8"), "String"),
        (8, Value(ValueType.NUMBER, "8"), "Integer"),
        (jsontext.read_kept("8.50"), Value(ValueType.NUMBER, "8.50"), "Number"),
        (True, Value(ValueType.BOOLEAN, "true"), "Boolean"),
        ({"a": [1]}, Value(ValueType.OBJECT, '{"a":[1]}'), "Object"),
        (["a", "b"], Value(ValueType.OBJECT, '["a","b"]'), "StringArray"),
    ],
)
def test_values_of_every_type_are_understood_and_typed(version: str, sent: Any, value: Value, class_of_it: str) -> None:
    values, allowed = (
        ("productSpecCharacteristicValue", "productSpecCharacteristicValue")
        if version == "v4"
        else ("characteristicValueSpecification", "characteristicValueSpecification")
    )
    typed = {} if version == "v4" else {"@type": f"{class_of_it}CharacteristicValueSpecification"}
    body = {
        "name": "x",
        "productSpecCharacteristic": [{"name": "c", "valueType": "any", values: [{**typed, "value": sent}]}],
    }
    translation = translated(version, "productSpecification", body)
    [characteristic] = translation.command.definition.contents.characteristics
    assert [one.value for one in characteristic.allowed] == [value]
    assert translation.carried is not None
    [kept] = translation.carried["productSpecCharacteristic"]
    assert kept["characteristicValueSpecification"][0]["@type"] == f"{class_of_it}CharacteristicValueSpecification"
    [answered] = shown(version, "productSpecification", body)["productSpecCharacteristic"]
    assert answered[allowed][0]["value"] == sent


def test_a_number_typed_as_a_text_is_a_text_of_the_class_that_was_sent() -> None:
    sent = {"@type": "NumberCharacteristicValueSpecification", "value": "8"}
    body = {"name": "x", "productSpecCharacteristic": [{"name": "c", "characteristicValueSpecification": [sent]}]}
    [characteristic] = contents_of("v5", "productSpecification", body).characteristics
    assert characteristic.allowed[0].value == Value(ValueType.TEXT, "8")
    assert shown("v5", "productSpecification", body)["productSpecCharacteristic"] == body["productSpecCharacteristic"]


@pytest.mark.parametrize(
    ("word", "bounds"),
    [("closed", (False, False)), ("OPEN", (True, True)), ("closed-bottom", (False, True)), ("closedTop", (True, False)),
     ("ajar", (False, False))],
)  # fmt: skip
def test_an_interval_says_which_bounds_are_inside(word: str, bounds: tuple[bool, bool]) -> None:
    value = {"valueFrom": 1, "valueTo": "9.5", "rangeInterval": word}
    body = {"name": "x", "productSpecCharacteristic": [{"name": "c", "characteristicValueSpecification": [value]}]}
    [characteristic] = contents_of("v5", "productSpecification", body).characteristics
    [allowed] = characteristic.allowed
    assert (allowed.open_low, allowed.open_high) == bounds
    assert (str(allowed.low), str(allowed.high)) == ("1", "9.5")


@pytest.mark.parametrize(
    ("word", "charge"),
    [("recurring", ChargeType.RECURRING), ("One Time", ChargeType.ONE_TIME), ("nonRecurring", ChargeType.ONE_TIME),
     ("usage", ChargeType.USAGE), ("Discount", ChargeType.DISCOUNT), ("penalty", None)],
)  # fmt: skip
def test_the_type_of_a_price_is_understood_in_usual_words(word: str, charge: ChargeType | None) -> None:
    body = {"name": "x", "priceType": word}
    assert contents_of("v5", "productOfferingPrice", body).charge_type is charge
    assert shown("v5", "productOfferingPrice", body)["priceType"] == word


@pytest.mark.parametrize(
    ("word", "period"), [("monthly", "month"), ("Months", "month"), ("annual", "year"), ("blue moon", "blue moon")]
)
def test_a_period_is_understood_in_usual_words(word: str, period: str) -> None:
    body = {"name": "x", "recurringChargePeriodType": word}
    assert contents_of("v5", "productOfferingPrice", body).period == period


# --- prices in offerings ----------------------------------------------------------------------------------------------

GROSS, NET = {"unit": "EUR", "value": 121}, {"unit": "EUR", "value": 100}


def offered_price(version: str, price: Payload) -> Any:
    [found] = contents_of(version, "productOffering", {"name": "x", "productOfferingPrice": [price]}).prices
    return found


@pytest.mark.parametrize(
    ("amounts", "amount", "included"),
    [
        ({"taxIncludedAmount": GROSS, "dutyFreeAmount": NET}, 121, True),
        ({"dutyFreeAmount": NET}, 100, False),
        ({"taxIncludedAmount": GROSS}, 121, True),
    ],
)
def test_a_price_of_v4_says_whether_it_includes_tax(amounts: Payload, amount: int, included: bool) -> None:
    price = {
        "name": "Monthly",
        "priceType": "recurring",
        "recurringChargePeriod": "month",
        "price": {**amounts, "taxRate": 21},
    }
    contents = offered_price("v4", price).contents
    assert (contents.amount, contents.tax_included, contents.tax_rate) == (Money(Decimal(amount), "EUR"), included, 21)
    assert contents.period == "month"
    body = {"name": "x", "productOfferingPrice": [price]}
    assert shown("v4", "productOffering", body)["productOfferingPrice"] == [{**price, "@type": "ProductOfferingPrice"}]
    kept = translated("v4", "productOffering", body).carried
    assert kept is not None
    assert kept["productOfferingPrice"][0]["price"]["value"] == amount


def test_a_price_of_v4_may_be_a_share() -> None:
    contents = offered_price("v4", {"name": "Fee", "priceType": "usage", "price": {"percentage": 5}}).contents
    assert (contents.percentage, contents.amount) == (5, None)


@BOTH
@pytest.mark.parametrize("type_name", ["ProductOfferingPriceRef", "ProductOfferingPrice", None])
def test_a_price_that_shows_an_id_and_no_more_is_a_reference(version: str, type_name: str | None) -> None:
    typed = {} if type_name is None else {"@type": type_name}
    price = offered_price(version, {"id": "7", "name": "Monthly", **typed})
    assert (price.reference.id, price.contents) == ("7", None)


@pytest.mark.parametrize(
    ("word", "name"), [("usage", "usage"), ("x" * 300, "x" * 100), (" ", UNSPECIFIED), ("", UNSPECIFIED)]
)
def test_a_price_without_a_name_gets_its_type_for_one_in_v5(word: str, name: str) -> None:
    price = {"priceType": word, "price": {"dutyFreeAmount": NET}}
    assert offered_price("v4", price).contents.name == name


AMOUNTS = [
    ("price", {"unit": "EUR", "value": Decimal("1e400")}),
    ("price", {"unit": "EUR", "value": 10**15}),
    ("price", {"unit": "EUR", "value": Decimal("0.000000001")}),
    ("percentage", Decimal("1e400")),
    ("percentage", -1_000_001),
]


@pytest.mark.parametrize(("name", "value"), AMOUNTS)
def test_an_amount_that_nobody_could_charge_is_refused(name: str, value: Any) -> None:
    body = {"name": "x", "priceType": "oneTime", name: value}
    offering = {"name": "x", "productOfferingPrice": [{"@type": "ProductOfferingPrice", **body}]}
    for kind, sent, pointer in (
        ("productOfferingPrice", body, f"/{name}"),
        ("productOffering", offering, f"/productOfferingPrice/0/{name}"),
    ):
        with pytest.raises(ContractViolation) as refused:
            translated("v5", kind, sent)
        assert [(one.pointer, one.code.value) for one in refused.value.violations] == [(pointer, "invalidValue")]


# --- offerings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_name", ["SKU", "sku", "S-K-U"])
def test_the_stock_number_is_an_external_identifier(type_name: str) -> None:
    other = {"@type": "ExternalIdentifier", "id": "GTIN-1", "externalIdentifierType": "GTIN"}
    sku = {"@type": "ExternalIdentifier", "id": "SKU123", "externalIdentifierType": type_name, "owner": "stock"}
    body = {"name": "x", "externalIdentifier": [other, sku]}
    assert contents_of("v5", "productOffering", body).sku == "SKU123"
    assert shown("v5", "productOffering", body)["externalIdentifier"] == [other, sku]


def test_an_offering_without_one_has_no_stock_number() -> None:
    assert contents_of("v5", "productOffering", {"name": "x", "externalIdentifier": [{"id": "1"}]}).sku is None


@BOTH
def test_the_reason_for_a_status_is_the_offering_s(version: str) -> None:
    body = {"name": "x", "statusReason": "Released for sale"}
    assert translated(version, "productOffering", body).command.definition.status_reason == "Released for sale"
    assert shown(version, "productOffering", body)["statusReason"] == "Released for sale"


@EACH
def test_a_patch_keeps_the_reason_that_the_canonical_api_gave(name: str) -> None:
    definition = Definition(contents_of("v5", name, {"name": "x"}), status_reason="nobody wants it")
    item = MAPPERS[name].kind.type.create(ITEM_ID, ITEM_ID, "1.0", "acme", definition, NOON)
    body = {**document(name, item, {}), "description": "new"}
    change = MAPPERS[name].to_change({"description"}, item, {"description"}, body, ACME).command
    assert change.definition.status_reason == "nobody wants it"


# --- refusals ---------------------------------------------------------------------------------------------------------

LONG = "x" * 101


@pytest.mark.parametrize(
    ("name", "changes", "pointer"),
    [
        ("productCatalog", {"name": " "}, "/name"),
        ("productSpecification", {"name": LONG}, "/name"),
        (
            "productSpecification",
            {"bundledProductSpecification": [{"id": "1"}, {"id": ""}]},
            "/bundledProductSpecification/1/id",
        ),
        ("productOffering", {"channel": [{"id": LONG}]}, "/channel/0/id"),
        (
            "productOffering",
            {"externalIdentifier": [{"id": LONG, "externalIdentifierType": "SKU"}]},
            "/externalIdentifier/0/id",
        ),
        (
            "productOffering",
            {"bundledGroupProductOffering": [{"name": "g", "bundledProductOffering": [{"id": " "}]}]},
            "/bundledGroupProductOffering/0/bundledProductOffering/0/id",
        ),
        ("productOfferingPrice", {"popRelationship": [{"id": "", "relationshipType": "x"}]}, "/popRelationship/0/id"),
    ],
)
def test_names_and_ids_that_cannot_be_kept_are_refused_where_they_are(
    name: str, changes: Payload, pointer: str
) -> None:
    with pytest.raises(ContractViolation) as refused:
        translated("v5", name, {"name": "x", **changes})
    assert [(one.pointer, one.code.value) for one in refused.value.violations] == [(pointer, "invalidValue")]
    with pytest.raises(ContractViolation) as untold:
        MAPPERS[name].to_create({"name": "x", **changes}, replace(ACME, told=False))
    assert untold.value.violations == refused.value.violations


def test_an_error_of_the_core_points_into_the_payload() -> None:
    translation = translated(
        "v4", "productSpecification", {"name": "x", "bundledProductSpecification": [{"name": "y"}, {"id": "7"}]}
    )
    assert translation.source_of("/contents/parts/0/id") == "/bundledProductSpecification/1/id"
    assert translation.source_of("/contents/relationships") == ""


@EACH
def test_the_least_that_is_needed_is_a_name(name: str) -> None:
    for version in ("v5", "v4"):
        answer = shown(version, name, {"name": "x"})
        assert answer["name"] == "x"
        assert {"id", "href", "lastUpdate", "lifecycleStatus"} <= answer.keys()
        assert answer["lifecycleStatus"] == "In Study"


# --- events -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["Create", "AttributeValueChange", "StateChange", "Delete"])
def test_an_event_of_a_catalog_has_the_name_of_each_version(what: str) -> None:
    v4 = {"eventType": f"Catalog{what}Event", "eventId": "1", "event": {"catalog": {"@type": "Catalog", "name": "x"}}}
    v5 = BRIDGE.lift("Event", v4).body
    assert (v5["eventType"], v5["@type"]) == (f"ProductCatalog{what}Event",) * 2
    assert v5["event"] == {"productCatalog": {"@type": "ProductCatalog", "name": "x"}}
    assert BRIDGE.lower("Event", v5).body == v4
