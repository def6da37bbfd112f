"""What each version of TMF622 searches and shows."""

import pytest

from facade.contract.violations import ContractViolation
from facade.tmf.engine.versions import Version
from tests.unit.tmf622.versions import V4, V4_TASK, V5, V5_TASK


@pytest.mark.parametrize(
    ("v4", "v5"),
    [
        ((), ()),
        (("externalId",), ("externalId", "id")),
        (("orderDate",), ("creationDate",)),
        (("relatedParty", "id"), ("relatedParty", "partyOrPartyRole", "id")),
    ],
)
def test_a_v4_name_is_searched_for_where_v5_documents_keep_its_value(v4: tuple[str, ...], v5: tuple[str, ...]) -> None:
    assert V4.searchable.find("filter", v4) == V5.searchable.find("filter", v5)


@pytest.mark.parametrize("version", [V5_TASK, V4_TASK], ids=["v5", "v4"])
@pytest.mark.parametrize("path", ["href", "productOrder.href"])
def test_what_depends_on_the_address_used_is_no_filter_of_cancellations(version: Version, path: str) -> None:
    with pytest.raises(ContractViolation, match=f"{path} depends on the address used"):
        version.searchable.find("filter", tuple(path.split(".")))
