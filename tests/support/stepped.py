"""A wall clock that tests step, for a real server process. Monotonic time, and so every wait, goes on as usual.

    node = Node(directory, backends, clock=SteppedClock(directory / "clock"))
    node.start()
    node.clock.step(-3600)  # as if somebody had set the clock back by an hour

This module starts such a node: it is `tmf-facade` with another wall clock. The product knows nothing of it.
"""

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import time_machine

LOOKS_EVERY = 0.01


@dataclass(frozen=True)
class SteppedClock:
    """How far a wall clock is from the machine's, in a file that the process follows."""

    file: Path

    @property
    def seconds(self) -> float:
        return float(self.file.read_text()) if self.file.exists() else 0.0

    def step(self, seconds: float) -> None:
        """Forwards, or backwards when negative. It takes effect within a moment and outlives a restart."""
        new = self.file.with_suffix(".new")
        new.write_text(str(self.seconds + seconds))
        new.rename(self.file)


def main() -> None:
    """`python -m tests.support.stepped FILE serve`: run `tmf-facade serve` by the clock in FILE."""
    clock, known = SteppedClock(Path(sys.argv.pop(1))), 0.0
    with time_machine.travel(time.time(), tick=True) as traveller:

        def follow() -> None:
            nonlocal known
            wanted = clock.seconds
            traveller.shift(wanted - known)
            known = wanted

        def keep_following() -> None:
            while True:
                time.sleep(LOOKS_EVERY)
                follow()

        follow()
        threading.Thread(target=keep_following, name="stepped-clock", daemon=True).start()
        from facade.cli import main as command

        command()


if __name__ == "__main__":
    main()
