"""The bridge names no resource, class or attribute of one API: each API brings a table of its own."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from facade.contract.classes import ClassCatalog, plain_name
from facade.contract.loading import load_spec
from facade.tmf.bridge import Bridge, ClassMapping
from facade.tmf.tmf622.v4 import BRIDGE

ROOT = Path(__file__).parents[3]
MODULES = sorted((ROOT / "facade" / "tmf" / "bridge").glob("*.py"))
SPECS = sorted((ROOT / "specs" / "tmf").glob("*.yaml"))


def names_of(spec: Path) -> Iterator[str]:
    schemas = load_spec(spec)["components"]["schemas"]
    for name in schemas:
        yield plain_name(name)
        yield from ClassCatalog(schemas).shape(name).properties


def resources_of(spec: Path) -> Iterator[str]:
    for path in load_spec(spec)["paths"]:
        name = path.split("/")[1]
        if name != "hub":
            yield name[0].upper() + name[1:]


@pytest.fixture(scope="module")
def foreign() -> set[str]:
    """What belongs to one API: the classes of its resources, and what no other API has."""
    by_api: dict[str, set[str]] = {}
    for spec in SPECS:
        by_api.setdefault(spec.stem.partition("-")[0], set()).update(names_of(spec))
    counted = Counter(name for names in by_api.values() for name in names)
    resources = {name for spec in SPECS for name in resources_of(spec)}
    return resources | {name for name, apis in counted.items() if apis == 1}


def texts_in(source: str) -> Iterator[str]:
    """The texts in code; docstrings may give examples."""
    tree = ast.parse(source)
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
    prose = {id(node.value) for node in statements if isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_module_names_what_belongs_to_one_api(module: Path, foreign: set[str]) -> None:
    assert {text for text in texts_in(module.read_text()) if set(re.findall(r"[\w@]+", text)) & foreign} == set()


def test_the_search_would_find_such_a_name(foreign: set[str]) -> None:
    table = (ROOT / "facade" / "tmf" / "tmf622" / "v4.py").read_text()
    assert {"ProductOrder", "cancelProductOrder", "Product"} <= set(texts_in(table)) & foreign


def test_two_apis_may_give_one_name_two_meanings() -> None:
    other = Bridge({"Product": ClassMapping(v4="Product", v5="Product", renamed={"colour": "color"})})
    assert other.lift("Product", {"colour": "red"}).body == {"@type": "Product", "color": "red"}
    assert BRIDGE.lift("Product", {"colour": "red", "isBundle": True}).body["colour"] == "red"
    assert (other.lift_path("Product", "colour"), BRIDGE.lift_path("Product", "colour")) == ("color", "colour")
