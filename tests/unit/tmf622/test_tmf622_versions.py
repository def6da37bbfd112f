"""What each version of TMF622 searches and shows."""

import pytest

from facade.bootstrap.serving import tmf622_versions


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
    newest, older = tmf622_versions()
    assert older.searchable.find("filter", v4) == newest.searchable.find("filter", v5)
