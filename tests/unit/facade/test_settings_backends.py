"""Settings of single backends."""

from dataclasses import fields
from typing import Any

import pytest

from facade.bootstrap.backends import backend_settings
from facade.settings import BACKENDS, BackendOptions, SettingError, Settings


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def test_without_an_environment_all_are_called_alike() -> None:
    assert set(read().backends.values()) == {BackendOptions()}
    assert tuple(read().backends) == BACKENDS


@pytest.mark.parametrize(
    "setting", [one for one in fields(BackendOptions) if one.metadata], ids=lambda setting: setting.name
)
def test_each_can_be_set_for_one_backend_alone(setting: Any) -> None:
    own = "BILLING_" + setting.metadata["variable"].partition("_")[2]
    text = "7" if isinstance(setting.default, int | float) else "https://x"
    changed = read(**{own: text})
    assert getattr(changed.backends["billing"], setting.name) == type(setting.default)(text)
    assert changed.backends["crm"] == BackendOptions()


def test_what_is_set_for_all_is_for_those_that_have_none_of_their_own() -> None:
    changed = read(BACKEND_READ_TIMEOUT="3", BILLING_READ_TIMEOUT="8.5")
    assert {name: one.read_timeout for name, one in changed.backends.items()} == dict.fromkeys(BACKENDS, 3.0) | {
        "billing": 8.5
    }


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("BILLING_READ_TIMEOUT", "soon", "BILLING_READ_TIMEOUT='soon' is not a number"),
        ("BACKEND_CONNECT_TIMEOUT", "0", "BACKEND_CONNECT_TIMEOUT='0' must be from 0.001 to 86400"),
        ("CRM_RETRIES", "11", "CRM_RETRIES='11' must be from 0 to 10"),
        ("CRM_BREAKER_FAILURES", "0", "CRM_BREAKER_FAILURES='0' must be from 1 to 1000000"),
        ("SCM_LONGEST_HOLD", "nan", "SCM_LONGEST_HOLD='nan' must be from 0 to 86400"),
        ("CHECK_BACKEND_ANSWERS", "1.5", "CHECK_BACKEND_ANSWERS='1.5' must be from 0 to 1"),
        ("REQUEST_DEADLINE", "0", "REQUEST_DEADLINE='0' must be from 0.1 to 86400"),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_name_that_was_set(variable: str, text: str, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        read(**{variable: text})
    assert str(refused.value) == told


def test_addresses_and_clients_are_the_common_ones_unless_a_backend_has_its_own() -> None:
    known = backend_settings(
        read(BACKENDS_URL="https://all", BSS_URL="https://bss/v1", BSS_TOKEN_URL="https://sso/t", BSS_CLIENT="us",
             BSS_SECRET="s3")
    )  # fmt: skip
    bss, crm = known["bss"], known["crm"]
    assert (bss.base_url, bss.token_url, bss.client_id, bss.client_secret) == (
        "https://bss/v1", "https://sso/t", "us", "s3",
    )  # fmt: skip
    assert (crm.base_url, crm.token_url, crm.client_id) == ("https://all/crm", "https://all/oauth/token", "facade")


def test_one_backend_can_never_hold_every_thread() -> None:
    assert {one.places for one in backend_settings(read(THREADS="96")).values()} == {38}
    assert {one.places for one in backend_settings(read(THREADS="1")).values()} == {1}
    assert backend_settings(read(THREADS="48", SCM_CONCURRENCY="25"))["scm"].places == 25
    with pytest.raises(SettingError, match=r"SCM_CONCURRENCY .*=26 lets one backend hold 32 threads and 16 wait"):
        backend_settings(read(THREADS="48", SCM_CONCURRENCY="26"))


def test_production_starts_when_each_backend_has_its_own_address_and_secret() -> None:
    own = {f"{name.upper()}_{what}": "https://x" for name in BACKENDS for what in ("URL", "TOKEN_URL", "SECRET")}
    own |= {"FACADE_MODE": "production", "JWKS_URL": "https://issuer.example/jwks"}
    assert read(**own).mode == "production"
    for missing, told in (("CRM_URL", "BACKENDS_URL"), ("CRM_TOKEN_URL", "BACKENDS_URL"), ("CRM_SECRET", "SECRET")):
        with pytest.raises(SettingError, match=told):
            read(**(own | {missing: ""}))
