"""The ids and words of a partner: tables and templates, both ways."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.contract.loading import load_spec
from facade.partners.dictionaries import Dictionary, dictionary
from facade.partners.faults import ProfileFault
from facade.partners.words import NO_WORDS, PartnerWords, partner_words
from facade.tmf.domains import ID_DOMAINS, OURS, WORD_DOMAINS, Domain
from facade.tmf.tmf620.items import STATES as LIFECYCLE
from tests.support.specs import SPECS


def offerings(**said: Any) -> Dictionary:
    return dictionary(Domain.OFFERINGS, said, "/ids/offerings")


def test_a_table_is_read_both_ways() -> None:
    known = offerings(table={"A-1": "po_one", "A-2": "po_two"})
    assert [known.inward(theirs) for theirs in ("A-1", "A-2")] == ["po_one", "po_two"]
    assert [known.outward(ours) for ours in ("po_one", "po_two")] == ["A-1", "A-2"]


def test_the_partner_does_not_name_ours_unless_unknown_ids_are_carried() -> None:
    table = {"A-1": "po_one"}
    assert [offerings(table=table).inward(theirs) for theirs in ("po_one", "po_two", "B")] == [None, None, None]
    carrying = offerings(table=table, unknown="carry")
    assert [carrying.inward(theirs) for theirs in ("po_one", "po_two", "A-1")] == ["po_one", "po_two", "po_one"]


def test_what_has_no_word_is_shown_as_it_is_and_found_so() -> None:
    known = offerings(table={"A-1": "po_one"})
    assert known.outward("po_two") == "po_two"
    assert [known.sought(theirs) for theirs in ("A-1", "po_two", "po_one")] == ["po_one", "po_two", None]


def test_a_template_is_ours_between_two_texts() -> None:
    known = dictionary(Domain.CUSTOMERS, {"template": "CUST-{id}/x"}, "/ids/customers")
    assert known.inward("CUST-C1/x") == "C1"
    assert known.outward("C1") == "CUST-C1/x"
    assert [known.inward(theirs) for theirs in ("C1", "CUST-/x", "CUST-C1", "cust-C1/x")] == [None] * 4


def test_a_table_comes_before_the_template() -> None:
    known = dictionary(Domain.CUSTOMERS, {"template": "CUST-{id}", "table": {"VIP": "C9"}}, "/ids/customers")
    assert [known.inward(theirs) for theirs in ("VIP", "CUST-C1", "CUST-C9")] == ["C9", "C1", None]
    assert [known.outward(ours) for ours in ("C9", "C1")] == ["VIP", "CUST-C1"]


def test_ids_may_trade_places() -> None:
    known = dictionary(Domain.CUSTOMERS, {"template": "N{id}", "table": {"N1": "2", "N2": "1"}}, "/ids/customers")
    assert [known.inward(theirs) for theirs in ("N1", "N2", "N3")] == ["2", "1", "3"]
    assert [known.outward(ours) for ours in ("2", "1", "3")] == ["N1", "N2", "N3"]


def test_of_several_words_for_one_of_ours_the_preferred_one_is_shown() -> None:
    known = offerings(table={"A-1": "po_one", "OLD-1": "po_one"}, preferred=["A-1"])
    assert [known.inward(theirs) for theirs in ("A-1", "OLD-1")] == ["po_one", "po_one"]
    assert known.outward("po_one") == "A-1"


@pytest.mark.parametrize(
    ("section", "domain", "said", "pointer", "told"),
    [
        ("ids", "offerings", {"table": {"A": "x", "B": "x"}}, "/ids/offerings/table/B", "preferred"),
        ("ids", "offerings", {"table": {"A": "x"}, "preferred": ["B"]}, "/ids/offerings/preferred/0", "allowed: A"),
        (
            "ids",
            "offerings",
            {"table": {"A": "x", "B": "x"}, "preferred": ["A", "B"]},
            "/ids/offerings/preferred",
            "both",
        ),
        ("ids", "offerings", {"table": {}}, "/ids/offerings", "table, template"),
        ("ids", "offerings", {"table": {"A/B ": "x"}}, "/ids/offerings/table/A~1B ", "blanks"),
        ("ids", "offerings", {"table": {"A": "x\n"}}, "/ids/offerings/table/A", "not printed"),
        ("ids", "customers", {"template": "CUST"}, "/ids/customers/template", "{id} once"),
        ("ids", "customers", {"template": "{id}-{id}"}, "/ids/customers/template", "{id} once"),
        ("ids", "customers", {"template": "{id!r}"}, "/ids/customers/template", "{id} once"),
        ("ids", "customers", {"template": "{0.__class__}{id}"}, "/ids/customers/template", "no other braces"),
        ("ids", "customers", {"template": "{id}"}, "/ids/customers/template", "text beside"),
        ("ids", "customers", {"template": "N{id}", "table": {"N1": "2"}}, "/ids/customers/table/N1", "by the template"),
        ("words", "states", {"table": {"Done": "finished"}}, "/words/states/table/Done", "acknowledged"),
        ("words", "states", {"table": {"held": "completed"}}, "/words/states/table/held", "another word"),
    ],
)
def test_what_is_no_dictionary_is_told_with_its_place(
    section: str, domain: str, said: dict[str, Any], pointer: str, told: str
) -> None:
    with pytest.raises(ProfileFault) as refused:
        partner_words({section: {domain: said}})
    assert refused.value.pointer == pointer
    assert told in str(refused.value)


def test_words_may_contradict_ours() -> None:
    table = {"held": "completed", "completed": "held"}
    known = partner_words({"words": {"states": {"table": table}}}).dictionaries[Domain.ORDER_STATES]
    assert (known.inward("held"), known.outward("held")) == ("completed", "completed")


def test_the_hash_is_that_of_the_contents() -> None:
    def words(said: dict[str, Any]) -> PartnerWords:
        return partner_words({"ids": {"customers": said}})

    assert (NO_WORDS.hash, partner_words({}).hash) == ("", "")
    assert words({"template": "A{id}"}).hash == words({"template": "A{id}", "unknown": "refuse"}).hash
    hashes = {words(said).hash for said in ({"template": "A{id}"}, {"template": "B{id}"}, {"table": {"A": "B"}})}
    assert len(hashes) == 3


IDS = st.text("abAB-1", min_size=1, max_size=5)


@given(st.dictionaries(IDS, IDS, max_size=8), st.sampled_from([None, "a{id}", "{id}b", "A-{id}-B"]), IDS)
def test_what_is_mapped_in_comes_out_as_it_was_sent(table: dict[str, str], template: str | None, word: str) -> None:
    said: dict[str, Any] = {"table": table} | ({} if template is None else {"template": template})
    try:
        known = dictionary(Domain.CUSTOMERS, said, "")
    except ProfileFault:
        return
    for theirs in (word, *table):
        ours = known.inward(theirs)
        assert ours is None or known.outward(ours) == theirs
    if template is not None:
        assert known.inward(known.outward(word)) == word


@pytest.mark.parametrize("domain", [*ID_DOMAINS, *WORD_DOMAINS])
def test_every_dictionary_is_in_the_documents(domain: Domain) -> None:
    section = "ids" if domain in ID_DOMAINS else "words"
    assert f"| `{section}.{domain.value}` |" in (SPECS.parent / "docs" / "operators.md").read_text()


PUBLISHED = {
    Domain.ORDER_STATES: ("tmf622", "ProductOrderStateType"),
    Domain.CANCELLATION_STATES: ("tmf622", "TaskStateType"),
    Domain.PRODUCT_STATUSES: ("tmf637", "ProductStatusType"),
    Domain.ACTIONS: ("tmf622", "ItemActionType"),
}


@pytest.mark.parametrize("domain", PUBLISHED)
def test_our_words_are_the_published_ones(domain: Domain) -> None:
    api, schema = PUBLISHED[domain]
    published = load_spec(SPECS / "tmf" / f"{api}-v5.yaml")["components"]["schemas"][schema]["enum"]
    assert sorted(OURS[domain]) == sorted({word.strip() for word in published})


def test_the_statuses_of_the_catalog_are_those_that_it_shows() -> None:
    assert OURS[Domain.LIFECYCLE_STATUSES] == tuple(LIFECYCLE.values())
