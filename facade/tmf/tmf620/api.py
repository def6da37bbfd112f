"""TMF620 product catalog: what the resource engine serves of it."""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.shared.projection import SearchIndex
from facade.tmf.engine.declaration import ServedVersion, TmfApi
from facade.tmf.tmf620 import category
from facade.tmf.tmf620.v4 import BRIDGE

PUBLISH = "catalog:publish"
"""The scope for what changes what everybody sees."""

COLUMNS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {("id",): "reference", ("lifecycleStatus",): "shown_state", ("version",): "edition"}
)

CATEGORY = category.MAPPER.resource("category", SearchIndex(COLUMNS, frozenset({("name",), ("parent", "id")})), PUBLISH)

TMF620 = TmfApi(
    name="TMF620",
    versions=MappingProxyType({"v5": ServedVersion("tmf/tmf620-v5.yaml"), "v4": ServedVersion("tmf/tmf620-v4.yaml")}),
    bridge=BRIDGE,
    resources=(CATEGORY,),
)
