"""Every field of every answer of every backend, each changed in turn on its way to us.

The operations and their fields are those of `specs/backends`. A field is checked, so that another value of it is a
contradiction or makes an entry foreign, or it is free, and the agreements say why.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.backends import billing
from adapters.backends.agreement import Agreement, Field, Free, Given, Is, Same, at_least
from adapters.backends.agreements import AGREEMENTS, FOUND, UNUSED
from adapters.backends.crm import Profile
from adapters.backends.operation import BackendOperation
from adapters.backends.registry import Backends, connect
from canonical.shared.errors import BackendContractError, BackendContradiction, CanonicalError, OutcomeUnknown
from tests.support.agreements import NOT_CALLED, every_field
from tests.support.backends_under_test import simulated_settings
from tests.support.builders import an_order
from tests.support.scenes import SCENES, SOMEBODY_ELSES, Described, Scene, described
from tests.support.simulators import Backends as Simulation
from tests.support.simulators import running_backends
from tests.support.tampering import TamperingProxy, tampering

OPERATIONS = {operation.name: operation for operation in described()}
ROWS = {row: agreement for row, agreement in AGREEMENTS.items() if row != "getContract"}


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    with running_backends(tmp_path_factory.mktemp("answers")) as running:
        yield running


@pytest.fixture(scope="module")
def shared(simulation: Simulation) -> Iterator[tuple[TamperingProxy, Backends, Backends]]:
    with tampering(simulation.port) as proxy:
        quiet, tried = connect(simulated_settings(simulation.url)), connect(simulated_settings(proxy.url))
        yield proxy, quiet, tried
        quiet.close()
        tried.close()


@pytest.fixture
def proxy(shared: tuple[TamperingProxy, Backends, Backends]) -> Iterator[TamperingProxy]:
    yield shared[0]
    shared[0].clear()


@pytest.fixture
def scene(shared: tuple[TamperingProxy, Backends, Backends]) -> Scene:
    return Scene(shared[1], shared[2])


def operation(row: str) -> Described:
    return OPERATIONS[row.partition(",")[0]]


def counted(scene: Scene, row: str) -> tuple[int, int]:
    """How many of its answers contradicted, and how many entries were left out."""
    asked = operation(row)
    snapshot = scene.tried.snapshot()[asked.backend]
    return snapshot.contradictions.get(asked.name, 0), snapshot.foreign_entries.get(asked.name, 0)


def tamper(proxy: TamperingProxy, row: str, place: str, value: Any) -> Any:
    asked = operation(row)
    return proxy.when(asked.method, asked.path).set(place, value)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_field_of_every_answer_in_the_contracts_is_in_the_agreements(name: str) -> None:
    rows = [agreement for row, agreement in AGREEMENTS.items() if row.partition(",")[0] == name]
    assert bool(rows) is (name not in NOT_CALLED)
    for agreement in rows:
        assert dict(every_field(agreement)).keys() == OPERATIONS[name].fields.keys()
        assert agreement.many is OPERATIONS[name].many


def test_every_row_is_about_an_operation_and_is_tried_here() -> None:
    assert {row.partition(",")[0] for row in AGREEMENTS} | NOT_CALLED.keys() == OPERATIONS.keys()
    assert SCENES.keys() == ROWS.keys()
    assert all(kind.why for agreement in ROWS.values() for _, kind in every_field(agreement) if isinstance(kind, Free))


def in_other_case(value: Any) -> Any:
    return value.swapcase() if isinstance(value, str) else value


def with_a_space(value: Any) -> Any:
    return f"{value} " if isinstance(value, str) else value


OF_A_CHANGE = frozenset({"productId", "characteristics", "places", "terms", "newCustomerId"})
"""Fields that the second item of the order in the scenes has, which changes a product."""
OTHER_TEXTS = ("another", "", None, 7, ["x"], in_other_case, with_a_space)
OTHER_AMOUNTS = ("-99.80", "9980.00", "0.01", "99.81", "998.0", "99.80001", "9.98E1", "+99.80", " 99.80", "NaN", 99.8)


def others(place: str, kind: Field, schema: Any) -> tuple[Any, ...]:
    """Values that do not agree, whatever was asked for in the scenes."""
    if place.endswith("amount"):
        return OTHER_AMOUNTS
    if place.endswith("currency"):
        return ("USD", "eur", "EUR ", None)
    if schema["type"] == "array":
        return ("another", None, [], ["x"], {})
    if schema["type"] == "integer":
        return (0, -1, "1", None, True) if isinstance(kind, Same) and kind.agrees is at_least else (0, -1, 9, "2", None)
    return (SOMEBODY_ELSES.get(place.rpartition("/")[2], "another one"), *OTHER_TEXTS)


def cases(*kinds: type) -> list[Any]:
    found = [
        (row, place, kind)
        for row, agreement in ROWS.items()
        for place, kind in every_field(agreement)
        if isinstance(kind, kinds)
    ]
    return [pytest.param(*case, id=f"{case[0]} {case[1]}") for case in found]


@pytest.mark.parametrize(("row", "place", "kind"), cases(Same, Is))
def test_a_field_with_another_value_is_not_taken_for_what_was_asked(
    proxy: TamperingProxy, scene: Scene, row: str, place: str, kind: Field
) -> None:
    agreement = AGREEMENTS[row]
    foreign = isinstance(kind, Same) and kind.about and agreement.search
    for value in others(place, kind, operation(row).fields[place]):
        call = SCENES[row](Scene(scene.quiet, scene.tried))
        rule, before = tamper(proxy, row, place, value), counted(scene, row)
        if foreign:
            assert call() is None, value
            assert counted(scene, row) == (before[0], before[1] + 1), value
        else:
            with pytest.raises(BackendContradiction) as refused:
                call()
            assert refused.value.details["operation"] == operation(row).name
            assert re.fullmatch(place.replace("*", r"\d"), refused.value.details["field"]), value
            assert counted(scene, row) == (before[0] + 1, before[1]), value
        assert rule.hits == 1
        proxy.clear()


@pytest.mark.parametrize(("row", "place", "kind"), cases(Same, Is, Given))
def test_a_checked_field_that_is_left_out_is_outside_the_contract(
    proxy: TamperingProxy, scene: Scene, row: str, place: str, kind: Field
) -> None:
    call = SCENES[row](scene)
    item = "items/1" if place.rpartition("/")[2] in OF_A_CHANGE else "items/0"
    rule = proxy.when(operation(row).method, operation(row).path).remove(place.replace("items/*", item))
    before = counted(scene, row)
    if isinstance(kind, Same) and (kind.lacking or kind.default):
        call()
    else:
        with pytest.raises(BackendContractError) as refused:
            call()
        assert type(refused.value) is BackendContractError
    assert (rule.hits, counted(scene, row)) == (1, before)


@pytest.mark.parametrize(("row", "place", "kind"), cases(Free))
def test_a_free_field_contradicts_nothing(
    proxy: TamperingProxy, scene: Scene, row: str, place: str, kind: Field
) -> None:
    call, asked = SCENES[row](scene), operation(row)
    untouched = None if asked.method != "GET" else call()
    schema = asked.fields[place]
    value = schema["enum"][-1] if "enum" in schema else schema.get("example")
    tamper(proxy, row, place, value if kind is not UNUSED and kind is not FOUND else "another")
    before = counted(scene, row)
    try:
        told = call()
        assert kind is not FOUND
        assert kind is not UNUSED or asked.method != "GET" or told == untouched
    except BackendContradiction:
        assert kind is FOUND
    assert counted(scene, row) == before


def among_foreign_ones(name: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**entries[0], name: "another"}, *entries, {**entries[0], name: "third"}]


@pytest.mark.parametrize("row", [row for row, agreement in ROWS.items() if agreement.many])
def test_foreign_entries_are_left_out_and_counted_and_the_rest_is_used(
    proxy: TamperingProxy, scene: Scene, row: str
) -> None:
    call, asked = SCENES[row](scene), operation(row)
    alone = call()
    kinds = {place.removeprefix("/*/"): kind for place, kind in every_field(AGREEMENTS[row])}
    about = [name for name, kind in kinds.items() if isinstance(kind, Same) and kind.about]
    for name in about:
        proxy.when(asked.method, asked.path).edit(partial(among_foreign_ones, name))
        before = counted(scene, row)
        with capture_logs() as logs:
            assert call() == alone
        assert counted(scene, row) == (before[0], before[1] + 2)
        assert [(line["event"], line["entries"]) for line in logs] == [("foreign entries left out", 2)]
        proxy.clear()
    assert bool(about) is (row != "getPlans")


MAKING = {"reserve": "reservationId", "createOrder": "orderId", "charge": "chargeId"}
OF_OTHERS = {"reserve": "RSV001", "createOrder": "ORD98765", "charge": "CHG1234"}


@pytest.mark.parametrize("row", MAKING)
@pytest.mark.parametrize("value", ["another", *OF_OTHERS.values(), in_other_case, with_a_space])
def test_an_id_that_location_does_not_confirm_is_not_taken(
    proxy: TamperingProxy, scene: Scene, row: str, value: Any
) -> None:
    call, asked = SCENES[row](scene), operation(row)
    tamper(proxy, row, f"/{MAKING[row]}", value)
    read = "getOrder, ours" if row == "createOrder" else f"get{MAKING[row][0].upper()}{MAKING[row][1:-2]}"
    before = counted(scene, read)
    with pytest.raises(BackendContradiction) as refused:
        call()
    assert refused.value.details["backend"] == asked.backend
    assert counted(scene, read) == (before[0] + 1, before[1])
    proxy.clear()
    assert call()


@pytest.mark.parametrize("row", MAKING)
@pytest.mark.parametrize("value", ["", None, 7])
def test_an_id_that_is_none_is_outside_the_contract(proxy: TamperingProxy, scene: Scene, row: str, value: Any) -> None:
    call = SCENES[row](scene)
    tamper(proxy, row, f"/{MAKING[row]}", value)
    with pytest.raises(BackendContractError):
        call()


@pytest.mark.parametrize("row", MAKING)
@pytest.mark.parametrize("location", [None, "", "/elsewhere", "http://elsewhere/things?id=x"])
def test_without_a_location_that_names_it_the_thing_is_read_again(
    proxy: TamperingProxy, scene: Scene, row: str, location: str | None
) -> None:
    call, asked = SCENES[row](scene), operation(row)
    reading = proxy.when("GET", f"{asked.path}/[^/]+")
    made = call()
    assert reading.hits == 0
    proxy.when("POST", asked.path).header("Location", location)
    assert call() == made
    assert reading.hits == 1
    proxy.when("GET", f"{asked.path}/[^/]+").status(500)
    with pytest.raises(OutcomeUnknown):
        call()


@pytest.mark.parametrize("row", MAKING)
@pytest.mark.parametrize("value", [None, "another"])
def test_an_id_that_a_search_names_is_read_again(
    proxy: TamperingProxy, scene: Scene, row: str, value: str | None
) -> None:
    searches = {"reserve": "findReservations", "createOrder": "findOrders", "charge": "findCharges"}
    call = SCENES[searches[row]](scene)
    tamper(proxy, searches[row], f"/*/{MAKING[row]}", value or OF_OTHERS[row])
    with pytest.raises(BackendContradiction):
        call()


def test_an_order_number_of_somebody_else_is_not_charged(
    proxy: TamperingProxy, scene: Scene, simulation: Simulation
) -> None:
    """BSS says so consistently: Billing knows better."""
    proxy.when("POST", "/bss/orders").set("/orderId", "ORD98765").header("Location", "/bss/orders/ORD98765")
    number = SCENES["createOrder"](scene)()
    assert number == "ORD98765"
    stolen = replace(scene.charge(), bss_order_id=number)
    before = scene.tried.snapshot()["billing"].contradictions.get("charge", 0)
    with pytest.raises(BackendContradiction, match="is not the order that BSS created for us"):
        scene.tried.payments.charge(stolen, scene.key("charge"))
    assert scene.tried.payments.find_charge(stolen) is None
    assert simulation.ledger("billing", id="ORD98765") == []
    assert scene.tried.snapshot()["billing"].contradictions["charge"] == before + 1


@pytest.mark.parametrize(
    ("row", "change", "name"),
    [
        ("getCustomer", {"status": 404, "details": {"customerId": "C99999"}}, "customerId"),
        ("reserve", {"status": 409, "details": {"sku": "SKU999", "requested": 1, "available": 0}}, "sku"),
        ("createOrder", {"status": 404, "details": {"customerId": "C99999"}}, "customerId"),
        ("charge", {"status": 402, "details": {"orderId": "ORD98765"}}, "orderId"),
        ("refund", {"status": 404, "details": {"chargeId": "CHG0000"}}, "chargeId"),
        ("release", {"status": 404, "details": {"reservationId": "RSV999"}}, "reservationId"),
        ("changePlan", {"status": 409, "details": {"subscriptionId": "SUB1119"}}, "subscriptionId"),
    ],
)
def test_a_refusal_of_something_else_refuses_nothing(
    proxy: TamperingProxy, scene: Scene, row: str, change: Any, name: str
) -> None:
    call, asked = SCENES[row](scene), operation(row)
    body = {"code": "INSUFFICIENT_STOCK", "message": "no", "details": change["details"]}
    proxy.when(asked.method, asked.path).status(change["status"]).set("", body)
    with pytest.raises(BackendContradiction) as refused:
        call()
    assert refused.value.details["field"] == f"/details/{name}"
    for details in ({}, None, "x", {"other": "SKU999"}):
        proxy.clear()
        proxy.when(asked.method, asked.path).status(change["status"]).set("", body | {"details": details})
        with pytest.raises(CanonicalError) as believed:
            call()
        assert not isinstance(believed.value, BackendContradiction)


@pytest.mark.parametrize("amount", ["99.8", "99.800", "099.80"])
def test_an_amount_is_compared_by_its_value(proxy: TamperingProxy, scene: Scene, amount: str) -> None:
    assert an_order().amount is not None
    tamper(proxy, "charge", "/amount", amount)
    assert SCENES["charge"](scene)()


def test_a_later_plan_that_billing_knows_is_left_as_it_is(proxy: TamperingProxy, scene: Scene) -> None:
    call = SCENES["setPlan"](scene)
    proxy.when("PUT").set("/plan", "Premium").set("/version", 1_000_000)
    call()


def test_where_all_answers_are_checked_a_contradiction_is_still_called_one(proxy: TamperingProxy, scene: Scene) -> None:
    strict = connect(simulated_settings(proxy.url), check_answers=1)
    try:
        tamper(proxy, "charge", "/amount", "-99.80")
        with pytest.raises(BackendContradiction):
            SCENES["charge"](Scene(scene.quiet, strict))()
        assert strict.snapshot()["billing"].contract_violations == {"charge": 1}
    finally:
        strict.close()


def test_an_agreement_is_needed_for_an_operation_and_names_what_is_read() -> None:
    with pytest.raises(TypeError):
        BackendOperation("getCustomer", "GET", "/customers/{customerId}", Profile())  # type: ignore[call-arg]
    known = {name: Free("any") for name in ("id", "name", "status")}
    with pytest.raises(ValueError, match=r"reads \['email'\]"):
        BackendOperation("getCustomer", "GET", "/customers/{customerId}", Profile(), Agreement(known))
    with pytest.raises(ValueError, match="both a list"):
        BackendOperation("getCustomer", "GET", "/x", Profile(many=True), AGREEMENTS["getCustomer"])


def test_a_call_that_does_not_name_all_it_is_held_against_is_not_sent(scene: Scene) -> None:
    with pytest.raises(ValueError, match=r"must name \['amount', 'currency', 'externalId'\]"):
        scene.tried._backends["billing"].call(billing.FIND_CHARGES, query={"orderId": "ORD1"})
