"""Random faults of all kinds at once, `kill -9` included: what was accepted ends, and the ledgers say so.

`make torture` does the same for longer, and on PostgreSQL with two nodes.
"""

import os
import secrets
from pathlib import Path

import pytest

from tests.support.torture import Torment, torture

SECONDS = 45.0


@pytest.mark.timeout(1800)
def test_every_order_ends_as_it_was_told_whatever_fails(tmp_path: Path) -> None:
    """TORTURE_SEED repeats the faults of a run that failed; which call each one hits is another matter."""
    report = torture(tmp_path, Torment(SECONDS, seed=int(os.environ.get("TORTURE_SEED", secrets.randbelow(10**9)))))
    print(report.shown)
    assert report.wrong == []
    assert report.ended["order COMPLETED"]
    assert report.faults
