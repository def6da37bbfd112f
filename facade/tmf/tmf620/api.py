"""TMF620 product catalog: what the resource engine serves of it."""

from types import MappingProxyType

from canonical.catalog.category import CATEGORIES
from canonical.shared.projection import SearchIndex
from facade.tmf.engine.declaration import PatchRules, Resource, ServedVersion, TmfApi
from facade.tmf.tmf620 import category
from facade.tmf.tmf620.v4 import BRIDGE

CATEGORY = Resource(
    name="category",
    schema="Category",
    kind=CATEGORIES,
    to_command=category.to_create_category,
    project=category.from_category,
    states=category.STATES,
    state_attribute="lifecycleStatus",
    index=SearchIndex(
        columns=MappingProxyType({("id",): "id", ("lifecycleStatus",): "shown_state", ("parent", "id"): "reference"}),
        terms=frozenset({("name",)}),
    ),
    patch=PatchRules(category.NEVER_CHANGED, category.asked_of, category.as_created, category.to_change),
    to_removal=category.to_removal,
)

TMF620 = TmfApi(
    name="TMF620",
    versions=MappingProxyType({"v5": ServedVersion("tmf/tmf620-v5.yaml"), "v4": ServedVersion("tmf/tmf620-v4.yaml")}),
    bridge=BRIDGE,
    resources=(CATEGORY,),
)
