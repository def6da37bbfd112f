"""Files of assets: one in each line, as JSON. `docs/installed-base.md` has the format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from adapters.persistence.catalog_files import FileError, converter, parsed, structured
from canonical.inventory.asset import USABLE_ID
from canonical.inventory.contents import AssetCharacteristic, AssetContents
from canonical.inventory.states import AssetStatus
from canonical.shared import jsontext

LONGEST: Mapping[str, int] = MappingProxyType({"customer": 64, "owner": 100})
MEMBERS = frozenset({"id", "customer", "owner", "status", "contents"})


@dataclass(frozen=True, slots=True)
class FileAsset:
    """`owner` is the client that sees it, empty for none."""

    id: str
    owner: str
    customer_id: str
    status: AssetStatus
    contents: AssetContents


def read_asset(line: bytes, number: int) -> FileAsset:
    """Raises FileError."""
    where = f"line {number}"
    said = parsed(line, where)
    for problem in _problems(said):
        raise FileError(f"{where}, {problem}")
    contents = structured(said, "contents", AssetContents, where)
    if contents.quantity < 1:
        raise FileError(f"{where}, /contents/quantity: is at least 1")
    status = AssetStatus(said.get("status", AssetStatus.ACTIVE))
    return FileAsset(said["id"], said.get("owner", ""), said.get("customer", ""), status, contents)


def _problems(said: Any) -> Iterator[str]:
    if not isinstance(said, dict):
        yield "at the top: an asset is an object"
        return
    yield from (f"/{name}: is missing" for name in ("id", "contents") if name not in said)
    yield from (f"/{name}: is unknown; there are {', '.join(sorted(MEMBERS))}" for name in said.keys() - MEMBERS)
    if not isinstance(said.get("id"), str) or not USABLE_ID.fullmatch(said["id"]):
        yield "/id: has 1 to 36 letters, digits and . _ ~ -, and begins with a letter or a digit"
    for name, longest in LONGEST.items():
        if not isinstance(said.get(name, ""), str) or len(said.get(name, "")) > longest:
            yield f"/{name}: is a text of at most {longest} characters"
    if said.get("status", "ACTIVE") not in list(AssetStatus):
        yield f"/status: is one of {', '.join(AssetStatus)}"


def _characteristic(said: Any, _: Any = None) -> AssetCharacteristic:
    """As in {"name": "downstream", "value": 500}."""
    if not isinstance(said, dict) or said.keys() != {"name", "value"} or not isinstance(said["name"], str):
        raise ValueError("is no characteristic with a name and a value")
    return AssetCharacteristic(said["name"], *jsontext.typed(said["value"]))


converter.register_structure_hook(AssetCharacteristic, _characteristic)
