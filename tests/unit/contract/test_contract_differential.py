"""jsonschema, the reference implementation in pure Python, and jsonschema-rs must judge alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facade.contract.classes import ClassCatalog
from facade.contract.lenient_defaults import Leniency
from facade.contract.loading import load_spec
from facade.contract.schema import SchemaConverter, Side
from facade.contract.validator import Contract

Judge = Callable[[Any], bool]

TYPES = st.sampled_from(
    ["Order", "Item", "Product", "ProductRef", "PartyRef", "RoleRef", "Person", "Company", "Char", "TextChar",
     "WholeChar", "UNI", "UNIRef", "", "Ref"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 15),
    st.decimals(-5, 15, places=1),
    st.sampled_from(["", "x", "add", "modify", "draft", "good", "ABC", "2026-05-03", "2026-05-03T08:00:00Z"]),
    st.sampled_from(["2026-02-30", "0000-01-01", "2026-05-03T08:00:00", "2026-05-03t08:00:00.1+01:00", "tomorrow"]),
    st.sampled_from(["2026-05-03T08:00:60Z", "0000-05-03T08:00:00Z", "2026-05-03 08:00:00Z", "2026-13-03T08:00:00Z"]),
)
NAMES = st.sampled_from(
    ["@type", "@baseType", "id", "href", "name", "@referredType", "isBundle", "characteristic", "value", "familyName",
     "action", "quantity", "ratio", "product", "item", "date", "day", "initialState", "nickname", "mood", "spare",
     "price", "party", "target", "code", "even", "tags", "closed", "either", "small", "serverSet", "x", "unit"]
)  # fmt: skip


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    typed = st.fixed_dictionaries({}, optional={"@type": TYPES, "@baseType": TYPES, "id": st.sampled_from(["1", 1])})
    return st.builds(lambda a, b: {**b, **a}, typed, st.dictionaries(NAMES, values, max_size=5))


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(objects(inner), st.lists(inner, max_size=3), objects(inner).map(lambda o: [o])),
    max_leaves=12,
)
# Near a valid order, where the branches are: pure noise fails at the root and never gets there.
PRODUCTS = objects(VALUES)
ITEMS = st.fixed_dictionaries(
    {"@type": st.just("Item"), "id": st.just("1"), "action": st.sampled_from(["add", "modify", "ad"])},
    optional={"product": PRODUCTS, "quantity": SCALARS, "ratio": SCALARS, "item": st.lists(VALUES, max_size=2)},
)
ORDERS = st.fixed_dictionaries(
    {"@type": st.just("Order"), "item": st.lists(ITEMS, max_size=3)},
    optional=dict.fromkeys(
        ["date", "day", "initialState", "nickname", "mood", "spare", "price", "party", "code", "even", "tags",
         "closed", "either", "small", "secret", "@baseType"],
        VALUES,
    ),
)  # fmt: skip


@pytest.fixture(scope="session", params=list(Side))
def judges(request: pytest.FixtureRequest, spec: dict[str, Any]) -> tuple[Judge, Judge]:
    converter = SchemaConverter(ClassCatalog(spec["components"]["schemas"]), request.param)
    document = converter.document({"$ref": "#/components/schemas/Order"})
    jsonschema.Draft7Validator.check_schema(document)
    checker = jsonschema.FormatChecker(["date-time", "date"])
    reference = jsonschema.Draft7Validator(document, format_checker=checker)
    fast = jsonschema_rs.Draft7Validator(document, validate_formats=True)
    return reference.is_valid, fast.is_valid


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(ORDERS, VALUES))
def test_both_judge_alike(judges: tuple[Judge, Judge], body: Any) -> None:
    reference, fast = judges
    assert fast(body) == reference(body)


ROOT = Path(__file__).parents[3]
PUBLISHED = [p.read_bytes() for p in sorted((ROOT / "fixtures" / "published" / "tmf622" / "v5").glob("*.json"))]


@pytest.fixture(scope="session")
def ordering(tmp_path_factory: pytest.TempPathFactory) -> tuple[Contract, Judge]:
    spec = load_spec(ROOT / "specs" / "tmf" / "tmf622-v5.yaml", tmp_path_factory.mktemp("cache"))
    converter = SchemaConverter(ClassCatalog(spec["components"]["schemas"]), Side.REQUEST)
    document = converter.document({"$ref": "#/components/schemas/ProductOrder_FVO"})
    checker = jsonschema.FormatChecker(["date-time", "date"])
    return Contract(spec), jsonschema.Draft7Validator(document, format_checker=checker).is_valid


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_both_judge_a_spoilt_published_order_alike(ordering: tuple[Contract, Judge], data: st.DataObject) -> None:
    contract, reference = ordering
    body = orjson.loads(data.draw(st.sampled_from(PUBLISHED)))
    for _ in range(data.draw(st.integers(1, 3))):
        _spoil(body, data)
    checked = contract.check_request("createProductOrder", body)
    assert reference(checked.body) == (checked.violations == ())


def _spoil(body: Any, data: st.DataObject) -> None:
    places: list[tuple[Any, Any]] = []
    waiting = [body]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        places += [(node, key) for key in keys]
        waiting += [node[key] for key in keys if isinstance(node[key], dict | list)]
    if places:
        node, key = data.draw(st.sampled_from(places))
        if data.draw(st.booleans()) or isinstance(node, list):
            node[key] = data.draw(VALUES)
        else:
            del node[key]


@settings(max_examples=200, deadline=None)
@given(body=st.one_of(ORDERS, VALUES))
def test_what_is_understood_is_valid_and_stable(contract: Contract, body: Any) -> None:
    checked = contract.check_request("createOrder", body)
    again = contract.check_request("createOrder", checked.body)
    assert again.violations == checked.violations
    if not checked.violations:
        assert again.body == checked.body
        supplied = {Leniency.TYPE_BY_POSITION, Leniency.WHOLE_NUMBER}
        assert not supplied & {allowance.rule for allowance in again.allowances}


@settings(max_examples=200, deadline=None)
@given(body=ORDERS)
def test_every_pointer_leads_into_the_body_or_to_a_missing_member(contract: Contract, body: Any) -> None:
    checked = contract.check_request("createOrder", body)
    for violation in checked.violations:
        place = checked.body
        tokens = [t.replace("~1", "/").replace("~0", "~") for t in violation.pointer.split("/")[1:]]
        if violation.code.value == "missingProperty":
            missing = tokens.pop()
            place = _follow(place, tokens)
            assert missing not in place
        else:
            _follow(place, tokens)


def _follow(value: Any, tokens: list[str]) -> Any:
    for token in tokens:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value
