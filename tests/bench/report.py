"""What was found, as Markdown tables ready for docs/performance.md."""

import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from tests.bench.load import Seen


@dataclass(frozen=True)
class Round:
    """One server in one round. `cpu` is what the server used for each request, in milliseconds."""

    rate: float
    p50: float
    p99: float
    cpu: float
    failures: int = 0

    @classmethod
    def of(cls, seen: Seen, server_cpu_seconds: float) -> "Round":
        return cls(seen.rate, seen.p50, seen.p99, server_cpu_seconds * 1000 / max(1, seen.sent), seen.failures)


@dataclass(frozen=True)
class Comparison:
    """One measure, the rounds of both sides taken in turn."""

    name: str
    ours: Sequence[Round]
    baseline: Sequence[Round]
    aim: float

    @property
    def ratio(self) -> float:
        """The median of the ratios of each round: a slow moment of the machine hits both sides of one."""
        return statistics.median(mine.rate / bare.rate for mine, bare in zip(self.ours, self.baseline, strict=True))

    def row(self) -> list[str]:
        ours, bare = _medians(self.ours), _medians(self.baseline)
        return [
            self.name,
            f"{ours.rate:,.0f}",
            f"{bare.rate:,.0f}",
            f"**{self.ratio:.2f} ×** {mark(self.ratio >= self.aim, f'≥ {self.aim:g} ×')}",
            f"{ours.p50:.1f} / {ours.p99:.1f}",
            f"{bare.p50:.1f} / {bare.p99:.1f}",
            f"{ours.cpu:.2f}",
            f"{bare.cpu:.2f}",
        ]


COMPARISON_HEADS = (
    "measure",
    "ours /s",
    "baseline /s",
    "ratio (aim)",
    "ours p50 / p99 ms",
    "baseline p50 / p99 ms",
    "ours CPU ms",
    "baseline CPU ms",
)


@dataclass(frozen=True)
class Overhead:
    """Latencies of whole orders in milliseconds, one at a time, while the backends take `backends` together."""

    backends: float
    ours: Sequence[float]
    baseline: Sequence[float]

    AIM = 15.0

    @property
    def over(self) -> float:
        return statistics.median(self.ours) - 1.1 * self.backends

    def row(self) -> list[str]:
        ours, bare = statistics.median(self.ours), statistics.median(self.baseline)
        return [
            f"{self.backends:.0f}",
            f"{ours:.1f}",
            f"{bare:.1f}",
            f"{ours - self.backends:.1f}",
            f"{bare - self.backends:.1f}",
            f"**{self.over:+.1f} ms** {mark(self.over <= self.AIM, f'≤ {self.AIM:g}')}",
        ]


OVERHEAD_HEADS = (
    "backends ms",
    "ours, median ms",
    "baseline, median ms",
    "ours adds ms",
    "baseline adds ms",
    "ours − 1.1 × backends (aim)",
)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine(database: str, cores: int, rounds: int) -> str:
    """The line that says what the figures hold for."""
    parts = [f"Python {platform.python_version()}", f"{cores} cores", platform.machine(), f"{database} storage"]
    parts += [f"{name} {version(name)}" for name in ("connexion", "uvicorn", "sqlalchemy")]
    return f"{', '.join(parts)}; medians of {rounds} interleaved rounds."


def failures(comparisons: Iterable[Comparison]) -> list[str]:
    """Warnings where answers were not 2xx: their rates say nothing then."""
    count: Callable[[Sequence[Round]], int] = lambda rounds: sum(one.failures for one in rounds)  # noqa: E731
    return [
        f"WARNING {one.name}: {count(one.ours)} answers of ours and {count(one.baseline)} of the baseline were not 2xx"
        for one in comparisons
        if count(one.ours) or count(one.baseline)
    ]


def _medians(rounds: Sequence[Round]) -> Round:
    def median(values: Iterable[float]) -> float:
        return statistics.median(values)

    return Round(
        median(one.rate for one in rounds),
        median(one.p50 for one in rounds),
        median(one.p99 for one in rounds),
        median(one.cpu for one in rounds),
    )


def mark(reached: bool, aim: str) -> str:
    return f"({aim}: {'reached' if reached else 'not reached'})"
