"""Pages as a real browser shows them: headless Chromium."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.waiting import LONG

CHROMIUM = shutil.which("chromium")
QUIET = ("gpu", "quic", "background-networking", "component-update", "sync")
"""What it does without anybody's asking."""
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")


def shown(address: str, profile: Path) -> str:
    """The document after its scripts ran, as HTML. `profile` is an empty folder of the browser's."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--no-first-run", f"--user-data-dir={profile}"]
    command += [*(f"--disable-{name}" for name in QUIET), "--virtual-time-budget=30000", "--dump-dom", address]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LONG).stdout
