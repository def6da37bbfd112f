"""The log of a process whose log cannot be written."""

import io

import structlog
from structlog.testing import capture_logs

from facade import logs
from facade.logs import Lossy


class FullDisk(io.BytesIO):
    full = True

    def write(self, line: bytes) -> int:  # type: ignore[override]
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(line)

    def flush(self) -> None:
        if self.full:
            raise OSError(28, "No space left on device")


def test_what_cannot_be_logged_is_lost_and_nothing_else() -> None:
    disk = FullDisk()
    log = structlog.BytesLogger(Lossy(disk))  # type: ignore[arg-type] # it writes and flushes, and no more is needed
    log.info(b"lost")
    disk.full = False
    log.info(b"kept")
    assert disk.getvalue() == b"kept\n"


def test_a_logger_that_was_used_follows_a_later_configuration() -> None:
    log = structlog.get_logger()
    logs.configure("warning")
    log.info("used")
    logs.configure("info")
    with capture_logs() as lines:
        log.info("said")
    assert [line["event"] for line in lines] == ["said"]
