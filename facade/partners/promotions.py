"""Extensions that are promoted: an attribute of the partner's own says what an attribute of the contract says.

profile["promoted"]     {"/x_channel": {"to": "salesChannel", "table": {"shop": "web"}}}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from facade.contract.pointers import escaped, tokens_of
from facade.partners.faults import ProfileFault
from facade.tmf.policies import ORDER_ATTRIBUTES, PROMOTABLE

SCHEMA: dict[str, Any] = {
    "type": "object",
    "maxProperties": 20,
    "propertyNames": {"minLength": 2, "maxLength": 100},
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "required": ["to"],
        "properties": {
            "to": {"enum": list(PROMOTABLE)},
            "table": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1_000,
                "propertyNames": {"minLength": 1, "maxLength": 100},
                "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 100},
            },
        },
    },
}
"""The form of the key `promoted` of a profile."""


@dataclass(frozen=True)
class Promotion:
    """The extension `name` says what the target `to` says. `ours` are the target's values by the extension's, `theirs`
    the other way; without a table they are the same.
    """

    name: str
    to: str
    ours: Mapping[str, str] | None = None
    theirs: Mapping[str, str] | None = None

    def inward(self, value: Any) -> str | None:
        """None for what the extension may not say."""
        if not isinstance(value, str):
            return None
        return value if self.ours is None else self.ours.get(value)

    def outward(self, value: str) -> str | None:
        """None for what the extension cannot say."""
        return value if self.theirs is None else self.theirs.get(value)


def promotions(said: Mapping[str, Any]) -> tuple[Promotion, ...]:
    """The promotions under `promoted` of a profile that keeps its schema. Raises ProfileFault."""
    targets: dict[str, str] = {}
    found: list[Promotion] = []
    for place, rule in said.items():
        at, to = f"/promoted/{escaped(place)}", rule["to"]
        names = tokens_of(place) if place.startswith("/") else []
        if len(names) != 1 or not names[0] or names[0].startswith("@") or not place.isprintable():
            raise ProfileFault(at, "an extension is named by its pointer in the order, such as /x_channel")
        if names[0] in ORDER_ATTRIBUTES:
            text = (
                f"{names[0]} is an attribute of orders in the contract: promote only an attribute of the partner's own"
            )
            raise ProfileFault(at, text)
        if targets.setdefault(to, place) != place:
            raise ProfileFault(f"{at}/to", f"{to} is what {targets[to]} says already; name it once")
        found.append(_promotion(names[0], to, rule.get("table"), at))
    return tuple(found)


def _promotion(name: str, to: str, table: Mapping[str, str] | None, at: str) -> Promotion:
    if table is None:
        return Promotion(name, to)
    theirs: dict[str, str] = {}
    for word, meaning in table.items():
        if theirs.setdefault(meaning, word) != word:
            text = f"{theirs[meaning]!r} and {word!r} both stand for {meaning!r}: each value has one word"
            raise ProfileFault(f"{at}/table/{escaped(word)}", text)
    return Promotion(name, to, MappingProxyType(dict(table)), MappingProxyType(theirs))
