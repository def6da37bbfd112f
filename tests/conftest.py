"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")
"""A busy machine makes single examples slow; no test is about time."""
