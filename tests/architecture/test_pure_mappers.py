"""What an API declares, and how it maps, loads no web framework and no logging: a mapper does no input or output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from facade.bootstrap.declared import TMF_APIS

ROOT = Path(__file__).parents[2]
EDGE = ("connexion", "flask", "structlog")
PACKAGES = {api.name: ROOT / "facade" / "tmf" / api.name.lower() for api in TMF_APIS}
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in PACKAGES.values()
    for path in package.rglob("*.py")
)


def loaded_with(module: str) -> set[str]:
    """Which of EDGE a fresh interpreter has loaded once it has imported the module."""
    code = f"import json, sys, {module}\nprint(json.dumps([name for name in {EDGE} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("name", PACKAGES)
def test_every_api_is_declared_in_the_package_of_its_name(name: str) -> None:
    assert (PACKAGES[name] / "api.py").exists()


@pytest.mark.parametrize("module", MODULES)
def test_no_module_of_an_api_loads_the_edge(module: str) -> None:
    assert loaded_with(module) == set()


def test_the_edge_would_be_noticed() -> None:
    assert loaded_with("facade.tmf.engine.operations") == set(EDGE)
