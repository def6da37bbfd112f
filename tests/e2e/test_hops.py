"""The ways of one POST and one PATCH through a running server are those that docs/architecture.md shows."""

import re
from pathlib import Path

import pytest

from tests.support.product import ROOT, TMF622, Node, partner_order
from tests.support.simulators import running_backends
from tests.support.traced import calls

POST, PATCH = "hops-of-a-post", "hops-of-a-patch"
BEGIN, COMMIT = (f"adapters.persistence.unit_of_work.SqlUnitOfWork.{method}" for method in ("__enter__", "commit"))
NEVER_INSIDE = re.compile(
    r"facade\.tmf\.engine\.(operations|translator|changes|versions|reads)\.|facade\.tmf\.(bridge|patch|query)\."
    r"|facade\.tmf\.tmf622\.\w+\.to_|facade\.(security|contract|partners)\."
)
"""What has had its turn before the transaction begins."""


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The calls of one POST and one PATCH."""
    directory = tmp_path_factory.mktemp("hops")
    with running_backends(directory) as backends:
        node = Node(directory, backends, program=("tests.support.traced", str(directory / "calls")))
        node.prepare()
        node.start()
        body = partner_order() | {"requestedInitialState": "draft"}
        posted = node.post(TMF622, body, "partner-acme", headers={"X-Correlation-ID": POST})
        assert posted.status_code == 201, posted.text
        path = f"{TMF622}/{posted.json()['id']}"
        changed = node.request(
            "PATCH", path, "partner-acme", json={"description": "for the lobby"}, headers={"X-Correlation-ID": PATCH}
        )
        assert changed.status_code == 200, changed.text
        node.stop()
    return directory / "calls"


def documented(column: int) -> list[str]:
    """The functions that docs/architecture.md names, in their order."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| \d+\. ", line)]
    return [name for row in rows for name in re.findall(r"`([\w.]+)`", row[column])]


@pytest.mark.parametrize(("request_id", "column"), [(POST, 2), (PATCH, 3)])
def test_a_request_takes_the_documented_hops_in_their_order(traced: Path, request_id: str, column: int) -> None:
    wanted = documented(column)
    assert len(wanted) >= 10
    passed = [name for name in calls(traced, request_id) if name in wanted]
    assert list(dict.fromkeys(passed)) == wanted  # a coroutine that goes on is seen again


@pytest.mark.parametrize("request_id", [POST, PATCH])
def test_nothing_above_is_called_from_inside_the_transaction(traced: Path, request_id: str) -> None:
    passed = calls(traced, request_id)
    inside = passed[passed.index(BEGIN) : passed.index(COMMIT)]
    assert len(inside) > 50
    assert [name for name in inside if NEVER_INSIDE.match(name)] == []


@pytest.mark.parametrize("request_id", [POST, PATCH])
def test_a_request_has_one_transaction(traced: Path, request_id: str) -> None:
    assert [calls(traced, request_id).count(name) for name in (BEGIN, COMMIT)] == [1, 1]
