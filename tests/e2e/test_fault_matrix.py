"""Each backend in each kind of trouble, and what each operation of the portal answers: declared, true, and over soon.

The whole matrix runs once, concurrently; each test looks at one cell. `python -m tests.bench.fault_matrix` writes the
results to docs/fault-matrix.md.
"""

import pytest

from tests.support.fault_matrix import Results, run
from tests.support.fault_operations import OPERATIONS
from tests.support.faults import BACKENDS, FAULTS


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return run(tmp_path_factory.mktemp("matrix"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation", [operation.name for operation in OPERATIONS])
@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_answer_is_declared_and_true_and_everything_is_well_again(
    results: Results, backend: str, fault: str, operation: str
) -> None:
    cell = results[backend, fault, operation]
    assert cell.asked
    assert cell.wrong == (), [(one.status, one.body) for one in cell.asked]
