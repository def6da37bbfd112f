"""The documents against the code: what a user can meet is in them, and what they point to exists."""

import re
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.backends.agreement import Free
from adapters.backends.agreements import AGREEMENTS
from canonical.ordering.cancellation import CancellationState
from canonical.ordering.states import State, Trigger, allowed_actions
from canonical.shared.errors import every_error
from facade.bootstrap import serving
from facade.bootstrap.answers import answer_to
from facade.bootstrap.declared import TMF_APIS
from facade.contract.violations import Code
from facade.demo.welcome import AS_PARTNER, AS_PORTAL, PURPOSES
from facade.security.clients import DEVELOPMENT_CLIENTS, SCOPES
from facade.security.errors import KeysUnavailable, ScopeMissing, TokenRefused
from facade.settings import BackendOptions, Settings
from facade.tmf.tmf622.cancel_product_order import STATES as TASK_STATES
from facade.tmf.tmf622.product_order import STATES
from facade.web import errors, request_guard, unreadable
from tests.support.agreements import every_field

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
NORTHBOUND = [
    ROOT / "specs" / name
    for name in dict.fromkeys(
        (
            *(served.spec for api in TMF_APIS for served in api.versions.values()),
            *re.findall(r'"([\w/.-]+\.yaml)"', Path(serving.__file__).read_text()),
        )
    )
]
"""The contracts that are served: those of the declared APIs, and those that the composition root names."""
FRAMEWORK = {"BAD_REQUEST": 400, "METHOD_NOT_ALLOWED": 405, "UNSUPPORTED_MEDIA_TYPE": 415}


def table(page: str) -> dict[str, list[str]]:
    """The rows of a page's tables by the code in their first cell; the first table that has it counts."""
    rows: dict[str, list[str]] = {}
    for line in (DOCS / page).read_text().splitlines():
        if line.startswith("| `"):
            first, *rest = (cell.strip().strip("`") for cell in line.strip("|").split("|"))
            rows.setdefault(first, rest)
    return rows


def answered_codes() -> Iterator[tuple[str, int]]:
    for kind in every_error():
        yield kind.code, answer_to(kind("x")).status
    for module in (errors, request_guard, unreadable):
        for status, code in re.findall(r'Answer\(\s*(\d{3}),\s*"([A-Z_]+)"', Path(str(module.__file__)).read_text()):
            yield code, int(status)
    yield from ((TokenRefused.code, 401), (ScopeMissing.code, 403), (KeysUnavailable.code, 503))
    yield from FRAMEWORK.items()


@pytest.mark.parametrize(("code", "status"), sorted(set(answered_codes())))
def test_every_error_code_is_explained_with_its_status(code: str, status: int) -> None:
    explained = table("errors.md")
    assert code in explained, f"{code} is missing in docs/errors.md"
    assert explained[code][0] == str(status)


@pytest.mark.parametrize("code", Code)
def test_every_code_of_a_single_mistake_is_named(code: Code) -> None:
    assert f"`{code}`" in (DOCS / "errors.md").read_text()


@pytest.mark.parametrize("row", AGREEMENTS)
def test_what_each_answer_of_a_backend_has_to_agree_in_is_listed(row: str) -> None:
    checked: dict[str, None] = {}
    free: dict[str, None] = {}
    for place, kind in every_field(AGREEMENTS[row]):
        (free if isinstance(kind, Free) else checked)[place.removeprefix("/*").split("/")[1]] = None
    shown = [", ".join(f"`{name}`" for name in names) for names in (checked, free)]
    assert f"| `{row}` | {' | '.join(shown)} |" in (DOCS / "backends.md").read_text()


SETTINGS = [setting for kind in (Settings, BackendOptions) for setting in fields(kind) if setting.metadata]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_listed_with_its_default(setting: "Field[Any]") -> None:
    variable, default = setting.metadata["variable"], setting.default
    listed = table("operators.md")
    assert variable in listed, f"{variable} is missing in docs/operators.md"
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    assert listed[variable][0] == shown


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_is_listed(scope: str) -> None:
    assert scope in table("operators.md")


@pytest.mark.parametrize("spec", NORTHBOUND, ids=lambda path: path.stem)
def test_every_address_is_in_the_documents(spec: Path) -> None:
    contract = yaml.safe_load(spec.read_text())
    base = contract["servers"][0]["url"].rstrip("/")
    for path, operations in contract["paths"].items():
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}:
            assert f"`{method.upper()} {base}{path}`" in TEXT or _is_of_the_catalog(method.upper(), path), path


def _is_of_the_catalog(method: str, path: str) -> bool:
    """Whether docs/catalog.md, which tells of all addresses of the catalog alike, has the address and the method."""
    page, (_, collection, *rest) = (DOCS / "catalog.md").read_text(), path.split("/")
    if f"`/{collection}`" not in page:
        return False
    below = "/".join(rest[1:])
    return f"`{method} {'/'.join(['/{address}', *rest])}`" in page or f"`{method} /{below}" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_decision_is_in_the_index() -> None:
    records = {path.name for path in (DOCS / "decisions").glob("0*.md")}
    index = (DOCS / "decisions" / "README.md").read_text()
    assert records == set(re.findall(r"\((0[^)]+)\)", index))


def test_every_number_of_a_decision_is_used_or_explained() -> None:
    rows = re.findall(r"^\| (?:\[(\d{4})\]|(\d{4}) )", (DOCS / "decisions" / "README.md").read_text(), re.MULTILINE)
    assert [int(with_page or without) for with_page, without in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("contract", sorted((ROOT / "specs" / "tmf").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_official_file_is_listed_with_version_and_checksum(contract: Path) -> None:
    made_from = re.match(r"# Made by `tmf-facade contract prepare` from (\S+)", contract.read_text())
    assert made_from
    listed = re.search(
        rf"^\| `{re.escape(made_from[1])}` \| ([\d.]+) \| `[0-9a-f]{{64}}` \|$",
        (ROOT / "CONTRIBUTING.md").read_text(),
        re.MULTILINE,
    )
    assert listed
    assert listed[1] in made_from[1]


def test_every_development_client_has_its_purpose() -> None:
    assert PURPOSES.keys() == DEVELOPMENT_CLIENTS.keys()


@pytest.mark.parametrize(
    ("page", "client"), [("README.md", "portal"), ("docs/portal.md", "portal"), ("docs/partners.md", "partner-acme")]
)
def test_a_page_gets_its_token_as_the_launcher_says(page: str, client: str) -> None:
    commands = f"{AS_PARTNER}\n{AS_PORTAL}".strip().replace("URL", "http://127.0.0.1:8080").split("\n\n")
    token = next(command for command in commands if f" -u {client}:" in command)
    assert token in (ROOT / page).read_text()


COMMANDS = (
    *("run", "serve", "work", "simulate", "demo", "token", "db upgrade", "catalog load", "catalog check"),
    *("contract prepare", "replay", "partners doc", "partners openapi", "partners forget", "republish"),
    *("listeners list", "listeners end"),
    *(f"warehouse {name}" for name in ("run", "rebuild", "query", "report")),
    *(f"operations {name}" for name in ("list", "show", "retry", "skip", "compensate")),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_listed(command: str) -> None:
    assert re.search(rf"`{command}[ `]", (DOCS / "operators.md").read_text())


DECISIONS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (DOCS / "cancellation.md").read_text().partition("## What is on record")[0].splitlines()
    if line.startswith("| `")
]
"""The rows on cancelling: state, moment, answer, what happens, what is undone, and what the two APIs show."""


def test_the_decisions_on_cancelling_cover_every_state() -> None:
    assert {row[0] for row in DECISIONS} == {f"`{state}`" for state in State}
    assert all(len(row) == 7 for row in DECISIONS)


@pytest.mark.parametrize("row", DECISIONS, ids=lambda row: f"{row[0]} {row[1]}")
def test_a_decision_on_cancelling_is_that_of_the_code(row: list[str]) -> None:
    state, _, answer, *_, canonical, tmf = row
    taken = Trigger.CANCEL in allowed_actions(State(state.strip("`")))
    assert answer == ("202" if taken else "409")
    shown = [State(name) for name in re.findall(r"`(\w+)`", canonical)]
    assert shown
    assert re.findall(r"`(\w+)`", tmf) == [STATES[shown_state] for shown_state in shown]
    if not taken:
        assert shown == [State(state.strip("`"))], "a refusal changes nothing"


def test_every_state_of_a_cancellation_is_explained() -> None:
    explained = table("cancellation.md")
    assert {state: explained[state][0] for state in CancellationState} == dict(TASK_STATES)
