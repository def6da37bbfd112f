"""Partner profiles, read from files."""

from pathlib import Path

import pytest

from canonical.ordering.commands import OrderRelationshipType
from canonical.ordering.external_ids import ExternalIdRules, Uniqueness
from facade.bootstrap.core import partner_profiles
from facade.partners.files import ProfileError, read_profiles
from facade.partners.profiles import DEFAULT, Profile, Profiles, Validation
from facade.settings import SettingError, Settings
from facade.tmf.switches import SWITCHES
from facade.tmf.vocabulary import STANDARD


def test_every_client_has_a_profile() -> None:
    own = Profile(Validation.AFTER_ACKNOWLEDGEMENT)
    profiles = Profiles({"acme": own})
    assert (profiles.of("acme"), profiles.of("anybody")) == (own, DEFAULT)
    assert Profile(Validation.BEFORE_ACKNOWLEDGEMENT, STANDARD) == DEFAULT


def test_profiles_are_named_by_their_clients(tmp_path: Path) -> None:
    (tmp_path / "acme.eu.yaml").write_text("validation: after\n")
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "README.md").write_text("no profile")
    profiles = read_profiles(tmp_path)
    assert profiles.by_client.keys() == {"acme.eu", "empty"}
    assert profiles.of("acme.eu").validation is Validation.AFTER_ACKNOWLEDGEMENT
    assert profiles.of("empty") == DEFAULT


def test_a_partners_own_words_stand_for_ours(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("partyRoles: {Endkunde: customer}\nrelationshipTypes: {auf: relies_on}\n")
    vocabulary = read_profiles(tmp_path).of("acme").vocabulary
    assert vocabulary.names_customer("ENDKUNDE")
    assert vocabulary.relationship("auf") is STANDARD.relationship("reliesOn")
    assert not STANDARD.names_customer("Endkunde")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("validation: sometimes", "validation"),
        ("validaton: after", "validaton"),
        ("partyRoles: [a]", "partyRoles"),
        ("partyRoles: {a: 7}", "partyRoles/a"),
        ("partyRoles: {Kunde: Kundin}", "Kundin"),
        ("relationshipTypes: {auf: drunter}", "drunter"),
        ("orderRelationshipTypes: {ersetzt: reliesOn}", "reliesOn"),
        ("externalIds: {systems: []}", "externalIds/systems"),
        ("externalIds: {uniqueness: sometimes}", "externalIds/uniqueness"),
        ("externalIds: {owners: [a]}", "owners"),
        ("orderRules: {UNKNOWN_OFFERING: keep}", "UNKNOWN_OFFERING"),
        ("catalogRules: {ROOT_WITH_PARENT: ignore}", "ROOT_WITH_PARENT"),
        ("validation: after\nvalidation: before", "'validation' is there twice"),
        ("customers: {list: [C1], list: ['*']}", "'list' is there twice"),
        ('description: "\\ud800"', "no Unicode"),
        ('billingAccounts: ["BA\\0"]', "NUL"),
        ('partyRoles: {"a\\\\\\0": Customer}', "NUL"),
        ("partyRoles: &roles {x: *roles}", "Recursion"),
        (f"description: [{'x' * 1000}]", "…"),
        ("? [a, b]\n: x", "cannot be read"),
        ("ids: {shops: {table: {A: B}}}", "shops"),
        ("ids: {offerings: {table: {A: 7}}}", "ids/offerings/table/A"),
        ("ids: {offerings: {table: {A: x, B: x}}}", "/ids/offerings/table/B"),
        ("words: {states: {template: 'N{id}'}}", "template"),
        ("words: {states: {table: {Done: finished}}}", "/words/states/table/Done"),
        ("- a list", "object"),
        ("{", "cannot be read"),
        ("!!python/object/apply:os.system [ls]", "cannot be read"),
    ],
)
def test_a_profile_that_cannot_be_used_is_told_with_its_file_and_why(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "acme.yaml").write_text(text)
    with pytest.raises(ProfileError, match=r"acme\.yaml") as refused:
        read_profiles(tmp_path)
    assert told in str(refused.value)
    with pytest.raises(SettingError, match="PARTNERS"):
        partner_profiles(Settings(partners=str(tmp_path)))


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="not a folder"):
        read_profiles(tmp_path / "nothing")


def test_the_profiles_that_are_shipped_are_used_unless_told_otherwise() -> None:
    conformance = partner_profiles(Settings()).of("conformance")
    assert conformance.validation is Validation.AFTER_ACKNOWLEDGEMENT
    assert sorted(conformance.tolerated) == sorted(code for codes in SWITCHES.values() for code in codes)


def test_only_rules_that_are_kept_are_tolerated(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("orderRules: {PRICE_DIFFERS: keep, RULE_BROKEN: refuse}\n")
    assert read_profiles(tmp_path).of("acme").tolerated == ("PRICE_DIFFERS",)


def test_words_for_relationships_between_orders_stand_for_ours(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("orderRelationshipTypes: {ersetzt: amends}\n")
    vocabulary = read_profiles(tmp_path).of("acme").vocabulary
    assert vocabulary.order_relationship("Ersetzt") is OrderRelationshipType.AMENDS_ORDER
    assert STANDARD.order_relationship("ersetzt") is None


def test_what_was_agreed_about_external_ids_is_read(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("externalIds: {systems: [acme, CRM], types: [PO], uniqueness: sameOrder}\n")
    (tmp_path / "some.yaml").write_text("externalIds: {types: [PO]}\n")
    profiles = read_profiles(tmp_path)
    assert profiles.of("acme").external_ids == ExternalIdRules(("acme", "CRM"), ("PO",), Uniqueness.SAME_ORDER)
    assert profiles.of("some").external_ids == ExternalIdRules((), ("PO",), Uniqueness.UNIQUE)
    assert profiles.of("nobody").external_ids == ExternalIdRules()


def test_a_reason_is_enough_for_a_rule_of_commitments_only(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("orderRules: {TERM_NOT_OVER: reason}\n")
    acme = read_profiles(tmp_path).of("acme")
    assert (acme.tolerated, acme.excusable) == ((), ("TERM_NOT_OVER",))
    (tmp_path / "acme.yaml").write_text("orderRules: {PRICE_DIFFERS: reason}\n")
    with pytest.raises(ProfileError, match="orderRules/PRICE_DIFFERS"):
        read_profiles(tmp_path)


def test_the_billing_accounts_that_were_agreed_are_read(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("billingAccounts: [BA-1, BA-2]\n")
    profiles = read_profiles(tmp_path)
    assert profiles.of("acme").billing_accounts == ("BA-1", "BA-2")
    assert profiles.of("nobody").billing_accounts == ()
