"""Markdown in which whatever a profile holds is text, and pages made of it."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt

from canonical.shared import jsontext

_MARKUP = re.compile(r"[\\`*_\[\]<>&|~#]|^[-+=:]")
"""Characters that mean something inside a line, or where it begins."""
_NUMBER = re.compile(r"^(\d{1,9})([.)])")
_BARE_LINE, _LINE = re.compile(r"(?<!\\)\|"), r"\\|"
_TICKS = re.compile("`+")
_RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:left}"
    "pre{background:#f4f4f4;padding:1rem;overflow-x:auto}code{font-size:.9em}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def plain(text: Any) -> str:
    """A text in one line, in which nothing is markup."""
    return _NUMBER.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", " ".join(str(text).split())))


def code(text: Any) -> str:
    """A word as code, in one line."""
    word = " ".join(str(text).split())
    fence = "`" * (max(map(len, _TICKS.findall(word)), default=0) + 1)
    padding = " " if word.startswith("`") or word.endswith("`") else ""
    return f"{fence}{padding}{word}{padding}{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of cells that are Markdown."""
    return [_row(heads), _row(["---"] * len(heads)), *map(_row, rows), ""]


def listing(entries: Iterable[str]) -> list[str]:
    return [*(f"- {entry}" for entry in entries), ""]


def block(text: str, language: str = "") -> list[str]:
    """A block of code."""
    fence = "`" * max(3, max(map(len, _TICKS.findall(text)), default=0) + 1)
    return [f"{fence}{language}", *text.rstrip("\n").split("\n"), fence, ""]


def indented_json(value: Any) -> str:
    """JSON for people. Numbers keep their digits."""
    return "\n".join(_lines(value, ""))


def page(markdown: str, title: str) -> str:
    """A self-contained HTML page that loads nothing."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{_RENDERER.render(markdown)}</body>\n</html>\n"
    )


def _row(cells: Iterable[str]) -> str:
    # In a table a vertical line ends a cell, in code too. One that is escaped already has its backslash.
    return f"| {' | '.join(_BARE_LINE.sub(_LINE, cell) for cell in cells)} |"


def _lines(value: Any, indent: str) -> Iterator[str]:
    inner = f"{indent}  "
    if isinstance(value, Mapping) and value:
        parts = [(f"{jsontext.text(name)}: ", one) for name, one in value.items()]
        yield "{"
        yield from _members(parts, inner)
        yield f"{indent}}}"
    elif isinstance(value, list | tuple) and value:
        yield "["
        yield from _members([("", one) for one in value], inner)
        yield f"{indent}]"
    else:
        yield jsontext.text(value)


def _members(parts: Sequence[tuple[str, Any]], indent: str) -> Iterator[str]:
    for number, (name, one) in enumerate(parts, start=1):
        first, *rest = _lines(one, indent)
        lines = [f"{indent}{name}{first}", *rest]
        lines[-1] += "," if number < len(parts) else ""
        yield from lines
