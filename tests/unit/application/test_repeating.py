"""A request that is sent again with its key while the first one is carried out."""

import pytest

from canonical.shared.errors import (
    BackendUnavailable,
    CanonicalError,
    Conflict,
    IdempotencyKeyReused,
    InvalidTransition,
    NotFound,
)
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application
from facade.contract.violations import ContractError
from tests.unit.application.test_executing import REQUEST, Begin, Trial, the_answer

OTHER = Request(REQUEST.client, REQUEST.operation, REQUEST.key, {"a": 2})


def overtaken(application: Application, first: Request, error: Exception) -> Result:
    """`REQUEST`, refused with `error` after `first` was carried out, which had come at the same time."""

    def act() -> Result:
        application.execute(first, Translation(Begin("o1")), 201)
        raise error

    return application.idempotently(REQUEST, act)


@pytest.mark.parametrize(
    "error", [NotFound("gone"), Conflict("there already"), InvalidTransition("no"), ContractError()]
)
def test_a_refusal_that_the_same_request_caused_is_the_answer_of_that_one(error: Exception) -> None:
    assert overtaken(Trial().application(), REQUEST, error) == the_answer("o1", replayed=True)


def test_a_refusal_stands_if_the_key_was_not_used_meanwhile() -> None:
    without = Request(REQUEST.client, REQUEST.operation, "key-2", REQUEST.payload)
    with pytest.raises(NotFound, match="gone"):
        overtaken(Trial().application(), without, NotFound("gone"))


def test_a_refusal_after_another_request_with_the_key_is_that_of_the_key() -> None:
    with pytest.raises(IdempotencyKeyReused):
        overtaken(Trial().application(), OTHER, NotFound("gone"))


def test_what_is_no_refusal_is_raised_as_it_is() -> None:
    for error in (BackendUnavailable("away"), CanonicalError("broken")):
        with pytest.raises(type(error)):
            overtaken(Trial().application(), REQUEST, error)


def test_what_was_done_before_is_not_tried_again() -> None:
    application = Trial().application()
    application.execute(REQUEST, Translation(Begin("o1")), 201)
    never = application.idempotently(REQUEST, lambda: pytest.fail("it is not asked for again"))
    assert never == the_answer("o1", replayed=True)


SAME = {"document": "{}", "version": 3}


def test_a_request_that_changes_nothing_keeps_its_answer_with_its_key() -> None:
    trial = Trial()
    application = trial.application()
    assert application.unchanged(REQUEST, ("thing", "o1"), SAME) == Result("o1", SAME)
    again = application.idempotently(REQUEST, lambda: pytest.fail("it is not asked for again"))
    assert again == Result("o1", SAME, replayed=True)
    assert application.unchanged(REQUEST, ("thing", "o1"), SAME | {"version": 4}) == again
    with pytest.raises(IdempotencyKeyReused):
        application.unchanged(OTHER, ("thing", "o1"), SAME)
    assert (trial.memory.audit, trial.memory.events) == ({}, [])


def test_without_a_key_nothing_is_kept_of_it() -> None:
    trial, without = Trial(), Request(REQUEST.client, REQUEST.operation, None, REQUEST.payload)
    assert trial.application().unchanged(without, ("thing", "o1"), SAME) == Result("o1", SAME)
    assert trial.memory.keys == {}
