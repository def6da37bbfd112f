"""Where offerings are sold: in which channels, to which segments, at which places."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from canonical.catalog.references import Reference

ANYWHERE = "*"
"""What stands for all channels (segments, places) where an offering names none."""


class Sold(Protocol):
    """What says where it is sold: everywhere where it says nothing."""

    @property
    def channels(self) -> Collection[Reference]: ...
    @property
    def segments(self) -> Collection[Reference]: ...
    @property
    def places(self) -> Collection[Reference]: ...


@dataclass(frozen=True, slots=True)
class Market:
    """Somebody's part of the market; empty sets where it makes no difference."""

    channels: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def takes(self, sold: Sold) -> bool:
        """Whether it is sold in this part of the market."""
        there = set(sold_at(sold))
        return all(any((path, one) in there for one in wanted) for path, wanted in self.terms)

    @property
    def terms(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """What is sold there is found by one of these texts at each of the paths."""
        parts = {"channel": self.channels, "segment": self.segments, "place": self.places}
        return tuple((_path(name), wanted | {ANYWHERE}) for name, wanted in parts.items() if wanted)


EVERYWHERE = Market()


def sold_at(sold: Sold) -> Iterator[tuple[str, str]]:
    """The texts, each with its path, by which `Market` finds what is sold there."""
    for name, named in (("channel", sold.channels), ("segment", sold.segments), ("place", sold.places)):
        yield from ((_path(name), one) for one in sorted({reference.id for reference in named} or {ANYWHERE}))


def _path(name: str) -> str:
    return f"sold {name}"
