"""How many wrong credentials are looked at."""

from collections.abc import Callable

import pytest

from facade.security import guesses
from facade.security.guesses import (
    FROM_AN_ADDRESS,
    KEYS,
    OF_A_CLIENT,
    OF_A_CLIENT_FROM_AN_ADDRESS,
    WINDOW_SECONDS,
    Guesses,
)
from facade.web.limits import RateLimited


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def attempt(time: Time) -> Callable[..., bool]:
    """Whether the credentials of an attempt are looked at."""
    kept = Guesses(time)

    def attempting(client: str = "acme", address: str = "10.0.0.1", right: bool = False) -> bool:
        try:
            with kept.attempt(client, address) as one:
                one.right = right
        except RateLimited:
            return False
        return True

    attempting.kept = kept  # type: ignore[attr-defined]
    return attempting


def looked_at(attempts: int, attempt: Callable[[int], bool]) -> int:
    return sum(attempt(number) for number in range(attempts))


def test_a_client_may_be_guessed_at_a_few_times_from_one_address(attempt: Callable[..., bool]) -> None:
    assert looked_at(100, lambda _: attempt()) == OF_A_CLIENT_FROM_AN_ADDRESS
    assert not attempt(right=True), "otherwise a guess would still be told to be right"
    assert attempt(client="portal"), "others on the same address go on"
    assert attempt(address="10.0.0.2"), "so does the client elsewhere"


def test_one_address_may_not_guess_at_every_client(attempt: Callable[..., bool]) -> None:
    assert looked_at(1000, lambda number: attempt(client=f"client{number}")) == FROM_AN_ADDRESS


def test_a_client_may_not_be_guessed_at_from_every_address(attempt: Callable[..., bool]) -> None:
    assert looked_at(1000, lambda number: attempt(address=f"10.0.0.{number}")) == OF_A_CLIENT


def test_right_credentials_never_count(attempt: Callable[..., bool]) -> None:
    assert looked_at(1000, lambda _: attempt(right=True)) == 1000
    assert not attempt.kept._wrong  # type: ignore[attr-defined]


def test_after_a_while_it_may_be_tried_again(attempt: Callable[..., bool], time: Time) -> None:
    assert looked_at(100, lambda _: attempt()) == OF_A_CLIENT_FROM_AN_ADDRESS
    time.now += 12
    with pytest.raises(RateLimited) as refused, attempt.kept.attempt("acme", "10.0.0.1"):  # type: ignore[attr-defined]
        pass
    assert refused.value.retry_after == WINDOW_SECONDS - 12
    time.now += WINDOW_SECONDS - 12
    assert attempt(right=True)


def test_attempts_at_the_same_time_are_no_way_around(time: Time) -> None:
    kept, open_attempts = Guesses(time), []
    for _ in range(OF_A_CLIENT_FROM_AN_ADDRESS):
        one = kept.attempt("acme", "10.0.0.1")
        one.__enter__()
        open_attempts.append(one)
    with pytest.raises(RateLimited), kept.attempt("acme", "10.0.0.1"):
        pass
    for one in open_attempts:
        one.__exit__(None, None, None)


def test_the_memory_is_bounded(attempt: Callable[..., bool], time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "KEYS", 30)
    assert KEYS > 30
    for number in range(1_000):
        attempt(client=f"{number}" + "x" * 100_000, address=f"10.0.0.{number}")
    kept = attempt.kept._wrong  # type: ignore[attr-defined]
    assert len(kept) <= 30
    assert all(len(part) <= guesses.KEY_LENGTH for key in kept for part in key)
