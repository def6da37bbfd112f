"""Golden orders of TMF622, v5 and v4: the command that each becomes, and how it is answered in every state."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pytest

from canonical.ordering.states import State
from canonical.shared import jsontext
from facade.app import contract_of
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.versions import Version
from facade.tmf.tmf622.api import PRODUCT_ORDER, TMF622
from facade.tmf.tmf622.product_order import from_order
from tests.support.golden import name_of, requests, require_as_agreed
from tests.support.product import ROOT
from tests.support.specs import mistakes
from tests.unit.tmf622.payloads import carried_by, ordered
from tests.unit.tmf622.versions import V4, V5, translated

FOLDER = ROOT / "fixtures" / "golden" / "tmf622"
VERSIONS = {"v5": V5, "v4": V4}
SHOWN = (State.ACKNOWLEDGED, State.FULFILLING, State.COMPLETED, State.FAILED)
"""The states whose answers the golden files hold."""
EACH = pytest.mark.parametrize("request_file", requests(FOLDER), ids=name_of)


def version_of(file: Path) -> Version:
    return VERSIONS[file.parent.name]


def sent(file: Path) -> Any:
    return json.loads(file.read_text())


@EACH
def test_a_golden_request_is_valid(request_file: Path) -> None:
    version = version_of(request_file).name
    operation = PRODUCT_ORDER.operation(Verb.CREATE, version)
    assert mistakes(contract_of(TMF622.versions[version].spec), operation, sent(request_file)) == []


@EACH
def test_a_golden_request_becomes_its_command(request_file: Path) -> None:
    command = translated(version_of(request_file), sent(request_file)).command
    require_as_agreed(request_file, orjson.loads(orjson.dumps(asdict(command))), "command")


@EACH
def test_a_golden_request_is_answered_as_written_in_every_state(request_file: Path) -> None:
    version = version_of(request_file)
    translation = translated(version, sent(request_file))
    answers = {}
    for state in SHOWN:
        document = from_order(ordered(translation, state), carried_by(translation))
        answers[state.value] = version.as_shown(jsontext.read_kept(jsontext.text(document)))
    require_as_agreed(request_file, answers)


def test_both_versions_have_the_same_golden_requests() -> None:
    v5, v4 = ({file.name for file in requests(FOLDER / version)} for version in VERSIONS)
    assert {"50-every-kind-of-attribute.request.json", "51-the-least-that-is-needed.request.json"} <= v5 & v4
