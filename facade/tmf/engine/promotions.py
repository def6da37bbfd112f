"""Extensions that say what an attribute of the contract says: read as that attribute, and shown beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from canonical.audit.record import Mapped
from facade.contract.pointers import Tokens, escaped, pointer, tokens_of
from facade.contract.violations import Code, ContractViolation, Violation
from facade.partners.faults import MOST_ALLOWED
from facade.partners.promotions import Promotion
from facade.tmf.engine.payload import Payload

WORD_NOT_AGREED = "WORD_NOT_AGREED"
WRITES = ("add", "replace")
BILLING_ACCOUNT = "billingAccount"
"""Errors do not list what stands for the accounts of customers."""


@dataclass(frozen=True)
class Promoting:
    """One promotion in one version of a resource. `place` is where documents have what it says, `beside` what else the
    element of its list has.
    """

    rule: Promotion
    place: Tokens
    beside: Mapping[str, str]

    @property
    def attribute(self) -> str:
        return str(self.place[0])

    def attribute_with(self, value: str) -> Any:
        """What the attribute is if it says this and nothing else."""
        made: Any = value
        for token in reversed(self.place[1:]):
            made = [{**self.beside, **made}] if isinstance(token, int) else {token: made}
        return made

    def value_in(self, document: Any) -> str | None:
        """What the attribute says; None for nothing, and for several."""
        found = document
        for token in self.place:
            if isinstance(token, int):
                found = found[0] if isinstance(found, list) and len(found) == 1 else None
            else:
                found = found.get(token) if isinstance(found, dict) else None
        return found if isinstance(found, str) else None


@dataclass
class PromotedBody:
    """A body, or a JSON patch, in which extensions were read as attributes. `sent` are the rules of the extensions, and
    what they said; `operations` those of a patch, by their number. `wrong`: what may not be sent so. `written`: the
    attributes that are made anew, by where the body says so. `repeated`: extensions that say the same as the attribute,
    which was sent too.
    """

    body: Any
    sent: list[tuple[Promoting, Any]] = field(default_factory=list)
    operations: dict[int, Any] = field(default_factory=dict)
    wrong: list[Violation] = field(default_factory=list)
    written: dict[str, Promoting] = field(default_factory=dict)
    repeated: Payload = field(default_factory=dict)

    def onto(self, body: Any, document: Payload, shown: Payload) -> tuple[Any, Payload]:
        """`body`, a patch, for the document that its client is shown so, and the document. Nothing stays of an earlier
        element, nor of what was stored under the name of an extension before it was promoted.

        Raises ContractViolation if an attribute has several elements.
        """
        several = [_several(one, at) for at, one in self.written.items() if _has_several(shown.get(one.attribute))]
        if several:
            raise ContractViolation(several)
        stored = {one.rule.name for one, _ in self.sent} & document.keys()
        if isinstance(body, dict):
            changed = {one.attribute: one for one in self.written.values()}
            body = body | {name: _whole(shown.get(name), body[name]) for name in changed}
        else:
            removing = [index for index, one in self.operations.items() if one["op"] == "remove"]
            written = {index: self.written[f"/{index}/path"] for index in removing if f"/{index}/path" in self.written}
            for index, one in written.items():
                if one.rule.name in stored and one.attribute not in shown:
                    body = [*body[:index], self.operations[index], *body[index + 1 :]]
                    stored.remove(one.rule.name)
        return body, {name: value for name, value in document.items() if name not in stored}

    def as_sent(self, body: Any) -> Any:
        """`body`, which is this one with what a contract adds, with the extensions as they were sent."""
        if self.operations:
            return [self.operations.get(index, one) for index, one in enumerate(body)]
        for one, value in self.sent:
            kept = {name: member for name, member in body.items() if name != one.attribute}
            body = {**kept, one.rule.name: value}
        return {**body, **self.repeated} if self.repeated else body

    def trail(self, trail: Iterable[Mapped]) -> tuple[Mapped, ...]:
        """What was read of an attribute was sent as an extension."""
        rules = {one.attribute: one for one, _ in self.sent}
        return tuple(_told(mapped, rules) for mapped in trail)

    def told(self, violations: Sequence[Violation]) -> tuple[Violation, ...]:
        places = {one.attribute: f"/{escaped(one.rule.name)}" for one, _ in self.sent}
        found = ((one, places.get(one.pointer[1:].partition("/")[0])) for one in violations)
        return tuple(one if place is None else replace(one, pointer=place) for one, place in found)


def promoted(body: Any, rules: Sequence[Promoting]) -> PromotedBody:
    """A body or a merge patch, in which null removes."""
    result = PromotedBody(body)
    for one in rules if isinstance(body, dict) else ():
        if one.rule.name in result.body:
            _promote(result, one)
    return result


def _promote(result: PromotedBody, one: Promoting) -> None:
    name, body = one.rule.name, result.body
    value = body[name]
    ours = one.rule.inward(value)
    if ours is None and value is not None:
        result.wrong.append(_not_agreed(one, f"/{escaped(name)}"))
        return
    if body.get(one.attribute) is not None and one.value_in(body) != ours:
        text = f"{name} and {one.attribute} say the same, and differ here: send one of them"
        result.wrong.append(Violation(f"/{escaped(name)}", Code.INVALID_VALUE, text, reason=WORD_NOT_AGREED))
        return
    rest = {member: entry for member, entry in body.items() if member != name}
    if rest.get(one.attribute) is None:
        rest[one.attribute] = None if ours is None else one.attribute_with(ours)
        result.sent.append((one, value))
        result.written[f"/{escaped(name)}"] = one
    else:
        result.repeated[name] = value
    result.body = rest


def promoted_patch(operations: list[Any], rules: Sequence[Promoting]) -> PromotedBody:
    """A JSON patch."""
    known = {one.rule.name: one for one in rules}
    result = PromotedBody(list(operations))
    for index, operation in enumerate(operations):
        path = operation.get("path") if isinstance(operation, dict) else None
        if not isinstance(path, str):
            continue
        one = known.get("".join(tokens_of(path.partition("?")[0])[:1]))
        if path == "":
            _promote_document(result, index, operation, rules)
        elif one is not None:
            _promote_operation(result, index, operation, one)
    return result


def _promote_document(
    result: PromotedBody, index: int, operation: Mapping[str, Any], rules: Sequence[Promoting]
) -> None:
    """An operation about the whole document."""
    inner = promoted(operation.get("value"), rules)
    result.wrong += [replace(one, pointer=f"/{index}/value{one.pointer}") for one in inner.wrong]
    if inner.body is not operation.get("value"):
        result.body[index] = {**operation, "value": inner.body}
        result.operations[index] = operation
        result.sent += inner.sent


def _promote_operation(result: PromotedBody, index: int, operation: Mapping[str, Any], one: Promoting) -> None:
    path, verb = f"/{one.attribute}", operation.get("op")
    if operation["path"] != f"/{escaped(one.rule.name)}" or verb not in (*WRITES, "remove"):
        text = f"{one.rule.name} is read as {one.attribute} and can be added, replaced and removed only"
        result.wrong.append(Violation(f"/{index}/path", Code.INVALID_VALUE, text, reason=WORD_NOT_AGREED))
        return
    made: dict[str, Any] = {"op": "remove", "path": path}
    if verb in WRITES:
        ours = one.rule.inward(operation.get("value"))
        if ours is None:
            result.wrong.append(_not_agreed(one, f"/{index}/value"))
            return
        made = {"op": "add", "path": path, "value": one.attribute_with(ours)}
    result.body[index] = made
    result.operations[index] = operation
    result.sent.append((one, operation.get("value")))
    result.written[f"/{index}/path"] = one


def with_promoted(document: Any, rules: Sequence[Promoting]) -> Any:
    """A document that also has the extensions, as far as they can say what its attributes say."""
    told: Payload = {}
    for one in rules if isinstance(document, dict) else ():
        value = one.value_in(document)
        theirs = None if value is None else one.rule.outward(value)
        if theirs is not None:
            told[one.rule.name] = theirs
    return {**document, **told} if told else document


def _has_several(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1


def _several(one: Promoting, at: str) -> Violation:
    text = f"{one.attribute} has several elements, and {one.rule.name} says one: change {one.attribute} itself"
    return Violation(at, Code.INVALID_VALUE, text, reason=WORD_NOT_AGREED)


def _whole(earlier: Any, written: Any) -> Any:
    """The merge patch that replaces an object as a whole. Members that begin with @ stay."""
    if not (isinstance(earlier, dict) and isinstance(written, dict)):
        return written
    return dict.fromkeys(name for name in earlier if not name.startswith("@")) | written


def _not_agreed(one: Promoting, at: str) -> Violation:
    text = f"{one.rule.name} is a text"
    if one.rule.ours is not None:
        text = f"{one.rule.name} says something else than what is agreed with you"
    allowed = () if one.rule.to == BILLING_ACCOUNT else tuple(one.rule.ours or ())[:MOST_ALLOWED]
    return Violation(at, Code.INVALID_VALUE, text, allowed, reason=WORD_NOT_AGREED)


def _told(mapped: Mapped, rules: Mapping[str, Promoting]) -> Mapped:
    one = rules.get(mapped.source[1:].partition("/")[0])
    if one is None:
        return mapped
    rule = f"promoted by profile: {one.rule.name} is {one.rule.to}; {mapped.rule}"
    place = pointer((one.rule.name,))
    return replace(mapped, source=place, rule=rule, agreed=mapped.agreed or f"/promoted/{escaped(place)}")
