"""The wheel, installed outside the checkout, is the whole product."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
import requests

from tests.support.launched import Launched
from tests.support.product import portal_order
from tests.support.waiting import LONG

ROOT = Path(__file__).parents[2]
SOURCES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")
PACKAGES = ("facade", "canonical", "adapters", "specs", "fixtures")
LIBRARIES = sysconfig.get_path("purelib")


def build_wheel(directory: Path) -> Path:
    """The wheel of a copy of the checkout.

    setuptools leaves a folder `build` behind and packs what it finds there into the next wheel.
    """
    sources = directory / "sources"
    sources.mkdir()
    for name in SOURCES:
        shutil.copy(ROOT / name, sources)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(directory), str(sources))
    [wheel] = directory.glob("*.whl")
    return wheel


def pip(*words: str) -> None:
    """Run pip without network."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, env={**os.environ, "PIP_NO_INDEX": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `tmf-facade` of an environment that has the wheel and our libraries, and knows nothing of the checkout.

    A folder named in a .pth file is searched, but .pth files inside it are not read, so the editable installation of
    the product among our libraries stays hidden.
    """
    directory = tmp_path_factory.mktemp("installed")
    environment = directory / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    packages = environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (packages / "libraries.pth").write_text(f"{LIBRARIES}\n")
    pip("--python", str(python), "install", "--no-deps", "--ignore-installed", str(build_wheel(directory)))
    return environment / "bin" / "tmf-facade"


@pytest.fixture(scope="module")
def launched(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    empty = tmp_path_factory.mktemp("empty")
    running = Launched(tmp_path_factory.mktemp("launched"), [str(installed)], empty, STATE_DIR="var", PYTHONPATH="")
    running.until_ready()
    yield running
    running.stop()


def test_it_says_its_version(installed: Path) -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")
    done = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True, timeout=LONG)
    assert done.stdout == f"tmf-facade {settings['metadata']['version']}\n"


def test_it_runs_in_an_empty_folder(launched: Launched) -> None:
    address = f"http://127.0.0.1:{launched.ports[0]}"
    ready = requests.get(f"{address}/health/ready", timeout=LONG)
    token = requests.post(
        f"{address}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("portal", "portal-secret"),
        timeout=LONG,
    ).json()["access_token"]
    placed = requests.post(
        f"{address}/api/v1/orders",
        json=portal_order(),
        headers={"Authorization": f"Bearer {token}"},
        timeout=LONG,
    )
    assert (ready.status_code, placed.status_code, placed.json()["status"]) == (200, 201, "confirmed")
    assert "6 demonstration orders were placed" in launched.printed
    assert [path.name for path in launched.folder.iterdir()] == ["var"]


def test_its_demonstration_has_its_payloads(launched: Launched) -> None:
    done = launched.run("demo")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_has_the_files_that_the_checkout_has(installed: Path) -> None:
    packages = next(installed.parents[1].glob("lib/python*/site-packages"))
    for folder in ("specs", "fixtures/catalog", "fixtures/partners"):
        kept = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert kept == {path.relative_to(packages) for path in (packages / folder).rglob("*") if path.is_file()}
