"""A mistake in a file of a profile is told with its line."""

from pathlib import Path

import pytest
import yaml

from facade.partners.faults import ProfileFault
from facade.partners.files import ProfileError, located, read_profiles
from facade.partners.profiles import faults_of

PROFILE = """\
# what is agreed
validation: before

customers:
  list:
    - C1
    - C2
words: {actions: {table: {neu: add,
  alt: delete}}}
errors:
  a/b: {code: x}
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/validation", 2),
        ("/customers/list/1", 7),
        ("/customers/list/9", 5),
        ("/words/actions/table/alt", 9),
        ("/words/states", 8),
        ("/errors/a~1b/code", 11),
        ("/nowhere", 1),
    ],
)
def test_the_line_is_that_of_the_innermost_place_that_is_there(tmp_path: Path, pointer: str, line: int) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(PROFILE)
    assert located(file, ProfileFault(pointer, "wrong")) == f"{file}:{line}: {pointer}: wrong"


@pytest.mark.parametrize("text", ["", "[]", "7"])
def test_a_file_that_holds_no_profile_has_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(text)
    assert located(file, ProfileFault("/a/0", "wrong")) == f"{file}:1: /a/0: wrong"


def test_a_folder_that_cannot_be_used_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("description: x\nvalidation: sometimes\n")
    with pytest.raises(ProfileError, match=r"shop\.yaml:2: /validation"):
        read_profiles(tmp_path)


def test_every_mistake_of_the_form_is_told_with_the_line_of_its_key_and_a_near_name(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "# terms\nvalidaton: before\nexternalIds:\n  system: [a]\n  zebra: 1\nvalidation: never\n"
        "orderRules:\n  PRODUCT_NOT_FOND: keep\n"
    )
    faults = [located(file, one) for one in faults_of(yaml.safe_load(file.read_text()))]
    found = sorted((one.removeprefix(f"{file}:").split("; allowed")[0] for one in faults), key=str)
    assert found == [
        "2: : the key validaton is not known: did you mean validation?",
        "4: /externalIds: the key system is not known: did you mean systems?",
        "5: /externalIds: the key zebra is not known",
        '6: /validation: "never" is not one of "before" or "after"',
        "8: /orderRules: the key PRODUCT_NOT_FOND is not known: did you mean PRODUCT_NOT_FOUND?",
    ]


def test_of_a_profile_in_good_form_the_first_mistake_is_told() -> None:
    assert faults_of({"description": "x"}) == []
    assert [one.pointer for one in faults_of({"partyRoles": {"a": "Kundin", "b": "Kundin"}})] == ["/partyRoles/a"]
