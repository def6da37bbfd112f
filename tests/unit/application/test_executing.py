"""What is the same for every command that is carried out: once for its key, with evidence, in one commit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from canonical.audit.record import Mapped
from canonical.shared.errors import ConcurrentChange, IdempotencyKeyReused, InvalidCommand, StoreOutcomeUnknown
from canonical.shared.idempotency import KeptAnswer
from canonical.shared.overtaken import TRIES
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application, UseCase
from tests.support.builders import NOON
from tests.support.fakes import CountingIdentities, StandingClock, Starts
from tests.support.memory import Memory, UnitOfWorkInMemory
from tests.support.memory_reads import ReadsFromMemory

REQUEST = Request("partner-acme", "placeOrder", "key-1", {"a": 1})


@dataclass(frozen=True)
class Begin:
    """`before` happens while it is carried out."""

    id: str
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Begun:
    id: str


def begin(command: Begin, work: Any, clock: Any, identities: Any) -> Begun:
    command.before()
    work.processes.schedule("begin", command.id, "partner-acme")
    return Begun(command.id)


@dataclass(frozen=True)
class Trial:
    """An application that begins things."""

    memory: Memory = field(default_factory=Memory)
    unit_of_work: type[UnitOfWorkInMemory] = UnitOfWorkInMemory
    starts: Starts = field(default_factory=Starts)
    identities: CountingIdentities = field(default_factory=CountingIdentities)

    def application(self, kept_answers: Any = None) -> Application:
        use_cases: Mapping[type, UseCase] = {Begin: UseCase(begin, subject=lambda made: ("thing", made.id))}
        return Application(
            lambda: self.unit_of_work(self.memory),
            kept_answers or ReadsFromMemory(self.memory),
            StandingClock(),
            self.identities,
            self.starts,
            use_cases,
        )

    def begin(self, request: Request, command: Begin, **said: Any) -> Result:
        return self.application().execute(request, Translation(command, **said), 201)


def the_answer(subject: str, replayed: bool = False) -> Result:
    return Result(subject, {"made": {"id": subject}, "record": "0197a000-0000-7000-8000-000000000001"}, replayed)


def test_a_command_is_carried_out_with_its_key_its_evidence_and_its_process() -> None:
    trial = Trial()
    assert trial.begin(REQUEST, Begin("o1")) == the_answer("o1")
    [evidence] = trial.memory.audit.values()
    assert (evidence.client, evidence.operation, evidence.status) == ("partner-acme", "placeOrder", 201)
    assert (evidence.at, evidence.payload_hash) == (NOON, REQUEST.payload_hash)
    assert (evidence.subject_type, evidence.subject) == ("thing", "o1")
    assert trial.starts.started == [("begin", "o1")]
    assert trial.application().answered(REQUEST) == the_answer("o1", replayed=True)


def test_of_two_with_one_key_the_second_gets_what_the_first_began_and_leaves_nothing() -> None:
    trial = Trial()
    trial.begin(REQUEST, Begin("o1"))
    assert trial.begin(REQUEST, Begin("o2")) == the_answer("o1", replayed=True)
    assert ({kept.subject for kept in trial.memory.keys.values()}, len(trial.memory.audit)) == ({"o1"}, 1)
    assert trial.starts.started == [("begin", "o1")]


def test_a_key_is_good_for_one_request_of_one_client() -> None:
    trial = Trial()
    trial.begin(REQUEST, Begin("o1"))
    for other in (
        Request("partner-acme", "placeOrder", "key-1", {"a": 2}),
        Request("partner-acme", "changePlan", "key-1", {"a": 1}),
    ):
        for ask in (trial.application().answered, lambda request: trial.begin(request, Begin("o2"))):
            with pytest.raises(IdempotencyKeyReused) as refused:
                ask(other)
            assert refused.value.details == {"id": "o1"}
    assert trial.begin(Request("portal", "placeOrder", "key-1", {"a": 1}), Begin("o3")).subject == "o3"


def test_a_client_bound_to_customers_is_not_told_what_its_key_began() -> None:
    trial = Trial()
    trial.begin(REQUEST, Begin("o1"))
    with pytest.raises(IdempotencyKeyReused) as refused:
        trial.application().answered(Request("partner-acme", "placeOrder", "key-1", {"a": 2}, bound=True))
    assert refused.value.details == {}


def test_an_answer_that_can_be_made_again_is_not_kept() -> None:
    trial, request = Trial(), Request("portal", "placeOrder", "key-1", {"a": 1}, keeps_answer=False)
    assert trial.begin(request, Begin("o1")) == Result("o1", None)
    assert trial.application().answered(request) == Result("o1", None, replayed=True)


def test_without_a_key_the_same_is_begun_again() -> None:
    trial, without = Trial(), Request("partner-acme", "placeOrder", None, {"a": 1})
    assert [trial.begin(without, Begin(name)).subject for name in ("o1", "o2")] == ["o1", "o2"]
    assert (trial.application().answered(without), trial.memory.keys, len(trial.memory.audit)) == (None, {}, 2)


def test_a_command_that_is_refused_leaves_its_key_free() -> None:
    trial = Trial()

    def refuse() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trial.begin(REQUEST, Begin("o1", refuse))
    assert (trial.memory.keys, trial.memory.audit, trial.starts.started) == ({}, {}, [])
    assert trial.begin(REQUEST, Begin("o2")).subject == "o2"


def test_an_error_of_the_core_points_into_the_payload() -> None:
    def refuse() -> None:
        raise InvalidCommand("no", pointer="/lines/0/id")

    trail = (Mapped("/productOrderItem/0", "/lines/0", "one line for each item"),)
    with pytest.raises(InvalidCommand) as refused:
        Trial().begin(REQUEST, Begin("o1", refuse), trail=trail)
    assert refused.value.pointer == "/productOrderItem/0"


def test_where_the_key_was_taken_and_is_free_again_the_command_is_carried_out_after_all() -> None:
    trial = Trial()
    trial.begin(REQUEST, Begin("o1"))

    class Forgotten(ReadsFromMemory):
        """Between the claim that fails and the look at what was kept, the key is forgotten."""

        def kept_answer(self, owner: str, key: str) -> KeptAnswer | None:
            trial.memory.keys.clear()
            return super().kept_answer(owner, key)

    forgotten = trial.application(Forgotten(trial.memory))
    assert forgotten.execute(REQUEST, Translation(Begin("o2")), 201).subject == "o2"


def test_of_what_sent_nothing_the_evidence_has_no_hash() -> None:
    trial = Trial()
    trial.begin(Request("partner-acme", "deleteProductOrder"), Begin("o1"))
    assert [record.payload_hash for record in trial.memory.audit.values()] == [None]


def test_a_commit_of_unknown_outcome_names_what_is_there_if_it_was_kept() -> None:
    class Unconfirmed(UnitOfWorkInMemory):
        def commit(self) -> None:
            super().commit()
            raise StoreOutcomeUnknown("the database did not say")

    trial = Trial(unit_of_work=Unconfirmed)
    with pytest.raises(StoreOutcomeUnknown) as unknown:
        trial.begin(REQUEST, Begin("o1"))
    [record_id] = trial.memory.audit
    assert unknown.value.details == {"auditRecordId": record_id, "id": "o1"}
    assert record_id in unknown.value.message
    assert trial.application().answered(REQUEST) == the_answer("o1", replayed=True)


@pytest.mark.parametrize("times", range(TRIES))
def test_a_command_is_tried_again_when_somebody_else_changed_the_same(times: int) -> None:
    trial, failures = Trial(), [ConcurrentChange("changed")] * times

    def overtaken() -> None:
        if failures:
            raise failures.pop()

    assert trial.begin(REQUEST, Begin("o1", overtaken)).subject == "o1"
    assert len(trial.memory.audit) == 1


@pytest.mark.parametrize(("replannable", "tries"), [(False, TRIES), (True, 1)])
def test_a_command_that_is_overtaken_all_the_time_is_given_up(replannable: bool, tries: int) -> None:
    trial, tried = Trial(), []

    def overtaken() -> None:
        tried.append(1)
        raise ConcurrentChange("changed")

    with pytest.raises(ConcurrentChange):
        trial.begin(REQUEST, Begin("o1", overtaken), replannable=replannable)
    assert (len(tried), trial.memory.audit, trial.memory.keys) == (tries, {}, {})


def test_a_command_that_is_tried_out_leaves_nothing() -> None:
    trial = Trial()
    assert trial.application().tried(Translation(Begin("o1"))) == Begun("o1")
    assert (trial.memory.audit, trial.memory.processes, trial.starts.started) == ({}, {}, [])
