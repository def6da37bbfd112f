"""What is agreed with a partner, as a page for its people."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.bootstrap.handouts import Agreed, UnknownContract, handout
from facade.partners import profiles
from facade.partners.faults import ProfileFault
from facade.partners.handout import SECTIONS, WRITTEN_APART
from facade.partners.markdown import block, code, indented_json, page, plain, table
from facade.partners.profiles import compile_profile

EVIL = "<script>alert(1)</script> | `x` [a](javascript:x) ![b](//c) *d* & \\|"
ORDER = {
    "relatedParty": [{"role": "Endkunde", "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "KD-C1"}}],
    "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "po_broadband_1g"}}],
}
EXAMPLE = {"title": "A new line", "api": "TMF622", "version": "v5", "operation": "createProductOrder", "payload": ORDER}


def told(**said: Any) -> str:
    return handout(Agreed("shop", said, compile_profile(said, "shop@7"))).markdown()


class Seen(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_names_the_partner_the_version_and_the_words_both_ways() -> None:
    written = told(
        description="Sells to consumers.",
        words={"actions": {"table": {"neu": "add"}, "unknown": "carry"}},
        ids={"customers": {"template": "KD-{id}"}},
        limits={"requestsPerSecond": 2, "burst": 5},
        hub={"eventTypes": {"TMF622": ["ProductOrderStateChangeEvent"]}},
        validation="after",
        billingAccounts=["BA-1"],
    )
    for line in (
        "# What is agreed with shop",
        "Profile version: `shop@7`",
        "Sells to consumers.",
        "| `neu` | `add` |",
        "Anything else is read as ours.",
        "| `KD-{id}` | `{id}` |",
        "| `burst` | `5` |",
        "| `eventTypes` | `TMF622: ProductOrderStateChangeEvent` |",
        "An order that breaks a rule is acknowledged, and then rejected.",
        "- `BA-1`",
    ):
        assert line in written.splitlines(), line


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"nulls": "refuse"}, "It is refused at an attribute that cannot be null."),
        ({"prices": "carry"}, "Prices that you state are kept, and compared with nothing."),
        ({"lateChanges": ["agreement"]}, "- `agreement`"),
        ({"enrichment": {"billingAccounts": {"C1": "BA1"}}}, "| `billingAccounts` | `C1: BA1` |"),
        ({"enrichment": {"currency": "EUR"}}, "| `currency` | `EUR` |"),
    ],
)
def test_policies_are_told_in_words(said: dict[str, Any], line: str) -> None:
    assert line in told(**said).splitlines()


@pytest.mark.parametrize("key", ["validation", "nulls", "prices"])
def test_every_value_that_stands_alone_has_a_sentence(key: str) -> None:
    form: Any = profiles._FORM
    assert all("## Other terms" not in told(**{key: value}) for value in form["properties"][key]["enum"])


def test_only_the_versions_that_the_partner_may_use_are_there() -> None:
    written = told(versions={"TMF622": {"v5": {}, "v4": {"deprecatedSince": "2026-01-01", "sunset": "2027-06-30"}}})
    assert "| TMF622 | v4 | `/tmf-api/productOrderingManagement/v4` | 2026-01-01 | 2027-06-30 |" in written
    assert "| TMF637 | v4 |" in written
    assert "| TMF622 | v4 |" not in told(versions={"TMF622": {"v5": {}}})


def test_errors_are_there_in_each_language() -> None:
    error = {"code": "E-1", "message": "Konflikt: {message}", "messages": {"fr": "Conflit"}}
    row = "| `E-1` | `CONFLICT` |  | fr: Conflit; de: Konflikt: {message} |"
    assert row in told(errors={"language": "de", "CONFLICT": error})


def test_examples_are_run_through_the_mapper() -> None:
    said = {"ids": {"customers": {"template": "KD-{id}"}}, "words": {"roles": {"table": {"Endkunde": "Customer"}}}}
    wrong = EXAMPLE | {"title": "Without a customer", "payload": {"productOrderItem": []}}
    written = told(**said, examples=[EXAMPLE, wrong])
    fine, refused = written.partition("## Examples")[2].split("### ")[1:]
    sent, understood = (json.loads(one) for one in re.findall(r"```json\n(.*?)\n```", fine, re.DOTALL))
    assert (sent, understood["customer_id"]) == (ORDER, "C1")
    assert "It is refused:" in refused
    assert "Without a customer" in refused


def test_an_example_keeps_what_is_agreed() -> None:
    with pytest.raises(ProfileFault, match="not agreed") as refused:
        compile_profile({"versions": {"TMF622": {"v4": {}}}, "examples": [EXAMPLE]})
    assert refused.value.pointer == "/examples/0/version"
    with pytest.raises(ProfileFault) as refused:
        compile_profile({"examples": [EXAMPLE | {"operation": "deleteEverything"}]})
    assert refused.value.pointer == "/examples/0/operation"
    with pytest.raises(UnknownContract, match="createNothing cannot be tried"):
        told(examples=[EXAMPLE | {"operation": "createNothing"}])


def test_an_example_of_a_client_with_a_claim_may_name_any_customer() -> None:
    assert "We understand:" in told(customers={"claim": "x"}, partyRoles={"Endkunde": "Customer"}, examples=[EXAMPLE])
    bound = told(customers={"list": ["C1"]}, partyRoles={"Endkunde": "Customer"}, examples=[EXAMPLE])
    assert "CUSTOMER_NOT_FOUND" in bound


def test_what_has_no_section_is_shown_as_it_is() -> None:
    compiled = compile_profile({}, "shop@7")
    written = handout(Agreed("shop", {"validation": "after", "promises": {"a": [1]}}, compiled)).markdown()
    assert "## Other terms\n\n```yaml\npromises:\n  a:\n  - 1\n```" in written
    assert not SECTIONS.keys() & WRITTEN_APART


def test_a_page_is_self_contained_and_what_a_profile_holds_is_text() -> None:
    said: dict[str, Any] = {
        "description": EVIL,
        "ids": {"offerings": {"table": {EVIL: "po"}}},
        "partyRoles": {EVIL: "Customer"},
        "errors": {"CONFLICT": {"code": EVIL, "reason": EVIL, "messages": {"de": EVIL}}},
        "examples": [EXAMPLE | {"title": EVIL, "payload": {"description": f"```\n{EVIL}"}}],
    }
    written = page(handout(Agreed(EVIL, said, compile_profile(said, EVIL))).markdown(), EVIL)
    seen = Seen(written)
    allowed = "html head meta title style body h1 h2 h3 p table thead tbody tr th td code pre ul li"
    assert set(seen.tags) <= set(allowed.split())
    assert seen.attributes <= {"lang", "charset", "http-equiv", "content", "class"}
    assert seen.text.count("<script>alert(1)</script>") >= 9
    assert "http://" not in written


@given(st.text(max_size=30))
def test_any_text_stays_in_its_cell_and_is_shown(text: str) -> None:
    written = page("\n".join(table(("a", "b"), [[code(text), plain(text)]])), "x")
    seen = Seen(written.partition("<body>")[2])
    assert [tag for tag in seen.tags if tag in ("th", "td")] == ["th", "th", "td", "td"]
    assert set(seen.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@given(st.text(max_size=40), st.text("`~ \n", max_size=20))
def test_any_text_stays_in_its_block(before: str, after: str) -> None:
    seen = Seen(page("\n".join(block(before + after)), "x").partition("<body>")[2])
    assert seen.tags == ["pre", "code"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=10,
    )
)
def test_indented_json_is_the_same_json(value: Any) -> None:
    assert json.loads(indented_json(value)) == value
