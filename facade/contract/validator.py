"""Contract: checks requests and answers of one API against its prepared specification.

    contract = Contract(load_spec("specs/tmf/tmf622-v5.yaml"))
    checked = contract.check_request("createProductOrder", body)
    checked.violations    # every mistake at once
    checked.body          # the body as it was understood: missing @types supplied, 1.0 read as 1

Leniency goes inward only: an answer of ours is checked as it is.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jsonschema_rs

from facade.contract import nulls
from facade.contract.classes import ClassCatalog
from facade.contract.extensions import ExtensionFinder
from facade.contract.findings import FindingsValidator
from facade.contract.integers import IntegerNames
from facade.contract.lenient_defaults import Allowance, Completer
from facade.contract.limits import Limits, first_unstorable, survey, too_many_values
from facade.contract.messages import violations
from facade.contract.official import operations, reference_target
from facade.contract.pointers import Tokens, pointer
from facade.contract.rewording import Reworded
from facade.contract.schema import SchemaConverter, Side
from facade.contract.violations import Code, Violation

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
MERGE_PATCHES = (JSON, MERGE_PATCH)
"""Media types of bodies that are merge patches, of operations that take any."""
QUICK_VALUES = 300
"""A quick check walks bodies with so many values; in Python, that takes up to 12 µs for each of them."""
ANSWER_LEVELS = 32
"""How much deeper an answer may be than a request: it is a list of what was sent, or shows it inside something else."""
_Schema = Mapping[str, Any]
_NO_BODY_STATUSES = {"204", "304"}


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome for one request body. `body` is the body for the mapper, if there are no violations.

    `allowances` are the leniencies seen while completing it; a body that was valid as sent is not walked for
    them. `Contract.allowances` gives the full account. `reworded`: how it was sent in the client's own words. `nulls`
    are the places of nulls that were read as absent.
    """

    body: Any
    violations: tuple[Violation, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    reworded: Reworded | None = None
    nulls: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Compiled:
    """`schema` is the contract's and `document` what is compiled. `validator` tells quickly whether a body is valid."""

    schema: Mapping[str, Any]
    document: Mapping[str, Any]
    validator: jsonschema_rs.Draft7Validator

    @cached_property
    def findings(self) -> FindingsValidator:
        """Lists what is wrong with a body. Compiled for the first one that is."""
        return FindingsValidator(self.document)


class Contract:
    """Checks the bodies of one API, requests and answers. Validators compile on first use; safe in many threads.

    `spec` is an OpenAPI 3.0 document (a Swagger 2.0 one must be prepared first). It is kept and must not be
    changed, and it must be the unresolved one: Connexion replaces references in the dictionary it is given
    only after copying it, so the same dictionary may be handed to both.
    """

    def __init__(self, spec: Mapping[str, Any], *, limits: Limits | None = None) -> None:
        if not str(spec.get("openapi", "")).startswith("3.0"):
            raise ValueError("a contract needs an OpenAPI 3.0 document; prepare Swagger 2.0 files first")
        self._limits = limits or Limits()
        self._catalog = ClassCatalog(spec.get("components", {}).get("schemas", {}))
        self._completer = Completer(self._catalog)
        self._extensions = ExtensionFinder(self._catalog)
        self._integers = IntegerNames(spec.get("components", {}).get("schemas", {}))
        self._converters = {side: SchemaConverter(self._catalog, side) for side in Side}
        self._requests = dict(_request_schemas(spec))
        self._responses = dict(_response_schemas(spec))
        self._scopes = {operation.get("operationId"): _scopes(operation) for _, _, operation in operations(spec)}
        self._compiled: dict[tuple[str, ...], _Compiled | None] = {}
        self._compiling = threading.Lock()
        self._merging = frozenset(operation for operation, media_type in self._requests if media_type == MERGE_PATCH)
        self._raw = frozenset(one["operationId"] for _, _, one in operations(spec) if one.get("x-raw-body"))
        servers = spec.get("servers") or [{}]
        self.base_path = str(servers[0].get("url", "")).rstrip("/")

    @property
    def operation_ids(self) -> frozenset[str]:
        """The operations that this contract describes."""
        return frozenset(name for name in self._scopes if name)

    def scopes(self, operation_id: str) -> tuple[str, ...]:
        """The scopes that a caller of the operation needs."""
        return self._scopes[operation_id]

    def listing(self, mistakes: int) -> Contract:
        """The same contract, which lists this many mistakes of a body at most."""
        other = copy.copy(self)
        other._limits = replace(self._limits, violations=mistakes)
        return other

    def too_many_values(self, content: bytes) -> Violation | None:
        """The refusal of a body that has more values than any may have, without parsing it."""
        return too_many_values(content, self._limits)

    def takes_body(self, operation_id: str, media_type: str = JSON) -> bool:
        """Whether the operation declares a request body of this media type."""
        return (operation_id, media_type) in self._requests

    def passes_raw(self, operation_id: str) -> bool:
        """Whether bodies of the operation, sent and answered, are bytes that nobody looks into."""
        return operation_id in self._raw

    def check_request(self, operation_id: str, body: Any, media_type: str = JSON) -> Checked:
        """Check a parsed request body. A valid body is returned unchanged.

        Operations and media types without a declared schema accept everything that is within the limits.
        """
        checked = self._check(operation_id, body, media_type, thoroughly=True)
        assert checked is not None  # only the quick check leaves something open
        return checked

    def check_quickly(self, operation_id: str, body: Any, media_type: str = JSON) -> Checked | None:
        """The same as `check_request`, or None when that may take more than 5 ms for a body of 24 KiB.

        None is the answer for large bodies that are not valid as sent, and for all bodies with mistakes to be listed.
        """
        return self._check(operation_id, body, media_type, thoroughly=False)

    def _check(self, operation_id: str, body: Any, media_type: str, *, thoroughly: bool) -> Checked | None:
        seen = survey(body, self._limits)
        if seen.refusal is not None:
            return Checked(body, (seen.refusal,))
        may_walk = thoroughly or seen.values <= QUICK_VALUES
        if not may_walk and (seen.unstorable or seen.has_whole_decimals or seen.has_nulls):
            return None
        if seen.unstorable:
            return Checked(body, (first_unstorable(body),))
        compiled = self._request(operation_id, media_type)
        if compiled is None:
            return Checked(body)
        as_sent = not (seen.has_nulls or (seen.has_whole_decimals and self._integers.written_as_decimal(body)))
        if as_sent and compiled.validator.is_valid(body):
            return Checked(body)
        if not may_walk:
            return None
        completion = self._completer.complete(body, compiled.schema)
        if not thoroughly and not compiled.validator.is_valid(completion.body):
            return None
        found = self._found(compiled, completion.body)
        merges = media_type in MERGE_PATCHES and operation_id in self._merging
        removing, absent = nulls.removals(completion.nulls) if merges else ((), completion.nulls)
        allowances = (*completion.allowances, *nulls.allowances(absent))
        return Checked(nulls.put_back(completion.body, removing), found, allowances, nulls=tuple(map(pointer, absent)))

    def allowances(self, operation_id: str, body: Any, media_type: str = JSON) -> list[Allowance]:
        """Every leniency that a body uses, even if it is valid as sent (unknown `@type`s)."""
        compiled = self._request(operation_id, media_type)
        seen = survey(body, self._limits)
        if compiled is None or seen.refusal is not None or seen.unstorable:
            return []
        completion = self._completer.complete(body, compiled.schema)
        return [*completion.allowances, *nulls.allowances(completion.nulls)]

    def extensions(self, operation_id: str, body: Any, media_type: str = JSON) -> list[Tokens]:
        """The members of a valid body that no schema declares."""
        schema = self._requests.get((operation_id, media_type))
        return [] if schema is None else self._extensions.find(body, schema)

    def response_errors(self, operation_id: str, status: int, body: Any, media_type: str = JSON) -> list[Violation]:
        """The mistakes in an answer of ours, including a status that the operation does not declare."""
        key = str(status)
        declared = self._responses.get((operation_id, key), self._responses.get((operation_id, "default")))
        if declared is None:
            return [Violation("", Code.OTHER_ISSUE, f"{operation_id} does not declare status {status}.")]
        if not declared:
            unexpected = body is not None and key in _NO_BODY_STATUSES
            return [Violation("", Code.UNEXPECTED_PROPERTY, "This answer has no body.")] if unexpected else []
        if media_type not in declared:
            text = f"{operation_id} does not declare {media_type} for {status}."
            return [Violation("", Code.OTHER_ISSUE, text)]
        seen = survey(body, replace(self._limits, depth=self._limits.depth + ANSWER_LEVELS))
        if seen.refusal is not None and seen.refusal.code is not Code.TOO_MANY_RECORDS:
            return [seen.refusal]
        if seen.unstorable:
            return [first_unstorable(body)]
        place = ("response", operation_id, key, media_type)
        compiled = self._compile(place, declared[media_type], Side.RESPONSE)
        return list(self._found(compiled, body)) if compiled else []

    def _found(self, compiled: _Compiled, body: Any) -> tuple[Violation, ...]:
        if compiled.validator.is_valid(body):
            return ()
        return tuple(violations(compiled.findings.find(body), body, self._limits.violations))

    def _request(self, operation_id: str, media_type: str) -> _Compiled | None:
        schema = self._requests.get((operation_id, media_type))
        return self._compile(("request", operation_id, media_type), schema, Side.REQUEST)

    def _compile(self, key: tuple[str, ...], schema: _Schema | None, side: Side) -> _Compiled | None:
        if schema is None:
            return None
        if schema.keys() == {"$ref"}:  # hundreds of answers are one and the same Error
            key = (side.value, schema["$ref"])
        compiled = self._compiled.get(key)
        if compiled is None:
            with self._compiling:
                compiled = self._compiled.get(key)
                if compiled is None:
                    document = self._converters[side].document(schema)
                    validator = jsonschema_rs.Draft7Validator(document, validate_formats=True)
                    compiled = self._compiled[key] = _Compiled(schema, document, validator)
        return compiled


def _scopes(operation: _Schema) -> tuple[str, ...]:
    """Those of all schemes: each operation names one scheme, if any."""
    wanted = (scopes for either in operation.get("security", ()) for scopes in either.values())
    return tuple(scope for scopes in wanted for scope in scopes)


def _request_schemas(spec: _Schema) -> Iterator[tuple[tuple[str, str], _Schema]]:
    for _, _, operation in operations(spec):
        body = _resolved(spec, operation.get("requestBody", {}))
        for media_type, content in body.get("content", {}).items():
            if "json" in media_type and "schema" in content:
                yield (operation["operationId"], media_type.lower()), content["schema"]


def _response_schemas(spec: _Schema) -> Iterator[tuple[tuple[str, str], dict[str, _Schema | None]]]:
    for _, _, operation in operations(spec):
        for status, answer in operation.get("responses", {}).items():
            content = _resolved(spec, answer).get("content", {})
            schemas = {media_type.lower(): value.get("schema") for media_type, value in content.items()}
            yield (operation["operationId"], str(status)), schemas


def _resolved(spec: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = reference_target(spec, str(node["$ref"]))
    return node
