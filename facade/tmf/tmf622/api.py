"""TMF622 product ordering: what the resource engine serves of it."""

from types import MappingProxyType

from canonical.ordering.cancellation import CANCELLATIONS
from canonical.ordering.errors import CancellationNotFound, OrderNotFound
from canonical.ordering.order import ORDERS
from canonical.shared.projection import SearchIndex
from facade.answers import AnswerRow
from facade.tmf.domains import Domain, Place, Promotable, places_of_product
from facade.tmf.engine.declaration import TASK_VERBS, PatchRules, Resource, ServedVersion, TmfApi
from facade.tmf.engine.parties import customers_named
from facade.tmf.tmf622 import cancel_product_order as task
from facade.tmf.tmf622 import product_order as order
from facade.tmf.tmf622.context import SALES, to_placed_order
from facade.tmf.tmf622.v4 import BRIDGE

ITEM = "/productOrderItem/**"
ITEM_PLACES = (
    Place(f"{ITEM}/state", Domain.ORDER_STATES),
    Place(f"{ITEM}/action", Domain.ACTIONS),
    Place(f"{ITEM}/productOffering/id", Domain.OFFERINGS),
    Place(f"{ITEM}/billingAccount/id", Domain.BILLING_ACCOUNTS),
    Place(f"{ITEM}/itemPrice/*/billingAccount/id", Domain.BILLING_ACCOUNTS),
    Place(f"{ITEM}/itemTotalPrice/*/billingAccount/id", Domain.BILLING_ACCOUNTS),
    Place(f"{ITEM}/itemTerm/*/duration/units", Domain.UNITS),
    Place(f"{ITEM}/productOrderItemRelationship/*/relationshipType", Domain.RELATIONSHIPS),
    *places_of_product(f"{ITEM}/product"),
    *places_of_product(f"{ITEM}/product/product/**"),
)

PRODUCT_ORDER = Resource(
    name="productOrder",
    schema="ProductOrder",
    kind=ORDERS,
    owned_by_scope="order",
    to_command=to_placed_order,
    project=order.from_order,
    states=order.STATES,
    index=SearchIndex(
        columns=MappingProxyType({("id",): "id", ("state",): "shown_state", ("creationDate",): "created_at"}),
        terms=frozenset(
            {
                ("relatedParty", "partyOrPartyRole", "id"),
                ("externalId", "id"),
                ("productOrderItem", "productOffering", "id"),
            }
        ),
    ),
    patch=PatchRules(order.NEVER_CHANGED, order.asked_of, order.as_created, order.to_change),
    to_removal=order.to_removal,
    to_rejection=order.to_rejection,
    customers_named=customers_named,
    not_in_v4=MappingProxyType({"requestedInitialState": (("draft",), ("acknowledged",))}),
    promotable=MappingProxyType(
        {
            "salesChannel": Promotable("/channel/0/channel/id", SALES),
            "agreement": Promotable("/agreement/0/id"),
            "billingAccount": Promotable("/billingAccount/id"),
            "category": Promotable("/category"),
            "priority": Promotable("/priority"),
        }
    ),
    places=(
        Place("/state", Domain.ORDER_STATES),
        Place("/requestedInitialState", Domain.ORDER_STATES),
        Place("/billingAccount/id", Domain.BILLING_ACCOUNTS),
        Place("/orderTotalPrice/*/billingAccount/id", Domain.BILLING_ACCOUNTS),
        Place("/relatedParty/*/role", Domain.ROLES),
        Place("/relatedParty/*/partyOrPartyRole/id", Domain.CUSTOMERS, of_customers=True),
        Place("/productOrderErrorMessage/*/code", Domain.ERROR_CODES),
        *ITEM_PLACES,
    ),
)

CANCEL_PRODUCT_ORDER = Resource(
    name="cancelProductOrder",
    schema="CancelProductOrder",
    kind=CANCELLATIONS,
    owned_by_scope="order",
    verbs=TASK_VERBS,
    to_command=task.to_cancel_order,
    project=task.from_cancellation,
    states=MappingProxyType({**task.STATES, **order.STATES}),
    index=SearchIndex(
        columns=MappingProxyType(
            {
                ("id",): "id",
                ("state",): "shown_state",
                ("creationDate",): "created_at",
                ("productOrder", "id"): "reference",
            }
        )
    ),
    references=MappingProxyType({"productOrder": "productOrder"}),
    places=(Place("/state", Domain.CANCELLATION_STATES),),
)

TMF622 = TmfApi(
    name="TMF622",
    versions=MappingProxyType(
        {
            "v5": ServedVersion("tmf/tmf622-v5.yaml", ("/tmf-api/productOrdering/v5", "/tmf/v5/productOrdering")),
            "v4": ServedVersion("tmf/tmf622-v4.yaml"),
        }
    ),
    bridge=BRIDGE,
    resources=(PRODUCT_ORDER, CANCEL_PRODUCT_ORDER),
    answers=MappingProxyType(
        {
            OrderNotFound: AnswerRow(404, "Order not found"),
            CancellationNotFound: AnswerRow(404, "Cancellation not found"),
        }
    ),
)
