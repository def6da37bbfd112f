"""Files in pieces: the same pieces wherever a read ends, and nothing of a long line in memory."""

import json
from collections.abc import Iterator

import pytest

from canonical.catalog.errors import FileRefused
from facade.tmf.engine import file_pieces
from facade.tmf.engine.file_pieces import LONGEST, Piece, Pieces, pieces


def begun(content: bytes, offset: int = 0, line: int = 0) -> Iterator[Pieces]:
    return pieces(lambda begin, size: content[begin : begin + size], len(content), offset, line)


def resumed(content: bytes) -> Iterator[Piece]:
    """Read by somebody who begins anew after each chunk."""
    offset, line, ended = 0, 0, False
    while not ended:
        found = next(begun(content, offset, line))
        yield from found.found
        assert found.ended or found.offset > offset
        offset, line, ended = found.offset, found.line, found.ended


def texts(content: bytes) -> list[tuple[int, bytes | None]]:
    found = [piece for chunk in begun(content) for piece in chunk.found]
    assert found == list(resumed(content))
    return [(one.number, None if one.text is None else one.text.strip()) for one in found]


@pytest.mark.parametrize("most", [1, 3, 1_000])
def test_lines_are_counted_also_when_they_are_blank(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(file_pieces, "MOST", most)
    assert texts(b'\xef\xbb\xbf{"a":1}\r\n\n  \n{"b":2}') == [(1, b'{"a":1}'), (4, b'{"b":2}')]


def test_a_line_that_is_too_long_is_skipped_without_being_kept() -> None:
    content = b'{"a":1}\n' + b"x" * (5 * LONGEST) + b'\n{"b":2}\n'
    assert texts(content) == [(1, b'{"a":1}'), (2, None), (3, b'{"b":2}')]


@pytest.mark.parametrize("most", [1, 2, 1_000])
@pytest.mark.parametrize("block", [200, 4_096])
def test_elements_of_an_array_are_found_across_blocks(monkeypatch: pytest.MonkeyPatch, most: int, block: int) -> None:
    monkeypatch.setattr(file_pieces, "MOST", most)
    monkeypatch.setattr(file_pieces, "BLOCK", block)
    wanted = [{"n": number, "text": '}]{["\\\\"' * (number % 4), "in": [{"x": []}]} for number in range(60)]
    found = texts(json.dumps(wanted, indent=1).encode())
    assert [json.loads(text) for _, text in found if text] == wanted
    assert [number for number, text in found if text] == list(range(1, 61))


@pytest.mark.parametrize("content", [b"[]", b" [ ] \n"])
def test_an_empty_array_has_no_pieces(content: bytes) -> None:
    assert [one for one in texts(content) if one[1]] == []


@pytest.mark.parametrize(
    "content",
    [b"[", b"[1]", b"[{}", b"[{},]", b"[,{}]", b"[{} {}]", b"[{}] x", b'[{"a": "', b"[{},,{}]", b"[[]]"],
)
def test_what_is_no_array_of_objects_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused, match="array"):
        list(resumed(content))


def test_an_element_that_is_too_long_is_refused() -> None:
    with pytest.raises(FileRefused, match="element 2 of the array has more than"):
        list(resumed(b'[{"a":1},{"b":"' + b"x" * (3 * LONGEST) + b'"}]'))
