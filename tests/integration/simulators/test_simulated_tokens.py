"""The authorization server of the simulated backends."""

from base64 import b64encode
from pathlib import Path

import requests

from tests.support.simulator_client import Client
from tests.support.simulators import Backends, running_backends
from tests.support.waiting import LONG, until


def test_a_call_without_a_good_token_is_refused_and_told_which_scheme(client: Client) -> None:
    for header in ({"Authorization": ""}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        answer = client.call("GET", "/crm/customers/C12345", headers=header)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    forged = client.token[:-1] + ("0" if client.token[-1] != "0" else "1")
    assert client.call("GET", "/crm/customers/C12345", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_a_token_is_given_for_the_form_and_for_basic_and_only_for_the_right_secret(backends: Backends) -> None:
    url, grant = f"{backends.url}/oauth/token", {"grant_type": "client_credentials"}
    by_form = requests.post(url, data=grant | {"client_id": "facade", "client_secret": "facade-secret"}, timeout=LONG)
    by_basic = requests.post(url, data=grant, auth=("facade", "facade-secret"), timeout=LONG)
    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)
        assert answer.headers["Cache-Control"] == "no-store"
    wrong = requests.post(url, data=grant, auth=("facade", "wrong"), timeout=LONG)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    broken = requests.post(url, data=grant, headers={"Authorization": f"Basic {b64encode(b'x')[:1]!r}"}, timeout=LONG)
    assert broken.status_code == 401
    other = requests.post(url, data={"grant_type": "password"}, auth=("facade", "facade-secret"), timeout=LONG)
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")


def test_a_token_expires(tmp_path: Path) -> None:
    with running_backends(tmp_path, token_seconds=1) as backends:
        client = Client(backends)
        until(lambda: not client.call("GET", "/crm/customers/C12345").ok)
        answer = client.call("GET", "/crm/customers/C12345")
        assert (answer.status_code, answer.json()["message"]) == (401, "The access token has expired")
