"""Our codes of errors, and the parameters that a partner's message may show for each."""

from collections.abc import Mapping
from types import MappingProxyType

from canonical.audit import errors as audit
from canonical.catalog import errors as catalog
from canonical.customers import errors as customers
from canonical.inventory import errors as inventory
from canonical.listeners import errors as listeners
from canonical.ordering import errors as ordering
from canonical.processes import errors as processes
from canonical.shared.errors import every_error
from canonical.subscriptions import errors as subscriptions

CONTEXTS = (audit, catalog, customers, inventory, listeners, ordering, processes, subscriptions)
"""Loaded, so that their errors are in the tree."""

CODES_OF_THE_EDGE = frozenset(
    {
        *("BAD_REQUEST", "BODY_TOO_LARGE", "CALLBACK_NOT_AGREED", "CUSTOMER_MISSING", "DEADLINE_PASSED"),
        "EXTENSION_NOT_AGREED",
        *("INSUFFICIENT_SCOPE", "INVALID_REQUEST", "MALFORMED_BODY", "METHOD_NOT_ALLOWED", "NOT_ACCEPTABLE"),
        *(
            "NOT_SUPPORTED",
            "NULL_NOT_AGREED",
            "NUMBER_TOO_LONG",
            "OVERLOADED",
            "PATCH_TEST_FAILED",
            "PRODUCT_OFFERING_MISSING",
        ),
        *("RATE_LIMITED", "REPEATED_NAME", "ROOT_WITH_PARENT", "SEVERAL_CUSTOMERS", "UNKNOWN_LIFECYCLE_STATUS"),
        *("UNKNOWN_ORDER_RELATIONSHIP_TYPE", "UNKNOWN_PARTY_ROLE", "UNKNOWN_RELATIONSHIP_TYPE", "VERSION_NOT_AGREED"),
        *("UNSUPPORTED_MEDIA_TYPE", "WORD_NOT_AGREED"),
    }
)
"""Codes that are no errors of the core and are answered to clients that are known by then."""

COMMON = ("code", "message", "pointer")
"""Parameters of every code: our code and text, and the pointer of the mistake, if it has one."""

PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "INVALID_PLAN": ("allowed",),
        "RULE_BROKEN": ("rule",),
        "OFFERING_NOT_VALID": ("validFrom", "validUntil"),
        "ACTION_NOT_ALLOWED": ("allowed",),
        "CHARACTERISTIC_NOT_ALLOWED": ("allowed",),
        "CHARACTERISTIC_MISSING": ("characteristic",),
        "BUNDLE_CARDINALITY": ("member", "least", "most", "count"),
        "OFFERING_REQUIRED": ("required",),
        "OFFERING_EXCLUDED": ("excluded",),
        "PRODUCT_NOT_FOUND": ("productId",),
        "PRODUCT_OF_ANOTHER_CUSTOMER": ("productId", "customerId"),
        "PRODUCT_STATUS": ("productId", "status", "action", "allowed"),
        "PRODUCT_UNCHANGED": ("productId",),
        "TERM_NOT_OVER": ("productId", "term", "until"),
        "TWO_ITEMS_ONE_ASSET": ("productId", "other"),
        "ASSETS_TOO_MANY": ("quantity", "most"),
        "PRICE_DIFFERS": ("stated", "ours"),
        "DUPLICATE_ITEM_ID": ("duplicateOf",),
        "CYCLIC_ITEM_RELATIONSHIP": ("cycle",),
        "CURRENCIES_DIFFER": ("currencies",),
        "CATALOG_VERSIONS_OVERLAP": ("version",),
        "CATALOG_ITEM_NOT_FOUND": ("id",),
        "CATALOG_JOB_NOT_FOUND": ("id",),
        "CATALOG_FILE_NOT_FOUND": ("name",),
        "INVALID_TRANSITION": ("state", "trigger", "allowedActions"),
        "CATALOG_ITEM_IN_USE": ("id", "by"),
        "CATALOG_VERSION_EXISTS": ("id", "version"),
        "ASSET_NOT_FOUND": ("assetId",),
        "ASSET_EXISTS": ("assetId",),
        "ASSET_IN_ORDER": ("assetId", "orderId"),
        "ASSET_IN_USE": ("assetId", "by"),
        "CATALOG_ITEM_TWICE": ("id",),
        "VERSION_MISMATCH": ("version",),
        "REQUEST_REPEATED": ("id",),
        "LISTENER_EXISTS": ("listenerId",),
        "TOO_MANY_LISTENERS": ("most",),
        "DATABASE_OUTCOME_UNKNOWN": ("auditRecordId", "id"),
        "CUSTOMER_NOT_IN_GOOD_STANDING": ("customerId", "customerStatus"),
        "INSUFFICIENT_STOCK": ("sku", "requested", "available", "itemId"),
        "WISH_NOT_SUPPORTED": ("itemId", "wish"),
        "STILL_WORKING": ("id",),
        "EXTERNAL_ID_TAKEN": ("orderId",),
        "UNKNOWN_EXTERNAL_ID_SYSTEM": ("allowed",),
        "UNKNOWN_EXTERNAL_ID_TYPE": ("allowed",),
        "BILLING_ACCOUNT_NOT_FOUND": ("billingAccountId", "itemId"),
        "OFFERING_NOT_SELLABLE": ("faults",),
        "VERSION_NOT_AGREED": ("allowed",),
    }
)
"""What the error of each code shows beside, as its docstring says."""


def known_codes() -> frozenset[str]:
    return CODES_OF_THE_EDGE | {kind.code for kind in every_error()}


def parameters_of(code: str) -> tuple[str, ...]:
    own = PARAMETERS.get(code, ())
    return (*own, *(name for name in COMMON if name not in own))
