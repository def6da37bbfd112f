"""The pages of the contracts, as a browser shows them under the policy that they are sent with."""

import re
from pathlib import Path

import pytest

from tests.support.browser import needs_browser, shown
from tests.support.product import Node

METHODS = ("get", "post", "put", "patch", "delete")


@needs_browser
@pytest.mark.parametrize("name", ["tmf622-v5", "tmf622-v4", "tmf620-v5", "tmf637-v4", "canonical", "operations"])
def test_a_page_lists_every_operation_of_its_contract(product_on_sqlite: Node, name: str, tmp_path: Path) -> None:
    contract = product_on_sqlite.get(f"/docs/{name}.json").json()
    operations = [path for path, methods in contract["paths"].items() for method in METHODS if method in methods]
    page = shown(f"{product_on_sqlite.url}/docs/{name}", tmp_path / "browser")
    assert sorted(re.findall(r'class="opblock-summary-path" data-path="([^"]*)"', page)) == sorted(operations)
    assert contract["info"]["title"] in page


@needs_browser
def test_the_index_leads_to_every_contract(product_on_sqlite: Node, tmp_path: Path) -> None:
    page = shown(f"{product_on_sqlite.url}/", tmp_path / "browser")
    links = re.findall(r'href="docs/([a-z0-9-]+)"', page)
    assert {"canonical", "operations", "tmf622-v4", "tmf622-v5"} <= set(links)
    for link in links:
        assert product_on_sqlite.get(f"/docs/{link}").status_code == 200
