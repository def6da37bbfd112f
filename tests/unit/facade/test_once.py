"""What is the same for every request that is taken in: once for its key, with evidence, in one commit."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from canonical.audit.record import AuditRecord
from canonical.shared.errors import IdempotencyKeyReused, StoreOutcomeUnknown
from facade.intake.once import Accepted, Intake, Request, claimed
from tests.support.builders import NOON
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.memory import Memory, ReadsFromMemory, UnitOfWorkInMemory

REQUEST = Request("partner-acme", "placeOrder", "key-1", {"a": 1})
ANSWER = {"version": 1}


@dataclass(frozen=True)
class TakesAnything(Intake[UnitOfWorkInMemory]):
    """Begins `subject` for whatever is asked."""

    def accept(self, request: Request, subject: str, before: Callable[[], object] = lambda: None) -> Accepted:
        def take(work: UnitOfWorkInMemory) -> tuple[Accepted, AuditRecord]:
            before()
            return claimed(work, request, subject, ANSWER), self._evidence(request, 201, subject)

        return self._once(request, take)


def taking(memory: Memory) -> TakesAnything:
    return TakesAnything(memory.unit_of_work, ReadsFromMemory(memory), StandingClock(), CountingIdentities())


def test_a_request_is_taken_in_with_its_key_and_its_evidence() -> None:
    memory = Memory()
    assert taking(memory).accept(REQUEST, "o1") == Accepted("o1", ANSWER)
    [evidence] = memory.audit.values()
    assert (evidence.client, evidence.operation, evidence.status) == ("partner-acme", "placeOrder", 201)
    assert (evidence.at, evidence.order_id, evidence.payload_hash) == (NOON, "o1", REQUEST.payload_hash)
    assert taking(memory).repeated(REQUEST) == Accepted("o1", ANSWER, again=True)


def test_of_two_with_one_key_the_second_gets_what_the_first_began_and_leaves_nothing() -> None:
    memory = Memory()
    taking(memory).accept(REQUEST, "o1")
    assert taking(memory).accept(REQUEST, "o2") == Accepted("o1", ANSWER, again=True)
    assert ({kept.order_id for kept in memory.keys.values()}, len(memory.audit)) == ({"o1"}, 1)


def test_a_key_is_good_for_one_request_of_one_client() -> None:
    memory = Memory()
    taking(memory).accept(REQUEST, "o1")
    for other in (
        Request("partner-acme", "placeOrder", "key-1", {"a": 2}),
        Request("partner-acme", "changePlan", "key-1", {"a": 1}),
    ):
        for ask in (taking(memory).repeated, lambda request: taking(memory).accept(request, "o2")):
            with pytest.raises(IdempotencyKeyReused) as refused:
                ask(other)
            assert refused.value.details == {"id": "o1"}
    assert taking(memory).accept(Request("portal", "placeOrder", "key-1", {"a": 1}), "o3").subject == "o3"


def test_without_a_key_the_same_is_begun_again() -> None:
    memory, without = Memory(), Request("partner-acme", "placeOrder", None, {"a": 1})
    anything = taking(memory)
    assert [anything.accept(without, name).subject for name in ("o1", "o2")] == ["o1", "o2"]
    assert (anything.repeated(without), memory.keys, len(memory.audit)) == (None, {}, 2)


def test_a_request_that_is_refused_leaves_its_key_free() -> None:
    memory = Memory()

    def refuse() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        taking(memory).accept(REQUEST, "o1", refuse)
    assert (memory.keys, memory.audit) == ({}, {})
    assert taking(memory).accept(REQUEST, "o2") == Accepted("o2", ANSWER)


def test_where_the_key_was_taken_and_is_free_again_the_request_is_taken_in_after_all() -> None:
    memory = Memory()
    taking(memory).accept(REQUEST, "o1")

    @dataclass(frozen=True)
    class Forgotten(TakesAnything):
        """Between the claim that fails and the look at what was kept, the key is forgotten."""

        def repeated(self, request: Request) -> Accepted | None:
            memory.keys.clear()
            return super().repeated(request)

    forgotten = Forgotten(memory.unit_of_work, ReadsFromMemory(memory), StandingClock(), CountingIdentities())
    assert forgotten.accept(REQUEST, "o2") == Accepted("o2", ANSWER)


def test_of_what_sent_nothing_the_evidence_has_no_hash() -> None:
    memory = Memory()
    taking(memory).accept(Request("partner-acme", "deleteProductOrder"), "o1")
    assert [record.payload_hash for record in memory.audit.values()] == [None]


def test_a_commit_of_unknown_outcome_names_what_is_there_if_it_was_kept() -> None:
    memory = Memory()

    class Unconfirmed(UnitOfWorkInMemory):
        def commit(self) -> None:
            super().commit()
            raise StoreOutcomeUnknown("the database did not say")

    anything = TakesAnything(
        lambda: Unconfirmed(memory), ReadsFromMemory(memory), StandingClock(), CountingIdentities()
    )
    with pytest.raises(StoreOutcomeUnknown) as unknown:
        anything.accept(REQUEST, "o1")
    [record_id] = memory.audit
    assert unknown.value.details == {"auditRecordId": record_id, "id": "o1"}
    assert record_id in unknown.value.message
    assert anything.repeated(REQUEST) == Accepted("o1", ANSWER, again=True)
