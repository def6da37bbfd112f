"""What is wrong with a partner's profile."""

from collections.abc import Iterable

MOST_ALLOWED = 50
"""Permitted values that an error lists."""


class ProfileFault(ValueError):
    """`pointer` is the JSON pointer of the mistake in the profile, `allowed` lists what may stand there, if that can be
    listed. `key` is the unknown key of the object at `pointer`, if that is the mistake.
    """

    def __init__(self, pointer: str, reason: str, allowed: Iterable[str] = (), key: str | None = None) -> None:
        self.key = key
        self.pointer, self.reason, self.allowed = pointer, reason, tuple(allowed)[:MOST_ALLOWED]
        listed = f"; allowed: {', '.join(self.allowed)}" if self.allowed else ""
        super().__init__(f"{pointer}: {reason}{listed}")
