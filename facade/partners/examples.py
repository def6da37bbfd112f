"""Examples of what a partner sends. They are run through the mapper when what is agreed is handed out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facade.partners.api_versions import API_VERSIONS, ApiVersions, VersionNotAgreed
from facade.partners.faults import ProfileFault

SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": 20,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "api", "version", "operation", "payload"],
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 200},
            "api": {"enum": list(API_VERSIONS)},
            "version": {"enum": sorted({name for names in API_VERSIONS.values() for name in names})},
            "operation": {"type": "string", "pattern": "^create[A-Za-z]{1,60}$"},
            "payload": {"type": "object"},
        },
    },
}
"""The form of the key `examples` of a profile."""


@dataclass(frozen=True, slots=True)
class Example:
    """A payload; `operation` is API, version and operationId."""

    title: str
    operation: tuple[str, str, str]
    payload: Any


def examples_in(document: Mapping[str, Any]) -> Sequence[Example]:
    """The examples in a profile that keeps its schema."""
    return [
        Example(one["title"], (one["api"], one["version"], one["operation"]), one["payload"])
        for one in document.get("examples", ())
    ]


def check_examples(document: Mapping[str, Any], versions: ApiVersions) -> None:
    """Raises ProfileFault for an example in a version that the partner may not use."""
    for number, example in enumerate(examples_in(document)):
        try:
            versions.check(*example.operation[:2])
        except VersionNotAgreed as refused:
            raise ProfileFault(f"/examples/{number}/version", str(refused), refused.allowed) from refused
