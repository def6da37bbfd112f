"""Requests that may be sent again with the same Idempotency-Key, and what became of them the first time."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import orjson

from canonical.shared.errors import IdempotencyKeyReused


@dataclass(frozen=True)
class Request:
    """Who asks for what. Two requests are the same when operation and payload are equal as JSON."""

    client: str
    operation: str
    key: str | None
    payload: Any

    @cached_property
    def payload_hash(self) -> str:
        text = orjson.dumps([self.operation, self.payload], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()


class KeptAnswer(Protocol):
    """What an idempotency key was used for. `order_id` is the id of whatever the request began."""

    @property
    def request_hash(self) -> str: ...
    @property
    def order_id(self) -> str: ...
    @property
    def answer(self) -> dict[str, Any] | None: ...


class KeptAnswers(Protocol):
    def kept_answer(self, owner: str, key: str) -> KeptAnswer | None: ...


class KeyRing(Protocol):
    """Keys in one transaction."""

    def claim_key(self, owner: str, key: str, request_hash: str, order_id: str, answer: dict[str, Any] | None) -> bool:
        """Whether the key was free; it is kept with the rest of the transaction."""
        ...


def answered_before(request: Request, kept_answers: KeptAnswers) -> KeptAnswer | None:
    """What an earlier request with the same key came to. Raises IdempotencyKeyReused if it was another request."""
    kept = None if request.key is None else kept_answers.kept_answer(request.client, request.key)
    if kept is not None and kept.request_hash != request.payload_hash:
        raise IdempotencyKeyReused("the Idempotency-Key was used for another request", id=kept.order_id)
    return kept


def claimed(keys: KeyRing, request: Request, subject: str, answer: dict[str, Any] | None) -> bool:
    """Whether `subject` is what the request begins: not where a concurrent one with the same key was first."""
    if request.key is None:
        return True
    return keys.claim_key(request.client, request.key, request.payload_hash, subject, answer)
