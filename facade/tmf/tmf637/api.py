"""TMF637 product inventory: what the resource engine serves of it."""

from types import MappingProxyType

from canonical.inventory.asset import ASSETS
from canonical.inventory.errors import AssetNotFound
from canonical.shared.projection import SearchIndex
from facade.answers import AnswerRow
from facade.tmf.domains import Domain, Place, places_of_product
from facade.tmf.engine.declaration import PatchRules, Resource, ServedVersion, TmfApi
from facade.tmf.engine.parties import customers_named
from facade.tmf.tmf637 import product
from facade.tmf.tmf637.v4 import BRIDGE

PRODUCT = Resource(
    name="product",
    schema="Product",
    kind=ASSETS,
    owned_by_scope="inventory:read",
    to_command=product.to_record_asset,
    project=product.from_asset,
    states=product.STATES,
    state_attribute="status",
    index=SearchIndex(
        columns=MappingProxyType({("id",): "id", ("status",): "shown_state", ("creationDate",): "created_at"}),
        terms=frozenset(
            {
                ("relatedParty", "partyOrPartyRole", "id"),
                ("productOffering", "id"),
                ("productSpecification", "id"),
                ("productOrderItem", "orderId"),
                ("productCharacteristic", "value"),
                ("place", "place", "id"),
                ("billingAccount", "id"),
                ("productSerialNumber",),
            }
        ),
    ),
    patch=PatchRules(product.NEVER_CHANGED, product.asked_of, product.as_created, product.to_change),
    to_removal=product.to_removal,
    customers_named=customers_named,
    reason_header="Correction-Reason",
    places=(
        *places_of_product(""),
        *places_of_product("/product/**"),
        Place("/productOrderItem/*/orderItemAction", Domain.ACTIONS),
    ),
)

TMF637 = TmfApi(
    name="TMF637",
    versions=MappingProxyType(
        {
            version: ServedVersion(f"tmf/tmf637-{version}.yaml", (f"/tmf-api/productInventoryManagement/{version}",))
            for version in ("v5", "v4")
        }
    ),
    bridge=BRIDGE,
    resources=(PRODUCT,),
    answers=MappingProxyType({AssetNotFound: AnswerRow(404, "Product not found")}),
)
