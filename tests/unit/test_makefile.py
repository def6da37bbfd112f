"""What the Makefile hands on to the product that it starts."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = ("PORT", "BACKENDS_PORT", "WORKERS", "WORK_PROCESSES", "DATABASE_URL")
OF_THE_MAKE_OUTSIDE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")


def environment_of_a_recipe(*arguments: str) -> set[str]:
    """The lines of `env` in a recipe that names none of the settings."""
    outside = {name: value for name, value in os.environ.items() if name not in SETTINGS + OF_THE_MAKE_OUTSIDE}
    command = ["make", "--silent", "--eval", "environment: ; @env", "environment", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_nobody_sets_is_left_to_the_file_of_settings() -> None:
    assert [line for line in environment_of_a_recipe() if line.partition("=")[0] in SETTINGS] == []


def test_what_is_given_to_make_reaches_the_product() -> None:
    assert {"PORT=8081", "WORKERS=2"} <= environment_of_a_recipe("PORT=8081", "WORKERS=2")
