"""What holds for all tests."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.support.databases import *  # noqa: F403  # here only: a fixture that is defined twice is made twice

settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")
"""A busy machine makes single examples slow; no test is about time."""


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A test that runs a command configures the log of its process: the next test has its own again."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
