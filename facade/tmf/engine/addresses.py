"""How resources are named in addresses: by their id, and one of several versions by `id:(version=2.0)`."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import quote

from canonical.shared.criteria import AllOf, Compare, Criterion, Operator
from canonical.shared.editions import Named
from facade.tmf.engine.declaration import Resource
from facade.tmf.engine.payload import Payload

_VERSION = re.compile(r"(?P<id>.+):\(version=(?P<version>[^()]+)\)", re.DOTALL)
_KEPT_AS_THEY_ARE = ":()=@+,;!$&'*"


def named(resource: Resource[Any], part: str, at: datetime) -> str | Named:
    """What the last part of an address names, percent-encoding undone."""
    if not resource.kind.versioned:
        return part
    found = _VERSION.fullmatch(part)
    return Named(part, at) if found is None else Named(found["id"], at, found["version"])


def last_part(name: str, version: str | None = None) -> str:
    """The last part of an address, the inverse of `named`."""
    return quote(name if version is None else f"{name}:(version={version})", safe=_KEPT_AS_THEY_ARE)


def addressed(resource: Resource[Any], document: Payload, href: str) -> Payload:
    """The document with its address `href`, and with those of what it refers to."""
    collection = href.rsplit("/", 2)[0]
    named = {
        name: document[name] | {"href": f"{collection}/{to}/{document[name]['id']}"}
        for name, to in resource.references.items()
        if name in document
    }
    return document | {"href": href} | named


def entity_tag(version: int, edition: str | None) -> str:
    """Another for each version of an aggregate, and for each of several versions of the same thing."""
    return str(version) if edition is None else f"{quote(edition, safe='')}-{version}"


def pinned(criterion: Criterion | None) -> Collection[str]:
    """Which of `id` and `version` the criterion asks for by name."""
    parts = criterion.parts if isinstance(criterion, AllOf) else (criterion,)
    found = (one for one in parts if isinstance(one, Compare) and one.operator is Operator.EQUAL)
    return {one.path[0].name for one in found if len(one.path) == 1} & {"id", "version"}
