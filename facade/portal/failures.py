"""What ended an order or a plan change, as the error that whoever waited for it gets."""

from canonical.shared.errors import CanonicalError, restore
from canonical.shared.failure import Failure


def error_of(failure: Failure, **about: str | None) -> CanonicalError:
    """The failure with what was undone because of it; `about` names what failed."""
    undone = {"undone": list(failure.undone), "notUndone": list(failure.not_undone)}
    return restore(failure.code, failure.message, {**failure.details, **about, "step": failure.step, **undone})
