"""The time for the core, and its form in answers."""

from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def time_text(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`: how every answer writes a time."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
