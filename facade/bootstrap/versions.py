"""How each declared resource is spoken of in each version that is served."""

from typing import Any

from facade.app import contract_of, spec_of
from facade.contract.validator import Contract
from facade.tmf.engine.declaration import Resource, TmfApi
from facade.tmf.engine.versions import V4, Version
from facade.tmf.query.attributes import SchemaAttributes


def versions_of(api: TmfApi, version: str) -> dict[str, Version]:
    """Each resource of the API as this version speaks of it, by its name."""
    return {resource.name: _version(api, resource, version) for resource in api.resources}


def _version(api: TmfApi, resource: Resource[Any], version: str) -> Version:
    return v4_of(api, resource) if version == "v4" else _v5(api, resource)


def _v5(api: TmfApi, resource: Resource[Any]) -> Version:
    contract, attributes = _published(api, resource, "v5")
    related = {attribute: api.resource(name) for attribute, name in resource.references.items()}
    return Version(resource, contract, attributes, api.bridge, related)


def v4_of(api: TmfApi, resource: Resource[Any]) -> V4:
    own, attributes = _published(api, resource, "v4")
    return V4(**vars(_v5(api, resource)), own=own, attributes=attributes)


def _published(api: TmfApi, resource: Resource[Any], version: str) -> tuple[Contract, SchemaAttributes]:
    spec = api.versions[version].spec
    return contract_of(spec), SchemaAttributes(spec_of(spec), resource.schema_in(version), resource.addresses)
