"""Which attributes a resource has, at every depth, as its published schema says."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol

from canonical.shared.criteria import Path, PathStep
from facade.contract.classes import ClassCatalog, Shape, schema_name
from facade.tmf.query.refusals import MAX_DEPTH, refusal, unknown_attribute

Names = tuple[str, ...]
Hint = Callable[[Names], str | None]


class Kind(Enum):
    """What stands at a path. `ANY`: text, number or boolean, as the document has it."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    ANY = "any"
    OBJECT = "object"


class Words(Protocol):
    """The words that a client has of its own for what stands at a path."""

    def meanings(self, theirs: str, /) -> tuple[str, ...]:
        """Ours; none for what is shown nowhere."""
        ...

    @property
    def keeps_order(self) -> bool:
        """Whether the client's words sort as ours do."""
        ...

    @property
    def allowed(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Attribute:
    """A path that exists, with the steps that lead to it in the documents that are kept. `words`: the client's.

    `values`: the texts that its enumeration has; empty for other attributes.
    """

    steps: Path
    kind: Kind
    words: Words | None = None
    values: tuple[str, ...] = ()

    @property
    def in_list(self) -> bool:
        return any(step.many for step in self.steps)


class Attributes(Protocol):
    """The attributes of one resource in one version; a bridge answers with the steps of the version that is kept.

    Steps of a longer path must begin with the steps of its beginning.
    """

    def find(self, parameter: str, names: Names) -> Attribute:
        """The attribute; `names` empty is the resource. Raises ContractViolation at `parameter` when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Place:
    attribute: Attribute
    members: Mapping[str, tuple[Any, ...]]


class SchemaAttributes:
    """Attributes by a schema of a contract, subclasses included. `unkept`: paths that no document has. `hint`: what a
    client may mean by a path that is none of these, if it is known better than by its spelling.

    A partner's own attributes, which no schema names, are unknown here.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        schema: str,
        unkept: frozenset[str] = frozenset({"href"}),
        hint: Hint = lambda names: None,
    ) -> None:
        self.hint = hint
        self._catalog = ClassCatalog(spec["components"]["schemas"])
        self._root = {"$ref": f"#/components/schemas/{schema}"}
        self._unkept = unkept
        # Classes contain themselves, so there is no end of paths.
        self._place = lru_cache(maxsize=4096)(self._make_place)

    def find(self, parameter: str, names: Names) -> Attribute:
        if len(names) > MAX_DEPTH:
            raise refusal(parameter, f"a path has at most {MAX_DEPTH} names")
        if ".".join(names) in self._unkept:
            raise refusal(parameter, f"{'.'.join(names)} depends on the address used and cannot be searched; use id")
        return self.known(parameter, names)

    def known(self, parameter: str, names: Names) -> Attribute:
        """The same with what no document has: fit to be selected, not to be searched."""
        for depth in range(len(names)):
            members = self._place(names[:depth]).members
            if names[depth] not in members:
                hint = self.hint(names)
                raise unknown_attribute(parameter, ".".join(names[: depth + 1]), _spelled(names[:depth], members), hint)
        return self._place(names).attribute

    def members(self, names: Names) -> Iterable[str]:
        """The names that may follow a path that exists."""
        return self._place(names).members

    def has(self, names: Names) -> bool:
        places = range(len(names))
        return len(names) <= MAX_DEPTH and all(names[at] in self._place(names[:at]).members for at in places)

    def _make_place(self, names: Names) -> _Place:
        if not names:
            return _Place(Attribute((), Kind.OBJECT), self._members((self._root,)))
        before = self._place(names[:-1])
        values: list[Any] = []
        many = False
        for node in before.members[names[-1]]:
            shapes = self._shapes(node)
            is_list = any("array" in shape.types for shape in shapes)
            many = many or is_list
            values += [shape.items or {} for shape in shapes if "array" in shape.types] if is_list else [node]
        steps = (*before.attribute.steps, PathStep(names[-1], many))
        kind = self._kind(values)
        enumerated = self._enumerated(values) if kind is Kind.TEXT else ()
        return _Place(Attribute(steps, kind, values=enumerated), self._members(tuple(values)))

    def _members(self, nodes: tuple[Any, ...]) -> dict[str, tuple[Any, ...]]:
        found: dict[str, list[Any]] = {}
        for node in nodes:
            for shape in self._shapes(node):
                for name, schema in shape.properties.items():
                    schemas = found.setdefault(name, [])
                    if schema not in schemas:
                        schemas.append(schema)
        return {name: tuple(schemas) for name, schemas in found.items()}

    def _shapes(self, node: Any) -> list[Shape]:
        """Of the class named or written here, and of every class that may stand in for it."""
        name = self._catalog.name_of(node)
        slot = self._catalog.slot(name) if name else self._catalog.slot_of(node)
        names = [] if slot is None else list(dict.fromkeys(slot.classes.values()))
        own = self._catalog.shape(name) if name else self._catalog.shape_of(node)
        return [own, *(self._catalog.shape(known) for known in names if known != name)]

    def _kind(self, nodes: list[Any]) -> Kind:
        kinds = {kind for node in nodes for kind in self._kinds(node)}
        scalars = kinds - {Kind.OBJECT}
        if not kinds:
            return Kind.ANY
        if not scalars:
            return Kind.OBJECT
        return scalars.pop() if len(kinds) == 1 else Kind.ANY

    def _kinds(self, node: Any) -> Iterator[Kind]:
        for shape in self._shapes(node):
            if shape.properties:
                yield Kind.OBJECT
            for name in shape.types:
                if name == "string" and self._said(node, "format") == "date-time":
                    yield Kind.INSTANT
                else:
                    yield _KINDS.get(name, Kind.OBJECT)

    def _enumerated(self, nodes: list[Any]) -> tuple[str, ...]:
        """The texts that may stand here; empty where any text may."""
        found = [self._said(node, "enum") for node in nodes]
        if not all(found):
            return ()
        return tuple(dict.fromkeys(value for values in found for value in values if isinstance(value, str)))

    def _said(self, node: Any, keyword: str) -> Any:
        """What a schema says with a keyword, or what it inherits."""
        if isinstance(node.get("$ref"), str):
            return self._said(self._catalog.schemas[schema_name(node["$ref"])], keyword)
        inherited = (self._said(part, keyword) for part in node.get("allOf", ()))
        return node.get(keyword) or next((one for one in inherited if one), None)


_KINDS = {"string": Kind.TEXT, "number": Kind.NUMBER, "integer": Kind.NUMBER, "boolean": Kind.BOOLEAN}


def _spelled(names: Names, members: Mapping[str, Any]) -> list[str]:
    return [".".join((*names, member)) for member in members]
