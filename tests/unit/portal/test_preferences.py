"""The header `Prefer`."""

import pytest

from facade.web.preferences import RESPOND_ASYNC, preferences


@pytest.mark.parametrize(
    "text",
    ["respond-async", "wait=10, Respond-Async", "respond-async; of=us", 'x="a, b",respond-async', " respond-async "],
)
def test_a_preference_is_found_whatever_stands_beside_it(text: str) -> None:
    assert RESPOND_ASYNC in preferences(text)


@pytest.mark.parametrize(
    "text", ["", "wait=10", "return=minimal; respond-async", 'x="respond-async"', "respond-asynchronously"]
)
def test_another_preference_is_none(text: str) -> None:
    assert RESPOND_ASYNC not in preferences(text)
