"""The costliest functions by cProfile, over all threads of this process (Python 3.11 profiles each on its own)."""

import cProfile
import pstats
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WAITING = re.compile(
    r"'(acquire|poll|recv_into|get)' of |(time\.sleep|select)>|asyncio/runners\.py:\d+ run$|select\w*\.py:\d+ select$"
)
"""Functions whose own time is that of somebody else: another thread, the event loop in C, a backend."""


@dataclass(frozen=True)
class Function:
    """Per request: how often it was called, and microseconds without and with what it called."""

    place: str
    calls: float
    own: float
    total: float


class ThreadProfiles:
    """Profiles of the threads begun while it is installed, and of the one that installs it."""

    def __init__(self) -> None:
        self._profiles: list[cProfile.Profile] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        original = threading.Thread.run
        profiles = self._profiles

        def run(thread: threading.Thread) -> None:
            profile = cProfile.Profile()
            profiles.append(profile)
            profile.enable()
            try:
                original(thread)
            finally:
                profile.disable()

        threading.Thread.run = run  # type: ignore[method-assign, assignment]
        mine = cProfile.Profile()
        profiles.append(mine)
        mine.enable()
        try:
            yield
        finally:
            mine.disable()
            threading.Thread.run = original  # type: ignore[method-assign]

    def clear(self) -> None:
        """Forget what was seen so far: start-up and warm-up."""
        for profile in self._profiles:
            profile.clear()

    def functions(self, requests: int, by: str, most: int) -> list[Function]:
        """The `most` costliest by `own` or `total`, those left out whose time is waiting."""
        stats: pstats.Stats | None = None
        for profile in list(self._profiles):
            profile.create_stats()
            if not profile.stats:
                continue
            if stats is None:
                stats = pstats.Stats(profile)
            else:
                stats.add(profile)
        assert stats is not None
        found = [
            Function(_place(*key), calls / requests, own * 1e6 / requests, total * 1e6 / requests)
            for key, (_, calls, own, total, _) in stats.stats.items()  # type: ignore[attr-defined]
        ]
        found = [one for one in found if not WAITING.search(one.place)]
        return sorted(found, key=lambda one: -getattr(one, by))[:most]


def _place(file: str, line: int, name: str) -> str:
    if file == "~":
        return name
    parts = Path(file).parts
    start = parts.index("site-packages") + 1 if "site-packages" in parts else max(0, len(parts) - 3)
    return f"{'/'.join(parts[start:])}:{line} {name}"
