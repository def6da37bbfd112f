"""What production refuses, and the key that development keeps."""

import base64
import json
import multiprocessing
import stat
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from facade.security.development_keys import FILE_NAME, development_key
from facade.security.development_server import DevelopmentServer
from facade.security.errors import VARIABLES, ConfigurationError
from facade.security.settings import SecuritySettings, build_verifier
from facade.settings import Settings
from tests.unit.security.issuer import Issuer

PRODUCTION = SecuritySettings("production", "https://issuer.example", "tmf-facade", "https://issuer.example/jwks")


@pytest.fixture
def development(tmp_path: Path) -> SecuritySettings:
    return SecuritySettings("development", "http://localhost:8080/oauth", "tmf-facade", state_dir=tmp_path / "state")


@pytest.mark.parametrize(
    ("changes", "setting", "told"),
    [
        ({"mode": "prod"}, "mode", "FACADE_MODE must be development or production, not 'prod'"),
        ({"issuer": ""}, "issuer", "TOKEN_ISSUER must not be empty"),
        ({"audience": ""}, "audience", "TOKEN_AUDIENCE must not be empty"),
        ({"jwks_url": None}, "jwks_url", "JWKS_URL must be set in production"),
        ({"jwks_url": "http://issuer.example/jwks"}, "jwks_url", "JWKS_URL must be https in production"),
        ({"jwks_url": "https:///jwks"}, "jwks_url", "JWKS_URL must be https in production"),
        ({"mode": "development", "jwks_url": None}, "state_dir", "STATE_DIR must be set"),
    ],
    ids=str,
)
def test_a_setting_that_must_not_be_started_with_is_named_as_operators_know_it(
    changes: dict[str, Any], setting: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        replace(PRODUCTION, **changes).check()
    assert refused.value.setting == setting
    assert str(refused.value).startswith(told)


def test_every_security_setting_that_can_be_refused_has_a_variable() -> None:
    known = {setting.metadata.get("variable") for setting in fields(Settings)}
    assert set(VARIABLES.values()) <= known
    assert set(VARIABLES) == {setting.name for setting in fields(SecuritySettings)} - {"leeway", "jwks_route"}


def test_sound_settings_pass(development: SecuritySettings) -> None:
    PRODUCTION.check()
    development.check()


def test_production_has_no_development_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="development mode only"):
        DevelopmentServer(replace(PRODUCTION, state_dir=tmp_path))
    assert not list(tmp_path.iterdir())


def test_production_does_not_start_with_the_keys_of_a_development_server(
    development: SecuritySettings, monkeypatch: pytest.MonkeyPatch, issuer: Issuer
) -> None:
    published = DevelopmentServer(development).list_keys()[0]
    answer = requests.Response()
    answer.status_code, answer._content = 200, json.dumps(published).encode()
    monkeypatch.setattr("facade.security.keys.requests.get", lambda *_, **__: answer)
    with pytest.raises(ConfigurationError, match="development server"):
        build_verifier(PRODUCTION)
    answer._content = json.dumps(issuer.jwks).encode()
    token = issuer.token(iat=None, exp=4_000_000_000)
    assert build_verifier(PRODUCTION).verify(token).client_id == "partner-acme"


def test_a_token_survives_a_restart_and_is_good_in_another_process(development: SecuritySettings) -> None:
    token = DevelopmentServer(development).issue_token("partner-acme", "order:read")
    caller = build_verifier(development).verify(token)
    assert (caller.client_id, caller.scopes) == ("partner-acme", frozenset({"order:read"}))


def test_a_token_has_the_claims_of_rfc_9068(development: SecuritySettings) -> None:
    header, claims, _ = DevelopmentServer(development).issue_token("qa").split(".")
    read = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]
    assert read[0]["alg"] == "RS256"
    assert read[0]["typ"] == "at+jwt"
    assert read[0]["kid"].startswith("dev-")
    assert set(read[1]) == {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti"}
    assert read[1]["exp"] - read[1]["iat"] == 3600


def test_an_unknown_client_or_scope_is_named(development: SecuritySettings) -> None:
    server = DevelopmentServer(development)
    with pytest.raises(ValueError, match=r"nobody.*partner-acme"):
        server.issue_token("nobody")
    with pytest.raises(ValueError, match="order:fly"):
        server.issue_token("qa", "order:fly")


def test_the_published_key_is_public_only(development: SecuritySettings) -> None:
    (key,) = DevelopmentServer(development).list_keys()[0]["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}


def _kid(state_dir: Path, barrier: Any, answers: Any) -> None:
    barrier.wait()
    answers.put(development_key(state_dir).kid)


def test_processes_that_start_together_share_one_key_file(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(2), spawn.Queue()
    workers = [spawn.Process(target=_kid, args=(tmp_path / "state", barrier, answers)) for _ in range(2)]
    for worker in workers:
        worker.start()
    kids = {answers.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(kids) == 1
    (file,) = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"kty": "RSA"}'])
def test_a_broken_key_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(ConfigurationError, match=FILE_NAME):
        development_key(tmp_path)


def test_a_key_from_elsewhere_is_refused(tmp_path: Path, issuer: Issuer) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps(issuer.rsa.as_dict(private=True)))
    with pytest.raises(ConfigurationError, match="not made by the development server"):
        development_key(tmp_path)
