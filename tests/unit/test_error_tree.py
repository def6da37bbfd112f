"""The tree of errors, and the picture of it: each module's docstring shows the part that the module defines."""

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from canonical.shared.errors import CanonicalError, every_error

ROOT = Path(__file__).parents[2]
NAMES = sorted(f"canonical.{path.parent.name}.errors" for path in (ROOT / "canonical").glob("*/errors.py"))
MODULES = [importlib.import_module(name) for name in NAMES]


def defined_in(module: ModuleType) -> list[type[CanonicalError]]:
    return [kind for kind in every_error() if kind.__module__ == module.__name__]


def pictured(module: ModuleType) -> dict[str, str | None]:
    """The parent of each error in the docstring; None for those at the left edge."""
    path: list[str] = []
    parents: dict[str, str | None] = {}
    for line in (module.__doc__ or "").splitlines():
        mark = line.lstrip("│├└─ ")
        name = mark.split(" ")[0]
        if not inspect.isclass(getattr(module, name, None)):
            assert line[:1] not in ("│", "├", "└"), f"{module.__name__} has no {name}, which its docstring shows"
            continue
        path = [*path[: (len(line) - len(mark)) // 4], name]
        parents[name] = path[-2] if len(path) > 1 else None
    return parents


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_picture_shows_every_error_under_its_parent(module: ModuleType) -> None:
    shown = pictured(module)
    for kind in defined_in(module):
        parent = None if kind is CanonicalError else kind.__base__
        assert kind.__name__ in shown, f"{kind.__name__} is missing in the docstring of {module.__name__}"
        assert shown[kind.__name__] == (None if parent is None else parent.__name__)


def test_every_error_is_defined_in_a_module_for_errors() -> None:
    assert {kind.__module__ for kind in every_error()} == set(NAMES)


def test_a_node_has_every_error_loaded_so_that_kept_ones_come_back_as_themselves() -> None:
    code = f"import json, sys, facade.bootstrap.core\nprint(json.dumps([n for n in {NAMES} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == NAMES
