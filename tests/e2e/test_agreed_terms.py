"""What was agreed with partners about versions, limits and errors, over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.product import TMF622, Node, partner_order, running_product

V4 = TMF622.replace("/v5/", "/v4/")
PROFILES = {
    "partner-acme": """
        versions:
          TMF622:
            v5: {}
            v4: {deprecatedSince: 2026-01-01, sunset: 2031-01-01, successor: v5, information: https://a.b/c}
        """,
    "partner-claim": """
        hub:
          callbackHosts: [93.184.215.14]
          eventTypes: {TMF622: [ProductOrderStateChangeEvent]}
        """,
    "partner-list": """
        versions: {TMF622: {v5: {}}}
        errors:
          ORDER_NOT_FOUND: {code: E-1, messages: {de: Kein solcher Auftrag, fr: Commande inconnue}}
          CUSTOMER_MISSING: {messages: {fr: Client manquant}}
        """,
    "partner-pattern": "limits: {requestsPerSecond: 0.01, burst: 3}",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder: Path = tmp_path_factory.mktemp("terms")
    partners = folder / "partners"
    partners.mkdir()
    for client, profile in PROFILES.items():
        (partners / f"{client}.yaml").write_text(profile)
    (folder / "versions.yaml").write_text("TMF637: {v4: {sunset: 2032-01-01}}")
    with running_product(folder, PARTNERS=str(partners), API_DEPRECATIONS=str(folder / "versions.yaml")) as node:
        yield node


def test_every_answer_of_a_deprecated_version_says_so(product: Node) -> None:
    answers = [
        product.get(V4, "partner-acme"),
        product.get(f"{V4}/nobody", "partner-acme"),
        product.post(V4, {"productOrderItem": 7}, "partner-acme"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 400]
    for answer in answers:
        assert answer.headers["Deprecation"] == "@1767225600"
        assert answer.headers["Sunset"] == "Wed, 01 Jan 2031 00:00:00 GMT"
        links = answer.headers["Link"]
        assert '<https://a.b/c>; rel="deprecation", <https://a.b/c>; rel="sunset"' in links
        assert f'<{product.url}/tmf-api/productOrderingManagement/v5>; rel="successor-version"' in links
    for answer in (product.get(TMF622, "partner-acme"), product.get(V4, "conformance")):
        assert answer.status_code == 200
        assert not {"Deprecation", "Sunset"} & set(answer.headers)


def test_a_version_can_end_for_everybody(product: Node) -> None:
    answers = [product.get(f"/tmf-api/productInventory/{version}/product", "conformance") for version in ("v4", "v5")]
    assert [answer.headers.get("Sunset") for answer in answers] == ["Thu, 01 Jan 2032 00:00:00 GMT", None]


def test_a_version_that_is_not_agreed_is_refused_and_the_allowed_ones_are_named(product: Node) -> None:
    refused = product.get(V4, "partner-list")
    assert (refused.status_code, refused.json()["code"]) == (403, "VERSION_NOT_AGREED")
    assert refused.json()["message"] == "TMF622 v4 is not agreed with you. Use v5."
    assert product.get(TMF622, "partner-list").status_code == 200
    tried = {"api": "TMF622", "version": "v4", "operation": "createProductOrder", "payload": partner_order()}
    dry = product.post("/api/v1/translations", tried, "partner-list")
    assert (dry.status_code, dry.json()["code"], dry.json()["allowed"]) == (403, "VERSION_NOT_AGREED", ["v5"])


def test_a_partner_has_the_limit_that_was_agreed_with_it(product: Node) -> None:
    answers = [product.get(TMF622, "partner-pattern") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"default";q=3;w=300'}
    assert [answer.headers["RateLimit"] for answer in answers[:3]] == [f'"default";r={left}' for left in (2, 1, 0)]
    refused = answers[3]
    assert refused.json()["code"] == "RATE_LIMITED"
    assert refused.headers["RateLimit"] == f'"default";r=0;t={refused.headers["Retry-After"]}'
    assert "RateLimit" not in product.get(TMF622, "conformance").headers, "nothing was agreed, and RATE_LIMIT is 0"


def test_errors_are_told_in_a_language_that_the_partner_accepts(product: Node) -> None:
    french = {"Accept-Language": "fr-CH, de;q=0.5"}
    for address in (f"{TMF622}/nobody", "/api/v1/orders/nobody"):
        answer = product.get(address, "partner-list", headers=french)
        assert answer.status_code == 404
        assert "Commande inconnue" in (answer.json().get("message"), answer.json().get("detail"))
        assert answer.headers["Content-Language"] == "en, fr", "our reason is English"
        assert answer.headers["Vary"] == "Accept-Language"
    tried = {"api": "TMF622", "version": "v5", "operation": "createProductOrder"}
    body = partner_order() | {"relatedParty": []}
    refused = product.post(TMF622, body, "partner-list", headers=french)
    dry = product.post("/api/v1/translations", tried | {"payload": body}, "partner-list", headers=french)
    assert refused.status_code == 400
    assert dry.json()["errors"] == refused.json()["errors"]
    assert "Client manquant" in [one["message"] for one in dry.json()["errors"]]


@pytest.mark.parametrize("version", ["v4", "v5"])
def test_registrations_have_the_agreed_host_and_event_types(product: Node, version: str) -> None:
    hub = f"/tmf-api/productOrderingManagement/{version}/hub"
    kept = product.post(hub, {"callback": "https://93.184.215.14/a"}, "partner-claim")
    assert (kept.status_code, kept.json()["query"]) == (201, "eventType=ProductOrderStateChangeEvent")
    asked = {"callback": "https://93.184.215.14/a", "query": "eventType=ProductOrderCreateEvent"}
    assert product.post(hub, asked, "partner-claim").json()["query"] == asked["query"]
    refused = product.post(hub, {"callback": "https://93.184.215.15/a"}, "partner-claim")
    assert (refused.status_code, refused.json()["code"]) == (400, "CALLBACK_NOT_AGREED")
    assert refused.json()["errors"][0]["allowed"] == ["93.184.215.14"]
    assert product.post(hub, {"callback": "https://93.184.215.15/a"}, "conformance").status_code == 201
