"""Golden files: what was agreed once, beside what a run says now.

`WRITE_GOLDEN=1` writes what a run says into the files, for a person to review; without it, a difference fails the test.
"""

import difflib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from canonical.shared import jsontext

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
REQUEST = ".request.json"
REMEDY = "run this test with WRITE_GOLDEN=1 and review what it writes"


def requests(folder: Path) -> list[Path]:
    """The golden requests below a folder, in the order of their names."""
    return sorted(folder.rglob(f"*{REQUEST}"))


def name_of(request: Path) -> str:
    """Its folder and its own name, as the id of a test."""
    return f"{request.parent.name}-{request.name.removesuffix(REQUEST)}"


def filled(request: Path, values: Mapping[str, str]) -> dict[str, Any]:
    """A golden request with its placeholders, such as `{product}`, replaced."""
    text = request.read_text()
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    found: dict[str, Any] = json.loads(text)
    return found


def told(answer: Any, values: Mapping[str, str]) -> Any:
    """An answer as it is kept: `values`, ids and times that differ in each run become placeholders."""
    text = json.dumps(answer, ensure_ascii=False)
    for name, value in values.items():
        text = text.replace(value, f"{{{name}}}")
    return json.loads(TIME.sub("{time}", UUID.sub("{id}", text)))


def require_as_agreed(request: Path, found: Any, kind: str = "response") -> None:
    """Fails if `found` differs from the file of this kind beside the request, to the digit, and if there is none."""
    file, said = request.with_name(request.name.replace(REQUEST, f".{kind}.json")), _pretty(found)
    if os.environ.get("WRITE_GOLDEN"):
        file.write_text(said)
    if not file.exists():
        pytest.fail(f"{file.name} is missing: {REMEDY}", pytrace=False)
    agreed = _pretty(jsontext.read_kept(file.read_text()))
    if said != agreed:
        differences = difflib.unified_diff(agreed.splitlines(), said.splitlines(), "agreed", "now", lineterm="")
        told = f"{file.name} says something else; if what is new is right, {REMEDY}"
        pytest.fail("\n".join([told, *differences]), pytrace=False)


def _pretty(value: Any) -> str:
    """With every digit of a number, members in their order."""
    written = orjson.dumps(value, lambda number: orjson.Fragment(str(number)), orjson.OPT_INDENT_2)
    return written.decode() + "\n"
