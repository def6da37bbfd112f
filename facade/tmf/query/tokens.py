"""The words of a JSONPath filter."""

import re
from dataclasses import dataclass

from facade.contract.pointers import shortened
from facade.tmf.query.refusals import refusal

_TOKENS = re.compile(
    r"""(?P<blank>\s+)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<pattern>/(?:[^/\\]|\\.)+/i?)
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<name>@?[A-Za-z_][A-Za-z0-9_]*)
    |(?P<symbol>==|!=|>=|<=|=~|&&|\|\||\.\.|[$@.\[\]()?!><*,:])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: text, pattern, number, name, symbol or end. `value` of a text has neither quotes nor escapes."""

    kind: str
    value: str
    at: int


def tokens(parameter: str, source: str) -> list[Token]:
    """The tokens of a filter, the last of kind `end`. Raises ContractViolation at the first that is none."""
    found: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKENS.match(source, at)
        if match is None:
            raise refusal(parameter, f"cannot be read from character {at + 1}: {shortened(source[at:], 20)}")
        kind, value = str(match.lastgroup), match[0]
        if kind == "text":
            value = _ESCAPED.sub(r"\1", value[1:-1])
        if kind != "blank":
            found.append(Token(kind, value, at))
        at = match.end()
    return [*found, Token("end", "", len(source))]
