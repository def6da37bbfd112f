"""What the resources of TMF620 say, as contents of the core: made up, and sent in each version."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from hypothesis import strategies as st

from canonical.catalog.characteristics import AllowedValue, Characteristic, CharacteristicUse, Value, ValueType
from canonical.catalog.item import Item
from canonical.catalog.offering import AllowedAction, Group, Member, OfferedPrice, OfferingContents
from canonical.catalog.price import ChargeType, Commitment, PriceContents, Quantity
from canonical.catalog.product_catalog import CatalogContents
from canonical.catalog.references import Reference, Relationship
from canonical.catalog.specification import SpecificationContents
from canonical.shared import jsontext
from canonical.shared.money import Money
from facade.application.requests import Translation
from facade.bootstrap.versions import versions_of
from facade.security.principal import Principal
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.tmf620 import product_catalog, product_offering, product_offering_price, product_specification
from facade.tmf.tmf620.api import TMF620
from facade.tmf.tmf620.items import ItemMapper
from facade.tmf.vocabulary import STANDARD
from tests.support.builders import NOON
from tests.support.golden import REQUEST, requests
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory

ACME = Sender("partner-acme", STANDARD)
MODULES = {
    "productCatalog": product_catalog,
    "productSpecification": product_specification,
    "productOfferingPrice": product_offering_price,
    "productOffering": product_offering,
}
MAPPERS: dict[str, ItemMapper] = {name: module.MAPPER for name, module in MODULES.items()}
VERSIONS: dict[tuple[str, str], Version] = {
    (version, name): versions_of(TMF620, version)[name] for version in ("v5", "v4") for name in MODULES
}
ITEM_ID = "0197a000-0000-7000-8000-000000000001"
GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden" / "tmf620"


def translated(version: str, name: str, body: Payload) -> Translation:
    translator = ResourceTranslator(VERSIONS[version, name], ReadsFromMemory(Memory()))
    return translator.translate(body, Principal(ACME.client, frozenset({"catalog:write", "catalog:publish"})))


def contents_of(version: str, name: str, body: Payload) -> Any:
    return translated(version, name, body).command.definition.contents


def created(translation: Translation) -> Item:
    command = translation.command
    item_id, edition = command.item_id or ITEM_ID, command.definition.edition or "1.0"
    made: Item = command.kind.type.create(ITEM_ID, item_id, edition, command.owner, command.definition, NOON)
    return made


def document(name: str, item: Item, carried: Payload) -> Payload:
    """The v5 document as it is kept."""
    kept: Payload = jsontext.read_kept(jsontext.text(MAPPERS[name].from_item(item, carried)))
    return kept


def shown(version: str, name: str, body: Payload) -> Payload:
    """What is answered in this version to a body of this version."""
    translation = translated(version, name, body)
    assert translation.carried is not None
    text = jsontext.text(MAPPERS[name].from_item(created(translation), translation.carried))
    answer: Payload = jsontext.read_kept(VERSIONS[version, name].shown(text, "https://x.example/1", None).text)
    return answer


# --- contents that the core may have ----------------------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
ID = TEXT.filter(lambda text: bool(text.strip()))
MAYBE = st.none() | TEXT
COUNT = st.none() | st.integers(0, 12)
YES_OR_NO = st.none() | st.booleans()
MOMENT = st.none() | st.datetimes().map(lambda at: at.replace(microsecond=0, tzinfo=NOON.tzinfo))
NUMBER = st.decimals(-1000, 1000, places=2).map(Decimal.normalize)
SOME = {"max_size": 2}


def several(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, **SOME).map(tuple)  # type: ignore[arg-type]


PERIOD = {"valid_from": MOMENT, "valid_until": MOMENT}
REFERENCE = st.builds(Reference, ID, MAYBE)
RELATIONSHIP = st.builds(Relationship, TEXT, REFERENCE, MAYBE, **PERIOD)
VALUE = st.one_of(
    st.builds(Value, st.just(ValueType.TEXT), TEXT),
    st.builds(Value, st.just(ValueType.NUMBER), st.sampled_from(["8", "0.50", "-3"])),
    st.builds(Value, st.just(ValueType.BOOLEAN), st.sampled_from(["true", "false"])),
    st.builds(Value, st.just(ValueType.OBJECT), st.sampled_from(['{"a":1}', "[1,2]", "[]"])),
)
ALLOWED = st.builds(
    AllowedValue, st.none() | VALUE, st.none() | NUMBER, st.none() | NUMBER, st.booleans(), st.booleans(), MAYBE, MAYBE,
    st.booleans(), **PERIOD,
)  # fmt: skip
CHARACTERISTIC = st.builds(
    Characteristic, TEXT, MAYBE, MAYBE, MAYBE, several(ALLOWED), COUNT, COUNT, MAYBE, YES_OR_NO, **PERIOD
)
USE = st.builds(CharacteristicUse, MAYBE, MAYBE, several(ALLOWED), COUNT, COUNT, st.none() | REFERENCE, **PERIOD)
QUANTITY = st.builds(Quantity, st.none() | st.integers(0, 99).map(Decimal), MAYBE)
COMMITMENT = st.builds(Commitment, MAYBE, MAYBE, st.none() | QUANTITY, **PERIOD)
MONEY = st.builds(Money, NUMBER, st.sampled_from(["EUR", "USD"]))


@st.composite
def prices(draw: st.DrawFn) -> PriceContents:
    """Whether tax is included is said of an amount only."""
    amount = draw(st.none() | MONEY)
    return PriceContents(
        draw(ID), draw(MAYBE), draw(st.none() | st.sampled_from(ChargeType)), amount, draw(st.none() | NUMBER),
        draw(st.none() | st.sampled_from(["month", "year", "fortnight"])), draw(COUNT), draw(st.none() | QUANTITY),
        draw(YES_OR_NO) if amount else None, draw(st.none() | NUMBER), draw(YES_OR_NO), draw(several(REFERENCE)),
        draw(several(RELATIONSHIP)), draw(several(USE)), draw(several(COMMITMENT)),
    )  # fmt: skip


MEMBER = st.builds(Member, REFERENCE, COUNT, COUNT, COUNT)
GROUP = st.recursive(
    st.builds(Group, TEXT, COUNT, COUNT, several(MEMBER), st.just(()), MAYBE),
    lambda inner: st.builds(Group, TEXT, COUNT, COUNT, several(MEMBER), several(inner), MAYBE),
    max_leaves=3,
)
OFFERED_PRICE = st.builds(OfferedPrice, REFERENCE, st.none()) | st.builds(OfferedPrice, st.none(), prices())
CONTENTS: dict[str, st.SearchStrategy[Any]] = {
    "productCatalog": st.builds(CatalogContents, ID, MAYBE, MAYBE, several(REFERENCE)),
    "productSpecification": st.builds(
        SpecificationContents, ID, MAYBE, MAYBE, MAYBE, YES_OR_NO, several(CHARACTERISTIC), several(REFERENCE),
        several(RELATIONSHIP), several(REFERENCE),
    ),
    "productOfferingPrice": prices(),
    "productOffering": st.builds(
        OfferingContents, ID, MAYBE, st.none() | ID, YES_OR_NO, YES_OR_NO, st.none() | REFERENCE, several(REFERENCE),
        several(OFFERED_PRICE), several(COMMITMENT), several(REFERENCE), several(REFERENCE), several(REFERENCE),
        several(USE), several(MEMBER), several(GROUP), several(RELATIONSHIP),
        several(st.builds(AllowedAction, TEXT, several(REFERENCE), **PERIOD)),
    ),
}  # fmt: skip


def golden_file(version: str, number: str, name: str) -> Path:
    return GOLDEN / version / f"{number}-{name}{REQUEST}"


def golden(version: str, number: str, name: str) -> Any:
    return jsontext.read_kept(golden_file(version, number, name).read_text())


def cases() -> Iterator[tuple[str, str, str]]:
    """Golden requests of the four resources: version, number, name."""
    for path in requests(GOLDEN):
        number, _, name = path.name.removesuffix(REQUEST).partition("-")
        if name in MODULES:
            yield path.parent.name, number, name


def command_document(translation: Translation) -> Any:
    command = translation.command
    return orjson.loads(orjson.dumps({"item_id": command.item_id, "definition": command.definition}, default=str))
