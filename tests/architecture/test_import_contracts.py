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
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("canonical", "facade", "adapters", "jsontext")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
NAMES = [contract["name"] for contract in CONTRACTS]

CORE = "The core imports itself and the standard library only"
ADAPTERS = "Adapters never import the web edge"
BOOTSTRAP = "Only bootstrap sees both sides"
JSON_ONCE = "JSON is read and written in one package"
JSON_ALONE = "The package for JSON knows nothing of the product"
CONTEXTS = "Contexts do not import each other"
LAYERS = "Inside ordering, the rules come before what uses them"

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
    (CORE, "canonical/shared/failure.py", "import jsontext"),
    (CORE, "canonical/shared/failure.py", "import jiter"),
    (JSON_ONCE, "facade/application/use_cases.py", "import json"),
    (JSON_ONCE, "facade/tmf/engine/versions.py", "import orjson"),
    (JSON_ONCE, "adapters/backends/messages.py", "from json import loads"),
    (JSON_ONCE, "adapters/persistence/aggregates.py", "import jiter"),
    (JSON_ALONE, "jsontext/received.py", "from canonical.shared.errors import InvalidCommand"),
    (JSON_ALONE, "jsontext/writing.py", "import facade.clock"),
    (JSON_ALONE, "jsontext/kept.py", "import adapters"),
    (CONTEXTS, "canonical/ordering/order.py", "from canonical.catalog.offering import ProductOffering"),
    (CONTEXTS, "canonical/catalog/offering.py", "from canonical.customers.reference import CustomerReference"),
    (CONTEXTS, "canonical/customers/ports.py", "import canonical.ordering.events"),
    (LAYERS, "canonical/ordering/errors.py", "from canonical.ordering.states import State"),
    (LAYERS, "canonical/ordering/states.py", "from canonical.ordering.commands import SubmitOrder"),
    (LAYERS, "canonical/ordering/commands.py", "from canonical.ordering.events import OrderEvent"),
    (LAYERS, "canonical/ordering/items.py", "from canonical.ordering.order import Order"),
    (LAYERS, "canonical/ordering/order.py", "from canonical.ordering.ports import UnitOfWork"),
    (LAYERS, "canonical/ordering/ports.py", "import canonical.ordering.handlers"),
]


def lint(folder: Path) -> dict[str, bool]:
    """Whether each contract is kept by the packages in `folder`."""
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "200", "NO_COLOR": "1"}
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    found = re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, flags=re.MULTILINE)
    assert found, done.stdout + done.stderr
    return {name: verdict == "KEPT" for name, verdict in found}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their import contracts, and nothing else."""
    folder = tmp_path_factory.mktemp("packages")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=_all_but_python)
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
    path = copy / file
    innocent = path.read_text()
    try:
        path.write_text(f"{innocent}\n\n{offence}\n")
        verdicts = lint(copy)
    finally:
        path.write_text(innocent)
    assert [name for name, kept in verdicts.items() if not kept] == [contract]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "canonical").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_core_imports_itself_and_the_standard_library_only(path: Path) -> None:
    """import-linter can only forbid packages by name; this allows by name."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            imported.add((node.module or "").partition(".")[0])
    assert imported <= sys.stdlib_module_names | {"canonical"}


def test_the_packages_named_are_those_there_are() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == set(PACKAGES)


def test_every_context_of_the_core_is_kept_apart() -> None:
    [independence] = [contract for contract in CONTRACTS if contract["name"] == CONTEXTS]
    contexts = {f"canonical.{path.parent.name}" for path in (ROOT / "canonical").glob("*/__init__.py")}
    assert set(independence["modules"]) == contexts - {"canonical.shared", "canonical.processes", "canonical.views"}
