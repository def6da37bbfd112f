"""How each declared resource is spoken of in each version that is served."""

from collections.abc import Mapping
from typing import Any

from facade.app import contract_of, spec_of
from facade.contract.validator import Contract
from facade.tmf.bridge.bridge import EVENT
from facade.tmf.engine.declaration import Resource, TmfApi
from facade.tmf.engine.other_version import OtherNames
from facade.tmf.engine.versions import V4, Version
from facade.tmf.hub.queries import Notifications
from facade.tmf.query.attributes import SchemaAttributes


def versions_of(api: TmfApi, version: str) -> dict[str, Version]:
    """Each resource of the API as this version speaks of it, by its name."""
    return {resource.name: _version(api, resource, version) for resource in api.resources}


def _version(api: TmfApi, resource: Resource[Any], version: str) -> Version:
    return v4_of(api, resource) if version == "v4" else _v5(api, resource)


def notifications_of(api: TmfApi, version: str) -> Notifications:
    """The notifications of the API, with hints for those who name an attribute as the other version does."""
    found = {name: Notifications(spec_of(served.spec)) for name, served in api.versions.items()}
    _hinted(api, EVENT, {name: one.attributes for name, one in found.items()})
    return found[version]


def _v5(api: TmfApi, resource: Resource[Any]) -> Version:
    attributes = _attributes(api, resource)["v5"]
    related = {attribute: api.resource(name) for attribute, name in resource.references.items()}
    return Version(resource, _contract(api, "v5"), attributes, api.bridge, related)


def v4_of(api: TmfApi, resource: Resource[Any]) -> V4:
    return V4(**vars(_v5(api, resource)), own=_contract(api, "v4"), attributes=_attributes(api, resource)["v4"])


def _contract(api: TmfApi, version: str) -> Contract:
    return contract_of(api.versions[version].spec)


def _attributes(api: TmfApi, resource: Resource[Any]) -> dict[str, SchemaAttributes]:
    """The attributes of a resource in each version."""
    found = {
        name: SchemaAttributes(spec_of(served.spec), resource.schema_in(name), resource.addresses)
        for name, served in api.versions.items()
    }
    _hinted(api, resource.schema, found)
    return found


def _hinted(api: TmfApi, schema: str, attributes: Mapping[str, SchemaAttributes]) -> None:
    if attributes.keys() == {"v4", "v5"}:
        for name, other in (("v4", "v5"), ("v5", "v4")):
            own = attributes[name]
            own.hint = OtherNames(api.bridge, schema, name, own, attributes[other])
