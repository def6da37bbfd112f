"""A file of resources in pieces: a JSON array, or one JSON object in each line. Only a block of it is in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from canonical.catalog.errors import FileRefused
from canonical.processes.signs_of_life import at_work
from canonical.shared import jsontext

LONGEST = 1024 * 1024
"""Bytes of one line."""
BLOCK = 2 * LONGEST
MOST = 200
"""Lines in one chunk, which is one transaction: on SQLite others that write wait for its end."""
BLANK = b" \t\r\n"
_MARK = b"\xef\xbb\xbf"

ReadAt = Callable[[int, int], bytes]
"""So many bytes of the file from an offset on; fewer at its end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One resource as it stands in the file; `text` None for one that is too long. The next one begins at `end`."""

    number: int
    text: bytes | None
    end: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """`offset` and `line` are where the next ones begin; `ended` when there are none."""

    found: tuple[Piece, ...]
    offset: int
    line: int
    ended: bool


def pieces(read: ReadAt, size: int, offset: int, line: int) -> Iterator[Pieces]:
    """The pieces of a file of `size` bytes, from a place on that this has told. Raises FileRefused."""
    split = _elements if read(0, 64).removeprefix(_MARK).lstrip(BLANK)[:1] == b"[" else _lines
    ended = False
    while not ended:
        block = read(offset, BLOCK)
        whole, after = split(block, offset, line, offset + len(block) >= size), offset
        while found := list(islice(whole, MOST)):
            after, line, ended = found[-1].end, found[-1].number, found[-1].end >= size
            yield Pieces(tuple(filter(_says_something, found)), after, line, ended)
        if after == offset and not ended:
            yield (last := _long_line(read, size, offset + len(block), line))
            after, line, ended = last.offset, last.line, last.ended
        offset = after


def _says_something(piece: Piece) -> bool:
    return piece.text is None or bool(piece.text.strip(BLANK))


def _long_line(read: ReadAt, size: int, offset: int, line: int) -> Pieces:
    """A line that has not ended at `offset`, or the end of the file."""
    if offset >= size:
        return Pieces((), size, line, True)
    end = _end_of_line(read, offset)
    return Pieces((Piece(line + 1, None, end),), end, line + 1, end >= size)


def _lines(block: bytes, offset: int, line: int, is_last: bool) -> Iterator[Piece]:
    begin = 0
    while begin < len(block):
        end = block.find(b"\n", begin)
        if end < 0 and not is_last:
            return
        after = len(block) if end < 0 else end + 1
        line += 1
        text = block[begin:after]
        if offset + begin == 0:
            text = text.removeprefix(_MARK)
        yield Piece(line, text if len(text) <= LONGEST else None, offset + after)
        begin = after


def _elements(block: bytes, offset: int, line: int, is_last: bool) -> Iterator[Piece]:
    """Of an array; `line` counts them. Raises FileRefused for what is no array of objects."""
    at = block.index(b"[") + 1 if offset == 0 else 0
    while True:
        at, comma = _after_comma(block, at)
        if at >= len(block):
            if is_last:
                raise FileRefused(f"the array does not end after element {line}")
            return
        if block[at : at + 1] == b"]" and not (comma and line):
            if block[at + 1 :].strip(BLANK) or not is_last:
                raise FileRefused("something stands after the end of the array")
            if line:
                yield Piece(line, b"", offset + len(block))
            return
        if block[at : at + 1] != b"{" or comma != bool(line):
            raise FileRefused(f"element {line + 1} of the array is not an object after a comma")
        end = jsontext.end_of_object(block, at)
        if end is None or end - at > LONGEST:
            if end is None and not is_last and len(block) - at <= LONGEST:
                return
            problem = "does not end" if end is None and is_last else f"has more than {LONGEST} bytes"
            raise FileRefused(f"element {line + 1} of the array {problem}")
        line += 1
        yield Piece(line, block[at:end], offset + end)
        at = end


def _after_comma(block: bytes, at: int) -> tuple[int, bool]:
    """Where the next thing stands that is neither blank nor one comma, and whether there was a comma."""
    rest = _skip(block, at)
    if block[rest : rest + 1] == b",":
        return _skip(block, rest + 1), True
    return rest, False


def _skip(block: bytes, at: int) -> int:
    while at < len(block) and block[at] in BLANK:
        at += 1
    return at


def _end_of_line(read: ReadAt, offset: int) -> int:
    """Where a line ends that has begun before `offset`."""
    while block := read(offset, BLOCK):
        at_work()
        end = block.find(b"\n")
        if end >= 0:
            return offset + end + 1
        offset += len(block)
    return offset
