"""Which functions of the product a request passes, in a real server process.

This module starts the product with a look at every call: it is `tmf-facade` with a profile function. The product knows
nothing of it.
"""

import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.support.product import ROOT

PACKAGES = ("facade", "canonical", "adapters")
REQUEST_THREADS = ("MainThread", "wsgi")
"""The event loop's, and those that requests are worked on in. Processes run in others."""


def main() -> None:
    """`python -m tests.support.traced FILE serve`: run `tmf-facade serve` and write the calls into FILE.

    A line for each: correlation id, module, function.
    """
    lines = Path(sys.argv.pop(1)).open("a", buffering=1)  # noqa: SIM115  # as long as the process lives
    names: dict[CodeType, str | None] = {}
    from facade.web.correlation import correlation_id

    def look(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or not threading.current_thread().name.startswith(REQUEST_THREADS):
            return
        code = frame.f_code
        if code not in names:
            names[code] = _name(code)
        name, request = names[code], correlation_id()
        if name is not None and request:
            lines.write(f"{request} {name}\n")

    threading.setprofile(look)
    sys.setprofile(look)
    from facade.cli import main as command

    command()


def _name(code: CodeType) -> str | None:
    """`facade.app.build_app`; None for what is not the product's."""
    file = Path(code.co_filename)
    if not file.is_relative_to(ROOT):
        return None
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join([*parts, code.co_qualname]) if parts[0] in PACKAGES else None


def calls(file: Path, request: str) -> list[str]:
    """The functions that a request passed, in their order."""
    found = (line.split() for line in file.read_text().splitlines())
    return [name for by, name in found if by == request]


if __name__ == "__main__":
    main()
