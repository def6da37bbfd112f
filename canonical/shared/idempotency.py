"""What is kept with an idempotency key."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What an idempotency key was used for. `subject` is the id of what the request made or changed.

    `answer` is None where it is made again from the subject.
    """

    request_hash: str
    subject: str
    answer: dict[str, Any] | None
