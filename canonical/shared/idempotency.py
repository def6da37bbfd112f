"""What is kept with an idempotency key."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The use of an idempotency key. `subject` is the id of what the request created or changed.

    `answer` is None if the answer is made again from the subject.
    """

    request_hash: str
    subject: str
    answer: dict[str, Any] | None
