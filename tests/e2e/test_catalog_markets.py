"""What of the catalog a client sees that sells in a part of the market only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.product import Node, running_product

API = "/tmf-api/productCatalogManagement"
PORTAL = "/api/v1/product-offerings"
BOTH = pytest.mark.parametrize("version", ["v4", "v5"])
PROFILE = """
description: Sells to consumers on the web.
market: {channels: [web], segments: [consumer]}
"""
PARTNER = "partner-acme"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder: Path = tmp_path_factory.mktemp("markets")
    profiles = folder / "partners"
    profiles.mkdir()
    (profiles / f"{PARTNER}.yaml").write_text(PROFILE)
    with running_product(folder, PARTNERS=str(profiles)) as node:
        sold = {
            "everywhere": {},
            "web": {"channels": [{"id": "web"}, {"id": "shop"}]},
            "web to consumers": {"channels": [{"id": "web"}], "segments": [{"id": "consumer"}]},
            "shop": {"channels": [{"id": "shop"}]},
            "web to companies": {"channels": [{"id": "web"}], "segments": [{"id": "business"}]},
        }
        for name, where in sold.items():
            body = {"id": f"po {name}", "name": f"sold {name}", "lifecycleStatus": "LAUNCHED", **where}
            assert node.post(PORTAL, body).status_code == 201
        yield node


SEEN, HIDDEN = ("everywhere", "web", "web to consumers"), ("shop", "web to companies")


@BOTH
def test_a_partner_sees_what_is_sold_in_its_part_of_the_market(product: Node, version: str) -> None:
    path = f"{API}/{version}/productOffering"
    asked = "filter=$[?(@.name=~/sold .*/)]&sort=name"
    mine = product.get(f"{path}?{asked}", PARTNER)
    assert [one["name"] for one in mine.json()] == [f"sold {name}" for name in SEEN]
    assert mine.headers["X-Total-Count"] == "3"
    assert len(product.get(f"{path}?{asked}").json()) == 5
    for name in SEEN:
        assert product.get(f"{path}/po {name}", PARTNER).status_code == 200
    for name in HIDDEN:
        assert product.get(f"{path}/po {name}", PARTNER).status_code == 404
        tag = product.get(f"{path}/po {name}").headers["ETag"]
        assert product.get(f"{path}/po {name}", PARTNER, headers={"If-None-Match": tag}).status_code == 404
        assert product.get(f"{path}?id=po {name}", PARTNER).json() == []
        assert product.get(f"/api/v1/bridge-reports/productOffering/po {name}", PARTNER).status_code == 404


def test_the_portal_shows_it_no_more(product: Node) -> None:
    found = product.get(f"{PORTAL}?text=sold", PARTNER).json()
    assert sorted(one["name"] for one in found["items"]) == [f"sold {name}" for name in SEEN]
    for name in HIDDEN:
        for address in ("", "/versions", "/pricing-model", "/configuration-model"):
            assert product.get(f"{PORTAL}/po {name}{address}", PARTNER).status_code == 404
