"""Errors for a client that waits for an order or a plan change: why it ended, or why it cannot be shown."""

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
    """Raises StillWorking if the database does not answer: what was accepted goes on."""
    try:
        yield
    except StoreUnavailable as error:
        raise StillWorking(text, **about) from error
