"""How the development authorization server gives tokens."""

import base64
from urllib.parse import urlencode

import pytest
import requests

from facade.security.clients import PARTNERS_SCOPES
from tests.support.secured import Served
from tests.support.waiting import LONG


def test_a_client_gets_a_token_and_is_recognised_in_the_worker_thread(server: Served) -> None:
    answer = server.token(("partner-acme", "partner-acme-secret"), grant_type="client_credentials")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3600)
    assert token["scope"] == " ".join(sorted(PARTNERS_SCOPES))

    caller = server.get("/api/orders", token["access_token"]).json()
    assert (caller["client"], caller["everybody"]) == ("partner-acme", False)
    assert caller["scopes"] == token["scope"].split()
    assert caller["thread"] != "MainThread"


def test_the_portal_sees_everybodys_orders(server: Served) -> None:
    form = {"client_id": "portal", "client_secret": "portal-secret", "grant_type": "client_credentials"}
    token = server.token(None, **form).json()["access_token"]
    assert server.get("/api/orders", token).json()["everybody"]


def test_scopes_can_be_narrowed_and_a_wildcard_covers_what_is_under_it(server: Served) -> None:
    form = {"client_id": "qa", "client_secret": "qa-secret", "grant_type": "client_credentials"}
    narrow = server.token(None, **form, scope="operations:read").json()
    assert narrow["scope"] == "operations:read"
    assert server.get("/api/operations", narrow["access_token"]).status_code == 200
    assert server.get("/api/orders", narrow["access_token"]).status_code == 403
    wide = server.token(None, **form, scope="operations:*").json()["access_token"]
    assert server.get("/api/operations", wide).status_code == 200


GOOD = {"client_id": "partner-acme", "client_secret": "partner-acme-secret", "grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("changes", "auth", "status", "error"),
    [
        ({"client_secret": "wrong"}, None, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": "nobody-secret"}, None, 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, None, 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, ("partner-acme", "wrong"), 401, "invalid_client"),
        ({"client_id": "", "client_secret": ""}, ("nobody", "nobody-secret"), 401, "invalid_client"),
        ({"grant_type": "password"}, None, 400, "unsupported_grant_type"),
        ({"grant_type": 'é"'}, None, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, None, 400, "invalid_request"),
        ({"scope": "order:fly"}, None, 400, "invalid_scope"),
        ({"scope": "order:read order:all"}, None, 400, "invalid_scope"),
        ({"scope": 'é"'}, None, 400, "invalid_scope"),
    ],
    ids=str,
)
def test_token_errors_follow_rfc_6749(
    server: Served, changes: dict[str, str], auth: tuple[str, str] | None, status: int, error: str
) -> None:
    answer = server.token(auth, **(GOOD | changes))
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"client_secret": "wrong"}, "unknown client or wrong secret"),
        ({"client_id": "nobody"}, "unknown client or wrong secret"),
        ({"client_id": "", "client_secret": ""}, "unknown client or wrong secret"),
        ({"grant_type": "password"}, "the only grant_type here is client_credentials"),
        ({"grant_type": 'é"'}, "the only grant_type here is client_credentials"),
    ],
    ids=str,
)
def test_a_token_error_says_what_is_wrong(server: Served, changes: dict[str, str], description: str) -> None:
    assert server.token(None, **(GOOD | changes)).json()["error_description"] == description


def test_credentials_in_the_address_are_not_taken(server: Served) -> None:
    answer = requests.post(f"{server.url}/oauth/token?{urlencode(GOOD)}", timeout=LONG)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_request_that_came_by_a_host_name_is_answered(server: Served) -> None:
    """Authlib refuses plain http from anything but a loopback address unless it is told otherwise."""
    answer = requests.post(
        server.url + "/oauth/token", data=GOOD, headers={"Host": "facade.internal:8080"}, timeout=LONG
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Basic /////w==",
        "Basic é".encode("latin-1"),
        "Basic é".encode(),
        b"x",
        b"Basic " + base64.b64encode(b"\xff\xfe:\xff"),
        b"Basic " + b"A" * 10_000,
    ],
    ids=lambda sent: ascii(sent)[:30],
)
def test_garbage_credentials_are_refused_as_wrong_ones(server: Served, sent: bytes) -> None:
    answer = requests.post(
        server.url + "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": sent},
        timeout=LONG,
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_request_that_is_no_form_is_refused(server: Served) -> None:
    assert requests.post(server.url + "/oauth/token", json=GOOD, timeout=LONG).status_code == 415


def test_the_key_set_is_public_and_marked_as_of_development(server: Served) -> None:
    answer = requests.get(server.url + "/oauth/jwks.json", timeout=LONG)
    (key,) = answer.json()["keys"]
    assert key["kid"].startswith("dev-")
    assert "d" not in key
    assert answer.headers["Content-Type"] == "application/json"
