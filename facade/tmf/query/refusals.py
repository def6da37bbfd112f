"""How queries are refused: bounds, and the exceptions that name the parameter at fault."""

import difflib
from collections.abc import Iterable

from facade.contract.pointers import escaped, shortened
from facade.contract.violations import Code, ContractViolation, Violation

MAX_TEXT = 2_000
"""Characters of one parameter."""
MAX_DEPTH = 12
"""Names in a path, and brackets within brackets."""
MAX_CONDITIONS = 50
"""In a whole query."""
MAX_VALUES = 100
"""Values that one attribute may equal, as in `state=a,b`."""


class NotSupported(Exception):
    """A correct query that asks for an optional feature of TMF630 which is not offered: 501, naming it."""

    def __init__(self, parameter: str, feature: str) -> None:
        super().__init__(f"{parameter}: {feature} is not supported")
        self.pointer = f"/{escaped(parameter)}"


def refusal(parameter: str, message: str, hint: str | None = None) -> ContractViolation:
    """To be raised: what is wrong with the query parameter of this name."""
    return ContractViolation([Violation(f"/{escaped(parameter[:60])}", Code.INVALID_VALUE, message, hint=hint)])


def unknown_attribute(parameter: str, name: str, known: Iterable[str], hint: str | None = None) -> ContractViolation:
    """Without a hint, the attribute that is spelt most alike."""
    if hint is not None:
        return refusal(parameter, f"unknown attribute {shortened(name)}", hint)
    near = difflib.get_close_matches(name[:60].lower(), {one.lower(): one for one in known}, n=1, cutoff=0.5)
    by_folded = {one.lower(): one for one in known}
    alike = f"did you mean `{by_folded[near[0]]}`?" if near else None
    return refusal(parameter, f"unknown attribute {shortened(name)}", alike)
