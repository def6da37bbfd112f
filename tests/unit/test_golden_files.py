"""Each golden request has its answers beside it, and lies where a test reads it; none is ignored."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from facade.demo.scenarios import PORTAL, SCENARIOS
from tests.support.golden import REQUEST, requests
from tests.support.product import ROOT

GOLDEN = ROOT / "fixtures" / "golden"
VERSIONS = ("v5", "v4")
READ: Mapping[str, tuple[str, ...]] = {
    **{f"{api}/{version}": ("command", "response") for api in ("tmf620", "tmf622", "tmf637") for version in VERSIONS},
    **{f"partners/product-order/{name}/{version}": ("response",) for name in ("alpha", "beta") for version in VERSIONS},
    "portal": ("response",),
}
"""The folders from which tests read every request, and what they hold it against."""
ALONE = {
    **{f"portal/{one.file}{REQUEST}": "the demonstration plays it" for one in SCENARIOS if one.side is PORTAL},
    **{
        f"partners/{name}-{version}{REQUEST}": "becomes order.command.json, in both partners' words"
        for name in ("alpha", "beta")
        for version in VERSIONS
    },
}
"""Requests without answers of their own, and why."""


def lacking(request: Path, golden: Path = GOLDEN) -> str:
    """What is wrong with where the request lies, and how to mend it; empty if nothing is."""
    at = request.relative_to(golden)
    if at.as_posix() in ALONE:
        return ""
    if at.parent.as_posix() not in READ:
        return f"{at} is read by no test: put it into one of {', '.join(READ)} (docs/qa.md)"
    names = [request.name.replace(REQUEST, f".{kind}.json") for kind in READ[at.parent.as_posix()]]
    missing = [name for name in names if not request.with_name(name).exists()]
    if missing:
        return f"{at} has no {' and no '.join(missing)}: write them with WRITE_GOLDEN=1 and review them (docs/qa.md)"
    return ""


@pytest.mark.parametrize("request_file", requests(GOLDEN), ids=lambda file: file.relative_to(GOLDEN).as_posix())
def test_a_request_has_its_answers_and_a_test_that_reads_it(request_file: Path) -> None:
    assert not (wrong := lacking(request_file)), wrong


@pytest.mark.parametrize("kind", ["command", "response"])
def test_an_answer_belongs_to_a_request(kind: str) -> None:
    """Except the answers to reads in `portal`, and what the requests in `partners` have in common."""
    for folder in READ.keys() - {"portal"}:
        for file in (GOLDEN / folder).glob(f"*.{kind}.json"):
            request = file.with_name(file.name.replace(f".{kind}.json", REQUEST))
            assert request.exists(), f"{file.relative_to(ROOT)} has no {request.name}: write it, or delete the answer"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (
            "tmf622/v5/52-mine",
            "has no 52-mine.command.json and no 52-mine.response.json: write them",
        ),
        ("tmf648/v5/01-quote", "is read by no test: put it into one of tmf620/v5, tmf620/v4"),
        ("partners/gamma-v5", "is read by no test"),
        ("portal/05-mine", "has no 05-mine.response.json"),
    ],
)
def test_a_request_alone_is_told_with_what_to_do(tmp_path: Path, place: str, told: str) -> None:
    alone = tmp_path / f"{place}{REQUEST}"
    alone.parent.mkdir(parents=True)
    alone.write_text("{}")
    assert told in lacking(alone, tmp_path)


def test_every_exception_is_still_there() -> None:
    assert [name for name in ALONE if not (GOLDEN / name).exists()] == []
