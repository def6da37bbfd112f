"""docs/installed-base.md tells the table of statuses."""

import re

from canonical.inventory.states import TRANSITIONS, AssetStatus
from facade.tmf.tmf637.product import STATES
from tests.support.product import ROOT


def test_the_page_has_the_table_of_statuses() -> None:
    page = (ROOT / "docs" / "installed-base.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \|(.*)\|$", page, re.MULTILINE)
    told = {status: (shown, re.findall(r"`([A-Z_]+)`", following)) for status, shown, following in rows}
    assert told == {
        status.value: (
            STATES[status],
            [after for (before, _), after in TRANSITIONS.items() if before is status and after is not status],
        )
        for status in AssetStatus
    }
