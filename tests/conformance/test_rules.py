"""Every rule of docs/rules.md refuses a payload that keeps its contract, in the way that the page says."""

import copy
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests

from canonical.catalog.category import DEEPEST
from canonical.catalog.offering import DEEPEST_GROUPS
from canonical.inventory.contents import AssetTerm
from canonical.shared import jsontext
from facade.app import contract_of
from facade.bootstrap.declared import TMF_APIS
from facade.contract.validator import Contract
from facade.tmf.bridge import COMPLEMENT, MOST_SET_ASIDE
from facade.tmf.engine.declaration import Verb
from facade.tmf.switches import SWITCHES
from facade.tmf.tmf622.v4 import BRIDGE
from tests.conformance.rules import EVERY_RESOURCE, RULES, Rule, refusals, refusing
from tests.support.assets import record_asset
from tests.support.product import ROOT, Node, partner_order, running_product

Payload = dict[str, Any]
BOUND = "conformance"
AGREED = "partner-list"
"""With this client systems and types of external ids and billing accounts are agreed."""
SAME_NAME, LONG_NUMBER = b'{"a": 1, "a": 2}', b'{"a": 1%s}' % (b"0" * 1000)


@dataclass(frozen=True)
class Broken:
    """A payload that breaks one rule: `order` and `item` change a good one of the rule's resource. `text`: what is sent
    instead of it. `resource` is that of the rule, the first if it is about several, unless it is given.
    """

    order: Mapping[str, Any] | None = None
    item: Mapping[str, Any] | None = None
    text: bytes = b""
    client: str = "qa"
    resource: str | None = None


def the_same(broken: Broken) -> dict[str, Broken]:
    return {"v4": broken, "v5": broken}


def order(**changes: Any) -> dict[str, Broken]:
    return the_same(Broken(order=changes))


def item(**changes: Any) -> dict[str, Broken]:
    return the_same(Broken(item=changes))


def flat(customer: str = "C12345", role: str = "Customer") -> Payload:
    return {"id": customer, "role": role}


def nested(customer: str = "C12345", role: str = "Customer") -> Payload:
    return {"role": role, "partyOrPartyRole": {"@type": "PartyRoleRef", "id": customer}}


def parties(*people: tuple[str, str]) -> dict[str, Broken]:
    made = {"v4": flat, "v5": nested}
    return {version: Broken({"relatedParty": [of(*one) for one in people]}) for version, of in made.items()}


def related(*relationships: Payload) -> Payload:
    return {"productOrderItemRelationship": list(relationships)}


def changed(**product: Any) -> Payload:
    return {"action": "modify", "product": {"@type": "Product", "id": "PRD1", **product}}


def naming(offering: str) -> dict[str, Broken]:
    return item(productOffering={"id": offering})


def added(item_id: str, offering: str) -> Payload:
    return {"id": item_id, "action": "add", "quantity": 1, "productOffering": {"id": offering}}


def below(parent: str) -> dict[str, Broken]:
    return {"v4": Broken({"parentId": parent}), "v5": Broken({"parent": {"@type": "CategoryRef", "id": parent}})}


def groups(levels: int) -> Payload:
    """A group of a bundle, with others within one another."""
    group: Payload = {"name": "deepest"}
    for _ in range(levels - 1):
        group = {"name": "outer", "bundledGroupProductOffering": [group]}
    return group


def of_item(resource: str, **changes: Any) -> dict[str, Broken]:
    return the_same(Broken(changes, resource=resource))


ITEMS = "productCatalog, productOffering, productOfferingPrice, productSpecification"
BUSINESS = {"id": "po_business_fibre"}
UNRESOLVED, MANY_VALUES = "po_unresolved", "po_many_values"
BEFORE_TIME = "0001-01-01T00:00:00+14:00"
CUSTOMER = ("C12345", "Customer")
PLACE = [{"role": "to", "id": "A1"}]
DEEP: Any = []
for _ in range(70):
    DEEP = [DEEP]
PRICE = {"name": "x", "priceType": "recurring"}
MONEY = {"price": {"@type": "Price", "taxIncludedAmount": {"unit": "EUR", "value": 1}}, "priceType": "recurring"}
DOLLARS = {"price": {"@type": "Price", "taxIncludedAmount": {"unit": "USD", "value": 1}}, "priceType": "recurring"}

HELD = "held-already"
TAKEN = "taken-already"
PRODUCTS: Mapping[tuple[str, str], Mapping[str, Broken]] = {
    ("invalidValue", "id"): order(id="a b"),
    ("ASSET_EXISTS", "id"): order(id=HELD),
    ("CUSTOMER_MISSING", "relatedParty"): parties((" ", "Customer")),
    ("SEVERAL_CUSTOMERS", "relatedParty"): parties(CUSTOMER, ("C12346", "Customer")),
    ("UNKNOWN_PARTY_ROLE", "relatedParty.role"): parties(("X", "Astronaut")),
    ("tooManyRecords", "relatedParty"): parties(*[("X", "Seller")] * 101),
    ("invalidValue", "relatedParty.partyOrPartyRole.id"): parties(("C" * 65, "Customer")),
    ("invalidValue", "productRelationship"): {
        "v4": Broken({"productRelationship": [{"relationshipType": "adores", "product": {"id": "1"}}]}),
        "v5": Broken({"productRelationship": [{"relationshipType": "adores", "id": "1"}]}),
    },
    ("invalidFormat", "orderDate"): order(startDate=BEFORE_TIME),
}
BREAKING: Mapping[tuple[str, str, str], Mapping[str, Broken]] = {
    (EVERY_RESOURCE, "BODY_TOO_LARGE", "the whole body"): order(description="x" * 2**20),
    (EVERY_RESOURCE, "otherIssue", "the whole body"): order(acme=DEEP),
    (EVERY_RESOURCE, "tooManyRecords", "the whole body"): order(acme=[0] * 50_001)
    | {"v4 aside": Broken(item={"itemPrice": [PRICE] * (MOST_SET_ASIDE + 1)})},
    (EVERY_RESOURCE, "REPEATED_NAME", "anywhere"): the_same(Broken(text=SAME_NAME)),
    (EVERY_RESOURCE, "NUMBER_TOO_LONG", "anywhere"): the_same(Broken(text=LONG_NUMBER)),
    (EVERY_RESOURCE, "invalidFormat", "anywhere"): order(requestedStartDate="2026-06-30T23:59:60Z"),
    (EVERY_RESOURCE, "invalidValue", "anywhere"): order(description="a\0b"),
    (EVERY_RESOURCE, "unexpectedProperty", "anywhere"): order(**{"a\0b": 1}),
    (EVERY_RESOURCE, "unexpectedProperty", COMPLEMENT): order(**{COMPLEMENT: []}),
    ("productOrder", "unexpectedProperty", "id"): order(id="1"),
    ("productOrder", "CUSTOMER_MISSING", "relatedParty"): order(relatedParty=[]),
    ("productOrder", "SEVERAL_CUSTOMERS", "relatedParty"): parties(CUSTOMER, ("C12346", "Customer")),
    ("productOrder", "CUSTOMER_NOT_FOUND", "relatedParty"): {
        "v4": Broken({"relatedParty": [flat("C12346")]}, client=BOUND),
        "v5": Broken({"relatedParty": [nested("C12346")]}, client=BOUND),
    },
    ("productOrder", "UNKNOWN_PARTY_ROLE", "relatedParty.role"): parties(CUSTOMER, ("X", "Astronaut")),
    ("productOrder", "tooManyRecords", "relatedParty"): parties(CUSTOMER, *[("X", "Seller")] * 100),
    ("productOrder", "tooManyRecords", "orderRelationship"): order(
        orderRelationship=[{"id": "1", "relationshipType": "amends"}] * 101
    ),
    ("productOrder", "invalidValue", "productOrderItem.billingAccount"): item(
        billingAccount={"id": "BA-1"}, product={"billingAccount": {"id": "BA-2"}}
    ),
    ("productOrder", "tooManyRecords", "externalId"): {"v5": Broken({"externalId": [{"id": "x"}] * 101})},
    ("productOrder", "invalidValue", "relatedParty.partyOrPartyRole.id"): parties(("C" * 65, "Customer")),
    ("productOrder", "invalidValue", "externalId.id"): {
        "v4": Broken({"externalId": " "}), "v5": Broken({"externalId": [{"id": "x", "owner": "o" * 101}]}),
    },
    ("productOrder", "UNKNOWN_BILLING_ACCOUNT", "billingAccount"): the_same(
        Broken(item={"billingAccount": {"id": "BA-0"}}, client=AGREED)
    ),
    ("productOrder", "UNKNOWN_ORDER_RELATIONSHIP_TYPE", "orderRelationship"): order(
        orderRelationship=[{"id": "1", "relationshipType": "somehow_related"}]
    ),
    ("productOrder", "RELATED_ORDER_NOT_FOUND", "orderRelationship"): order(
        orderRelationship=[{"id": "1", "relationshipType": "amends"}]
    ),
    ("productOrder", "QUOTE_NOT_SUPPORTED", "orderRelationship"): order(
        orderRelationship=[{"id": "1", "relationshipType": "derivedFromQuote"}]
    ),
    ("productOrder", "DUPLICATE_EXTERNAL_ID", "externalId"): {"v5": Broken({"externalId": [{"id": "x"}, {"id": "x"}]})},
    ("productOrder", "UNKNOWN_EXTERNAL_ID_SYSTEM", "externalId"): {
        "v5": Broken({"externalId": [{"id": "x", "owner": "mars"}]}, client=AGREED)
    },
    ("productOrder", "UNKNOWN_EXTERNAL_ID_TYPE", "externalId"): {
        "v5": Broken({"externalId": [{"id": "y", "externalIdentifierType": "star"}]}, client=AGREED)
    },
    ("productOrder", "EXTERNAL_ID_TAKEN", "externalId"): {
        "v4": Broken({"externalId": TAKEN}), "v5": Broken({"externalId": [{"id": TAKEN}]})
    },
    ("productOrder", "invalidFormat", "requestedStartDate"): order(requestedStartDate=BEFORE_TIME),
    ("productOrder", "invalidValue", "productOrderItem.id"): item(id=" "),
    ("productOrder", "DUPLICATE_ITEM_ID", "productOrderItem.id"): item(id="2"),
    ("productOrder", "INVALID_QUANTITY", "productOrderItem.quantity"): item(quantity=0),
    ("productOrder", "PRODUCT_OFFERING_MISSING", "productOrderItem.productOffering"): item(productOffering=None),
    ("productOrder", "UNKNOWN_OFFERING", "productOrderItem.productOffering"): item(productOffering={"id": "po_none"}),
    ("productOrder", "PRODUCT_REFERENCE_MISSING", "productOrderItem.product"): item(action="delete"),
    ("productOrder", "invalidValue", "productOrderItem.product.id"): item(**changed(id="P" * 101)),
    ("productOrder", "OFFERING_NOT_PRODUCT", "productOrderItem.product"): item(
        **changed(**{"@type": "ProductRef", "@referredType": "ProductOffering"})
    ),
    ("productOrder", "invalidValue", "productOrderItem.product.status"): item(**changed(status="terminated")),
    ("productOrder", "AMBIGUOUS_CHANGE", "productOrderItem.product"): {
        "v4": Broken(item=changed(status="suspended", place=PLACE)),
        "v5": Broken(item=changed(status="suspended", place=[{"role": "to", "place": {"id": "A"}}])),
    },
    ("productOrder", "UNKNOWN_RELATIONSHIP_TYPE", "productOrderItem.productOrderItemRelationship"): item(
        **related({"id": "2", "relationshipType": "adores"})
    ),
    ("productOrder", "DANGLING_ITEM_RELATIONSHIP", "productOrderItem.productOrderItemRelationship"): item(
        **related({"id": "7", "relationshipType": "reliesOn"})
    ),
    ("productOrder", "CYCLIC_ITEM_RELATIONSHIP", "productOrderItem"): item(
        **related({"id": "1", "relationshipType": "reliesOn"})
    ),
    ("productOrder", "OFFERING_NOT_PUBLISHED", "productOrderItem.productOffering"): naming("po_fibre_10g"),
    ("productOrder", "OFFERING_RETIRED", "productOrderItem.productOffering"): naming("po_mobile_basic_2024"),
    ("productOrder", "OFFERING_NOT_VALID", "productOrderItem.productOffering"): naming("po_tv_summer_2025"),
    ("productOrder", "OFFERING_UNRESOLVED", "productOrderItem.productOffering"): naming(UNRESOLVED),
    ("productOrder", "OFFERING_NOT_SOLD_ALONE", "productOrderItem.productOffering"): naming("po_tv_sports"),
    ("productOrder", "OFFERING_NOT_SOLD_THERE", "productOrderItem.productOffering"): {
        "v4": Broken({"channel": [{"id": "web"}]}, {"productOffering": BUSINESS}),
        "v5": Broken({"channel": [{"role": "by", "channel": {"id": "web"}}]}, {"productOffering": BUSINESS}),
    },
    ("productOrder", "ACTION_NOT_ALLOWED", "productOrderItem.action"): item(
        productOffering={"id": "po_roaming_world"}, **changed(id="ACTIVE")
    ),
    ("productOrder", "PRODUCT_NOT_FOUND", "productOrderItem.product"): item(**changed(status="suspended")),
    ("productOrder", "PRODUCT_OF_ANOTHER_CUSTOMER", "productOrderItem.product"): item(
        **changed(id="ANOTHERS", status="suspended")
    ),
    ("productOrder", "PRODUCT_STATUS", "productOrderItem.product"): item(
        productOffering=None, **changed(id="ACTIVE", status="active")
    ),
    ("productOrder", "PRODUCT_UNCHANGED", "productOrderItem.product"): item(
        productOffering=None, **changed(id="ACTIVE")
    ),
    ("productOrder", "TERM_NOT_OVER", "productOrderItem.product"): item(action="delete", product={"id": "ACTIVE"}),
    ("productOrder", "ASSET_IN_ORDER", "productOrderItem.product"): item(**changed(id="HELD", status="suspended")),
    ("productOrder", "TWO_ITEMS_ONE_ASSET", "productOrderItem.product"): order(
        productOrderItem=[{"id": name, **changed(id="ACTIVE", status="suspended")} for name in "12"]
    ),
    ("productOrder", "ASSETS_TOO_MANY", "productOrderItem.quantity"): item(quantity=101),
    ("productOrder", "CHARACTERISTIC_NOT_ALLOWED", "productOrderItem.product.productCharacteristic"): item(
        product={"productCharacteristic": [{"name": "installation", "value": "by magic"}]}
    ),
    ("productOrder", "CHARACTERISTIC_MISSING", "productOrderItem"): naming("po_number_porting"),
    ("productOrder", "BUNDLE_CARDINALITY", "productOrderItem"): naming("po_bundle_home_cz"),
    ("productOrder", "OFFERING_REQUIRED", "productOrderItem.productOffering"): naming("po_phone_one_instalments"),
    ("productOrder", "OFFERING_EXCLUDED", "productOrderItem.productOffering"): order(
        productOrderItem=[added("1", "po_fibre_100"), added("2", "po_fibre_250")]
    ),
    ("productOrder", "INVALID_COMMAND", "productOrderItem"): order(
        productOrderItem=[added(str(number), MANY_VALUES) for number in range(51)]
    ),
    ("productOrder", "RULE_BROKEN", "productOrderItem"): naming("po_router_premium_24m"),
    ("productOrder", "PRICE_DIFFERS", "orderTotalPrice"): item(itemPrice=[MONEY]),
    ("productOrder", "CURRENCIES_DIFFER", "orderTotalPrice"): item(itemPrice=[MONEY, DOLLARS]),
    ("productOrder", "invalidValue", "requestedInitialState"): {"v4": Broken({"requestedInitialState": "draft"})},
    ("productOrder", "missingProperty", "productOrderItem.productOrderItemRelationship"): {
        "v4": Broken(item=related({"id": "2"}))
    },
    ("productOrder", "missingProperty", "productOrderItem.product"): {
        "v4": Broken(item={"product": {"@type": "ProductRef", "productTerm": [{"name": "x"}]}})
    },
    ("productOrder", "missingProperty", "productOrderItem.product.place"): {
        "v4": Broken(item=changed(place=[{"role": "to"}]))
    },
    ("cancelProductOrder", "unexpectedProperty", "id"): order(state="done"),
    ("cancelProductOrder", "invalidValue", "cancellationReason"): order(cancellationReason="x" * 501),
    ("cancelProductOrder", "invalidFormat", "requestedCancellationDate"): order(
        requestedCancellationDate=BEFORE_TIME
    ),
    ("cancelProductOrder", "ORDER_NOT_FOUND", "–"): order(productOrder={"id": "nobody's"}),
    ("cancelProductOrder", "INVALID_TRANSITION", "–"): order(),
    (ITEMS, "invalidValue", "name"): order(name=" "),
    (ITEMS, "invalidValue", "id"): order(id="a/b"),
    (ITEMS, "CATALOG_VERSION_EXISTS", "–"): order(),
    (ITEMS, "CATALOG_VERSIONS_OVERLAP", "validFor.endDateTime"): order(),
    (ITEMS, "OFFERING_NOT_SELLABLE", "–"): of_item("productOffering", lifecycleStatus="Launched", isBundle=True),
    (ITEMS, "invalidValue", "version"): order(version="(1)"),
    (ITEMS, "UNKNOWN_LIFECYCLE_STATUS", "lifecycleStatus"): order(lifecycleStatus="Sleeping"),
    (ITEMS, "invalidValue", "lifecycleStatus"): order(lifecycleStatus="s" * 31),
    (ITEMS, "invalidFormat", "validFor"): order(validFor={"startDateTime": BEFORE_TIME}),
    (ITEMS, "INVALID_COMMAND", "validFor.endDateTime"): order(
        validFor={"startDateTime": "2026-06-02T00:00:00Z", "endDateTime": "2026-06-01T00:00:00Z"}
    ),
    (ITEMS, "CYCLIC_CATALOG_ITEMS", "bundledProductOffering"): of_item(
        "productOffering", id="around", bundledProductOffering=[{"@type": "BundledProductOffering", "id": "around"}]
    ),
    (ITEMS, "INVALID_COMMAND", "bundledGroupProductOffering"): {
        "v5": Broken({"bundledGroupProductOffering": [groups(DEEPEST_GROUPS + 1)]}, resource="productOffering")
    },
    (ITEMS, "invalidValue", "category"): order(category=[{"@type": "CategoryRef", "id": " "}]),
    (ITEMS, "invalidValue", "price"): of_item("productOfferingPrice", price={"unit": "EUR", "value": 10**15}),
    (ITEMS, "invalidValue", "externalIdentifier"): {
        "v5": Broken({"externalIdentifier": [{"id": "", "externalIdentifierType": "SKU"}]}, resource="productOffering")
    },
    **{
        (kind, error, place): order(**changes)
        for kind in ("importJob", "exportJob")
        for error, place, changes in (
            ("unexpectedProperty", "id", {"status": "Running"}),
            ("invalidValue", "url", {"url": f"http://files.example/{'x' * 2_000}"}),
            ("invalidValue", "contentType", {"contentType": "x" * 61}),
            ("invalidValue", "path", {"path": "x" * 501}),
        )
    },
    ("exportJob", "invalidValue", "query"): order(query="x" * 4_001),
    **{("product", *broken): changes for broken, changes in PRODUCTS.items()},
    ("category", "invalidValue", "id"): order(id="a/b"),
    ("category", "invalidValue", "name"): order(name=" "),
    ("category", "invalidValue", "version"): order(version="1.0)"),
    ("category", "CATALOG_VERSION_EXISTS", "–"): order(),
    ("category", "CATALOG_VERSIONS_OVERLAP", "validFor.endDateTime"): order(),
    ("category", "invalidValue", "parent.id"): below(" "),
    ("category", "CYCLIC_CATEGORIES", "parent.id"): order(),
    ("category", "ROOT_WITH_PARENT", "isRoot"): {
        "v4": Broken({"isRoot": True, "parentId": "1"}),
        "v5": Broken({"isRoot": True, "parent": {"@type": "CategoryRef", "id": "1"}}),
    },
    ("category", "UNKNOWN_LIFECYCLE_STATUS", "lifecycleStatus"): order(lifecycleStatus="Sleeping"),
    ("category", "invalidValue", "lifecycleStatus"): order(lifecycleStatus="s" * 31),
    ("category", "invalidFormat", "validFor"): order(validFor={"startDateTime": BEFORE_TIME}),
    ("category", "INVALID_COMMAND", "validFor.endDateTime"): order(
        validFor={"startDateTime": "2026-06-02T00:00:00Z", "endDateTime": "2026-06-01T00:00:00Z"}
    ),
}  # fmt: skip
"""For each rule, by resource, error and first place, and for each of its versions, what breaks it alone."""


def key_of(rule: Rule) -> tuple[str, str, str]:
    return rule.resource, rule.error, rule.places[0]


def cases(rules: Iterable[Rule]) -> Any:
    return [
        pytest.param(rule, version, broken, id=f"{' '.join(key_of(rule))} {version}")
        for rule in rules
        for version, broken in BREAKING.get(key_of(rule), {}).items()
    ]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("rules")
    shutil.copytree(ROOT / "fixtures" / "partners", folder / "partners")
    (folder / "partners" / f"{BOUND}.yaml").write_text("customers: {list: [C12345]}\n")
    (folder / "partners" / f"{AGREED}.yaml").write_text(
        "externalIds: {systems: [acme], types: [purchaseOrder]}\nbillingAccounts: [BA-12345]\n"
    )
    with running_product(folder, PARTNERS=str(folder / "partners"), HOLD_PROCESSES="true") as node:
        offer_what_is_not_resolved(node)
        record_asset(node, "ACTIVE", terms=(AssetTerm("Minimum term", until=datetime(2100, 1, 1, tzinfo=UTC)),))
        record_asset(node, "ANOTHERS", customer_id="C12346")
        record_asset(node, "HELD", order_id="an order")
        offer_what_has_many_values(node)
        yield node


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A product in which the client `qa` may break every rule that has a switch."""
    folder = tmp_path_factory.mktemp("lenient")
    (folder / "partners").mkdir()
    kept = "".join(f"{key}: {{{', '.join(f'{code}: keep' for code in codes)}}}\n" for key, codes in SWITCHES.items())
    (folder / "partners" / "qa.yaml").write_text(kept)
    with running_product(folder, PARTNERS=str(folder / "partners"), HOLD_PROCESSES="true") as node:
        offer_what_is_not_resolved(node)
        yield node


def offer_what_is_not_resolved(product: Node) -> None:
    offer(product, "productOffering", id=UNRESOLVED, productSpecification={"id": "nobody's"})


def offer_what_has_many_values(product: Node) -> None:
    default = {"characteristicValueSpecification": [{"value": 1, "isDefault": True}]}
    many = [{"name": f"c{number}", **default} for number in range(1_000)]
    offer(product, "productSpecification", id=MANY_VALUES, productSpecCharacteristic=many)
    offer(product, "productOffering", id=MANY_VALUES, productSpecification={"id": MANY_VALUES})


def offer(product: Node, resource: str, **attributes: Any) -> None:
    body = {"name": "x", "lifecycleStatus": "Active", **attributes}
    answer = product.post(contract_and_address("v5", resource)[1], body)
    assert answer.status_code == 201, answer.text


def contract_and_address(version: str, resource: str) -> tuple[Contract, str]:
    [api] = [api for api in TMF_APIS if resource in {one.name for one in api.resources}]
    contract = contract_of(api.versions[version].spec)
    return contract, f"{contract.base_path}/{api.resource(resource).name_in(version)}"


def cancelled_order(product: Node) -> str:
    draft = partner_order() | {"requestedInitialState": "draft"}
    order_id: str = product.post(contract_and_address("v5", "productOrder")[1], draft).json()["id"]
    task = {"productOrder": {"@type": "ProductOrderRef", "id": order_id}}
    assert product.post(contract_and_address("v5", "cancelProductOrder")[1], task).json()["state"] == "done"
    return order_id


def deepest_category(product: Node) -> str:
    """The last of a line of categories which nothing stands below any more."""
    parent: Payload = {}
    for _ in range(DEEPEST + 1):
        made = product.post(contract_and_address("v5", "category")[1], {"name": "Cloud services", **parent}).json()
        parent = {"parent": {"@type": "CategoryRef", "id": made["id"]}}
    return str(made["id"])


def version_that_is_taken(product: Node, resource: str, rule: Rule) -> Payload:
    """A version of an item that has one of this name, or one that is valid from 2100 on."""
    if not rule.error.startswith("CATALOG_VERSION"):
        return {}
    known = {"id": str(uuid4()), "lifecycleStatus": "Active", "version": "1.0"}
    later = {"startDateTime": "2100-01-01T00:00:00Z"}
    body = {"name": "Cloud services", **known, "validFor": later}
    assert product.post(contract_and_address("v5", resource)[1], body).status_code == 201
    if rule.error == "CATALOG_VERSION_EXISTS":
        return known
    return known | {"version": "1.1", "validFor": {"endDateTime": "2100-01-01T00:00:01Z"}}


def good_body(product: Node, version: str, resource: str, rule: Rule) -> Payload:
    """What is accepted, or for rules about what was there before, what they refuse."""
    if resource == "cancelProductOrder":
        return {"productOrder": {"@type": "ProductOrderRef", "id": cancelled_order(product)}}
    if resource == "category":
        deep = below(deepest_category(product))[version].order if rule.error == "CYCLIC_CATEGORIES" else None
        return {"name": "Cloud services", **(deep or {}), **version_that_is_taken(product, resource, rule)}
    if resource == "product":
        if rule.error == "ASSET_EXISTS":
            post(product, contract_and_address("v5", resource)[1], jsontext.write({"id": HELD}), "qa")
        return {"status": "active"}
    if resource in ("importJob", "exportJob"):
        return {"@type": f"{resource[0].upper()}{resource[1:]}", "url": "ftp://files.example/catalog.json"}
    if rule.resource == ITEMS:
        return {"name": "x", **version_that_is_taken(product, resource, rule)}
    order = partner_order()
    if rule.error == "EXTERNAL_ID_TAKEN":
        taken = partner_order() | {"externalId": [{"id": TAKEN}]}
        assert post(product, contract_and_address("v5", resource)[1], jsontext.write(taken), "qa").status_code in (
            201,
            409,
        )
    lowered: Payload = order if version == "v5" else BRIDGE.lower("ProductOrder", order).body
    return lowered


def body_of(broken: Broken, good: Payload) -> Payload:
    body = copy.deepcopy(good) | dict(broken.order or {})
    if broken.item is not None:
        item = {**body["productOrderItem"][0], **broken.item}
        body["productOrderItem"][0] = {name: value for name, value in item.items() if value is not None}
    return body


@pytest.mark.parametrize(("rule", "version", "broken"), cases(RULES))
def test_a_rule_refuses_what_the_contract_allows(product: Node, rule: Rule, version: str, broken: Broken) -> None:
    version = version.removesuffix(" aside")
    resource = resource_of(rule, broken)
    body = body_of(broken, good_body(product, version, resource, rule))
    contract, address = contract_and_address(version, resource)
    if rule.resource != EVERY_RESOURCE:
        [found_in] = [one for api in TMF_APIS for one in api.resources if one.name == resource]
        assert contract.check_request(found_in.operation(Verb.CREATE, version), body).violations == ()
    answer = post(product, address, broken.text or jsontext.write(body), broken.client)
    assert answer.status_code == rule.status, answer.text
    found = refusals(answer.json())
    assert found, answer.text
    assert all(rule in refusing(resource, version, *one) for one in found), (found, answer.text)


@pytest.mark.parametrize(("rule", "version", "broken"), cases(rule for rule in RULES if rule.switch))
def test_a_switch_lets_pass_what_a_rule_refuses(lenient: Node, rule: Rule, version: str, broken: Broken) -> None:
    resource = resource_of(rule, broken)
    body = body_of(broken, good_body(lenient, version, resource, rule))
    answer = post(lenient, contract_and_address(version, resource)[1], jsontext.write(body), broken.client)
    assert answer.status_code == 201, answer.text
    shown = lenient.get(answer.headers["Location"].removeprefix(lenient.url)).json()
    assert all(shown[name] == value for name, value in (broken.order or {}).items() if not isinstance(value, list))


def resource_of(rule: Rule, broken: Broken) -> str:
    first = "productOrder" if rule.resource == EVERY_RESOURCE else rule.resource.split(", ")[0]
    return broken.resource or first


def post(product: Node, address: str, body: bytes, client: str) -> requests.Response:
    return product.request("POST", address, client, data=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_rule_is_broken_here_in_each_of_its_versions(rule: Rule) -> None:
    assert {version.removesuffix(" aside") for version in BREAKING[key_of(rule)]} == rule.versions


def test_the_page_names_the_switch_of_each_rule() -> None:
    keys = {code: key for key, codes in SWITCHES.items() for code in codes}
    assert {rule.error: rule.switch for rule in RULES if rule.switch} == keys
    assert all(rule.switch for rule in RULES if rule.error in keys)


def test_no_two_rules_are_told_in_one_way() -> None:
    assert len({key_of(rule) for rule in RULES}) == len(RULES) == len(BREAKING)
