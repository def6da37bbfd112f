"""The tables account for every attribute in which the two published versions differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from facade.app import spec_of
from facade.contract.classes import ClassCatalog
from facade.tmf.bridge import Bridge
from facade.tmf.bridge.classes import ByState
from facade.tmf.bridge.events import Envelope
from facade.tmf.bridge.nested import NestedReference
from facade.tmf.bridge.special import Identifier, Relationship
from facade.tmf.tmf620 import v4 as tmf620
from facade.tmf.tmf622 import v4 as tmf622

NOT_COMPARED = (NestedReference, Identifier, Envelope)


@dataclass(frozen=True)
class Tables:
    """The tables of one API. `v4_names` and `v5_names`: schemas whose name is not the `@type` of the table. `shown`: v5
    attributes that v4 does not declare and shows all the same. `absent`: classes that one version does not have.
    """

    name: str
    bridge: Bridge
    v4_names: Mapping[str, str]
    v5_names: Mapping[str, str]
    shown: Mapping[str, frozenset[str]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    def catalog(self, version: str) -> ClassCatalog:
        return ClassCatalog(spec_of(f"tmf/{self.name}-{version}.yaml")["components"]["schemas"])


TMF622 = Tables(
    "tmf622",
    tmf622.BRIDGE,
    {"Product": "ProductRefOrValue"},
    {"Characteristic": "StringCharacteristic"},
    {"ProductRelationship": frozenset({"id", "href", "name", "@referredType"})},
    frozenset({"OrderRelationship"}),
)
TMF620 = Tables(
    "tmf620",
    tmf620.BRIDGE,
    {"OfferedPrice": "ProductOfferingPriceRefOrValue", "Attachment": "AttachmentRefOrValue"},
    {"CharacteristicValueSpecification": "StringCharacteristicValueSpecification"},
)
CLASSES = [
    pytest.param(api, name, id=f"{api.name}-{name}")
    for api in (TMF622, TMF620)
    for name, row in api.bridge.classes.items()
    if row.converter not in NOT_COMPARED
    and row.v4
    and row.v5
    and name not in api.absent
    and api.v4_names.get(name, row.v4) in api.catalog("v4").schemas
]


@pytest.mark.parametrize(("api", "name"), CLASSES)
def test_every_attribute_is_the_same_or_in_a_table(api: Tables, name: str) -> None:
    row = api.bridge.classes[name]
    assert row.v4 is not None
    assert row.v5 is not None
    old = api.catalog("v4").shape(api.v4_names.get(name, row.v4)).properties
    new = api.catalog("v5").shape(api.v5_names.get(name, row.v5)).properties
    hoisted = {"product"} if row.converter is Relationship else set()
    lifted = {row.renamed.get(attribute, attribute) for attribute in old} - hoisted
    assert lifted - set(new) - {"@baseType", "@schemaLocation"} == set(row.v4_only)
    assert set(new) - lifted - api.shown.get(name, frozenset()) == set(row.v5_only)
    assert set(row.parts) <= set(old) | set(row.v5_only)


@pytest.mark.parametrize("api", [TMF622, TMF620], ids=lambda api: api.name)
def test_every_part_is_a_class_of_the_tables(api: Tables) -> None:
    for row in api.bridge.classes.values():
        assert set(row.parts.values()) <= set(api.bridge.classes)


@pytest.mark.parametrize(
    ("name", "enum"),
    [
        ("ProductOrder", "ProductOrderStateType"),
        ("ProductOrderItem", "ProductOrderItemStateType"),
        ("CancelProductOrder", "TaskStateType"),
    ],
)
def test_every_state_that_v4_lacks_has_a_counterpart(name: str, enum: str) -> None:
    old, new = (set(TMF622.catalog(version).schemas[enum]["enum"]) for version in ("v4", "v5"))
    down = TMF622.bridge.classes[name].values["state"].down
    assert set(down) == new - old
    shown = {word for meant in down.values() for word in _words(meant)}
    assert shown <= old


def _words(meant: str | ByState | None) -> tuple[str, ...]:
    if meant is None:
        return ()
    return (meant.ended, meant.before) if isinstance(meant, ByState) else (meant,)
