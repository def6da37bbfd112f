"""The database in each kind of trouble, and what each operation of the portal answers: declared, true, and over soon.

The whole matrix runs once; each test looks at one cell.
"""

import pytest
import sqlalchemy as sa

from tests.support.database_matrix import CELLS, IN_FLIGHT, Results, run
from tests.support.fault_operations import OPERATIONS


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.URL) -> Results:
    return run(tmp_path_factory.mktemp("matrix"), postgres_server)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation", [*(operation.name for operation in OPERATIONS), IN_FLIGHT])
@pytest.mark.parametrize(("kind", "fault"), [(kind, fault) for kind, faults in CELLS.items() for fault in faults])
def test_the_answer_is_declared_and_true_and_everything_is_well_again(
    results: Results, kind: str, fault: str, operation: str
) -> None:
    cell = results[kind, fault, operation]
    assert cell.asked
    assert cell.wrong == (), [(one.status, one.body) for one in cell.asked]
