"""Regular expressions of partners: what is taken finds the same everywhere, what differs is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.persistence.sqlite_functions import matches
from facade.contract.violations import ContractViolation
from facade.tmf.query.regex import portable

TEXTS = [
    "",
    "a",
    "ab",
    "A",
    "aab",
    "a.b",
    "a\nb",
    "x-y",
    "é",
    "𐐷",
    "1",
    "a b",
    "^a$",
    "a]b",
    "\\",
    "C++",
    "_",
    "aaaaaa",
    "-",
    "Ann",
]


@pytest.mark.parametrize(
    "pattern",
    [
        "a", "^a", "b$", "^a$", "a.b", "a|b", "^(a|ab)$", "(?:a)+b", "[a-c]", "[^a-c]", "[-a]", "[a-]", "\\.",
        "\\d", "\\w", "\\s",
        "\\D", "\\W", "\\S", "[\\d_]", "[\\]\\\\]", "a{2}", "a{2,}", "^a{1,3}$", "a*?b", "a+?", "C\\+\\+", "é|𐐷",
        "[^\\s]$", "\\^a\\$",
        "^$", "[.]", "[$^]", "(a|b)*c?$", "x-y", "[\\-]", "\\\\", "\\n", "^.$", "]", "}", "[é-𐐷]",
    ],
)  # fmt: skip
def test_what_is_taken_finds_what_python_finds(pattern: str) -> None:
    try:
        ours = portable("q", pattern)
    except ContractViolation:
        assert pattern in ("]", "}")
        return
    for text in TEXTS:
        expected = re.search(
            pattern.replace("$", r"\Z") if pattern.endswith("$") else pattern, text, re.ASCII | re.DOTALL
        )
        if pattern in ("\\^a\\$", "[$^]"):
            expected = re.search(pattern, text)
        assert matches(ours, text) == (expected is not None), (pattern, text)


@pytest.mark.parametrize("pattern", ["aNn", "[a-n]{3}", "[^b-z]nn", "[xA]nn"])
def test_case_is_ignored_where_that_is_asked_for(pattern: str) -> None:
    ours = portable("q", f"(?i){pattern}")
    assert ours == portable("q", pattern, folded=True)
    for text in ("Ann", "ANN", "ann", "BNN", "xNN"):
        assert matches(ours, text) == (re.search(pattern, text, re.IGNORECASE) is not None), text


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a)\\1", "\\1 is not taken"),
        ("(?=a)", "lookarounds"),
        ("(?P<n>a)", "named groups"),
        ("\\bx", "\\b is not taken"),
        ("a**", "one count follows another"),
        ("a++", "one count follows another"),
        ("(a", "a group is not closed"),
        ("a)", "a group is closed that was not opened"),
        ("[a", "a class is not closed"),
        ("[]", "a class is empty"),
        ("[z-a]", "runs backwards"),
        ("[[:alpha:]]", "[ inside a class"),
        ("a||b", "an alternative is empty"),
        ("", "an alternative is empty"),
        ("()", "an alternative is empty"),
        ("a$b", "$ stands before"),
        ("*a", "* stands where it means nothing"),
        ("a{2,1}", "a count runs up to"),
        ("a{101}", "a count runs up to"),
        ("a{,5}", "a count is written"),
        ("((a{100}){100}){100}", "larger than"),
        ("(" * 12 + "a" + ")" * 12, "nested deeper"),
        ("\\", "is not taken"),
        ("\\p{L}", "is not taken"),
        ("x" * 201, "at most 200 characters"),
    ],
)
def test_what_engines_treat_differently_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ContractViolation) as raised:
        portable("state", pattern)
    [violation] = raised.value.violations
    assert violation.pointer == "/state"
    assert reason in violation.message


@given(st.text(st.sampled_from("ab.*+?{}[]()|^$\\-,12:i\nd"), max_size=25))
def test_any_text_is_refused_or_runs_in_the_engine(pattern: str) -> None:
    try:
        ours = portable("q", pattern)
    except ContractViolation:
        return
    for text in ("", "ab", "a1-b", "x" * 50):
        matches(ours, text)


def test_a_catastrophic_expression_ends_at_once() -> None:
    assert not matches(portable("q", "(a+)+b$"), "a" * 100_000)
