"""Regular expressions that stand in the catalog.

`install` decides what reads them. Without that it is Python's own module, which can take for ever over a pattern that
was made for it.
"""

import re
from collections.abc import Callable
from typing import Protocol

LONGEST = 10_000
"""Characters of a text that are looked at."""


class Pattern(Protocol):
    def fullmatch(self, text: str, /) -> object | None: ...


def _by_python(pattern: str) -> Pattern | None:
    try:
        return re.compile(pattern)
    except (re.error, OverflowError):
        return None


Compiler = Callable[[str], Pattern | None]
"""Gives None for what it cannot read."""
_compile: Compiler = _by_python


def install(compiler: Compiler) -> None:
    global _compile  # noqa: PLW0603 - the one place that decides it
    _compile = compiler


def is_regular(pattern: str) -> bool:
    return _compile(pattern) is not None


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text. One that is no regular expression forbids nothing."""
    compiled = _compile(pattern)
    return compiled is None or compiled.fullmatch(text[:LONGEST]) is not None
