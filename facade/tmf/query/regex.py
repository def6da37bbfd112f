r"""Regular expressions of partners, rewritten so that every database finds the same with them, in bounded time.

Taken: literals, `.`, classes, `\\d \\w \\s` (ASCII), groups, alternatives, `* + ?` and counts, `^` and `$` around an
alternative, and a leading `(?i)` (ASCII letters). What engines treat differently is refused by name: back references,
lookarounds, word boundaries, possessive counts. A lazy count finds the same texts as an eager one and becomes one.

Both engines work without backtracking (RE2; PostgreSQL does for expressions without back references), so only size
costs: it is bounded after the counts are multiplied out.
"""

from dataclasses import dataclass

from facade.tmf.query.refusals import refusal

MAX_PATTERN = 200
MAX_COUNT = 100
MAX_SIZE = 250
"""Characters and classes, after counts are multiplied out. RE2 may need as many steps for each character of a text."""
MAX_NESTING = 10

_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\r\\f\\v"}
_CONTROLS = {"t": "\\t", "n": "\\n", "r": "\\r", "f": "\\f", "v": "\\v"}
_SPECIAL = set("\\^$.|?*+()[]{}")


class _Refused(Exception):
    """Carries the reason."""


def portable(parameter: str, pattern: str, folded: bool = False) -> str:
    """`pattern` as RE2 and PostgreSQL read it alike; `folded` ignores the case of ASCII letters.

    Raises ContractViolation with the reason.
    """
    if len(pattern) > MAX_PATTERN:
        raise refusal(parameter, f"a regular expression has at most {MAX_PATTERN} characters")
    if pattern.startswith("(?i)"):
        pattern, folded = pattern[4:], True
    try:
        reader = _Reader(pattern, folded)
        text, _ = reader.alternatives(0)
        if reader.at < len(pattern):
            raise _Refused("a group is closed that was not opened")  # noqa: TRY301 - told like what the reader refuses
    except _Refused as refused:
        raise refusal(parameter, f"the regular expression cannot be used: {refused}") from None
    return f"(?:{text})"


@dataclass
class _Reader:
    """Reads from `at` on; every method returns what it read, rewritten, and its size."""

    pattern: str
    folded: bool
    at: int = 0

    def alternatives(self, depth: int) -> tuple[str, int]:
        if depth > MAX_NESTING:
            raise _Refused(f"groups are nested deeper than {MAX_NESTING}")
        texts, total = [], 0
        while True:
            text, size = self._sequence(depth)
            texts.append(text)
            total += size
            if not self._take("|"):
                return "|".join(texts), total

    def _sequence(self, depth: int) -> tuple[str, int]:
        text, total = "^" if self._take("^") else "", 0
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if self._take("$"):
                if self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
                    raise _Refused("$ stands before other characters")
                text += "$"
                break
            atom, size = self._atom(depth)
            low, high, written = self._count()
            text += atom + written
            total += size * max(low, high, 1)
            if total > MAX_SIZE:
                raise _Refused(f"with its counts it is larger than {MAX_SIZE}")
        if not text.strip("^$") and text != "^$":
            raise _Refused("an alternative is empty")
        return text, total

    def _atom(self, depth: int) -> tuple[str, int]:
        character = self.pattern[self.at]
        self.at += 1
        if character == "(":
            return self._group(depth)
        if character == "[":
            return self._class(), 1
        if character == ".":
            return ".", 1
        if character == "\\":
            return self._escape(in_class=False), 1
        if character in _SPECIAL:
            raise _Refused(f"{character} stands where it means nothing; write \\{character} for the character")
        return self._literal(character), 1

    def _group(self, depth: int) -> tuple[str, int]:
        if self._take("?") and not self._take(":"):
            raise _Refused("lookarounds, named groups and flags inside are not taken")
        text, size = self.alternatives(depth + 1)
        if not self._take(")"):
            raise _Refused("a group is not closed")
        return f"(?:{text})", size + 1

    def _class(self) -> str:
        negated = "^" if self._take("^") else ""
        parts: list[str] = []
        while not self._take("]"):
            low = self._member()
            if (
                len(low) == 1
                and self.pattern[self.at : self.at + 1] == "-"
                and self.pattern[self.at + 1 : self.at + 2] != "]"
            ):
                self.at += 1
                high = self._member()
                if len(high) != 1 or high < low:
                    raise _Refused("a range of a class runs backwards or has no end")
                parts.append(self._range(low, high))
            else:
                parts.append(self._folded(_in_class(low)) if len(low) == 1 else low)
        if not parts:
            raise _Refused("a class is empty")
        return f"[{negated}{''.join(parts)}]"

    def _member(self) -> str:
        """One character of a class, or the members an escape stands for."""
        if self.at >= len(self.pattern):
            raise _Refused("a class is not closed")
        character = self.pattern[self.at]
        self.at += 1
        if character == "\\":
            return self._escape(in_class=True)
        if character == "[":
            raise _Refused("[ inside a class is written \\[")
        return character

    def _range(self, low: str, high: str) -> str:
        text = f"{_in_class(low)}-{_in_class(high)}"
        if self.folded:
            for first, last, turn in (("a", "z", str.upper), ("A", "Z", str.lower)):
                start, end = max(low, first), min(high, last)
                if start <= end:
                    text += f"{turn(start)}-{turn(end)}"
        return text

    def _escape(self, in_class: bool) -> str:
        character = self.pattern[self.at : self.at + 1]
        self.at += 1
        if character in _CLASSES:
            return _CLASSES[character] if in_class else f"[{_CLASSES[character]}]"
        if not in_class and character.lower() in _CLASSES and character:
            return f"[^{_CLASSES[character.lower()]}]"
        if character in _CONTROLS:
            return _CONTROLS[character]
        if not character or character.isalnum() or character.isspace() or not character.isascii():
            raise _Refused(f"\\{character} is not taken")
        return character if in_class else _literal(character)

    def _count(self) -> tuple[int, int, str]:
        low = high = 1
        written = ""
        if self._take("*"):
            written = "*"
        elif self._take("+"):
            written = "+"
        elif self._take("?"):
            written = "?"
        elif self._take("{"):
            low, high, written = self._bounds()
        if written:
            self._take("?")
            if self.pattern[self.at : self.at + 1] in ("*", "+", "?", "{") and self.at < len(self.pattern):
                raise _Refused("one count follows another")
        return low, high, written

    def _bounds(self) -> tuple[int, int, str]:
        end = self.pattern.find("}", self.at)
        first, comma, last = self.pattern[self.at : max(end, self.at)].partition(",")
        numbers = [part for part in (first, last) if part]
        if end < 0 or not first or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in numbers):
            raise _Refused("a count is written {2}, {2,} or {2,5}")
        self.at = end + 1
        low, high = int(first), int(last or first)
        if high < low or high > MAX_COUNT:
            raise _Refused(f"a count runs up to {MAX_COUNT}")
        return low, high, f"{{{low}{comma}{high if last else ''}}}"

    def _literal(self, character: str) -> str:
        if self.folded and character.isascii() and character.isalpha():
            return f"[{character.upper()}{character.lower()}]"
        return _literal(character)

    def _folded(self, member: str) -> str:
        if self.folded and member.isascii() and member.isalpha():
            return member.upper() + member.lower()
        return member

    def _take(self, character: str) -> bool:
        if self.pattern[self.at : self.at + 1] != character:
            return False
        self.at += 1
        return True


def _literal(character: str) -> str:
    return f"\\{character}" if character in _SPECIAL else character


def _in_class(character: str) -> str:
    return f"\\{character}" if character in "\\]^-[" else character
