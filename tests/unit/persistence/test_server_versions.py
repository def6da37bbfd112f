"""Which servers of PostgreSQL a database may be on."""

from pathlib import Path

import pytest

from adapters.persistence.migrations import OLDEST_POSTGRES, DatabaseTooOld, check_server
from facade.bootstrap.commands import DATABASE_TROUBLE, reason_of

OPERATORS = Path(__file__).parents[3] / "docs" / "operators.md"


@pytest.mark.parametrize("version", [160000, 160004, 180006])
def test_a_server_that_is_new_enough_is_taken(version: int) -> None:
    check_server(version)


@pytest.mark.parametrize(("version", "told"), [(150012, "15.12"), (100000, "10.0"), (90624, "9.624")])
def test_an_older_one_is_refused_with_what_to_do(version: int, told: str) -> None:
    with pytest.raises(DATABASE_TROUBLE) as raised:
        check_server(version)
    assert isinstance(raised.value, DatabaseTooOld)
    assert reason_of(raised.value) == (
        f"the server is PostgreSQL {told}, and this release needs {OLDEST_POSTGRES} or newer: "
        "upgrade the server; nothing was changed"
    )


def test_the_oldest_server_is_documented() -> None:
    assert f"PostgreSQL {OLDEST_POSTGRES} or newer" in OPERATORS.read_text()
