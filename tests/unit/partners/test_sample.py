"""The sample profile: people copy from it, so it has every key, explained and used."""

import re
from typing import Any

import pytest

from facade.bootstrap.handouts import agreed_with, handout
from facade.partners import profiles
from facade.settings import Settings
from tests.support.specs import SPECS

FOLDER = SPECS.parent / "fixtures" / "partner-samples"
CLIENT = "partner-acme"
TEXT = (FOLDER / f"{CLIENT}.yaml").read_text()
AGREED = agreed_with(Settings(), CLIENT, FOLDER)
FORM: Any = profiles._FORM
KEYS: dict[str, Any] = FORM["properties"]
WHOLE = ("enrichment", "externalIds", "extensions", "hub", "ids", "limits", "market", "recording", "words")
"""Keys that the sample has with all that they can say."""


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_used_and_explained(key: str) -> None:
    assert key in AGREED.document, f"add {key} to the sample, with a comment"
    above, _, _ = TEXT.partition(f"\n{key}:")
    assert re.search(r"\n#[^\n]*(\n[^\n#][^\n]*)*$", above) or key == "description", f"{key} has no comment"


@pytest.mark.parametrize("key", WHOLE)
def test_it_says_all_that_a_key_can_say(key: str) -> None:
    assert set(AGREED.document[key]) == set(KEYS[key]["properties"])


def test_each_kind_of_row_of_a_dictionary_is_there() -> None:
    used = {name for section in ("ids", "words") for one in AGREED.document[section].values() for name in one}
    assert used == {"table", "template", "preferred", "unknown"}


def test_its_examples_are_understood_as_their_titles_say() -> None:
    accepted = {example.title: example.answer["accepted"] for example in handout(AGREED).examples}
    assert accepted == {"A new line": True, "A word that is not agreed": False}
    [_, refused] = handout(AGREED).examples
    assert [one["reason"] for one in refused.answer["errors"]] == ["ACME-1"]
