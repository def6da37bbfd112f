"""Contract files as dictionaries, fast: parsed once, then read from a cache of JSON.

Parsing 500 KB of YAML costs 0.4 s even with libyaml, reading the same as JSON 5 ms. The cache is keyed by the
content, so it is never stale; losing or breaking it costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any, cast

import orjson
import yaml

_CACHE_FORMAT = "1"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def default_cache_dir() -> Path:
    """Where this user's caches live: `$XDG_CACHE_HOME`, else `~/.cache`."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "tmf-facade" / "contracts"


def load_spec(path: str | os.PathLike[str], cache_dir: Path | None = None) -> dict[str, Any]:
    """The YAML or JSON file at `path` as a plain tree: text keys, no shared nodes, no YAML dates.

    `cache_dir` is created when needed; without one the user's cache directory serves. A cache that cannot be
    read or written is ignored. Raises ValueError when the file holds something else than one mapping.
    """
    content = Path(path).read_bytes()
    name = f"{Path(path).stem}-{hashlib.sha256(_CACHE_FORMAT.encode() + content).hexdigest()[:24]}.json"
    cached = (cache_dir or default_cache_dir()) / name
    tree = _read(cached)
    if tree is None:
        tree = parse_spec(content)
        _write(cached, orjson.dumps(tree))
    return tree


def parse_spec(content: bytes) -> dict[str, Any]:
    """The same tree from the file's bytes, without a cache."""
    tree = yaml.load(content, Loader=_LOADER)  # noqa: S506  # both loaders are safe ones
    if not isinstance(tree, dict):
        raise ValueError("a contract file must hold one mapping")  # noqa: TRY004  # the file's fault, not a caller's
    # Through JSON and back: `200:` becomes "200", aliases become copies, dates become text. A cached tree
    # and a fresh one are then equal.
    return cast("dict[str, Any]", orjson.loads(orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS)))


def _read(cached: Path) -> dict[str, Any] | None:
    try:
        tree = orjson.loads(cached.read_bytes())
    except (OSError, ValueError):
        return None
    return tree if isinstance(tree, dict) else None


def _write(cached: Path, content: bytes) -> None:
    with contextlib.suppress(OSError):
        cached.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=cached.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(temporary).replace(cached)
        except OSError:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
