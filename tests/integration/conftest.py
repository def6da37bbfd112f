"""Databases for the tests of this folder."""

from tests.support.databases import *  # noqa: F403
