"""Attribute filters in the query string: `state=held,pending`, `note.date.gt=2026-01-01`, `creationDate%3E2026-01-01`.

Different attributes and operators are combined with AND. Values of one attribute and operator are alternatives, by
comma, by repetition, or by `;` (`state=a;state=b`, also `state=a;b`, also between attributes: `state=a;category=b`).
A value in double quotes is taken as it is: `description="a,b"`. "Not equal" to several values is equal to none of them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from canonical.shared.criteria import AnyOf, Compare, Constant, Criterion, Not, Operator, Path
from facade.tmf.query.attributes import Attributes
from facade.tmf.query.constants import constants_of
from facade.tmf.query.refusals import MAX_CONDITIONS, MAX_VALUES, refusal

NOT_EQUAL = "!="
_WORDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "ne": NOT_EQUAL, "eq": "==", "regex": "=~"}
_SYMBOLS = {"=": "==", "*=": "=~"}
_FILTER = re.compile(r"([^=<>!*;\"\s]+)(==|=~|\*=|>=|<=|!=|=|>|<)(.*)", re.DOTALL)
_OPENING = "=,;<>~"
"""A quote opens after one of these and is a character like others elsewhere, as in `5" pipe`."""
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Test:
    """One attribute beside one or more values; `sign` may be `NOT_EQUAL`, everything else names an Operator."""

    path: Path
    sign: str
    constants: tuple[Constant, ...]

    @property
    def criterion(self) -> Criterion:
        if self.sign == NOT_EQUAL:
            return Not(Compare(self.path, Operator.EQUAL, self.constants))
        return Compare(self.path, Operator(self.sign), self.constants)


def criteria_of(parameters: Iterable[str], attributes: Attributes) -> list[Criterion]:
    """What the decoded parameters, such as `state=held`, ask for. Raises ContractViolation."""
    together: dict[tuple[Path, str], list[Constant]] = {}
    apart: list[Criterion] = []
    for parameter in parameters:
        tests = list(_tests(parameter, attributes))
        if len({(test.path, test.sign) for test in tests}) > 1:
            apart.append(AnyOf(tuple(test.criterion for test in tests)))
            continue
        for test in tests:
            constants = together.setdefault((test.path, test.sign), [])
            constants += (one for one in test.constants if not _is_in(one, constants))
            if len(constants) > MAX_VALUES:
                raise refusal(_name(parameter), f"one attribute may have {MAX_VALUES} values")
        if len(together) + len(apart) > MAX_CONDITIONS:
            raise refusal(_name(parameter), f"a query has at most {MAX_CONDITIONS} conditions")
    return [_Test(path, sign, tuple(constants)).criterion for (path, sign), constants in together.items()] + apart


def _tests(parameter: str, attributes: Attributes) -> Iterator[_Test]:
    name = sign = ""
    alternatives = list(_split(parameter, ";", _name(parameter)))
    if len(alternatives) > MAX_CONDITIONS:
        raise refusal(_name(parameter), f"a query has at most {MAX_CONDITIONS} conditions")
    for alternative in alternatives:
        match = _FILTER.fullmatch(alternative)
        if match:
            name, sign, text = match[1], _SYMBOLS.get(match[2], match[2]), match[3]
        elif name and _plain(alternative):
            text = alternative
        else:
            raise refusal(_name(parameter), "a filter is written name=value, name.gt=value or name>value")
        yield _test(name, sign, text, attributes)


def _test(name: str, sign: str, text: str, attributes: Attributes) -> _Test:
    names = tuple(name.split("."))
    if names[-1] in _WORDS and len(names) > 1:
        if sign != "==":
            raise refusal(name, f"{name} names two operators")
        names, sign = names[:-1], _WORDS[names[-1]]
    attribute = attributes.find(name, names)
    operator = Operator.EQUAL if sign == NOT_EQUAL else Operator(sign)
    # A regular expression may hold commas of its own.
    values = [text] if operator is Operator.MATCHES else _split(text, ",", name)
    constants: list[Constant] = []
    for value in values:
        constants += constants_of(name, attribute, operator, _unquoted(value), quoted=False)
    return _Test(attribute.steps, sign, tuple(constants))


def _split(text: str, separator: str, name: str) -> Iterator[str]:
    """The parts of `text`; a separator inside quotes does not count."""
    start, at = 0, 0
    while at < len(text):
        if text[at] == '"' and (at == 0 or text[at - 1] in _OPENING):
            closing = _QUOTED.match(text, at)
            if closing is None:
                raise refusal(name, "a quote is not closed")
            at = closing.end()
        elif text[at] == separator:
            yield text[start:at]
            start = at = at + 1
        else:
            at += 1
    yield text[start:]


def _unquoted(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1]) if _QUOTED.fullmatch(text) else text


def _plain(text: str) -> bool:
    return not any(sign in text for sign in "=<>")


def _name(parameter: str) -> str:
    return re.split(r"[=<>!*;]", parameter, maxsplit=1)[0] or parameter


def _is_in(constant: Constant, constants: Iterable[Constant]) -> bool:
    """Told by type too: True is not 1."""
    return any(constant == one and type(constant) is type(one) for one in constants)
