"""The time for the core, and its form in requests and answers."""

from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def time_text(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: how every answer writes a time."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """A time, in UTC. Raises ValueError for a day that no calendar has."""
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no time between the years 1 and 9999") from None
