"""What the agreements about backends' answers say, field by field."""

from collections.abc import Iterator, Mapping

from adapters.backends.agreement import Agreement, Field

NOT_CALLED = {
    "getStock": "stock is reserved and not looked at before",
    "findBillingAccounts": "orders name their accounts; nobody chooses one yet",
}
"""Operations of the backends that nobody calls, and why."""


def every_field(agreement: Agreement) -> Iterator[tuple[str, Field]]:
    """Every field with its place in the answer: `/id`, `/items/*/sku`."""
    start = "/*" if agreement.many else ""
    for name, kind in agreement.fields.items():
        if isinstance(kind, Mapping):
            yield from ((f"{start}/{name}/*/{inner}", one) for inner, one in kind.items())
        else:
            yield f"{start}/{name}", kind
