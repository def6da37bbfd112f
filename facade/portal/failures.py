"""What ended an order or a plan change, as the error that whoever waited for it gets."""

from collections.abc import Mapping
from typing import Any, Protocol

from canonical.shared.errors import CanonicalError, restore


class Failure(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def details(self) -> Mapping[str, Any]: ...
    @property
    def undone(self) -> tuple[str, ...]: ...
    @property
    def not_undone(self) -> tuple[str, ...]: ...


def error_of(failure: Failure, **about: str | None) -> CanonicalError:
    """The failure with what was undone because of it; `about` names what failed."""
    undone = {"undone": list(failure.undone), "notUndone": list(failure.not_undone)}
    return restore(failure.code, failure.message, {**failure.details, **about, "step": failure.step, **undone})
