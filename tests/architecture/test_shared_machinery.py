"""What all APIs share names no resource, class or attribute of one API: each API declares its own.

A name belongs to one API if it is a resource of it, in the spelling of its address or of its class, or if the contracts
of no other API have it as a class or an attribute. Names that several APIs share are allowed, such as `id`, `@type`, or
the classes in the table of the bridge.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from facade.bootstrap.declared import TMF_APIS
from facade.contract.classes import ClassCatalog, plain_name
from facade.contract.loading import load_spec
from facade.tmf.bridge import Bridge, ClassMapping
from facade.tmf.bridge.converters import Resource
from facade.tmf.engine.declaration import TmfApi
from facade.tmf.tmf622.v4 import BRIDGE

ROOT = Path(__file__).parents[2]
SHARED = ("engine", "bridge", "query", "patch", "hub")
MODULES = sorted(module for part in SHARED for module in (ROOT / "facade" / "tmf" / part).glob("*.py"))
ALLOWED = {
    ("query", "basic", "a quote is not closed"): "a quotation mark",
    ("query", "basic", "regex"): "an operator of filters",
    ("bridge", "tables", "productOfferingPrice"): "an attribute of the prices in several APIs",
}
"""Texts that only look like names of one API, each with what it is."""
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
            yield from (name, name[0].upper() + name[1:])


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


def texts_about_one_api(module: Path, foreign: set[str]) -> set[tuple[str, str, str]]:
    texts = texts_in(module.read_text())
    return {(module.parent.name, module.stem, one) for one in texts if set(re.findall(r"[\w@]+", one)) & foreign}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_no_module_names_what_belongs_to_one_api(module: Path, foreign: set[str]) -> None:
    assert texts_about_one_api(module, foreign) <= ALLOWED.keys()


def test_every_exception_is_needed(foreign: set[str]) -> None:
    assert {one for module in MODULES for one in texts_about_one_api(module, foreign)} == ALLOWED.keys()


def test_the_search_would_find_such_a_name(foreign: set[str]) -> None:
    table = (ROOT / "facade" / "tmf" / "tmf622" / "v4.py").read_text()
    assert {"ProductOrder", "cancelProductOrder", "Product"} <= set(texts_in(table)) & foreign


def test_two_apis_may_give_one_name_two_meanings() -> None:
    other = Bridge({"Product": ClassMapping(v4="Product", v5="Product", renamed={"colour": "color"})})
    assert other.lift("Product", {"colour": "red"}).body == {"@type": "Product", "color": "red"}
    assert BRIDGE.lift("Product", {"colour": "red", "isBundle": True}).body["colour"] == "red"
    assert (other.lift_path("Product", "colour"), BRIDGE.lift_path("Product", "colour")) == ("color", "colour")


@pytest.mark.parametrize("api", [api for api in TMF_APIS if "v4" in api.versions], ids=lambda api: api.name)
def test_every_resource_keeps_what_v5_cannot_hold(api: TmfApi) -> None:
    """Its class in the table of the bridge has the converter that shows it again."""
    converters = {one.schema: api.bridge.classes[one.schema].converter for one in api.resources}
    assert [
        name for name, found in converters.items() if not isinstance(found, type) or not issubclass(found, Resource)
    ] == []
