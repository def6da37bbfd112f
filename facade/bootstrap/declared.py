"""The APIs of TM Forum that are declared. A new one is added here."""

from typing import Any

from canonical.shared.projection import Projector
from facade.tmf.engine.declaration import Resource, TmfApi
from facade.tmf.tmf620.api import TMF620
from facade.tmf.tmf622.api import TMF622
from facade.tmf.tmf637.api import TMF637

TMF_APIS: tuple[TmfApi, ...] = (TMF620, TMF622, TMF637)


def projectors() -> dict[str, Projector]:
    """What makes the documents that are kept, by the kind of aggregate."""
    resources: list[Resource[Any]] = [resource for api in TMF_APIS for resource in api.resources]
    return {resource.kind.name: resource.projection for resource in resources}
