"""Catalog files: a JSON array of items, or one item in each line. `docs/operators.md` has the format."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from cattrs import transform_error
from cattrs.errors import BaseValidationError
from cattrs.preconf.orjson import make_converter
from cattrs.v import format_exception

from canonical.catalog.category import CATEGORIES, CategoryContents
from canonical.catalog.characteristics import AllowedValue, Value, ValueType
from canonical.catalog.decomposition import TEMPLATES, TemplateContents
from canonical.catalog.item import Definition
from canonical.catalog.lifecycle import LifecycleStatus
from canonical.catalog.offering import OFFERINGS, OfferedPrice, OfferingContents
from canonical.catalog.price import PRICES, PriceContents, Quantity
from canonical.catalog.product_catalog import CATALOGS, CatalogContents
from canonical.catalog.references import Reference
from canonical.catalog.rule import RULES, RuleContents
from canonical.catalog.specification import SPECIFICATIONS, SpecificationContents
from canonical.shared import jsontext
from canonical.shared.aggregates import Kind
from canonical.shared.money import Money

KINDS: Mapping[str, tuple[Kind[Any], type[Any]]] = MappingProxyType(
    {
        CATALOGS.name: (CATALOGS, CatalogContents),
        CATEGORIES.name: (CATEGORIES, CategoryContents),
        SPECIFICATIONS.name: (SPECIFICATIONS, SpecificationContents),
        PRICES.name: (PRICES, PriceContents),
        OFFERINGS.name: (OFFERINGS, OfferingContents),
        RULES.name: (RULES, RuleContents),
        TEMPLATES.name: (TEMPLATES, TemplateContents),
    }
)
MEMBERS = frozenset({"kind", "id", "version", "status", "valid_from", "valid_until", "contents"})
REQUIRED = ("kind", "id", "version", "contents")
LONGEST_ID, LONGEST_VERSION = 100, 60


class FileError(ValueError):
    """A file that cannot be loaded; the message says in which line, at which pointer, and what is wrong."""


@dataclass(frozen=True, slots=True)
class FileItem:
    """`where` is the line, or in an array the number of the item."""

    where: str
    kind: Kind[Any]
    id: str
    definition: Definition


def read_items(text: bytes) -> list[FileItem]:
    """The items of a file. Raises FileError for the first that cannot be read."""
    if text.lstrip()[:1] == b"[":
        found = parsed(text, "the file")
        return [_item(one, f"item {number}") for number, one in enumerate(found, start=1)]
    lines = ((f"line {number}", line) for number, line in enumerate(text.splitlines(), start=1) if line.strip())
    return [_item(parsed(line, where), where) for where, line in lines]


def parsed(text: bytes, where: str) -> Any:
    try:
        return jsontext.read(text)
    except jsontext.Unreadable as error:
        raise FileError(f"{where} is no JSON: {error}") from error


def _item(said: Any, where: str) -> FileItem:
    for problem in _problems(said):
        raise FileError(f"{where}, {problem}")
    kind, contents = KINDS[said["kind"]]
    valid_from, valid_until = (structured(said, name, datetime | None, where) for name in ("valid_from", "valid_until"))
    status = LifecycleStatus(said.get("status", LifecycleStatus.IN_STUDY))
    made = structured(said, "contents", contents, where)
    definition = Definition(made, valid_from, valid_until, status, edition=said["version"])
    return FileItem(where, kind, said["id"], definition)


def structured(said: dict[str, Any], name: str, kind: Any, where: str) -> Any:
    """Raises FileError with the pointer of the first thing that is wrong."""
    try:
        return converter.structure(said.get(name), kind)
    except (BaseValidationError, ValueError, TypeError) as error:
        raise FileError(f"{where}, {_told(error, name)}") from error


def _problems(said: Any) -> Iterator[str]:
    if not isinstance(said, dict):
        yield "at the top: an item is an object"
        return
    yield from (f"/{name}: is missing" for name in REQUIRED if name not in said)
    yield from (f"/{name}: is unknown; there are {', '.join(sorted(MEMBERS))}" for name in said.keys() - MEMBERS)
    if said.get("kind") not in list(KINDS):
        yield f"/kind: is one of {', '.join(KINDS)}"
    for name, longest in (("id", LONGEST_ID), ("version", LONGEST_VERSION)):
        if not isinstance(said.get(name), str) or not 1 <= len(said[name]) <= longest:
            yield f"/{name}: is a text of 1 to {longest} characters"
    if said.get("status", "IN_STUDY") not in list(LifecycleStatus):
        yield f"/status: is one of {', '.join(LifecycleStatus)}"


def _told(error: Exception, name: str) -> str:
    """The first thing that is wrong, after its pointer."""
    if not isinstance(error, BaseValidationError):
        return f"/{name}: {error}"
    message, _, path = transform_error(error, f"/{name}", _message)[0].rpartition(" @ ")
    return f"{path.replace('[', '/').replace(']', '').replace('.', '/')}: {message}"


def _message(error: BaseException, kind: type[Any] | None) -> str:
    return str(error) if type(error) is ValueError else format_exception(error, kind)


# --- how values are written in files ----------------------------------------------------------------------------------


def _decimal(value: Any, _: Any = None) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("is no number")  # noqa: TRY004 - as for a text that is none
    try:
        number = Decimal(value)
    except ArithmeticError as error:
        raise ValueError(f"{value} is no number") from error
    return number


def _value(said: Any, _: Any = None) -> Value:
    """Written as in JSON."""
    kind, text = jsontext.typed(said)
    return Value(ValueType(kind), text)


def _money(said: Any, _: Any = None) -> Money:
    """As in "49.90 EUR"."""
    amount, _, currency = str(said).partition(" ")
    if len(currency) != 3:
        raise ValueError(f"{str(said)[:60]} is no amount as in 49.90 EUR")
    return Money(_decimal(amount), currency)


def _quantity(said: Any, _: Any = None) -> Quantity:
    """As in "24 month"."""
    amount, _, units = str(said).partition(" ")
    return Quantity(_decimal(amount), units or None)


def _time(said: Any, _: Any = None) -> datetime:
    at = datetime.fromisoformat(said)
    if at.tzinfo is None:
        raise ValueError(f"{said} has no offset from UTC")
    return at


def _short(kind: type[Any], of: Callable[[Any], Any], plain: tuple[type[Any], ...]) -> None:
    """Have `kind` made of a plain value by `of`, and of an object as usual."""
    usual = converter.get_structure_hook(kind)
    converter.register_structure_hook(
        kind, lambda said, asked: of(said) if isinstance(said, plain) else usual(said, asked)
    )


converter = make_converter(forbid_extra_keys=True)
converter.register_structure_hook(Decimal, _decimal)
converter.register_structure_hook(Value, _value)
converter.register_structure_hook(Money, _money)
converter.register_structure_hook(Quantity, _quantity)
converter.register_structure_hook(datetime, _time)
_short(Reference, Reference, (str,))
_short(AllowedValue, lambda said: AllowedValue(value=_value(said)), (str, int, Decimal))
_short(OfferedPrice, lambda said: OfferedPrice(reference=Reference(said)), (str,))
