"""A running app with a development authorization server, and its key."""

import json
from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey

from facade.security.development_keys import FILE_NAME
from facade.security.settings import SecuritySettings, build_verifier
from tests.support.secured import AUDIENCE, ISSUER, Served, make_app


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> SecuritySettings:
    return SecuritySettings("development", ISSUER, AUDIENCE, state_dir=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def server(settings: SecuritySettings) -> Iterator[Served]:
    with Served(make_app(settings, build_verifier(settings))) as served:
        yield served


@pytest.fixture(scope="module")
def key(server: Served, settings: SecuritySettings) -> RSAKey:
    assert settings.state_dir is not None
    return RSAKey.import_key(json.loads((settings.state_dir / FILE_NAME).read_bytes()))
