"""The canonical API's catalog over real HTTP, on both databases: items added, changed and found."""

from datetime import datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa

from tests.support.product import Node
from tests.support.shelves import (
    API,
    EVERY_SHELF,
    MONTHLY,
    NEEDED,
    OFFERINGS,
    PARTNER,
    TMF,
    add,
    change,
    names,
    published,
)

RICH = {
    "description": "Up to 1 Gbit/s",
    "sku": "FIBRE-1000",
    "productSpecification": {"id": "spec-fibre"},
    "categories": [{"id": "internet"}],
    "productOfferingPrices": [{"price": MONTHLY}, {"productOfferingPrice": {"id": "pop-setup", "version": "1.0"}}],
    "commitments": [{"name": "24 months", "duration": {"amount": 24, "units": "month"}}],
    "channels": [{"id": "web"}],
    "segments": [{"id": "consumer"}],
    "places": [{"id": "CZ"}],
    "characteristicUses": [
        {"code": "speed", "allowedValues": [{"value": 1000, "unit": "Mbit/s", "default": True}, {"from": 1, "to": 5}]},
        {"code": "colour", "allowedValues": [{"value": "red"}, {"value": True}, {"value": {"a": [1]}}]},
    ],
    "groups": [
        {
            "name": "extras",
            "least": 0,
            "most": 2,
            "groups": [{"name": "tv", "members": [{"productOffering": {"id": "tv"}}]}],
        }
    ],
    "members": [{"productOffering": {"id": "router"}, "least": 1, "most": 1, "default": 1}],
    "relationships": [{"type": "requires", "to": {"id": "line"}, "role": "carrier"}],
    "allowedActions": [{"action": "ADD", "channels": [{"id": "web"}]}],
}


def after(moment: str) -> str:
    """A millisecond later: times are shown without what is less."""
    return (datetime.fromisoformat(moment) + timedelta(milliseconds=1)).isoformat().replace("+00:00", "Z")


@EVERY_SHELF
def test_an_item_is_added_read_changed_published_retired_and_removed(product: Node, shelf: str) -> None:
    made = add(product, shelf, description="new")
    item, address = made.json(), f"{API}/{shelf}/{made.json()['id']}"
    version = "offeringVersion" if shelf == "product-offerings" else "version"
    assert (item["lifecycleStatus"], item[version], made.headers["Location"]) == (
        "IN_STUDY",
        "1.0",
        f"{product.url}{address}",
    )
    assert "catalogVersion" not in item
    assert product.get(address).json() == item
    needed = NEEDED.get(shelf, {})
    changed = change(product, "PUT", address, {"name": "other", **needed}, made.headers["ETag"])
    assert (changed.json()["name"], changed.json()[version], "description" in changed.json()) == ("other", "1.0", False)
    launched = change(product, "POST", f"{address}/publish", {}, changed.headers["ETag"])
    assert (launched.json()["lifecycleStatus"], launched.json()["catalogVersion"][4:6]) == ("LAUNCHED", ".Q")
    second = change(product, "PUT", address, {"name": "third", **needed}, launched.headers["ETag"])
    assert (second.json()[version], second.json()["lifecycleStatus"]) == ("2.0", "LAUNCHED")
    assert product.get(address).json() == second.json()
    listed = product.get(f"{address}/versions").json()
    assert [(one[version], one["name"]) for one in listed["items"]] == [("2.0", "third"), ("1.0", "other")]
    first = product.get(f"{address}?version=1.0", PARTNER).json()
    assert first["validFor"]["endDateTime"] == second.json()["validFor"]["startDateTime"]
    retired = change(product, "POST", f"{address}/retire", {"reason": "old"}, second.headers["ETag"])
    assert (retired.json()["lifecycleStatus"], retired.json()["statusReason"]) == ("RETIRED", "old")
    assert change(product, "DELETE", address, None, retired.headers["ETag"]).status_code == 204
    assert product.get(address).status_code == product.get(f"{address}/versions").status_code == 404


def test_an_offering_says_what_was_sent(product: Node) -> None:
    made = add(product, id=f"po {uuid4()}", **RICH)
    assert {name: made.json()[name] for name in RICH} == RICH
    assert product.get(f"{OFFERINGS}/{made.json()['id']}").json() == made.json()


def test_a_change_needs_the_version_that_was_read(product: Node) -> None:
    made = add(product)
    address = f"{OFFERINGS}/{made.json()['id']}"
    missing = product.request("PUT", address, json={"name": "x"})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (400, "/If-Match")
    assert change(product, "PUT", address, {"name": "first"}, made.headers["ETag"]).status_code == 200
    for method, at, body in (
        ("PUT", address, {"name": "second"}),
        ("POST", f"{address}/publish", {}),
        ("DELETE", address, None),
    ):
        refused = change(product, method, at, body, made.headers["ETag"])
        assert (refused.status_code, refused.json()["code"]) == (412, "VERSION_MISMATCH")
    assert product.get(address).json()["name"] == "first"


def test_the_version_of_any_moment_can_be_read(product: Node) -> None:
    first = published(product, name="as it was")
    address = f"{OFFERINGS}/{first.json()['id']}"
    second = change(product, "PUT", address, {"name": "as it is"}, first.headers["ETag"])
    between = first.json()["lastUpdate"]
    assert product.get(address, params={"at": after(between)}).json()["name"] == "as it was"
    assert product.get(address, params={"at": after(second.json()["lastUpdate"])}).json()["name"] == "as it is"
    assert product.get(address, PARTNER, params={"at": "2020-01-01T00:00:00Z"}).status_code == 404
    retired = change(product, "POST", f"{address}/retire", {}, second.headers["ETag"])
    assert retired.json()["lifecycleStatus"] == "RETIRED"
    then = product.get(address, params={"at": after(second.json()["lastUpdate"])}).json()
    assert then["lifecycleStatus"] == "LAUNCHED"


def test_who_may_not_write_sees_what_is_published(product: Node) -> None:
    word = f"w{uuid4().hex}"
    draft = add(product, name=f"{word} draft").json()["id"]
    published(product, name=f"{word} published")
    assert names(product, text=word) == [f"{word} published", f"{word} draft"]
    assert names(product, PARTNER, text=word) == [f"{word} published"]
    assert product.get(f"{OFFERINGS}/{draft}", PARTNER).status_code == 404
    assert product.get(f"{OFFERINGS}/{draft}/versions", PARTNER).status_code == 404
    assert product.post(OFFERINGS, {"name": "x"}, PARTNER).status_code == 403


def test_a_repeat_gets_the_item_that_was_made_and_another_body_is_refused(product: Node) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first, again = (product.request("POST", OFFERINGS, json={"name": "once"}, headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = product.request("POST", OFFERINGS, json={"name": "twice"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_words_are_found_whatever_their_case_and_accents(product: Node) -> None:
    word = f"x{uuid4().hex[:10]}"
    published(product, name=f"{word} Straße Zürich", sku="AX/7590")
    for text in (word, f"{word} strasse", f"{word} STRASSE zur", f"{word} 7590", f"{word} ax zürich"):
        assert names(product, text=text) == [f"{word} Straße Zürich"], text
    for text in (f"{word} none", f"{word}y", f"{word} urich"):
        assert names(product, text=text) == [], text


def test_what_was_changed_in_the_portal_shows_to_partners_and_the_other_way(product: Node) -> None:
    made = product.post(f"{TMF}/v5/category", {"name": "tmf", "lifecycleStatus": "Active", "acmeShelf": 7}).json()
    address = f"{API}/product-categories/{made['id']}"
    read = product.get(address)
    assert (read.json()["name"], read.json()["lifecycleStatus"]) == ("tmf", "ACTIVE")
    assert change(product, "PUT", address, {"name": "portal"}, read.headers["ETag"]).status_code == 200
    for version in ("v4", "v5"):
        shown = product.get(f"{TMF}/{version}/category/{made['id']}").json()
        assert (shown["name"], shown["version"], shown["acmeShelf"]) == ("portal", "2.0", 7)


def test_what_an_offering_goes_through_is_recorded_by_name(product: Node) -> None:
    made = published(product).json()["id"]
    engine = sa.create_engine(product.database)
    with engine.connect() as connection:
        asked = sa.text("SELECT type FROM outbox WHERE payload LIKE :id ORDER BY position")
        recorded = list(connection.scalars(asked, {"id": f'%"item_id":"{made}"%'}))
    engine.dispose()
    assert recorded == ["ProductOfferingCreated", "ProductOfferingChanged", "ProductOfferingPublished"]
