"""The tree of errors, and the picture of it."""

import pytest

from canonical.shared import errors
from canonical.shared.errors import CanonicalError, every_error


@pytest.mark.parametrize("kind", list(every_error()), ids=lambda kind: kind.__name__)
def test_the_picture_shows_every_error_under_its_parent(kind: type[CanonicalError]) -> None:
    lines = (errors.__doc__ or "").splitlines()
    path: list[str] = []
    parents = {}
    for line in lines[lines.index("CanonicalError") :]:
        indent, name = len(line) - len(line.lstrip("│├└─ ")), line.lstrip("│├└─ ").split(" ")[0]
        path = [*path[: indent // 4], name]
        parents[name] = path[-2] if len(path) > 1 else None
    assert kind.__name__ in parents, f"{kind.__name__} is missing in the docstring of canonical/shared/errors.py"
    parent = kind.__base__
    assert parents[kind.__name__] == (None if kind is CanonicalError or parent is None else parent.__name__)
