import copy
import threading
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from facade.contract.lenient_defaults import Leniency
from facade.contract.limits import Limits
from facade.contract.messages import violations
from facade.contract.validator import Contract
from facade.contract.violations import Code, Violation
from tests.support.specs import mistakes

Order = dict[str, Any]
OPERATION = "createOrder"


def errors(contract: Contract, body: Any) -> list[Violation]:
    return mistakes(contract, OPERATION, body)


def only_error(contract: Contract, body: Any) -> Violation:
    [violation] = errors(contract, body)
    return violation


def test_a_valid_body_comes_back_untouched(contract: Contract, order: Order) -> None:
    checked = contract.check_request(OPERATION, order)
    assert checked.body is order
    assert checked.violations == ()
    assert checked.allowances == ()


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"item": None}, "/item", Code.INVALID_FORMAT),
        ({"item": []}, "/item", Code.INVALID_VALUE),
        ({"item": [{"id": "1", "action": "add"}] * 4}, "/item", Code.TOO_MANY_RECORDS),
        ({"item": ["x"]}, "/item/0", Code.INVALID_FORMAT),
        ({"item": [{"id": "1"}]}, "/item/0/action", Code.MISSING_PROPERTY),
        ({"item": [{"id": "1", "action": "ad"}]}, "/item/0/action", Code.INVALID_VALUE),
        ({"item": [{"id": "1", "action": "add", "quantity": 0}]}, "/item/0/quantity", Code.INVALID_VALUE),
        ({"item": [{"id": "1", "action": "add", "quantity": 1.5}]}, "/item/0/quantity", Code.INVALID_FORMAT),
        ({"item": [{"id": "1", "action": "add", "quantity": 1e20}]}, "/item/0/quantity", Code.INVALID_VALUE),
        ({"item": [{"id": "1", "action": "add", "a/b~c": 1}]}, "/item/0/a~1b~0c", Code.INVALID_FORMAT),
        ({"date": "tomorrow"}, "/date", Code.INVALID_FORMAT),
        ({"date": "2026-05-03T08:00:00"}, "/date", Code.INVALID_FORMAT),
        ({"date": "2026-02-30T08:00:00Z"}, "/date", Code.INVALID_FORMAT),
        ({"date": "0000-01-01T00:00:00Z"}, "/date", Code.INVALID_FORMAT),
        ({"date": "2016-12-31T23:59:60Z"}, "/date", Code.INVALID_FORMAT),
        ({"day": "2026-5-3"}, "/day", Code.INVALID_FORMAT),
        ({"day": "0000-01-01"}, "/day", Code.INVALID_FORMAT),
        ({"link": "not a uri"}, "/link", Code.INVALID_FORMAT),
        ({"initialState": "Draft"}, "/initialState", Code.INVALID_VALUE),
        ({"nickname": "too long"}, "/nickname", Code.INVALID_VALUE),
        ({"serverSet": "x"}, "/serverSet", Code.UNEXPECTED_PROPERTY),
        ({"closed": {"x": "", "y": 1}}, "/closed/y", Code.UNEXPECTED_PROPERTY),
        ({"code": "abc"}, "/code", Code.INVALID_FORMAT),
        ({"even": 0}, "/even", Code.INVALID_VALUE),
        ({"even": 3}, "/even", Code.INVALID_VALUE),
        ({"tags": ["a", "a"]}, "/tags", Code.INVALID_VALUE),
        ({"either": 1}, "/either", Code.OTHER_ISSUE),
        ({"small": 2**31}, "/small", Code.INVALID_VALUE),
        ({"price": {"value": "1"}}, "/price/value", Code.INVALID_FORMAT),
        ({"mood": "angry"}, "/mood", Code.INVALID_VALUE),
    ],
)
def test_each_mistake_has_its_pointer_and_code(
    contract: Contract, order: Order, change: Order, pointer: str, code: Code
) -> None:
    found = only_error(contract, {**order, **change})
    assert (found.pointer, found.code) == (pointer, code)
    assert found.message.endswith(".")


def test_every_mistake_is_reported_at_once_and_only_once(contract: Contract, order: Order) -> None:
    body = {
        "@type": 5,
        "date": "x",
        "item": [{"@type": "Item", "id": 1, "action": "change", "item": [{"id": "2"}], "quantity": "many"}],
    }
    pointers = [violation.pointer for violation in errors(contract, body)]
    assert sorted(pointers) == [
        "/@type", "/date", "/item/0/action", "/item/0/id", "/item/0/item/0/action", "/item/0/quantity",
    ]  # fmt: skip


def test_the_number_of_violations_is_capped(spec: dict[str, Any]) -> None:
    contract = Contract(spec, limits=Limits(violations=7))
    assert len(errors(contract, {"tags": list(range(100)), "item": [{}]})) == 7


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("change", "modify"), ("Remove", "delete"), ("ADD", "add"), ("nochange", "noChange"), ("modfy", "modify"),
        ("xyz", None), ("add" * 100, None),
    ],
)  # fmt: skip
def test_an_enumeration_lists_what_is_allowed_and_guesses_what_was_meant(
    contract: Contract, order: Order, sent: str, meant: str | None
) -> None:
    found = only_error(contract, {**order, "item": [{"id": "1", "action": sent}]})
    assert found.allowed == ("add", "modify", "delete", "noChange")
    assert found.hint == (f"did you mean `{meant}`?" if meant else None)


def test_a_missing_member_is_looked_for_under_similar_names(contract: Contract, order: Order) -> None:
    found = only_error(contract, {**order, "item": [{"id": "1", "Action": "add"}]})
    assert found.pointer == "/item/0/action"
    assert found.hint == "there is `Action`; did you mean `action`?"


def test_long_values_are_not_echoed(contract: Contract, order: Order) -> None:
    body = {**order, "initialState": "x" * 10_000, "y" * 10_000: 1, "closed": {"z" * 10_000: 1}}
    for violation in errors(contract, body):
        assert len(violation.message) < 300


def test_a_violation_as_a_document_leaves_out_what_it_lacks(contract: Contract, order: Order) -> None:
    found = only_error(contract, {**order, "date": "x"})
    assert set(found.as_document()) == {"pointer", "code", "message"}
    assert found.as_document()["code"] == "invalidFormat"


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_a_body_of_another_kind_is_one_violation(contract: Contract, body: Any) -> None:
    assert only_error(contract, body).pointer == ""


# Null, read-only, write-only


def test_null_is_kept_where_the_contract_says_nullable_and_read_as_absent_elsewhere(
    contract: Contract, order: Order
) -> None:
    nullable = {**order, "nickname": None, "mood": None, "spare": None}
    assert completed(contract, nullable) is nullable
    checked = contract.check_request("createOrder", {**order, "link": None})
    assert (checked.body, checked.violations, checked.nulls) == (order, (), ("/link",))
    assert [(one.pointer, one.rule) for one in checked.allowances] == [("/link", Leniency.NULL_AS_ABSENT)]
    assert only_error(contract, {**order, "item": None}).message == "item must be an array, not null."
    assert only_error(contract, {**order, "item": [None]}).pointer == "/item/0"


def test_a_write_only_member_is_not_answered_and_a_read_only_one_must_be(contract: Contract, order: Order) -> None:
    assert errors(contract, {**order, "secret": "x"}) == []
    found = contract.response_errors(OPERATION, 201, {**order, "secret": "x"})
    assert {(v.pointer, v.code) for v in found} == {
        ("/secret", Code.UNEXPECTED_PROPERTY),
        ("/serverSet", Code.MISSING_PROPERTY),
    }
    assert contract.response_errors(OPERATION, 201, {**order, "serverSet": "x"}) == []


# @type: what is missing is supplied by position


def completed(contract: Contract, body: Any) -> Any:
    checked = contract.check_request(OPERATION, body)
    assert checked.violations == ()
    return checked.body


def test_missing_types_are_supplied_on_a_copy(contract: Contract, order: Order) -> None:
    sent = {"item": [{"id": "1", "action": "add", "product": {"id": "p1"}, "item": [{"id": "2", "action": "add"}]}]}
    before = copy.deepcopy(sent)
    understood = completed(contract, sent)
    assert sent == before
    assert understood["@type"] == "Order"
    [item] = understood["item"]
    assert (item["@type"], item["product"]["@type"], item["item"][0]["@type"]) == ("Item", "ProductRef", "Item")


@pytest.mark.parametrize(
    ("product", "type_name"),
    [
        ({"id": "p"}, "ProductRef"),
        ({"id": "p", "name": "n", "href": "h"}, "ProductRef"),
        ({"id": "p", "isBundle": True}, "Product"),
        ({"isBundle": True}, "Product"),
        ({"id": "p", "@type": None}, "ProductRef"),
        ({"id": "p", "@baseType": "Product"}, "Product"),
    ],
)
def test_a_product_is_a_reference_or_a_value_by_what_it_shows(
    contract: Contract, order: Order, product: Order, type_name: str
) -> None:
    understood = completed(contract, {**order, "item": [{"id": "1", "action": "add", "product": product}]})
    assert understood["item"][0]["product"]["@type"] == type_name


@pytest.mark.parametrize(
    ("party", "type_name"),
    [
        ({"id": "p"}, "PartyRef"),
        ({"id": "p", "partyId": "x"}, "RoleRef"),
        ({"familyName": "Doe"}, "Person"),
        ({"tradingName": "Doe"}, "Company"),
    ],
)
def test_among_several_classes_the_one_that_declares_most_members_is_taken(
    contract: Contract, order: Order, party: Order, type_name: str
) -> None:
    assert completed(contract, {**order, "party": party})["party"]["@type"] == type_name


@pytest.mark.parametrize(("value", "type_name"), [("x", "TextChar"), (5, "WholeChar")])
def test_a_characteristic_is_typed_by_its_value(contract: Contract, order: Order, value: Any, type_name: str) -> None:
    product = {"isBundle": True, "characteristic": [{"name": "n", "value": value}, {"name": "bare"}]}
    understood = completed(contract, {**order, "item": [{"id": "1", "action": "add", "product": product}]})
    first, second = understood["item"][0]["product"]["characteristic"]
    assert (first["@type"], second["@type"]) == (type_name, "Char")


def test_classes_without_a_type_and_types_that_are_data_stay_as_they_are(contract: Contract, order: Order) -> None:
    body = {"item": order["item"], "price": {"value": 1}}
    assert completed(contract, body)["price"] == {"value": 1}
    found = only_error(contract, {**body, "target": {"@schemaLocation": "x"}})
    assert found.pointer == "/target/@type"


def test_nothing_is_supplied_in_an_answer(contract: Contract, order: Order) -> None:
    answer = {"serverSet": "x", "item": [{"@type": "Item", "id": "1", "action": "add"}]}
    [found] = contract.response_errors(OPERATION, 201, answer)
    assert (found.pointer, found.code) == ("/@type", Code.MISSING_PROPERTY)


# @type: what is unknown is judged by its place, and kept


def with_product(order: Order, product: Order) -> Order:
    return {**order, "item": [{"@type": "Item", "id": "1", "action": "add", "product": product}]}


@pytest.mark.parametrize(
    ("product", "rule", "understood"),
    [
        ({"@type": "UNI", "isBundle": True}, Leniency.TYPE_BY_BASE_CLASS, "Product"),
        ({"@type": "UNI", "id": "1", "isBundle": True}, Leniency.TYPE_BY_BASE_CLASS, "Product"),
        ({"@type": "UNI", "id": "1"}, Leniency.TYPE_AS_REFERENCE, "EntityRef"),
        ({"@type": "UNIRef", "id": "1", "isBundle": "kept"}, Leniency.TYPE_AS_REFERENCE, "EntityRef"),
        ({"@type": "UNI", "@baseType": "Product", "id": "1"}, Leniency.TYPE_BY_BASE_TYPE, "Product"),
        ({"@type": "UNIRef", "@baseType": "Product", "id": "1"}, Leniency.TYPE_BY_BASE_TYPE, "Product"),
        ({"@type": "Order", "isBundle": True}, Leniency.TYPE_BY_BASE_CLASS, "Product"),
    ],
)
def test_an_extension_is_accepted_under_a_named_rule(
    contract: Contract, order: Order, product: Order, rule: Leniency, understood: str
) -> None:
    body = with_product(order, product)
    assert completed(contract, body) is body
    [allowance] = contract.allowances(OPERATION, body)
    assert (allowance.pointer, allowance.rule) == ("/item/0/product/@type", rule)
    assert allowance.understood in (understood, "ProductRef")


def test_an_extension_still_has_to_be_what_its_place_demands(contract: Contract, order: Order) -> None:
    found = only_error(contract, with_product(order, {"@type": "UNI", "isBundle": "yes"}))
    assert found.message == "item[0].product.isBundle must be a boolean, not a string."
    found = only_error(contract, with_product(order, {"@type": "UNIRef"}))
    assert found.pointer == "/item/0/product/id"


def test_an_unknown_class_in_a_wide_union_is_judged_by_what_all_values_share(contract: Contract, order: Order) -> None:
    assert errors(contract, {**order, "party": {"@type": "Household", "name": "Doe"}}) == []
    assert only_error(contract, {**order, "party": {"@type": "Household", "name": 1}}).pointer == "/party/name"


def test_a_known_class_is_held_to_its_own_rules(contract: Contract, order: Order) -> None:
    assert only_error(contract, {**order, "party": {"@type": "Person"}}).pointer == "/party/familyName"
    assert only_error(contract, with_product(order, {"@type": "ProductRef"})).pointer == "/item/0/product/id"
    char = {"@type": "TextChar", "@baseType": "Char", "name": "n", "value": 1}
    found = only_error(contract, with_product(order, {"@type": "Product", "characteristic": [char]}))
    assert found.pointer == "/item/0/product/characteristic/0/value"


def test_overlapping_branches_are_no_reason_to_refuse(contract: Contract, order: Order) -> None:
    assert errors(contract, {**order, "party": {"@type": "PartyRef", "id": "1"}}) == []


# Whole numbers


def test_a_whole_number_written_with_a_point_is_read_as_an_integer(contract: Contract, order: Order) -> None:
    item = {"@type": "Item", "id": "1", "action": "add", "quantity": Decimal("2.0"), "ratio": Decimal("2.0")}
    checked = contract.check_request(OPERATION, {**order, "item": [item]})
    [understood] = checked.body["item"]
    assert (type(understood["quantity"]), type(understood["ratio"])) == (int, Decimal)
    assert [a.rule for a in checked.allowances] == [Leniency.WHOLE_NUMBER]


# Texts for other types


def test_a_text_that_says_true_or_false_is_read_as_a_boolean(contract: Contract, order: Order) -> None:
    for sent, meant in (("true", True), ("false", False)):
        item = {"@type": "Item", "id": "1", "action": "add", "a/b~c": sent}
        checked = contract.check_request(OPERATION, {**order, "item": [item]})
        assert checked.body["item"][0]["a/b~c"] is meant
        assert [(a.pointer, a.rule) for a in checked.allowances] == [("/item/0/a~1b~0c", Leniency.BOOLEAN_AS_TEXT)]


@pytest.mark.parametrize("sent", ["True", "yes", "1", ""])
def test_any_other_text_is_no_boolean(contract: Contract, order: Order, sent: str) -> None:
    item = {"@type": "Item", "id": "1", "action": "add", "a/b~c": sent}
    assert only_error(contract, {**order, "item": [item]}).pointer == "/item/0/a~1b~0c"


@pytest.mark.parametrize("name", ["7", "007", "+7", "-7", "7x"])
def test_a_mistake_in_a_member_whose_name_is_a_number_is_found(name: str) -> None:
    document = {"members": {name: 1}, "list": [0, "x"]}
    rules = {
        "properties": {
            "members": {"additionalProperties": {"type": "object"}},
            "list": {"items": {"type": "integer"}},
        }
    }
    found = violations(jsonschema_rs.validator_for(rules).iter_errors(document), document, 10)
    assert {one.pointer for one in found} == {"/list/1", f"/members/{name}"}


# Answers


def test_an_undeclared_status_or_media_type_is_a_violation(contract: Contract, order: Order) -> None:
    assert "does not declare status 418" in contract.response_errors(OPERATION, 418, {})[0].message
    assert "text/json" in contract.response_errors(OPERATION, 201, order, "text/json")[0].message


def test_an_answer_without_content_has_no_body(contract: Contract) -> None:
    assert contract.response_errors(OPERATION, 204, None) == []
    assert contract.response_errors(OPERATION, 204, {})[0].code is Code.UNEXPECTED_PROPERTY


# The contract itself


def test_what_the_contract_declares_can_be_asked(contract: Contract) -> None:
    assert contract.base_path == "/orders/v1"
    assert contract.operation_ids == {OPERATION}
    assert contract.takes_body(OPERATION)
    assert not contract.takes_body(OPERATION, "text/plain")
    assert mistakes(contract, "somethingElse", {"any": "thing"}) == []


def test_only_openapi_3_0_is_taken() -> None:
    with pytest.raises(ValueError, match=r"OpenAPI 3\.0"):
        Contract({"swagger": "2.0"})


def test_threads_share_one_compilation(spec: dict[str, Any], order: Order) -> None:
    contract = Contract(spec)
    results: list[list[Violation]] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(20):
            results.append(errors(contract, order))
            results.append(contract.response_errors(OPERATION, 201, {**order, "serverSet": "x"}))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[]] * 320
