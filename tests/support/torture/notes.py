"""What clients wanted, and every answer they got."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson
import requests

from tests.support.product import ROOT

LOST = 0
"""The status of an answer that never came."""
NOT_NOW = frozenset({LOST, 202, 401, 429, 503})
"""Says nothing of what becomes of the request: the client asks again, with the same key."""
LATER = frozenset(
    {
        "AUTHORIZATION_SERVER_UNAVAILABLE",
        "BACKEND_CONTRACT_ERROR",
        "BACKEND_CONTRADICTION",
        "BACKEND_UNAVAILABLE",
        "DATABASE_NOT_WRITABLE",
        "DATABASE_OUTCOME_UNKNOWN",
        "DATABASE_UNAVAILABLE",
        "DEADLINE_PASSED",
        "OUTCOME_UNKNOWN",
        "OVERLOADED",
        "STILL_WORKING",
    }
)
"""Codes that a 503 may have while all kinds of things fail."""


def _prices() -> dict[str, Decimal]:
    lines = (ROOT / "fixtures" / "catalog" / "offerings.jsonl").read_bytes().splitlines()
    offerings = (orjson.loads(line)["contents"] for line in lines)
    return {
        offering["sku"]: sum(
            (
                Decimal(price["contents"]["amount"].split()[0])
                for price in offering["prices"]
                if "contents" in price and price["contents"]["charge_type"] == "ONE_TIME"
            ),
            Decimal(),
        )
        for offering in offerings
        if "sku" in offering
    }


PRICES = _prices()
"""What is charged for one of each SKU, in EUR."""


class Kind(StrEnum):
    PORTAL = "portal order"
    PARTNER = "partner order"
    PLAN = "plan change"


@dataclass(frozen=True)
class Answer:
    """`subject`: the id of the order or plan change that it names as accepted. `code` of an error, or of what is lost
    the kind of exception.
    """

    at: float
    status: int
    code: str
    subject: str | None

    @property
    def shown(self) -> str:
        return f"{self.at:.1f} s: {self.status} {self.code} {self.subject or ''}".rstrip()


@dataclass
class Wish:
    """What a client wants once, however often it asks for it: the same body under the same key.

    `lines` are SKUs and quantities; of a plan change there are none.
    """

    kind: Kind
    client: str
    method: str
    path: str
    body: Any
    key: str
    customer: str
    lines: tuple[tuple[str, int], ...] = ()
    answers: list[Answer] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether the client knows all it wants to know."""
        return any(answer.status not in NOT_NOW for answer in self.answers)

    @property
    def subjects(self) -> set[str]:
        return {answer.subject for answer in self.answers if answer.subject}

    @property
    def amount(self) -> Decimal:
        return sum((PRICES[sku] * quantity for sku, quantity in self.lines), Decimal())


def subject_of(kind: Kind, status: int, body: Mapping[str, Any]) -> str | None:
    """The id of what was accepted. An error's own id is none."""
    if status == 503:
        found = body.get("id") if body.get("code") == "STILL_WORKING" else None
    elif status >= 400:
        found = body.get("id") if "step" in body else None
    else:
        found = body["change"]["id"] if kind is Kind.PLAN else body["id"]
    return None if found is None else str(found)


@dataclass
class Notes:
    """Shared by all who work with the product. `seen`: the last state in which somebody read an order that was over."""

    began: float = field(default_factory=time.monotonic)
    wishes: list[Wish] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    seen: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def at(self) -> float:
        return time.monotonic() - self.began

    def wish(self, wish: Wish) -> Wish:
        with self._lock:
            self.wishes.append(wish)
        return wish

    def tell(self, text: str) -> None:
        """For whoever looks for the cause of what is wrong."""
        with self._lock:
            self.log.append(f"{self.at:7.1f} {text}")

    def count(self, what: str) -> None:
        with self._lock:
            self.counted[what] += 1

    def complain(self, text: str) -> None:
        with self._lock:
            self.wrong.append(f"at {self.at:.1f} s: {text}")

    def answered(self, wish: Wish, answer: requests.Response) -> None:
        body = answer.json()
        subject = subject_of(wish.kind, answer.status_code, body)
        wish.answers.append(Answer(self.at, answer.status_code, str(body.get("code", "")), subject))
        self.count(f"{wish.kind}: {answer.status_code}")

    def lost(self, wish: Wish, error: Exception) -> None:
        wish.answers.append(Answer(self.at, LOST, type(error).__name__, None))
        self.count(f"{wish.kind}: no answer, {type(error).__name__}")

    def check(self, asked: str, answer: requests.Response, allowed: frozenset[str]) -> None:
        """Complain about an answer that nobody may get, whatever fails. `allowed`: codes of its refusals."""
        status, code = answer.status_code, ""
        if status >= 400:
            code = str(answer.json().get("code", ""))
        fine = status < 400 or status in (401, 429) or code in (LATER if status == 503 else allowed)
        if not fine:
            self.complain(f"{asked} was answered {status} {answer.text[:600]}")
