"""Checks backends' answers against the contracts in `specs/backends`: all, some, or none."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml

SPECS = Path(__file__).parents[2] / "specs" / "backends"
METHODS = ("get", "put", "post", "patch", "delete")
Validator = jsonschema_rs.Draft4Validator


@dataclass(frozen=True, slots=True)
class BackendContract:
    """A backend's contract: its version, and a validator for each answer by operation and status.

    None stands for an answer without a body.
    """

    version: str
    answers: Mapping[tuple[str, int], Validator | None]

    def violation(self, operation: str, status: int, body: Any) -> "ContractBreach | None":
        """The first thing that is wrong with an answer."""
        if (operation, status) not in self.answers:
            return ContractBreach("", f"status {status} is not declared")
        validator = self.answers[operation, status]
        if validator is None or validator.is_valid(body):
            return None
        found = next(iter(validator.iter_errors(body)))
        return ContractBreach("".join(f"/{step}" for step in found.instance_path), found.message)


@dataclass(frozen=True, slots=True)
class ContractBreach:
    """`field` is a JSON pointer into the answer; `message` may quote the answer and is for the log only."""

    field: str
    message: str


@dataclass(frozen=True)
class AnswerCheck:
    """Checks a share of a backend's answers against its contract: 1 means all, 0 none.

    `strict`: an answer outside the contract is not used. This is so if all answers are checked; otherwise it would only
    make random calls fail because of fields that nobody reads.
    """

    contract: BackendContract
    share: float
    dice: Callable[[], float] = random.random

    @property
    def strict(self) -> bool:
        return self.share >= 1

    def violation(self, operation: str, status: int, body: Any) -> ContractBreach | None:
        """What is wrong with the answer, if it is looked at."""
        return self.contract.violation(operation, status, body) if self.dice() < self.share else None


@cache
def contract(backend: str) -> BackendContract:
    """The contract of a backend that we have one for, compiled once."""
    spec = yaml.load((SPECS / f"{backend}.yaml").read_bytes(), Loader=yaml.CSafeLoader)
    components = _as_json_schema(spec["components"])
    answers: dict[tuple[str, int], Validator | None] = {}
    compiled: dict[bytes, Validator] = {}
    for operation in (path[method] for path in spec["paths"].values() for method in METHODS if method in path):
        for status, response in operation["responses"].items():
            content = _resolved(response, spec).get("content", {}).get("application/json")
            schema = orjson.dumps(_as_json_schema(content["schema"])) if content else b""
            if schema and schema not in compiled:
                document = {"allOf": [orjson.loads(schema)], "components": components}
                compiled[schema] = Validator(document, validate_formats=True)
            answers[operation["operationId"], int(status)] = compiled.get(schema)
    return BackendContract(spec["info"]["version"], answers)


def _resolved(node: Mapping[str, Any], root: Any) -> Mapping[str, Any]:
    target: Any = node
    while "$ref" in target:
        steps, target = target["$ref"].removeprefix("#/").split("/"), root
        for step in steps:
            target = target[step]
    return dict(target)


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(node, list):
        return [_as_json_schema(part) for part in node]
    if not isinstance(node, dict):
        return node
    plain = {name: _as_json_schema(part) for name, part in node.items() if name != "nullable"}
    return {"anyOf": [plain, {"enum": [None]}]} if node.get("nullable") is True else plain
