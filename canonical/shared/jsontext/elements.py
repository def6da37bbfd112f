"""Where the elements of an array end, without making anything of them."""

import re

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?P<closed>"|\Z)|[\[\]{}]', re.DOTALL)


def end_of_object(content: bytes, begin: int) -> int | None:
    """Where the object that begins at `begin` ends; None when its end is not in `content`.

    What is inside is not looked at: only texts and brackets, so that deep nesting costs nothing.
    """
    depth = 0
    for token in _TOKEN.finditer(content, begin):
        found = token[0]
        if found[:1] == b'"':
            if not token["closed"]:
                return None
        elif found in b"[{":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                return token.end()
    return None
