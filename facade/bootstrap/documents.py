"""Which contracts are shown to integrators, and the examples in them."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from facade.app import SPECS, spec_of
from facade.bootstrap.declared import TMF_APIS
from facade.published.contracts import PublishedContract
from facade.tmf.engine.declaration import TmfApi, Verb
from facade.tmf.engine.word_patches import JSON_PATCHES

OURS = {
    "canonical": "canonical/v1.yaml",
    "operations": "canonical/operations.yaml",
    "health": "operations.yaml",
}
TOKENS = {"oauth": "oauth.yaml"}
RULES = ("canonical", "operations")
"""Those of our contracts that have a file of rules in specs/published; all TM Forum APIs share one."""
CALLBACK = {"callback": "https://listener.example/events"}
CHANGED = {"description": "changed"}


def published(*, issues_tokens: bool) -> list[PublishedContract]:
    """The contracts that are served. `issues_tokens`: the development authorization server is, too."""
    found = [
        PublishedContract(
            f"{api.name.lower()}-{version}",
            spec_of(served.spec),
            _Examples(_bodies(api, version)),
            _read("published/tmf"),
        )
        for api in TMF_APIS
        for version, served in api.versions.items()
    ]
    ours = OURS | (TOKENS if issues_tokens else {})
    return found + [
        PublishedContract(name, spec_of(spec), _Examples(_read("examples")["ours"]), _rules(name))
        for name, spec in ours.items()
    ]


class _Examples:
    """The body for an operation; of our own contracts also by the verb that the operationId begins with."""

    def __init__(self, bodies: Mapping[str, Any]) -> None:
        self._bodies = bodies

    def __call__(self, operation: str, media_type: str) -> Any:
        if operation.startswith("patch") and media_type in JSON_PATCHES:
            return [{"op": "replace", "path": f"/{name}", "value": value} for name, value in CHANGED.items()]
        verb = next((one for one in ("publish", "retire") if operation.startswith(one)), "")
        return self._bodies.get(operation, self._bodies.get(verb))


def _bodies(api: TmfApi, version: str) -> dict[str, Any]:
    return dict(_of_resources(api, version)) | {"createHub": CALLBACK, "registerListener": CALLBACK}


def _of_resources(api: TmfApi, version: str) -> Iterator[tuple[str, Any]]:
    for resource in api.resources:
        body = _read("examples")["tmf"][resource.schema]
        if version == "v4":
            lowered = api.bridge.lower(resource.schema, body).body
            body = {name: value for name, value in lowered.items() if name != "@type"}
        yield resource.operation(Verb.CREATE, version), body
        yield resource.operation(Verb.PATCH, version), CHANGED


def _rules(name: str) -> Any:
    return _read(f"published/{name}") if name in RULES else {"overlay": "1.0.0"}


@cache
def _read(name: str) -> Any:
    return yaml.safe_load((SPECS / f"{name}.yaml").read_text())
