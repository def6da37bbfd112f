"""`filter=` as JSONPath (TMF630 part 6), in the dialects that clients write.

    filter  = ["$"] path | ["$"] "[?" or "]"          `$.note[?(@.author=='X')]`, `note[?@.author=='X']`
    path    = name or bracket, each after "." or in ['quotes'], with any number of [?…] and [*] in between
    or      = and ("||" and)*        and = not ("&&" not)*        not = ["!"] ( "(" or ")" | comparison )
    comparison = operand [ ("==" | "!=" | ">" | ">=" | "<" | "<=" | "=~") operand ], of a path from "@" and a literal

Conditions in one bracket are about one element. A path without a comparison asks whether it is there. The result is
always whole resources. The grammar is ours, for it must end in criteria over known attributes: of a library's tree
every other node would have to be refused, and its errors say nothing to a caller about TMF630.
"""

from dataclasses import dataclass

from canonical.shared.criteria import AllOf, AnyElement, AnyOf, Compare, Criterion, Not, Operator, Path, Present
from facade.contract.violations import ContractViolation
from facade.tmf.query.attributes import Attribute, Attributes, Kind, Names
from facade.tmf.query.constants import constants_of
from facade.tmf.query.refusals import MAX_CONDITIONS, MAX_DEPTH, MAX_TEXT, NotSupported, refusal
from facade.tmf.query.regex import portable
from facade.tmf.query.tokens import Token, tokens

FUNCTIONS = ("min", "max", "avg", "stddev", "length", "count", "match", "search", "value", "sum", "keys", "size")
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}
_OPERATORS = (*_MIRRORED, "=~")


def criterion_of(source: str, attributes: Attributes, parameter: str = "filter") -> Criterion:
    """What the filter asks of a resource. Raises ContractViolation, or NotSupported naming what is optional."""
    if len(source) > MAX_TEXT:
        raise refusal(parameter, f"{parameter} has at most {MAX_TEXT} characters")
    reader = _Reader(parameter, tokens(parameter, source), attributes)
    reader.take("$")
    path = reader.path((), first=True)
    reader.expect("end", "the end")
    if not path.parts and not path.names:
        raise reader.syntax("a path such as note[?(@.author=='X')]")
    return reader.asking(path, None)


@dataclass(frozen=True, slots=True)
class _Operand:
    """A path that begins at the attribute `base`: filtered elements on the way, then plain names."""

    parts: tuple[tuple[Path, Criterion], ...]
    base: Names
    names: Names


@dataclass(slots=True)
class _Reader:
    parameter: str
    tokens: list[Token]
    attributes: Attributes
    at: int = 0
    depth: int = 0
    conditions: int = 0

    def path(self, base: Names, first: bool = False) -> _Operand:
        """Names and brackets from here on; `first`: the leading dot may be missing."""
        parts: list[tuple[Path, Criterion]] = []
        start, names = base, base
        while True:
            if self.take(".."):
                raise NotSupported(self.parameter, "descending with ..")
            if self.take("[?"):
                steps = self._steps(start, names)
                parts.append((steps, self._bracket(names)))
                start = names
            elif self.take("["):
                names += self._bracketed()
            elif self.take(".") or (first and names == base and not parts and self.token.kind == "name"):
                names += self._name()
            else:
                return _Operand(tuple(parts), start, names[len(start) :])

    def asking(self, path: _Operand, final: Criterion | None) -> Criterion:
        """That the path is there, or that its end meets `final`."""
        asked = final
        if asked is None and path.names:
            asked = Present(self._steps(path.base, path.base + path.names))
        if asked is None and not path.parts:
            raise NotSupported(self.parameter, "the element itself as a condition")
        for steps, criterion in reversed(path.parts):
            inside = criterion if asked is None else AllOf((criterion, asked))
            asked = AnyElement(steps, inside) if steps else inside
        assert asked is not None, "a path without parts has names"
        return asked

    def _steps(self, base: Names, names: Names) -> Path:
        return self._found(names).steps[len(self._found(base).steps) :]

    def _found(self, names: Names) -> Attribute:
        return self.attributes.find(self.parameter, names)

    def _bracket(self, base: Names) -> Criterion:
        self._deeper()
        found = self._or(base)
        self.depth -= 1
        self.expect("]", "]")
        return found

    def _bracketed(self) -> Names:
        token = self.next()
        if token.kind == "text":
            self.expect("]", "]")
            return (token.value,)
        if token.value == "*":
            self.expect("]", "]")
            return ()
        if token.kind == "number" or token.value == ":":
            raise NotSupported(self.parameter, "picking elements by position")
        raise self.syntax("[?…], [*] or ['name']", token)

    def _name(self) -> Names:
        token = self.next()
        if token.kind == "name":
            if self.token.value == "(":
                raise self._function(token)
            return (token.value,)
        if token.value == "*":
            raise NotSupported(self.parameter, "the wildcard .*")
        raise self.syntax("a name", token)

    def _or(self, base: Names) -> Criterion:
        parts = [self._and(base)]
        while self.take("||"):
            parts.append(self._and(base))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _and(self, base: Names) -> Criterion:
        parts = [self._not(base)]
        while self.take("&&"):
            parts.append(self._not(base))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self, base: Names) -> Criterion:
        self._deeper()
        negated = False
        while self.take("!"):
            negated = not negated
        if self.take("("):
            found = self._or(base)
            self.expect(")", ")")
        else:
            found = self._comparison(base)
        self.depth -= 1
        return Not(found) if negated else found

    def _comparison(self, base: Names) -> Criterion:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise refusal(self.parameter, f"a query has at most {MAX_CONDITIONS} conditions")
        left = self._operand(base)
        sign = self.next().value if self.token.value in _OPERATORS and self.token.kind == "symbol" else None
        if sign is None:
            if isinstance(left, Token):
                raise self.syntax("an operator")
            return self.asking(left, None)
        right = self._operand(base)
        if isinstance(left, Token):
            if isinstance(right, Token) or sign not in _MIRRORED:
                raise self.syntax("a path beside a literal", left)
            return self._compared(right, _MIRRORED[sign], left)
        if not isinstance(right, Token):
            raise NotSupported(self.parameter, "comparing two paths")
        return self._compared(left, sign, right)

    def _operand(self, base: Names) -> _Operand | Token:
        token = self.next()
        if token.value == "@" and token.kind == "symbol":
            return self.path(base)
        if token.value == "$" and token.kind == "symbol":
            raise NotSupported(self.parameter, "a path from the root inside a bracket")
        if token.kind in ("text", "number", "pattern") or token.value in ("true", "false", "null"):
            return token
        if token.kind == "name" and self.token.value == "(":
            raise self._function(token)
        raise self.syntax("a path that begins with @, or a literal", token)

    def _compared(self, path: _Operand, sign: str, literal: Token) -> Criterion:
        if not path.names:
            raise NotSupported(self.parameter, "comparing the element itself")
        names = path.base + path.names
        attribute, steps = self._found(names), self._steps(path.base, names)
        operator = Operator.EQUAL if sign == "!=" else Operator(sign)
        if literal.kind == "pattern" or operator is Operator.MATCHES:
            test: Criterion = self._matching(steps, attribute, operator, literal)
        elif literal.kind == "name" and literal.value == "null":
            if operator is not Operator.EQUAL:
                raise refusal(self.parameter, "null has no order")
            test = Compare(steps, operator, (None,))
        else:
            quoted = literal.kind == "text"
            constants = constants_of(self.parameter, attribute, operator, literal.value, quoted)
            if attribute.kind is Kind.ANY and not quoted:
                constants = constants[1:] or constants
            test = Compare(steps, operator, constants)
        return self.asking(path, Not(test) if sign == "!=" else test)

    def _matching(self, steps: Path, attribute: Attribute, operator: Operator, literal: Token) -> Criterion:
        if operator is not Operator.MATCHES or literal.kind not in ("pattern", "text"):
            raise refusal(self.parameter, "=~ stands between a path and a /pattern/ or a text")
        constants_of(self.parameter, attribute, operator, "x", quoted=True)
        pattern, folded = literal.value, False
        if literal.kind == "pattern":
            body, _, flag = literal.value.rpartition("/")
            pattern, folded = body[1:].replace("\\/", "/"), flag == "i"
        if "\0" in pattern:
            raise refusal(self.parameter, "the NUL character is in no document")
        return Compare(steps, operator, (portable(self.parameter, pattern, folded),))

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.token
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def take(self, symbols: str) -> bool:
        """Step over one symbol, or over `[?`."""
        wanted = ("[", "?") if symbols == "[?" else (symbols,)
        found = self.tokens[self.at : self.at + len(wanted)]
        if [(token.kind, token.value) for token in found] != [("symbol", symbol) for symbol in wanted]:
            return False
        self.at += len(wanted)
        return True

    def expect(self, value: str, expected: str) -> None:
        token = self.next()
        if value != (token.value if token.kind == "symbol" else token.kind):
            raise self.syntax(expected, token)

    def syntax(self, wanted: str, token: Token | None = None) -> ContractViolation:
        token = token or self.token
        where = "the end" if token.kind == "end" else f"character {token.at + 1}"
        hint = "in an address && is written %26%26" if token.kind == "end" else None
        return refusal(self.parameter, f"{self.parameter}: {wanted} is expected at {where}", hint)

    def _function(self, token: Token) -> Exception:
        if token.value in FUNCTIONS:
            return NotSupported(self.parameter, f"the function {token.value}")
        return self.syntax("no function", token)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH * 2:
            raise refusal(self.parameter, f"brackets are nested deeper than {MAX_DEPTH}")
