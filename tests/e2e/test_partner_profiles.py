"""Partner profiles over HTTP: drafted, activated and retired while requests are judged by them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from adapters.persistence.tables import audit, documents
from tests.support.product import ORDERS, TMF622, Node, partner_order, running_product
from tests.support.waiting import until

API = "/api/v1/partner-profiles"
PARTNER = "partner-acme"
AUDIT = "/api/v1/audit-records"
OTHER_ROLE = {"partyRoles": {"Kundin": "Customer"}, "customers": {"list": ["C20000"]}}
SENDING = {"X-Correlation-Id": "sent-while-versions-change"}
ROLE = {"partyRoles": {"Endkunde": "Customer"}, "customers": {"list": ["C12345"]}}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder: Path = tmp_path_factory.mktemp("agreed")
    (folder / "partners").mkdir()
    (folder / "partners" / "shop-of-files.yaml").write_text("validation: after")
    with running_product(folder, PARTNERS=str(folder / "partners")) as node:
        yield node


def draft(node: Node, profile: dict[str, Any], client: str = PARTNER) -> requests.Response:
    answer = node.post(f"{API}/{client}/versions", {"profile": profile})
    assert answer.status_code == 201, answer.text
    return answer


def tell(node: Node, draft: dict[str, Any], verb: str, tag: str = '"1"', **body: Any) -> requests.Response:
    return node.post(f"{API}/{draft['client']}/versions/{draft['number']}/{verb}", body, headers={"If-Match": tag})


def activated(node: Node, profile: dict[str, Any], client: str = PARTNER) -> dict[str, Any]:
    answer = tell(node, draft(node, profile, client).json(), "activate")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def order(role: str = "Endkunde") -> dict[str, Any]:
    body = partner_order()
    body["relatedParty"][0]["role"] = role
    return body


def judged_by(node: Node, role: str = "nobody") -> str:
    """The version that judges an order with this role, which is refused."""
    refused = node.post(TMF622, order(role), PARTNER)
    assert refused.status_code == 400, refused.text
    return str(node.get(f"{AUDIT}/{refused.json()['id']}").json()["profileVersion"])


def test_a_draft_is_read_replaced_and_activated(product: Node) -> None:
    answer = draft(product, ROLE)
    made = answer.json()
    assert (made["state"], made["source"], made["profile"]) == ("draft", "stored", ROLE)
    assert product.get(answer.headers["Location"].removeprefix(product.url)).json() == made
    before = judged_by(product)
    address = f"{API}/{PARTNER}/versions/{made['number']}"
    stale = product.request("PUT", address, json={"profile": {}}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "VERSION_MISMATCH")
    replaced = product.request(
        "PUT", address, json={"profile": ROLE | {"description": "replaced"}}, headers={"If-Match": '"1"'}
    )
    assert (replaced.status_code, replaced.headers["ETag"]) == (200, '"2"')
    assert judged_by(product) == before

    active = tell(product, made, "activate", '"2"', reason="ticket 4711")
    assert (active.status_code, active.json()["state"]) == (200, "active")
    until(lambda: product.post(TMF622, order("Endkunde"), PARTNER).status_code == 201)
    assert product.get(f"{API}/{PARTNER}").json() == active.json()
    assert PARTNER in [one["client"] for one in product.get(API).json()["items"]]
    for method, where in (("POST", f"{address}/activate"), ("PUT", address)):
        body: dict[str, Any] = {"profile": {}} if method == "PUT" else {}
        refused = product.request(method, where, json=body, headers={"If-Match": '"3"'})
        assert (refused.status_code, refused.json()["code"]) == (409, "INVALID_TRANSITION")
        assert refused.json()["allowedActions"] == ["retire"]


@pytest.mark.parametrize(
    ("profile", "pointer", "allowed"),
    [
        ({"validation": "sometimes"}, "/profile/validation", ["before", "after"]),
        ({"password": "secret"}, "/profile", ["customers", "validation"]),
        ({"partyRoles": {"Kunde": "Kundin"}}, "/profile/partyRoles/Kunde", ["Customer"]),
        ({"customers": {"list": ["C1*"]}}, "/profile/customers/list", []),
        ({"description": 7.5}, "/profile/description", []),
    ],
    ids=str,
)
def test_a_faulty_profile_is_refused_and_says_why(
    product: Node, profile: dict[str, Any], pointer: str, allowed: list[str]
) -> None:
    refused = product.post(f"{API}/{PARTNER}/versions", {"profile": profile})
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_PROFILE")
    [told] = refused.json()["errors"]
    assert told["pointer"] == pointer
    assert set(allowed) <= set(told.get("allowed", ()))


def test_a_version_that_this_release_cannot_use_is_not_activated(product: Node) -> None:
    made = draft(product, {"description": "of another release"}, "shop-of-others").json()
    text = documents.c.aggregate
    other = sa.update(documents).values(aggregate=sa.func.replace(text, '"description"', '"hardlyKnown"'))
    engine = sa.create_engine(product.database)
    with engine.begin() as connection:
        connection.execute(other.where(documents.c.reference == "shop-of-others"))
    engine.dispose()
    refused = tell(product, made, "activate")
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_PROFILE")
    assert "hardlyKnown" in refused.json()["detail"]
    assert product.get(f"{API}/shop-of-others").status_code == 404


def test_a_file_counts_until_a_version_is_active_and_again_after_it(product: Node) -> None:
    client = "shop-of-files"
    of_file = product.get(f"{API}/{client}").json()
    assert of_file["source"] == "file"
    assert of_file["profileVersion"].startswith("shop-of-files@file:")
    version = activated(product, {}, client)
    assert product.get(f"{API}/{client}").json()["profileVersion"] == "shop-of-files@1"
    retired = tell(product, version, "retire", '"2"')
    assert (retired.status_code, retired.json()["state"]) == (200, "retired")
    assert product.get(f"{API}/{client}").json() == of_file
    assert [one["number"] for one in product.get(f"{API}/{client}/versions").json()["items"]] == [1]


def test_a_version_that_becomes_active_later_waits(product: Node) -> None:
    client = "shop-of-tomorrow"
    first, second = activated(product, {}, client), draft(product, {"validation": "after"}, client).json()
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    scheduled = tell(product, second, "activate", effectiveAt=later).json()
    assert (scheduled["state"], product.get(f"{API}/{client}").json()["number"]) == ("scheduled", 1)
    third = draft(product, {}, client).json()
    refused = tell(product, third, "activate")
    assert (refused.status_code, refused.json()["code"]) == (409, "PROFILE_ACTIVATION_PENDING")
    assert refused.json()["number"] == 2
    assert tell(product, second, "retire", '"2"').json()["state"] == "retired"
    assert tell(product, third, "activate").json()["state"] == "active"
    over = tell(product, draft(product, {}, client).json(), "activate", effectiveAt="2020-01-01T00:00:00Z")
    assert (over.status_code, over.json()["errors"][0]["pointer"]) == (400, "/effectiveAt")
    assert product.get(f"{API}/{client}/versions/{first['number']}").json()["state"] == "retired"


def test_what_is_not_there_is_404_and_scopes_are_needed(product: Node) -> None:
    for path in (f"{API}/nobody", f"{API}/nobody/versions", f"{API}/{PARTNER}/versions/999"):
        assert product.get(path).json()["code"] == "PROFILE_NOT_FOUND"
        assert product.get(path, PARTNER).status_code == 403
    for number in ("0", "-1", "x", "1.5"):
        assert product.get(f"{API}/{PARTNER}/versions/{number}").status_code == 400
    assert product.post(f"{API}/{PARTNER}/versions", {"profile": {}}, PARTNER).status_code == 403


def test_a_repeated_key_drafts_once(product: Node) -> None:
    key = {"Idempotency-Key": "draft-once"}
    answers = [product.post(f"{API}/twice/versions", {"profile": {}}, headers=key) for _ in range(2)]
    assert [one.json()["number"] for one in answers] == [1, 1]
    other = product.post(f"{API}/twice/versions", {"profile": ROLE}, headers=key)
    assert other.json()["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_repeated_order_gets_its_first_answer_after_another_version_is_active(product: Node) -> None:
    activated(product, ROLE)
    key = {"Idempotency-Key": "order-across-versions"}
    until(lambda: product.post(TMF622, order(), PARTNER).status_code == 201)
    first = product.post(TMF622, order(), PARTNER, headers=key)
    version = activated(product, {"partyRoles": {"Kundin": "Customer"}})
    until(lambda: judged_by(product) == version["profileVersion"])
    again = product.post(TMF622, order(), PARTNER, headers=key)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])


def test_an_order_names_the_version_that_judged_it_also_after_another_one_is_active(product: Node) -> None:
    version = activated(product, ROLE)["profileVersion"]
    until(lambda: judged_by(product) == version)
    made = product.post(TMF622, order() | {"requestedInitialState": "draft"}, PARTNER).json()
    address, shown = f"{TMF622}/{made['id']}", f"{ORDERS}/{made['id']}"
    assert product.get(shown).json()["profileVersion"] == version
    successor = activated(product, ROLE | {"description": "the next"})["profileVersion"]
    until(lambda: judged_by(product) == successor)
    product.request("PATCH", address, PARTNER, json={"description": "a remark"})
    assert product.get(shown).json()["profileVersion"] == version
    product.request("PATCH", address, PARTNER, json={"state": "acknowledged"})
    assert product.get(shown).json()["profileVersion"] == successor


def test_no_request_is_judged_by_two_versions(product: Node) -> None:
    check_that_each_request_is_judged_by_one_version([product], rounds=12)


def check_that_each_request_is_judged_by_one_version(nodes: Sequence[Node], rounds: int) -> None:
    """Versions are activated by each node in turn, while all nodes get orders. Odd rounds accept the order; even ones
    know neither its role nor its customer.
    """
    first = nodes[0]
    accepting = {activated(first, ROLE)["profileVersion"]}
    for node in nodes:
        until(lambda node=node: judged_by(node) in accepting)  # type: ignore[misc]
    ended = Event()

    def send(node: Node) -> int:
        sent = 0
        while not ended.is_set():
            assert node.post(TMF622, order(), PARTNER, headers=SENDING).status_code in (201, 400)
            sent += 1
        return sent

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send, nodes[number % len(nodes)]) for number in range(4)]
        try:
            for number in range(rounds):
                activating = nodes[number % len(nodes)]
                version = activated(activating, OTHER_ROLE if number % 2 == 0 else ROLE)["profileVersion"]
                accepting |= {version} if number % 2 else set()
                until(partial(_has_judged, first, version))
        finally:
            ended.set()
        sent = sum(one.result() for one in senders)
    until(lambda: len(_judgements(first)) == sent)
    assert {(status, code, version in accepting) for status, code, version in _judgements(first)} == {
        (201, None, True),
        (400, "INVALID_REQUEST", False),
    }


def _has_judged(node: Node, version: str) -> bool:
    return any(judge == version for _, _, judge in _judgements(node))


def _judgements(node: Node) -> list[tuple[int, str | None, str]]:
    """Status, code and version of each order that was sent meanwhile."""
    engine = sa.create_engine(node.database)
    sent = audit.c.correlation_id == SENDING["X-Correlation-Id"]
    try:
        with engine.connect() as connection:
            rows = connection.execute(sa.select(audit.c.status, audit.c.code, audit.c.profile).where(sent))
            return [(row.status, row.code, row.profile) for row in rows]
    finally:
        engine.dispose()


def tried(node: Node, profile: str | None, role: str, client: str = "qa") -> requests.Response:
    body: dict[str, Any] = {"api": "TMF622", "version": "v5", "operation": "createProductOrder", "payload": order(role)}
    return node.post("/api/v1/translations", body | ({} if profile is None else {"profileVersion": profile}), client)


def test_a_dry_run_takes_a_version_of_the_profile(product: Node) -> None:
    version = activated(product, ROLE)["profileVersion"]
    until(lambda: judged_by(product) == version)
    changed = draft(product, {"partyRoles": {"Kundin": "Customer"}}).json()["profileVersion"]
    for profile, role, accepted in (
        (version, "Endkunde", True),
        (version, "Kundin", False),
        (changed, "Endkunde", False),
        (changed, "Kundin", True),
    ):
        answer = tried(product, profile, role).json()
        assert "accepted" in answer, answer
        assert (answer["accepted"], answer["profileVersion"]) == (accepted, profile)
    own = tried(product, None, "Endkunde", PARTNER).json()
    assert (own["accepted"], own["profileVersion"]) == (True, version)
    assert tried(product, version, "Endkunde", PARTNER).json() == own
    assert tried(product, changed, "Kundin", PARTNER).json()["code"] == "INSUFFICIENT_SCOPE"
    for unknown in (f"{PARTNER}@999", "nobody@1", f"{PARTNER}@file:0", "nonsense"):
        assert tried(product, unknown, "Kundin").json()["code"] == "PROFILE_NOT_FOUND"


def test_a_restart_has_the_same_in_force(product: Node) -> None:
    version = activated(product, ROLE)["profileVersion"]
    until(lambda: judged_by(product) == version)
    product.stop()
    product.start()
    assert judged_by(product) == version
