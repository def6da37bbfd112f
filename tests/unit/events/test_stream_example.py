"""The example of a consumer (docs/examples/stream_consumer.py) goes on when there is nothing new."""

import asyncio
import runpy
from pathlib import Path
from typing import Any

import nats.errors
import pytest

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "stream_consumer.py"


class Stopped(Exception):
    """The test has seen enough."""


class Quiet:
    """A connection, its stream and its subscription, on which nothing is new."""

    def __init__(self, *silences: BaseException) -> None:
        self.silences = [*silences, Stopped()]

    def jetstream(self) -> "Quiet":
        return self

    async def pull_subscribe(self, *_: Any, **__: Any) -> "Quiet":
        return self

    async def fetch(self, *_: Any, **__: Any) -> list[Any]:
        raise self.silences.pop(0)


def test_it_waits_on_when_nothing_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    # nats-py raises either, as the moment has it.
    quiet = Quiet(nats.errors.TimeoutError(), TimeoutError())

    async def connect(_: str) -> Quiet:
        return quiet

    monkeypatch.setattr("nats.connect", connect)
    with pytest.raises(Stopped):
        asyncio.run(runpy.run_path(str(EXAMPLE))["consume"]("nats://127.0.0.1"))
