"""Which notifications a listener asks for: a TMF630 filter over the attributes of an event.

    eventType=ProductOrderCreateEvent,ProductOrderStateChangeEvent&event.productOrder.state=completed
    filter=$[?(@.event.productOrder.priority=='0')]&fields=eventType,event.productOrder.id

A query speaks of the notification as its listener gets it, in the version it registered at. So v4's names are not
lifted: a notification in v4's words is what the query is held against.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from canonical.shared.criteria import AllOf, AnyElement, AnyOf, Compare, Criterion, Not, Operator
from facade.contract.classes import ClassCatalog, schema_name
from facade.contract.violations import Code, ContractViolation, Violation
from facade.tmf.query.attributes import Attribute, Names, SchemaAttributes
from facade.tmf.query.listing import read_listing
from facade.tmf.query.refusals import NotSupported
from facade.tmf.query.selection import Selection, selection_of

MAX_QUERY = 4_000
_TYPE_NAMES = ("eventType", "@type")
_PAGING = ("/offset", "/limit", "/cursor", "/sort")
_ADDRESS = "href"
"""There, and nothing to ask for."""
_ANY = "AnyNotification"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """What a notification must meet, and which of its attributes are sent; None for everything."""

    criterion: Criterion | None
    selection: Selection | None


class Notifications:
    """The notifications of one version of an API: those that its contract has as callbacks of the hub.

    `types` are their event types, which are the names of their classes. `attributes` are those of all of them.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.types = tuple(sorted(map(schema_name, _notified(spec))))
        schemas = spec["components"]["schemas"]
        any_of_them = {
            "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in self.types],
            "discriminator": {"propertyName": "eventType"},
        }
        self.attributes = SchemaAttributes({"components": {"schemas": {**schemas, _ANY: any_of_them}}}, _ANY)
        events = [ClassCatalog(schemas).shape(name).properties for name in self.types]
        self._members = tuple(sorted(set().union(*events) - {_ADDRESS}))
        payloads = [ClassCatalog(schemas).shape_of(event["event"]).properties for event in events]
        self._resources = tuple(sorted(set().union(*payloads)))

    def read(self, query: str) -> NotificationFilter:
        """What the query asks for; empty is everything. Raises ContractViolation at `/query`."""
        if len(query) > MAX_QUERY:
            raise _refusal(f"a query has at most {MAX_QUERY} characters")
        if _CONTROL.search(query):
            raise _refusal("a query has no control characters; percent-encode them")
        try:
            wanted = read_listing(query.removeprefix("?").encode(), self, _ANY)
            selection = selection_of(wanted.fields, self)
        except ContractViolation as error:
            raise _at_the_query(error) from error
        except NotSupported as error:
            raise _refusal(str(error)) from error
        if wanted.sort or wanted.page.asked:
            raise _unpaged()
        for asked in _types_in(wanted.criterion):
            if asked not in self.types:
                raise _refusal("there is no such event type", self.types)
        return NotificationFilter(wanted.criterion, selection)

    def find(self, parameter: str, names: Names) -> Attribute:
        """An attribute to filter by. Raises ContractViolation."""
        return self._helped(self.attributes.find, parameter, names)

    def known(self, parameter: str, names: Names) -> Attribute:
        """An attribute to select. Raises ContractViolation."""
        return self._helped(self.attributes.known, parameter, names)

    def _helped(self, find: Any, parameter: str, names: Names) -> Attribute:
        try:
            found: Attribute = find(parameter, names)
        except ContractViolation as error:
            if names[0] in (_ADDRESS, *self._members):
                raise
            meant = " or ".join(f"`{path}`" for path in self._below(names))
            hint = f"did you mean {meant}?" if meant else error.violations[0].hint
            raise ContractViolation([replace(error.violations[0], allowed=self._members, hint=hint)]) from error
        return found

    def _below(self, names: Names) -> Iterator[str]:
        """Paths to an attribute of a resource inside, for one who took it for one of the event."""
        for resource in self._resources:
            path = ("event", resource, *names)
            with contextlib.suppress(ContractViolation):
                self.attributes.find("query", path)
                yield ".".join(path)


def _notified(spec: Mapping[str, Any]) -> Iterator[str]:
    """References to the schemas of what is sent to listeners."""
    for callback in spec["paths"]["/hub"]["post"]["callbacks"].values():
        for item in callback.values():
            yield item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]


def _types_in(criterion: Criterion | None) -> Iterator[Any]:
    """The event types that a criterion names."""
    match criterion:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _types_in(part)
        case Not(part):
            yield from _types_in(part)
        case AnyElement((), inside):
            yield from _types_in(inside)
        case Compare(path, Operator.EQUAL, constants) if [step.name for step in path] in ([n] for n in _TYPE_NAMES):
            yield from constants


def _at_the_query(error: ContractViolation) -> ContractViolation:
    if any(found.pointer in _PAGING for found in error.violations):
        return _unpaged()
    return ContractViolation([replace(found, pointer="/query") for found in error.violations])


def _refusal(message: str, allowed: tuple[str, ...] = ()) -> ContractViolation:
    return ContractViolation([Violation("/query", Code.INVALID_VALUE, message, allowed)])


def _unpaged() -> ContractViolation:
    return _refusal("notifications come one by one: offset, limit, cursor and sort say nothing about them")
