"""JSON pointers (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable

Token = str | int
Tokens = tuple[Token, ...]


def escaped(token: Token) -> str:
    """One reference token with `~` and `/` written `~0` and `~1`."""
    text = str(token)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def pointer(tokens: Iterable[Token]) -> str:
    """The pointer that leads along `tokens`; the empty text is the whole document."""
    return "".join("/" + escaped(token) for token in tokens)


def tokens_of(text: str) -> list[str]:
    """The unescaped tokens of a pointer."""
    return [token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:]]


def dotted(tokens: Iterable[Token]) -> str:
    """The same position for people: `productOrderItem[0].action`."""
    text = ""
    for token in tokens:
        if isinstance(token, int):
            text += f"[{token}]"
        else:
            text += f".{shortened(token)}" if text else shortened(token)
    return text or "The body"


def shortened(text: str, limit: int = 60) -> str:
    """`text`, cut to `limit` characters, so that no error repeats a megabyte."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
