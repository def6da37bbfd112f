"""A contract for integrators: its address is relative, each body of a request has an example, and it has our rules."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import yaml

from canonical.shared import jsontext
from facade.contract.overlay import apply_overlay

METHODS = ("get", "post", "put", "patch", "delete")
Example = Callable[[str, str], Any]
"""From an operationId and a media type to the body of a request; None for no example."""


@dataclass(frozen=True)
class PublishedContract:
    """`name` is the last part of its address, as in `tmf622-v5`. Texts are made when they are first asked for.

    `rules` is an overlay with what the product refuses beyond `spec`, as far as a schema can say it.
    """

    name: str
    spec: Mapping[str, Any]
    example: Example = lambda operation, media_type: None
    rules: Mapping[str, Any] = field(default_factory=lambda: {"overlay": "1.0.0"})

    @property
    def title(self) -> str:
        return str(self.spec["info"]["title"])

    @property
    def base_path(self) -> str:
        """Without a slash at its end."""
        return str(self.spec["servers"][0]["url"]).rstrip("/")

    @cached_property
    def document(self) -> dict[str, Any]:
        """The address of the server is relative to `/docs/`, so that it is right behind every gateway."""
        spec = deepcopy(dict(self.spec))
        apply_overlay(spec, self.rules)
        paths = {path: self._with_examples(operations) for path, operations in spec["paths"].items()}
        return {**spec, "servers": [{"url": f"..{self.base_path or '/'}"}], "paths": paths}

    @cached_property
    def json(self) -> bytes:
        return jsontext.write(self.document)

    @cached_property
    def yaml(self) -> bytes:
        text = yaml.dump(jsontext.read(self.json), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        return bytes(text, "utf-8")

    def operations(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Path, method and operation, with examples."""
        for path, operations in self.document["paths"].items():
            for method in METHODS:
                if method in operations:
                    yield path, method, operations[method]

    def _with_examples(self, operations: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._with_example(one) if name in METHODS else one for name, one in operations.items()}

    def _with_example(self, operation: Mapping[str, Any]) -> Mapping[str, Any]:
        content = operation.get("requestBody", {}).get("content", {})
        found = {media: self.example(operation["operationId"], media) for media in content}
        shown = {
            media: {**one, "example": found[media]} if found[media] is not None and "example" not in one else one
            for media, one in content.items()
        }
        return {**operation, "requestBody": {**operation["requestBody"], "content": shown}} if content else operation


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and numbers with all their digits."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _number(dumper: _Dumper, value: Any) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(value))


_Dumper.add_multi_representer(Decimal, _number)
