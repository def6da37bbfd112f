"""Imports and exports of the catalog over real HTTP, in both versions and on both databases."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.support.postgres import new_database
from tests.support.product import ROOT, Node, running_product
from tests.support.waiting import until

API = "/tmf-api/productCatalogManagement"
FILES = "/api/v1/catalog-files"
READER = "partner-acme"
V5, V4 = f"{API}/v5", f"{API}/v4"
BOTH = pytest.mark.parametrize("api", [V5, V4], ids=["v5", "v4"])
LINES, ARRAY = "application/x-ndjson", "application/json"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    environment: dict[str, str] = {}
    with ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            environment["DATABASE_URL"] = stack.enter_context(new_database(server))
        yield stack.enter_context(running_product(tmp_path_factory.mktemp("transfers"), **environment))


def upload(product: Node, content: bytes, name: str = "", media_type: str = LINES) -> str:
    """The address of the file."""
    path = f"{FILES}/{name or uuid4()}"
    answer = product.request("PUT", path, data=content, headers={"Content-Type": media_type})
    assert answer.status_code == 200, answer.text
    assert answer.json()["complete"]
    url: str = answer.json()["url"]
    return url


def lines(resources: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in resources)


def run(product: Node, kind: str, url: str, api: str = V5, client: str = "qa", **attributes: Any) -> dict[str, Any]:
    """The job once it has ended."""
    typed = {"@type": f"{kind[0].upper()}{kind[1:]}"} if api == V5 else {}
    body = {"url": url, **typed, **attributes}
    answer = product.post(f"{api}/{kind}", body, client)
    assert answer.status_code == 201, answer.text
    address = f"{api}/{kind}/{answer.json()['id']}"
    return until_ended(product, address, client)


def until_ended(product: Node, address: str, client: str = "qa") -> dict[str, Any]:
    job: dict[str, Any] = {}

    def ended() -> bool:
        answer = product.get(address, client)
        assert answer.status_code == 200, answer.text
        job.update(answer.json())
        assert "process interrupted" not in product.log.read_text(), product.log.read_text()[-4000:]
        return job["status"] in ("Succeeded", "Failed")

    until(ended, lambda: f"{job}\n{product.log.read_text()[-6000:]}")
    return job


def imported(product: Node, content: bytes, api: str = V5, media_type: str = LINES, **job: Any) -> dict[str, Any]:
    return run(product, "importJob", upload(product, content, media_type=media_type), api, **job)


def exported(product: Node, api: str = V5, client: str = "qa", **job: Any) -> bytes:
    url = f"{product.url}{FILES}/{uuid4()}"
    done = run(product, "exportJob", url, api, client, **job)
    assert done["status"] == "Succeeded", done
    answer = product.get(url.removeprefix(product.url), client)
    assert answer.status_code == 200
    return answer.content


@contextmanager
def connected(product: Node) -> Iterator[sa.Connection]:
    engine = sa.create_engine(product.database, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def report(product: Node, job: dict[str, Any]) -> dict[str, Any]:
    answer = product.get(f"/api/v1/catalog-jobs/{job['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def category(**attributes: Any) -> dict[str, Any]:
    return {"@type": "Category", "id": f"c-{uuid4()}", "name": "Cloud services", **attributes}


@BOTH
def test_what_a_file_has_is_in_the_catalog_once_its_job_has_succeeded(product: Node, api: str) -> None:
    first, second = category(name="One"), category(name="Two", lifecycleStatus="Active")
    job = imported(product, lines([first, second]), api)
    assert job["status"] == "Succeeded", job
    assert job["completionDate"] >= job["creationDate"]
    assert report(product, job) | {"added": 2, "wrong": 0, "lines": 2} == report(product, job)
    for one in (first, second):
        shown = product.get(f"{api}/category/{one['id']}").json()
        assert shown["name"] == one["name"]
    assert product.get(f"{api}/category/{second['id']}", READER).status_code == 200
    assert product.get(f"{api}/category/{first['id']}", READER).status_code == 404


def test_a_file_may_be_an_array(product: Node) -> None:
    one, other = category(), category()
    content = f"\ufeff [ {json.dumps(one, indent=2)}\n,\n{json.dumps(other)}] \n".encode()
    assert imported(product, content, media_type=ARRAY, contentType=ARRAY)["status"] == "Succeeded"
    assert product.get(f"{V5}/category/{other['id']}").status_code == 200


def test_the_path_of_a_job_says_what_the_lines_are(product: Node) -> None:
    one = category()
    del one["@type"]
    failed = imported(product, lines([one]))
    assert failed["status"] == "Failed"
    assert "/@type" in failed["errorLog"]
    assert imported(product, lines([one]), path=f"{product.url}{V5}/category/")["status"] == "Succeeded"
    wrong = imported(product, lines([one]), path="/no-such-thing")
    assert "use one of" in wrong["errorLog"]


@BOTH
def test_of_a_file_with_a_wrong_line_nothing_is_there(product: Node, api: str) -> None:
    good, bad = category(), category(name=7)
    worse = category(name=" ")
    broken = b'{"id": "\xff"}\n'
    job = imported(product, lines([good]) + broken + lines([bad, worse]) + b"[]\n", api)
    assert job["status"] == "Failed"
    assert job["errorLog"].startswith("4 of 5 lines are wrong, so nothing was imported:\nline 2:")
    told = report(product, job)
    assert (told["wrong"], told["added"]) == (4, 1)
    assert [(one["line"], one["pointer"]) for one in told["errors"]] == [(2, ""), (3, "/name"), (4, "/name"), (5, "")]
    assert product.get(f"{api}/category/{good['id']}").status_code == 404
    assert product.get(f"{api}/category/{good['id']}:(version=1.0)").status_code == 404
    assert product.get(f"{api}/category", params={"id": good["id"]}).json() == []
    again = product.post(f"{api}/category", good)
    assert again.status_code == 201, again.text


def test_what_a_file_says_again_changes_nothing(product: Node) -> None:
    published, draft = category(lifecycleStatus="Active", version="3.0", extra=[1.50]), category()
    content = lines([published, draft])
    assert imported(product, content)["status"] == "Succeeded"
    before = product.get(f"{V5}/category/{published['id']}")
    second = imported(product, content)
    assert second["status"] == "Succeeded"
    assert report(product, second)["unchanged"] == 2
    after = product.get(f"{V5}/category/{published['id']}")
    assert (after.text, after.headers["ETag"]) == (before.text, before.headers["ETag"])


def test_a_line_changes_a_draft_and_makes_a_version_of_what_is_published(product: Node) -> None:
    published, draft = category(lifecycleStatus="Active"), category()
    assert imported(product, lines([published, draft]))["status"] == "Succeeded"
    job = imported(product, lines([one | {"description": "other"} for one in (published, draft)]))
    assert job["status"] == "Succeeded", job
    assert report(product, job)["changed"] == 2
    assert product.get(f"{V5}/category/{draft['id']}").json()["version"] == "1.0"
    now = product.get(f"{V5}/category/{published['id']}").json()
    assert (now["version"], now["description"]) == ("2.0", "other")
    first = product.get(f"{V5}/category/{published['id']}:(version=1.0)").json()
    assert first["validFor"]["endDateTime"] == now["validFor"]["startDateTime"]
    assert imported(product, lines([published | {"description": "other"}]))["status"] == "Succeeded"
    assert product.get(f"{V5}/category/{published['id']}").json()["version"] == "2.0"
    refused = imported(product, lines([published | {"version": "1.0", "name": "never"}]))
    assert "name another version" in refused["errorLog"]


def test_parents_may_come_after_their_children_and_never_stand_below_them(product: Node) -> None:
    child, parent = category(), category()
    child["parent"] = {"@type": "CategoryRef", "id": parent["id"]}
    assert imported(product, lines([child, parent]))["status"] == "Succeeded"
    one, other = category(), category()
    one["parent"], other["parent"] = ({"@type": "CategoryRef", "id": each["id"]} for each in (other, one))
    job = imported(product, lines([one, other]))
    found = [(one["line"], one["pointer"], one["code"]) for one in report(product, job)["errors"]]
    assert found == [(2, "/parent/id", "CYCLIC_CATEGORIES")]


def test_two_lines_never_say_different_things_of_one_version(product: Node) -> None:
    one = category()
    assert imported(product, lines([one, one]))["status"] == "Succeeded"
    other = category()
    job = imported(product, lines([other, other | {"name": "Another"}]))
    assert [(e["line"], e["code"]) for e in report(product, job)["errors"]] == [(2, "CATALOG_ITEM_TWICE")]


def test_one_event_tells_of_all_that_an_import_brings(product: Node) -> None:
    job = imported(product, lines([category(), category()]))
    with connected(product) as connection:
        query = sa.text("SELECT type, sequence FROM outbox WHERE subject = :job ORDER BY position")
        found = [tuple(row) for row in connection.execute(query, {"job": job["id"]})]
        left = connection.scalar(sa.text("SELECT count(*) FROM staged_rows"))
    assert found == [
        ("ImportJobCreated", 1),
        ("ImportJobStateChanged", 2),
        ("CatalogImported", 3),
        ("ImportJobStateChanged", 4),
    ]
    assert left == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://ftp.mycsp.com/productCatalogManagement/1877.json", "upload it to /api/v1/catalog-files/{name}"),
        ("http://127.0.0.1:1/catalog.json", "CATALOG_IMPORT_SOURCES allows no other"),
        ("http://elsewhere.example/api/v1/catalog-files/x", "address that is not allowed"),
    ],
)
def test_any_other_address_is_accepted_and_fails(product: Node, url: str, told: str) -> None:
    job = run(product, "importJob", url)
    assert job["status"] == "Failed"
    assert told in job["errorLog"]
    job = run(product, "exportJob", url)
    assert "then /api/v1/catalog-files/ and a name" in job["errorLog"]


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("importJob", "127-oas-import-job-create-example-request.json"),
        ("exportJob", "129-oas-export-job-create-example-request.json"),
    ],
)
def test_a_published_request_is_accepted_and_fails_since_we_keep_no_files_by_ftp(
    product: Node, kind: str, file: str
) -> None:
    sent = json.loads((ROOT / "fixtures" / "published" / "tmf620" / "v5" / file).read_text())
    job = run(product, kind, **sent)
    assert {name: job[name] for name in sent} == sent
    assert (job["status"], "/api/v1/catalog-files/" in job["errorLog"]) == ("Failed", True)


def test_who_may_not_publish_does_not_do_it_by_a_file(product: Node) -> None:
    """The client that imports has catalog:write alone; the job remembers what it may do."""
    url = upload(product, lines([category(lifecycleStatus="Active")]))
    answer = product.post(f"{V5}/importJob", {"url": url, "@type": "ImportJob"}, READER)
    assert answer.status_code == 403


@BOTH
@pytest.mark.parametrize("media_type", [LINES, ARRAY])
def test_an_export_imported_elsewhere_is_exported_byte_for_byte(
    product: Node, api: str, media_type: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert imported(product, lines([category(version="2.0", validFor={"startDateTime": "2020-01-01T00:00:00Z"})]))
    first = exported(product, api, contentType=media_type)
    nothing = tmp_path_factory.mktemp("nothing")
    (nothing / "empty.json").write_text("[]")
    with running_product(tmp_path_factory.mktemp("elsewhere"), CATALOG=str(nothing)) as other:
        job = imported(other, first, api, media_type)
        assert job["status"] == "Succeeded", job["errorLog"]
        assert exported(other, api, contentType=media_type) == first


def test_an_export_has_what_its_client_sees_and_its_query_finds(product: Node) -> None:
    seen, hidden = category(lifecycleStatus="Active", name="Seen here"), category(name="Seen here")
    assert imported(product, lines([seen, hidden]))["status"] == "Succeeded"
    asked = {"path": "category", "query": "name=Seen here"}
    mine = [json.loads(one)["id"] for one in exported(product, **asked).splitlines()]
    assert {seen["id"], hidden["id"]} <= {*mine}
    theirs = [json.loads(one)["id"] for one in exported(product, client=READER, **asked).splitlines()]
    assert seen["id"] in theirs
    assert hidden["id"] not in theirs


def test_a_large_file_is_uploaded_and_read_in_parts(product: Node) -> None:
    content, path = lines(category(description="x" * 400) for _ in range(4_000)), f"{FILES}/large.jsonl"
    step = 900_000
    for begin in range(0, len(content), step):
        part = content[begin : begin + step]
        place = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
        told = {"Content-Type": LINES, "Content-Range": place}
        for _ in range(2 if begin else 1):  # the answer may have been lost
            answer = product.request("PUT", path, data=part, headers=told)
            assert answer.status_code == 200, answer.text
            assert answer.json()["complete"] is (begin + step >= len(content))
    other = product.request("PUT", path, data=part.replace(b"x", b"y"), headers=told)
    assert other.status_code == 409
    assert product.get(path).content == content
    some = product.get(path, headers={"Range": "bytes=1000000-1000099"})
    assert (some.status_code, some.content) == (206, content[1_000_000:1_000_100])
    job = run(product, "importJob", f"{product.url}{path}")
    assert job["status"] == "Succeeded", job
    assert report(product, job)["added"] == 4_000
    assert product.request("DELETE", path).status_code == 204
    assert product.get(path).status_code == 404


def test_an_upload_takes_the_place_of_those_that_were_broken_off(product: Node) -> None:
    path, told = f"{FILES}/{uuid4()}", {"Content-Type": LINES, "Content-Range": "bytes 0-1/4"}
    for _ in range(3):
        assert product.request("PUT", path, data=b"{}", headers=told).status_code == 200
    with connected(product) as connection:
        query = sa.text("SELECT count(*) FROM kept_files WHERE name = :name")
        assert connection.scalar(query, {"name": path.rpartition("/")[2]}) == 1


def test_files_belong_to_their_clients(product: Node) -> None:
    url = upload(product, b"{}\n")
    assert product.get(url.removeprefix(product.url), READER).status_code == 404


def test_hostile_files_fail_and_say_where(product: Node) -> None:
    nested = b'{"@type": "Category", "name": ' + b"[" * 50_000 + b"]" * 50_000 + b"}\n"
    for content, told in (
        (b"x" * 1_048_570 + b"\n", "line 1"),
        (nested, "line 1"),
        (b"[" * 500_000, "element 1 of the array"),
        (b'[{"a": 1}', "does not end"),
        (b'[{"a": 1}] x', "after the end of the array"),
        (b"[{}, ]", "element 2 of the array"),
        (b"", "no lines"),
        (b"\n\n", "no lines"),
        (b"null\n", "JSON object"),
        (b'{"name": "a", "name": "b"}\n', "twice"),
    ):
        job = imported(product, content)
        assert job["status"] == "Failed", content[:40]
        assert told in job["errorLog"], job["errorLog"]


def test_a_job_that_has_ended_is_removed(product: Node) -> None:
    job = imported(product, lines([category()]))
    address = f"{V5}/importJob/{job['id']}"
    assert product.get(f"{V5}/importJob", params={"status": "Succeeded", "limit": "1"}).status_code in (200, 206)
    assert product.get(address, READER).status_code == 404
    assert product.request("DELETE", address).status_code == 204
    assert product.get(address).status_code == 404


# --- crashes ----------------------------------------------------------------------------------------------------------


def staged(product: Node) -> int:
    """Lines of the import under way that are staged; none when it is not."""
    with connected(product) as connection:
        return connection.scalar(sa.text("SELECT line FROM imports")) or 0


def is_staged(product: Node, least: int) -> bool:
    return staged(product) >= least


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_import_that_is_killed_goes_on_where_it_was(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ExitStack() as stack:
        environment = {"VALIDATE_RESPONSES": "false"}
        if database == "postgresql":
            server = request.getfixturevalue("postgres_server")
            environment["DATABASE_URL"] = stack.enter_context(new_database(server))
        node = stack.enter_context(running_product(tmp_path_factory.mktemp("killed"), **environment))
        many = [category(lifecycleStatus="Active") for _ in range(12_000)]
        url = upload_in_parts(node, lines(many))
        job = node.post(f"{V5}/importJob", {"url": url, "@type": "ImportJob"}).json()
        address, seen = f"{V5}/importJob/{job['id']}", 0
        for least in (1, 4_000, 8_000):
            until(partial(is_staged, node, least), lambda: node.log.read_text()[-3000:])
            assert node.get(f"{V5}/category/{many[0]['id']}").status_code == 404
            seen = staged(node)
            node.kill()
            assert staged(node) >= seen
            node.start()
        done = until_ended(node, address)
        assert done["status"] == "Succeeded", done["errorLog"]
        assert report(node, done)["added"] == 12_000
        with connected(node) as connection:
            kept = sa.text("SELECT count(*), count(DISTINCT reference) FROM documents WHERE staged_by = :job")
            assert tuple(connection.execute(kept, {"job": job["id"]}).one()) == (12_000, 12_000)
            told = sa.text("SELECT count(*) FROM outbox WHERE type = 'CatalogImported'")
            assert connection.scalar(told) == 1
        assert node.get(f"{V5}/category/{many[-1]['id']}").status_code == 200


def upload_in_parts(product: Node, content: bytes) -> str:
    path, step = f"{FILES}/{uuid4()}", 1_000_000
    for begin in range(0, len(content), step):
        part = content[begin : begin + step]
        place = f"bytes {begin}-{begin + len(part) - 1}/{len(content)}"
        told = {"Content-Type": LINES, "Content-Range": place}
        assert product.request("PUT", path, data=part, headers=told).status_code == 200
    return f"{product.url}{path}"
