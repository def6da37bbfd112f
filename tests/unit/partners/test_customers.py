"""Which customers a client may act for: by its profile, and by the claims of its token."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from canonical.customers.errors import CustomerNotFound
from canonical.shared.reader import CustomerSet, Reader
from facade.bootstrap.commands import check_start
from facade.bootstrap.core import partner_profiles
from facade.health import Role
from facade.partners.customers import ClaimUnusable, CustomerRule, customer_rule
from facade.partners.files import ProfileError, read_profiles
from facade.partners.profiles import Profiles
from facade.security.clients import DEVELOPMENT_CLIENTS
from facade.security.principal import Principal
from facade.setting_sources import SettingError
from facade.settings import Settings

LOOKALIKES = (
    "c12345",
    "C12345 ",
    " C12345",
    "C12345\n",
    "C12345\0",
    "С12345",  # a Cyrillic letter
    "Ｃ12345",  # full width
    "C１2345",
    "C12345\u200b",
    "\ufeffC12345",
    "C12345\u0301",
    "C%312345",
    "%4312345",
    "C12345%20",
    "C12345/",
    "C12345/../C12346",
    "C12345?x=1",
    "",
)


def profiles(tmp_path: Path, **told: str) -> Profiles:
    for client, text in told.items():
        (tmp_path / f"{client}.yaml").write_text(text)
    return read_profiles(tmp_path)


def bound(rule: dict[str, Any], claims: dict[str, Any] | None = None) -> Principal:
    return Principal("acme", frozenset(), customer_rule(rule).customers(claims or {}))


@pytest.mark.parametrize(
    ("rule", "claims", "theirs", "others"),
    [
        ({"list": ["C1", "C2"]}, {}, ("C1", "C2"), ("C3", "C", "C11")),
        ({"list": []}, {}, (), ("C1", "")),
        ({"list": ["C.*"]}, None, None, None),
        ({"pattern": "C1*"}, {}, ("C1", "C12", "C1 x"), ("C", "C2", "c1", " C1")),
        ({"pattern": ["A-*", "B-*"]}, {}, ("A-1", "B-"), ("AB-1", "A", "C")),
        ({"pattern": "C.[0-9]*"}, {}, ("C.[0-9]7",), ("C.7", "C77")),
        ({"pattern": "*"}, {}, ("C1", "anything"), ()),
        ({"claim": "cust"}, {"cust": "C1"}, ("C1",), ("C2",)),
        ({"claim": "cust"}, {"cust": ["C1", "C2"]}, ("C1", "C2"), ("C3",)),
        ({"claim": "cust"}, {"cust": []}, (), ("C1", "")),
        ({"claim": "cust"}, {"cust": "C1 C2"}, ("C1 C2",), ("C1", "C2")),
        ({"claim": "cust"}, {"cust": ["*", "C*"]}, ("*", "C*"), ("C1",)),
        ({"claim": "https://acme.example/customers"}, {"https://acme.example/customers": "C1"}, ("C1",), ("C2",)),
    ],
    ids=str,
)
def test_a_rule_says_which_customers_a_client_may_act_for(
    rule: dict[str, Any], claims: dict[str, Any], theirs: tuple[str, ...] | None, others: tuple[str, ...]
) -> None:
    if theirs is None:
        with pytest.raises(ValueError, match="pattern"):
            customer_rule(rule)
        return
    client = bound(rule, claims)
    assert all(map(client.may_act_for, theirs))
    assert not any(map(client.may_act_for, others))


@pytest.mark.parametrize("rule", [{"list": ["C12345"]}, {"claim": "cust"}], ids=str)
@pytest.mark.parametrize("customer", LOOKALIKES, ids=ascii)
def test_an_id_that_only_looks_alike_is_another_customers(rule: dict[str, Any], customer: str) -> None:
    client = bound(rule, {"cust": ["C12345"]})
    assert client.may_act_for("C12345")
    with pytest.raises(CustomerNotFound) as refused:
        client.check_customer(customer, "/at")
    assert (refused.value.message, refused.value.pointer) == ("Customer not found", "/at")
    assert refused.value.details == {"customerId": customer}


@given(st.text(), st.text(min_size=1))
def test_a_pattern_is_met_by_what_begins_so_and_by_nothing_else(customer: str, beginning: str) -> None:
    if "*" in beginning or len(beginning) > 64:
        return
    assert bound({"pattern": f"{beginning}*"}).may_act_for(customer) == (customer[: len(beginning)] == beginning)


@pytest.mark.parametrize(
    "value",
    [None, 7, 1.5, True, {}, {"C1": 1}, [7], ["C1", None], [["C1"]], "", " ", [""], ["C1\0"], "C1\ud800", "C" * 65],
    ids=ascii,
)
def test_a_token_whose_claim_names_no_customers_is_refused(value: object) -> None:
    rule = customer_rule({"claim": "cust"})
    for claims in ({"cust": value}, {}, {"CUST": "C1"}):
        with pytest.raises(ClaimUnusable, match="'cust'"):
            rule.customers(claims)


def test_without_a_rule_a_client_may_act_for_every_customer(tmp_path: Path) -> None:
    known = profiles(tmp_path, acme="validation: after", shop="customers: {list: [C1]}")
    for client in ("acme", "anybody"):
        assert known.of(client).customers_for({"customers": "C1"}) is None
        assert Principal(client, frozenset()).may_act_for("C12345")
    assert known.of("shop").customers_for({}) == CustomerSet(frozenset({"C1"}))
    assert known.unbound == ["acme"]


def test_what_a_client_reads_is_bound_to_the_same_customers() -> None:
    customers = CustomerSet(frozenset({"C1"}))
    assert Principal("acme", frozenset(), customers).reader() == Reader("acme", customers=customers)
    everybodys = Principal("acme", frozenset({"order:all"}), customers).reader()
    assert everybodys == Reader("acme", everybody=True, customers=customers)
    assert not everybodys.unbounded


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("customers: C1", "customers"),
        ("customers: {}", "customers"),
        ("customers: [C1]", "customers"),
        ("customers: {list: C1}", "customers/list"),
        ("customers: {list: [12345]}", "customers/list/0"),
        ("customers: {list: ['']}", "customers/list"),
        ("customers: {list: ['C1*']}", "write it under pattern"),
        (f"customers: {{list: [{'C' * 65}]}}", "not the id of a customer"),
        ("customers: {pattern: C1}", "customers/pattern"),
        ("customers: {pattern: '*C1*'}", "customers/pattern"),
        ("customers: {pattern: 'C1**'}", "customers/pattern"),
        ("customers: {pattern: ['C1*', 'C2']}", "'C2'"),
        ("customers: {claim: ''}", "customers/claim"),
        ("customers: {claim: [a]}", "customers/claim"),
        ("customers: {claim: a, list: [C1]}", "customers"),
        ("customers: {lists: [C1]}", "customers"),
        ("customer: {list: [C1]}", "customer"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told_with_its_file_and_why(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ProfileError, match=r"acme\.yaml") as refused:
        profiles(tmp_path, acme=text)
    assert told in str(refused.value)


def test_the_sample_profiles_show_each_way() -> None:
    known = partner_profiles(Settings())
    rules = {client: known.of(client).customers for client in ("partner-list", "partner-pattern", "partner-claim")}
    assert rules == {
        "partner-list": CustomerRule(CustomerSet(frozenset({"C12345", "C20000", "C50000", "C99999"}))),
        "partner-pattern": CustomerRule(CustomerSet(prefixes=("C1",))),
        "partner-claim": CustomerRule(claim="customers"),
    }
    assert set(rules) <= DEVELOPMENT_CLIENTS.keys()
    claims = DEVELOPMENT_CLIENTS["partner-claim"].claims
    assert known.of("partner-claim").customers_for(claims) == CustomerSet(frozenset({"C12345", "C12346"}))


@pytest.mark.parametrize("mode", ["production", "development"])
def test_at_start_production_names_the_clients_that_may_act_for_every_customer(tmp_path: Path, mode: str) -> None:
    profiles(tmp_path, acme="validation: after", shop="customers: {list: [C1]}")
    settings = Settings(
        mode=mode,
        partners=str(tmp_path),
        backends_url="https://backends.example",
        backends_secret="x",
        state_dir=tmp_path / "state",
    )
    with capture_logs() as logs, pytest.raises(SettingError, match="cannot be used"):
        check_start(settings, Role.SERVE)  # its database has no schema
    told = [(one["log_level"], one["client"]) for one in logs if one["event"] == "client not bound to customers"]
    production = [("warning", "acme"), ("warning", "every client without a profile")]
    assert told == (production if mode == "production" else [])
