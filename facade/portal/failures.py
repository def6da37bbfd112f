"""What ended an order or a plan change, or kept it from being shown, as the error that whoever waited for it gets."""

from collections.abc import Iterator
from contextlib import contextmanager

from canonical.processes.errors import StillWorking
from canonical.shared.errors import CanonicalError, StoreUnavailable, restore
from canonical.shared.failure import Failure


def error_of(failure: Failure, **about: str | None) -> CanonicalError:
    """The failure with what was undone because of it; `about` names what failed."""
    undone = {"undone": list(failure.undone), "notUndone": list(failure.not_undone)}
    return restore(failure.code, failure.message, {**failure.details, **about, "step": failure.step, **undone})


@contextmanager
def going_on(text: str, **about: str) -> Iterator[None]:
    """What was accepted goes on, even if the database does not answer now. Raises StillWorking then."""
    try:
        yield
    except StoreUnavailable as error:
        raise StillWorking(text, **about) from error
