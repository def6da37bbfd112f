"""The container image of `make image`: its root, unpacked, serves the product, read-only and as its own user."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.launched import free_ports
from tests.support.waiting import LONG, until

ROOT = Path(__file__).parents[2]
IN_THE_IMAGE = """
set -e
root=$1 user=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o "uid=${user%:*},gid=${user#*:},mode=700" tmpfs "$root/var/lib/tmf-facade"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
exec chroot --userspec="$user" "$root" "$@"
"""
"""As compose.yaml starts it: a read-only root, and memory for what is written."""
START = """
id -u
touch /opt/tmf-facade/written 2> /dev/null && echo writable
tmf-facade db upgrade && exec tmf-facade serve
"""


def buildah(*words: str) -> str:
    return subprocess.run(["buildah", *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def image() -> str:
    """Its name."""
    for tool in ("buildah", "unshare", "chroot"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing; on Debian: apt-get install buildah debootstrap util-linux coreutils")
    if os.geteuid() != 0:
        pytest.skip("only root can unpack an image and change its root; run this test with sudo")
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")
    name = f"localhost/tmf-facade:{settings['metadata']['version']}"
    if subprocess.run(["buildah", "inspect", "--type", "image", name], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no image {name}; run `make image`")
    return name


@pytest.fixture(scope="module")
def config(image: str) -> dict[str, Any]:
    found = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def unpacked(image: str) -> Iterator[str]:
    """The folder of its root."""
    container = buildah("from", "--pull-never", image)
    yield buildah("mount", container)
    buildah("rm", container)


def test_the_image_is_smaller_than_300_megabytes(image: str) -> None:
    size = buildah("images", "--json", image)
    assert all(one["size"].endswith(" MB") and float(one["size"].split()[0]) < 300 for one in json.loads(size))


def test_serve_starts_in_the_image_as_its_user(config: dict[str, Any], unpacked: str, tmp_path: Path) -> None:
    [port] = free_ports(1)
    environment = ["env", "-i", *config["Env"], f"PORT={port}"]
    assert (config["Entrypoint"], config["Cmd"]) == (["tmf-facade"], ["serve"])
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", IN_THE_IMAGE, "sh"]
    output = tmp_path / "output.txt"
    with output.open("wb") as written:
        served = subprocess.Popen(
            [*command, unpacked, config["User"], *environment, "sh", "-c", START], stdout=written, stderr=written
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: "listening" in output.read_text() or served.poll() is not None, output.read_text)
        assert requests.get(f"{address}/health/ready", timeout=LONG).json()["status"] == "ready"
        assert "tmf622" in requests.get(address, timeout=LONG).text
        assert output.read_text().splitlines()[0] == config["User"].split(":")[0]
        assert "writable" not in output.read_text()
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(LONG)
