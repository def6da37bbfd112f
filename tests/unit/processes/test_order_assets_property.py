"""Any orders, whatever becomes of them, leave orders, assets, claims and BSS's ledger consistent.

`tests/integration/test_order_assets_kept.py` does the same on databases.
"""

from hypothesis import given

from tests.unit.processes.asset_orders import Base
from tests.unit.processes.order_world import ON_SALE, Wish, World, carry_out, last_fates, sequences


@given(sequences, last_fates)
def test_any_orders_leave_everything_consistent(ordered: list[tuple[list[Wish], str | None]], last: str | None) -> None:
    carry_out(World(Base(offerings=ON_SALE)), ordered, last)
