"""What items are found by: the words in them, and amounts of money."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from canonical.shared.criteria import AllOf, Criterion, PathStep, Within
from canonical.shared.money import Money

WORD = "word"
LONGEST = 60
"""Characters of a word that count."""
MOST = 200
"""Words of one item that count."""
_AFTER_ALL = "\U0010ffff"
_RUN = re.compile(r"[^\W_]+")
_DIGITS, _PLACES = 18, 6


def words_of(text: str) -> list[str]:
    """The runs of letters and digits in a text, without case and accents: the same on every database."""
    if text.isascii():  # has neither accents nor other forms
        return [word[:LONGEST] for word in _RUN.findall(text.lower())]
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return [word[:LONGEST] for word in _RUN.findall("".join(one for one in plain if not unicodedata.combining(one)))]


def terms_of(texts: Iterable[str | None], amounts: Iterable[Money | None] = ()) -> Iterator[tuple[str, str]]:
    words = [word for text in texts if text for word in words_of(text)]
    yield from ((WORD, word) for word in dict.fromkeys(words[:MOST]))
    yield from ((_path(one.currency), _sortable(one)) for one in amounts if one is not None)


def having(text: str) -> Criterion | None:
    """What has words that begin with all the words of `text`, of which the longest is looked up; None for no word."""
    asked = sorted(dict.fromkeys(words_of(text)[:10]), key=len, reverse=True)
    parts = tuple(
        Within((PathStep(WORD),), word, word + _AFTER_ALL, selective=index == 0) for index, word in enumerate(asked)
    )
    return AllOf(parts) if len(parts) > 1 else next(iter(parts), None)


def costing(least: Money, most: Money) -> Criterion:
    """What has an amount from `least` to `most`, both of one currency."""
    return Within((PathStep(_path(least.currency)),), _sortable(least), _sortable(most) + _AFTER_ALL)


def _path(currency: str) -> str:
    return f"amount {currency}"[:100]


def _sortable(money: Money) -> str:
    """Digits that sort as the amount does; negative ones all alike, before the others."""
    if money.amount < 0:
        return "-"
    whole = int(money.amount.scaleb(_PLACES))
    return f"{whole:0{_DIGITS + _PLACES}d}" if whole < 10 ** (_DIGITS + _PLACES) else "~"
