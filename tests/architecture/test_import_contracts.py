"""The import contracts of pyproject.toml hold, and each of them notices a breach.

A contract that checks nothing looks like one that is kept, so every contract is broken here on a copy of the packages.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from facade.bootstrap.declared import TMF_APIS
from facade.tmf.engine.declaration import TmfApi

ROOT = Path(__file__).parents[2]
PACKAGES = ("canonical", "facade", "adapters")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
NAMES = [contract["name"] for contract in CONTRACTS]

CORE = "The core imports itself and the standard library only"
ADAPTERS = "Adapters never import the web edge"
BOOTSTRAP = "Only bootstrap sees both sides"
JSON_ONCE = "JSON is read and written in one package"
JSON_ALONE = "The core knows nothing of JSON text"
CONTEXTS = "Contexts do not import each other"
LAYERS = "Inside ordering, the rules come before what uses them"
UPWARD = "Inside the web edge, nothing imports upward"
API_ALONE = "An API of TM Forum is imported by bootstrap and the demonstration only"
API_PURE = "An API of TM Forum knows nothing of the web"
USE_CASES = "Use cases know the core, contracts and the correlation id"
WAREHOUSE_ALONE = "The warehouse is imported by its commands only"
EXTRAS = "What may be missing is imported by the warehouse only"
OTHER_API = "facade/tmf/another_api/__init__.py"
"""An API that only the copy has."""

BREACHES = [
    (CORE, "canonical/ordering/order.py", "import adapters.persistence.tables"),
    (CORE, "canonical/shared/money.py", "from facade.clock import SystemClock"),
    (CORE, "canonical/processes/place_order.py", "import sqlalchemy"),
    (CORE, "canonical/catalog/offering.py", "from flask import request"),
    (CORE, "canonical/processes/saga.py", "import stamina"),
    (CORE, "canonical/shared/errors.py", "from requests.exceptions import Timeout"),
    (CORE, "canonical/ordering/events.py", "import orjson"),
    (CORE, "canonical/ordering/states.py", "import yaml"),
    (CORE, "canonical/ordering/ports.py", "import cattrs"),
    (ADAPTERS, "adapters/persistence/tables.py", "from facade.settings import Settings"),
    (ADAPTERS, "adapters/backends/http.py", "import facade"),
    (ADAPTERS, "adapters/simulators/app.py", "from facade.contract.loading import load_spec"),
    (BOOTSTRAP, "facade/tmf/engine/operations.py", "from adapters.persistence.reads import SqlReads"),
    (BOOTSTRAP, "facade/app.py", "import adapters"),
    (BOOTSTRAP, "facade/cli.py", "from adapters.persistence import migrations"),
    (BOOTSTRAP, "facade/portal/schemas.py", "import adapters.backends.crm"),
    (JSON_ALONE, "canonical/shared/failure.py", "from canonical.shared import jsontext"),
    (CORE, "canonical/shared/failure.py", "import jiter"),
    (JSON_ONCE, "facade/application/use_cases.py", "import json"),
    (JSON_ONCE, "facade/tmf/engine/versions.py", "import orjson"),
    (JSON_ONCE, "adapters/backends/messages.py", "from json import loads"),
    (JSON_ONCE, "adapters/persistence/aggregates.py", "import jiter"),
    (JSON_ALONE, "canonical/ordering/order.py", "from canonical.shared.jsontext import text"),
    (CONTEXTS, "canonical/ordering/order.py", "from canonical.catalog.offering import ProductOffering"),
    (CONTEXTS, "canonical/catalog/offering.py", "from canonical.customers.reference import CustomerReference"),
    (CONTEXTS, "canonical/customers/ports.py", "import canonical.ordering.events"),
    (LAYERS, "canonical/ordering/errors.py", "from canonical.ordering.states import State"),
    (LAYERS, "canonical/ordering/states.py", "from canonical.ordering.commands import SubmitOrder"),
    (LAYERS, "canonical/ordering/commands.py", "from canonical.ordering.events import OrderEvent"),
    (LAYERS, "canonical/ordering/items.py", "from canonical.ordering.order import Order"),
    (LAYERS, "canonical/ordering/order.py", "from canonical.ordering.ports import UnitOfWork"),
    (LAYERS, "canonical/ordering/ports.py", "import canonical.ordering.handlers"),
    (UPWARD, "facade/bootstrap/apis.py", "import facade.cli"),
    (UPWARD, "facade/portal/handlers.py", "from facade.bootstrap.core import Core"),
    (UPWARD, "facade/tmf/hub/queries.py", "import facade.demo.product"),
    (UPWARD, "facade/tmf/tmf622/items.py", "from facade.bootstrap.declared import TMF_APIS"),
    (UPWARD, "facade/tmf/engine/operations.py", "from facade.portal.failures import error_of"),
    (UPWARD, "facade/tmf/engine/declaration.py", "import facade.tmf.hub.callbacks"),
    (UPWARD, "facade/tmf/engine/reads.py", "import facade.app"),
    (UPWARD, "facade/partners/profiles.py", "from facade.tmf.engine.declaration import Sender"),
    (UPWARD, "facade/tmf/vocabulary.py", "from facade.partners.profiles import Profiles"),
    (UPWARD, "facade/tmf/bridge/bridge.py", "from facade.tmf.engine.declaration import Payload"),
    (UPWARD, "facade/tmf/query/listing.py", "import facade.tmf.vocabulary"),
    (UPWARD, "facade/tmf/patch/engine.py", "from facade.tmf.bridge import Bridge"),
    (UPWARD, "facade/application/use_cases.py", "from facade.tmf.patch import apply_patch"),
    (UPWARD, "facade/partners/customers.py", "import facade.security.principal"),
    (UPWARD, "facade/contract/validator.py", "from facade.application.requests import Request"),
    (UPWARD, "facade/contract/bodies.py", "import facade.security.principal"),
    (API_ALONE, OTHER_API, "from facade.tmf.tmf622.product_order import STATES"),
    (API_ALONE, "facade/tmf/hub/handlers.py", "from facade.tmf.tmf622.api import TMF622"),
    (API_ALONE, "facade/portal/schemas.py", "from facade.tmf.tmf622 import items"),
    (API_ALONE, "facade/translations.py", "import facade.tmf.tmf622.v4"),
    (API_PURE, "facade/tmf/tmf622/api.py", "from facade.security.principal import Principal"),
    (API_PURE, "facade/tmf/tmf622/items.py", "from facade.portal.failures import error_of"),
    (API_PURE, "facade/tmf/tmf622/product_order.py", "from facade.web.errors import answer_to"),
    (API_PURE, "facade/tmf/tmf622/cancel_product_order.py", "import flask"),
    (API_PURE, "facade/tmf/tmf622/v4.py", "import structlog"),
    (UPWARD, "facade/warehouse/feed.py", "from facade.portal.event_shapes import event_document"),
    (WAREHOUSE_ALONE, "facade/cli.py", "from facade.warehouse.store import Store"),
    (EXTRAS, "facade/warehouse_commands.py", "import duckdb"),
    (EXTRAS, "adapters/persistence/tables.py", "import pygal"),
    (USE_CASES, "facade/application/use_cases.py", "from facade.web.conditions import check_version"),
    (USE_CASES, "facade/application/requests.py", "from flask import request"),
    (USE_CASES, "facade/application/turns.py", "from facade.web.paging import only"),
]


SHARED_BY_APIS = (
    *("facade.answers", "facade.application", "facade.characteristic_values", "facade.clock"),
    *("facade.contract", "facade.tmf.domains", "facade.tmf.policies", "facade.tmf.products", "facade.tmf.switches"),
    "facade.tmf.vocabulary",
    *(f"facade.tmf.{part}" for part in ("engine", "bridge", "query", "patch")),
)


def folder_of(api: TmfApi) -> Path:
    return ROOT / "facade" / "tmf" / api.name.lower()


def lint(folder: Path) -> dict[str, bool]:
    """Whether each contract is kept by the packages in `folder`."""
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "200", "NO_COLOR": "1"}
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, flags=re.MULTILINE)
    assert found, done.stdout + done.stderr
    return {name: verdict == "KEPT" for name, verdict in found}


def broken_by(path: Path, offence: str, folder: Path) -> list[str]:
    """The contracts that are broken once the file has this line, too."""
    innocent = path.read_text()
    try:
        path.write_text(f"{innocent}\n\n{offence}\n")
        return [name for name, kept in lint(folder).items() if not kept]
    finally:
        path.write_text(innocent)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their import contracts, and nothing else."""
    folder = tmp_path_factory.mktemp("packages")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=_all_but_python)
    (folder / OTHER_API).parent.mkdir()
    (folder / OTHER_API).write_text('"""Another API."""\n')
    return folder


def _all_but_python(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".py") and not (Path(folder) / name).is_dir()} | {"__pycache__"}


def test_every_contract_is_kept() -> None:
    assert lint(ROOT) == dict.fromkeys(NAMES, True)


def test_every_contract_has_a_breach_here() -> None:
    assert {name for name, _, _ in BREACHES} == set(NAMES)


@pytest.mark.parametrize(
    ("contract", "file", "offence"), BREACHES, ids=[f"{file}: {line}" for _, file, line in BREACHES]
)
def test_a_breach_is_noticed_by_exactly_its_contract(contract: str, file: str, offence: str, copy: Path) -> None:
    assert broken_by(copy / file, offence, copy) == [contract]


def test_an_engine_that_imports_an_api_breaks_two_contracts(copy: Path) -> None:
    path = copy / "facade" / "tmf" / "engine" / "operations.py"
    assert broken_by(path, "from facade.tmf.tmf622.api import TMF622", copy) == [UPWARD, API_ALONE]


def imported_by(path: Path) -> set[str]:
    """Every module that is imported, and every name that is imported from one: it may be a module."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
    return imported


def not_allowed(path: Path, allowed: set[str]) -> set[str]:
    """import-linter can only forbid packages by name; this allows by name."""
    known = allowed | sys.stdlib_module_names
    return {name for name in imported_by(path) if not any(f"{name}.".startswith(f"{one}.") for one in known)}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "canonical").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_core_imports_itself_and_the_standard_library_only(path: Path) -> None:
    of_json = {"orjson", "jiter"} if path.parent.name == "jsontext" else set()
    assert not_allowed(path, {"canonical", *of_json}) == set()


API_MODULES = [(api.name.lower(), path) for api in TMF_APIS for path in sorted(folder_of(api).rglob("*.py"))]


@pytest.mark.parametrize(("name", "path"), API_MODULES, ids=[str(path.relative_to(ROOT)) for _, path in API_MODULES])
def test_an_api_imports_the_core_itself_and_what_apis_share(name: str, path: Path) -> None:
    assert not_allowed(path, {"canonical", f"facade.tmf.{name}", *SHARED_BY_APIS}) == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "facade" / "application").glob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_use_cases_import_the_core_contracts_and_the_correlation_id(path: Path) -> None:
    facade = {"facade.application", "facade.contract", "facade.web.correlation"}
    assert not_allowed(path, {"canonical", "structlog", *facade}) == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "facade" / "warehouse").glob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_warehouse_is_a_client_and_shares_json_text_only(path: Path) -> None:
    libraries = {"duckdb", "pygal", "requests", "stamina", "structlog"}
    assert not_allowed(path, {"facade.warehouse", "canonical.shared.jsontext", *libraries}) == set()


def test_an_import_that_is_not_allowed_is_found(tmp_path: Path) -> None:
    path = tmp_path / "mapper.py"
    path.write_text(
        "import json\nimport facade.clocks\nfrom facade.clock import time_text\nfrom facade.web import errors\n"
    )
    assert not_allowed(path, {"facade.clock"}) == {"facade.clocks", "facade.web.errors"}


def test_no_two_modules_of_the_web_edge_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("facade", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    list(TopologicalSorter(imports).static_order())  # raises CycleError, which names the circle


def test_the_packages_named_are_those_there_are() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == set(PACKAGES)


@pytest.mark.parametrize(("contract", "names"), [(API_ALONE, "protected_modules"), (API_PURE, "source_modules")])
def test_every_api_is_in_the_contracts_about_apis(contract: str, names: str) -> None:
    [found] = [one for one in CONTRACTS if one["name"] == contract]
    assert set(found[names]) == {f"facade.tmf.{api.name.lower()}" for api in TMF_APIS}


def test_every_package_of_the_web_edge_has_its_layer() -> None:
    """But `web`, whose modules are at several heights: errors know of patches, use cases of the correlation id."""
    [layers] = [contract for contract in CONTRACTS if contract["name"] == UPWARD]
    placed = {name for layer in layers["layers"] for name in layer.split(" : ")}
    packages = {path.parent for pattern in ("*", "tmf/*") for path in (ROOT / "facade").glob(f"{pattern}/__init__.py")}
    assert {".".join(path.relative_to(ROOT).parts) for path in packages} - {"facade.tmf", "facade.web"} <= placed


def test_every_context_of_the_core_is_kept_apart() -> None:
    [independence] = [contract for contract in CONTRACTS if contract["name"] == CONTEXTS]
    contexts = {f"canonical.{path.parent.name}" for path in (ROOT / "canonical").glob("*/__init__.py")}
    assert set(independence["modules"]) == contexts - {"canonical.shared", "canonical.processes", "canonical.views"}
