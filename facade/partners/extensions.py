"""Which extensions a partner may send: attributes that no schema declares.

profile["extensions"]   {"allowed": ["campaign", "/productOrderItem/*/x_priority"], "others": "refuse"}
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from facade.contract.pointers import Tokens, pointer, shortened, tokens_of
from facade.contract.violations import Code, Violation
from facade.partners.faults import ProfileFault

EXTENSION_NOT_AGREED = "EXTENSION_NOT_AGREED"
REFUSE, CARRY = "refuse", "carry"
ELEMENT = "*"
"""Any element of a list, in a pointer of a profile."""
MOST_NAMES = 1_000
LONGEST = 200
"""Characters of a name, or of a pointer."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["others"],
    "properties": {
        "allowed": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": LONGEST},
            "maxItems": MOST_NAMES,
            "uniqueItems": True,
        },
        "others": {"enum": [REFUSE, CARRY]},
    },
}
"""The form of the key `extensions` of a profile."""


@dataclass(frozen=True)
class ExtensionRules:
    """`refuses`: extensions that are not `allowed` are refused. The default carries every extension."""

    allowed: tuple[str, ...] = ()
    refuses: bool = False
    names: frozenset[str] = frozenset()
    places: frozenset[tuple[str, ...]] = frozenset()

    def refused(self, found: Iterable[Tokens]) -> Iterator[Violation]:
        """What is wrong with the extensions at these places of a body."""
        for at in found if self.refuses else ():
            if str(at[-1]) not in self.names and place_of(at) not in self.places:
                name = shortened(str(at[-1]))
                text = f"the contract has no attribute {name}, and it is not agreed with you: leave it out"
                yield Violation(pointer(at), Code.UNEXPECTED_PROPERTY, text, self.allowed, reason=EXTENSION_NOT_AGREED)


CARRIES_ALL = ExtensionRules()


def place_of(at: Tokens) -> tuple[str, ...]:
    """A place with any element instead of a certain one."""
    return tuple(ELEMENT if isinstance(token, int) else token for token in at)


def extension_rules(said: Mapping[str, Any]) -> ExtensionRules:
    """The rules under `extensions` of a profile that keeps its schema. Raises ProfileFault."""
    if not said:
        return CARRIES_ALL
    allowed, refuses = tuple(said.get("allowed", ())), said["others"] == REFUSE
    if allowed and not refuses:
        raise ProfileFault("/extensions/allowed", "this list counts only with others: refuse")
    for index, text in enumerate(allowed):
        if not text.isprintable() or text != text.strip() or text.endswith("/"):
            wrong = f"{text!r} is neither the name of an attribute nor a pointer such as /productOrderItem/*/campaign"
            raise ProfileFault(f"/extensions/allowed/{index}", wrong)
    pointers = {text for text in allowed if text.startswith("/")}
    places = frozenset(tuple(tokens_of(text)) for text in pointers)
    return ExtensionRules(allowed, refuses, frozenset(allowed) - pointers, places)
