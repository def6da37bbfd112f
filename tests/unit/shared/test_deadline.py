"""How long the work at hand may still take."""

import math
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from canonical.shared.deadline import seconds_left, within


def test_without_a_deadline_there_is_time_for_ever() -> None:
    assert seconds_left() == math.inf


def test_the_sooner_of_two_counts_and_the_outer_one_is_back_afterwards() -> None:
    with within(60):
        with within(5):
            assert seconds_left() <= 5
            with within(50):
                assert seconds_left() <= 5
        assert 5 < seconds_left() <= 60
    assert seconds_left() == math.inf


def test_what_is_left_is_never_negative() -> None:
    with within(-1):
        assert seconds_left() == 0


def test_a_thread_has_it_when_it_runs_in_a_copy_of_the_context() -> None:
    with ThreadPoolExecutor(1) as pool, within(5):
        assert pool.submit(seconds_left).result() == math.inf
        assert pool.submit(copy_context().run, seconds_left).result() <= 5
