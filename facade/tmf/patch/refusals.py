"""How a patch is refused.

ContractViolation
└── PatchTestFailed    the document is not as a `test` operation expects it
"""

from collections.abc import Iterable

from facade.contract.pointers import Token, pointer, shortened
from facade.contract.violations import Code, ContractViolation, Violation

MAX_ALLOWED = 20
"""Names of what is allowed that one refusal lists."""


class PatchTestFailed(ContractViolation):
    """The document is not as the `test` operation number `operation` (from 0) expects: a conflict, not a bad request.

    Nothing of the patch was applied.
    """

    def __init__(self, operation: int, path: str, reason: str) -> None:
        message = f"test {shown(path)}: {reason}; nothing was changed"
        super().__init__([Violation(pointer((operation, "path")), Code.INVALID_VALUE, message)])
        self.operation = operation


def refusal(
    place: Iterable[Token], message: str, code: Code = Code.INVALID_VALUE, allowed: Iterable[str] = ()
) -> ContractViolation:
    """To be raised: what is wrong at this place of the patch body."""
    return ContractViolation([violation(place, message, code, allowed)])


def violation(
    place: Iterable[Token], message: str, code: Code = Code.INVALID_VALUE, allowed: Iterable[str] = ()
) -> Violation:
    listed = [shortened(one) for one in allowed]
    return Violation(pointer(place), code, message, tuple(listed) if len(listed) <= MAX_ALLOWED else ())


def shown(path: str) -> str:
    """A path as it may stand in a message."""
    return shortened(path) or "the whole document"
