"""The log of a process whose log cannot be written."""

import io

import structlog

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
