"""What holds for all tests."""

from hypothesis import settings

from tests.support.databases import *  # noqa: F403  # here only: a fixture that is defined twice is made twice

settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")
"""A busy machine makes single examples slow; no test is about time."""
