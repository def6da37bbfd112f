"""Payloads are translated again by the command, and what changed is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from canonical.shared import jsontext
from facade.application.requests import Translation
from facade.bootstrap import replaying
from facade.cli import main
from facade.partners.profiles import Profiles
from facade.replay.recordings import Recorded, read_recordings
from facade.security.principal import Principal
from facade.tmf.engine.translator import ResourceTranslator
from tests.support.golden import requests
from tests.support.product import ROOT

GOLDEN = ROOT / "fixtures" / "golden" / "tmf622"
ORDERS = "TMF622 v5 createProductOrder"
PAYLOADS = len(requests(GOLDEN / "v5"))


def command(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "orders.jsonl"
    done = command(
        "--as", ORDERS, "--client", "partner-acme", "--write", path, *sorted((GOLDEN / "v5").glob("*.request.json"))
    )
    assert (done.exit_code, done.output) == (0, f"{PAYLOADS} payloads: 0 compared, 0 differ\n")
    return path


def test_the_golden_commands_are_recorded(recording: Path) -> None:
    lines = {one.name.partition(".")[0]: one for one in read_recordings([recording], None, "")}
    for file in (GOLDEN / "v5").glob("*.command.json"):
        outcome = lines[file.name.partition(".")[0]].outcome
        assert outcome is not None
        golden: dict[str, Any] = jsontext.read(file.read_bytes())
        assert outcome["accepted"]
        assert outcome["command"] == {name: golden[name] for name in outcome["command"]}


def test_nothing_differs_from_what_was_recorded(recording: Path) -> None:
    done = command(recording)
    assert (done.exit_code, done.output) == (0, f"{PAYLOADS} payloads: {PAYLOADS} compared, 0 differ\n")


def test_another_profile_shows_what_it_would_change(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "partner-acme.yaml").write_text("orderRules: {PRICE_DIFFERS: keep}\n")
    done = command("--profiles", tmp_path, recording)
    assert done.exit_code == 2, done.output
    assert done.output.splitlines() == [
        f"{ORDERS} /command/tolerated/*: {PAYLOADS} payloads differ",
        '  first 01-happy-path.request.json: nothing became "PRICE_DIFFERS"',
        f"{PAYLOADS} payloads: {PAYLOADS} compared, {PAYLOADS} differ",
    ]


def test_without_a_recorded_outcome_two_profiles_are_compared(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("customers: {list: [C99999]}\n")
    payload = GOLDEN / "v5" / "01-happy-path.request.json"
    done = command("--as", ORDERS, "--client", "acme", "--profiles", tmp_path, payload)
    assert done.exit_code == 2, done.output
    assert "/accepted: 1 payloads differ" in done.output
    assert "true became false" in done.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"api":"TMF999","version":"v5","operation":"x","client":"acme","payload":{}}', "TMF999 v5 x cannot be tried"),
        ("not JSON", "line 1: "),
    ],
)
def test_what_cannot_be_replayed_is_an_error(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "orders.jsonl").write_text(content)
    done = command(tmp_path / "orders.jsonl")
    assert done.exit_code == 1
    assert told in done.output


def test_a_profile_that_cannot_be_used_is_an_error(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "partner-acme.yaml").write_text("nonsense: 1\n")
    done = command("--profiles", tmp_path, recording)
    assert done.exit_code == 1
    assert "nonsense" in done.output


# --- a mapper that changed --------------------------------------------------------------------------------------------

CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "quantity": (lambda line: replace(line, quantity=line.quantity + 1), "/command/lines/*/quantity"),
    "offering": (lambda line: replace(line, offering_id="po_other"), "/command/lines/*/offering_id"),
    "id": (lambda line: replace(line, id=f"{line.id}!"), "/command/lines/*/id"),
    "product": (lambda line: replace(line, product_id="P-1"), "/command/lines/*/product_id"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("changed", [frozenset({"order-3"}), frozenset({"order-0", "order-19"})])
def test_a_changed_mapper_is_found_where_it_acts_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, name: str, changed: frozenset[str]
) -> None:
    change, place = CHANGES[name]
    payload = jsontext.read((GOLDEN / "v5" / "51-the-least-that-is-needed.request.json").read_bytes())
    operation = ("TMF622", "v5", "createProductOrder")
    sent = [Recorded(f"order-{i}", operation, "acme", payload | {"description": f"order-{i}"}) for i in range(20)]
    lines: list[str] = []
    assert replaying.replay(sent, Profiles(), keep=lines.append).payloads == 20
    outcomes = [jsontext.read(line.encode())["outcome"] for line in lines]
    recorded = [replace(one, outcome=outcome) for one, outcome in zip(sent, outcomes, strict=True)]
    as_it_is = ResourceTranslator.translate

    def translate(self: Any, body: Any, principal: Principal, **more: Any) -> Translation:
        made = as_it_is(self, body, principal, **more)
        if body["description"] not in changed:
            return made
        return replace(made, command=replace(made.command, lines=tuple(map(change, made.command.lines))))

    monkeypatch.setattr(ResourceTranslator, "translate", translate)
    found = replaying.replay(recorded, Profiles())
    assert (found.payloads, found.compared, found.differing) == (20, 20, len(changed))
    assert [(group.place, group.payloads) for group in found.groups] == [(place, len(changed))]
    assert found.groups[0].first == min(changed, key=lambda one: int(one.removeprefix("order-")))
