"""Golden files: what was agreed once, beside what a run says now.

`WRITE_GOLDEN=1` writes what a run says into the files, for a person to review; without it, a difference fails the test.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
REQUEST, RESPONSE = ".request.json", ".response.json"


def requests(folder: Path) -> list[Path]:
    """The golden requests below a folder, in the order of their names."""
    return sorted(folder.rglob(f"*{REQUEST}"))


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


def require_as_agreed(request: Path, answer: Any) -> None:
    """Fails if the answer differs from the file beside the request, and if there is none."""
    file = request.with_name(request.name.replace(REQUEST, RESPONSE))
    if os.environ.get("WRITE_GOLDEN"):
        file.write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    assert file.exists(), f"{file.name} is missing: run this test with WRITE_GOLDEN=1 and review what it writes"
    assert answer == json.loads(file.read_text())
