"""The rules of docs/rules.md: what we refuse although a contract allows it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.product import ROOT

PAGE = ROOT / "docs" / "rules.md"
EVERY_RESOURCE = "Every resource"
ANYWHERE, WHOLE_BODY, NOWHERE = "anywhere", "the whole body", "–"


@dataclass(frozen=True)
class Rule:
    """One row. `resource` is the heading above it; `places` are attributes, without positions in lists. `switch` is
    empty if no profile switches the rule off.
    """

    resource: str
    text: str
    places: tuple[str, ...]
    error: str
    versions: frozenset[str]
    switch: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.text}"

    @property
    def status(self) -> int:
        """At the end of the text, unless it is 400."""
        told = re.search(r"\((\d{3})\)$", self.text)
        return int(told[1]) if told else 400

    def refuses(self, resource: str, version: str, error: str, place: str) -> bool:
        concerned = self.resource in (EVERY_RESOURCE, resource) or resource in self.resource.split(", ")
        concerned = concerned and version in self.versions
        return concerned and error == self.error and any(_leads(place, one) for one in self.places)


def rules() -> Iterator[Rule]:
    heading = ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith("| rule |"):
            text, where, error, versions, switch = (cell.strip() for cell in line.strip("|").split("|"))
            places = (where,) if where in (ANYWHERE, WHOLE_BODY, NOWHERE) else tuple(re.findall(r"`([^`]+)`", where))
            yield Rule(heading, text, places, error.strip("`"), frozenset(versions.split(", ")), switch.strip("`"))


RULES = tuple(rules())


def refusals(error: dict[str, Any]) -> list[tuple[str, str]]:
    """What an error answer of a TMF address says, entry by entry: the error, and the attribute that it is about."""
    entries = error.get("errors") or [{"code": error["code"]}]
    return [(one.get("reason", one["code"]), place_of(one.get("pointer") or "")) for one in entries]


def place_of(pointer: str) -> str:
    """The attribute at a pointer: `/productOrderItem/0/productOrderItem/1/id` is `productOrderItem.id`."""
    names = [name for name in pointer.split("/")[1:] if not name.isdecimal()]
    while len(names) > 1 and names[0] == names[1]:
        del names[0]
    return ".".join(names)


def refusing(resource: str, version: str, error: str, place: str) -> list[Rule]:
    return [rule for rule in RULES if rule.refuses(resource, version, error, place)]


def _leads(place: str, to: str) -> bool:
    """Whether a place is where a rule says, or inside."""
    if to in (WHOLE_BODY, NOWHERE):
        return place == ""
    return to in (ANYWHERE, place) or place.startswith(f"{to}.")
