"""How a patch is refused.

ContractError
├── ContractViolation  the patch is wrong, or does not fit the document: a bad request
└── PatchTestFailed    the document is not as a `test` operation expects it: a conflict
"""

from collections.abc import Iterable

from facade.contract.pointers import Token, pointer, shortened
from facade.contract.violations import Code, ContractError, ContractViolation, Violation

MAX_ALLOWED = 20
"""Names of what is allowed that one refusal lists."""


class PatchTestFailed(ContractError):
    """The document is not as the `test` operation number `operation` (from 0) expects. Nothing was applied.

    `violations` has one entry, as a ContractViolation's.
    """

    def __init__(self, operation: int, path: str, reason: str) -> None:
        message = f"test {shown(path)}: {reason}; nothing was changed"
        super().__init__(message)
        self.operation = operation
        self.violations = (Violation(pointer((operation, "path")), Code.INVALID_VALUE, message),)


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
