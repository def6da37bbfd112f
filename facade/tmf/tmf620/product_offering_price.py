"""TMF620 v5 productOfferingPrice: a price of the catalog. One that stands in an offering is written alike."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from canonical.audit.record import Mapped
from canonical.catalog.price import PRICES, ChargeType, PriceContents
from canonical.shared.money import Money
from facade.contract.violations import Code, Violation
from facade.tmf.engine.mapping import Field, Reading, Row, carried
from facade.tmf.engine.parts import Part, Parts
from facade.tmf.engine.payload import Payload
from facade.tmf.tmf620.items import ItemMapper
from facade.tmf.tmf620.shapes import (
    CHARACTERISTIC_USE,
    COMMITMENT,
    QUANTITY,
    identifier,
    number,
    reference,
    relationship,
    shown_number,
)
from facade.tmf.vocabulary import folded

CHARGES: Mapping[ChargeType, str] = MappingProxyType(
    {
        ChargeType.ONE_TIME: "oneTime",
        ChargeType.RECURRING: "recurring",
        ChargeType.USAGE: "usage",
        ChargeType.DISCOUNT: "discount",
    }
)
CHARGES_BY_WORD: Mapping[str, ChargeType] = MappingProxyType(
    {folded(word): charge for charge, word in CHARGES.items()}
    | dict.fromkeys(("nonrecurring", "onetimecharge", "onceoff"), ChargeType.ONE_TIME)
    | {"recurringcharge": ChargeType.RECURRING, "usagecharge": ChargeType.USAGE}
)
"""Any other type of price is kept as it was sent, and nothing is charged for it."""
PERIODS: Mapping[str, str] = MappingProxyType(
    {
        word: period
        for period, adverb in {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly"}.items()
        for word in (period, f"{period}s", adverb)
    }
    | {"annual": "year", "annually": "year", "quarterly": "quarter", "quarters": "quarter"}
)
"""Words for a period, and the one that the core has. Any other is kept as it was sent."""
DIGITS, DECIMALS = 15, 8
"""Of an amount of money, before and after its decimal point; the contract of the canonical API has the same limits."""
MOST_PERCENT = 1_000_000
WITH_TAX, WITHOUT_TAX = "taxIncludedAmount", "dutyFreeAmount"


class Amount:
    """`price`, `percentage` and `tax`: what is charged, and which share of it is tax.

    v5 has one amount. Beside it, `price` keeps the amount with or without tax that v4 has in prices of offerings: it
    says which of them the amount is.
    """

    attributes: Collection[str] = ("price", "percentage", "tax")
    _sources: Mapping[str, str] = MappingProxyType(
        {"amount": "price", "tax_included": "price", "percentage": "percentage", "tax_rate": "tax"}
    )

    def read(self, body: Payload, at: str, to: str, found: Reading) -> None:
        known = {name: value for name, value in self._meant(body).items() if value is not None}
        found.violations += _too_large(known, at)
        found.fields |= known
        read = [(self._sources[name], name) for name in known if self._sources[name] in body]
        found.trail += [Mapped(f"{at}/{source}", f"{to}/{name}", "amount, share or rate") for source, name in read]
        kept = [name for name in self.attributes if name in body and name not in dict(read)]
        found.trail += [carried(f"{at}/{name}") for name in kept]

    def show(self, aggregate: Any, sent: Mapping[str, Any]) -> Payload:
        said = {name: sent[name] for name in self.attributes if name in sent}
        meant, shown = self._meant(said), dict(said)
        if any(meant[name] != getattr(aggregate, name) for name in ("amount", "tax_included")):
            shown["price"] = _shown_price(aggregate.amount, aggregate.tax_included)
        if meant["percentage"] != aggregate.percentage:
            shown["percentage"] = None if aggregate.percentage is None else shown_number(aggregate.percentage)
        if meant["tax_rate"] != aggregate.tax_rate:
            rate = aggregate.tax_rate
            shown["tax"] = None if rate is None else [{"@type": "TaxItem", "taxRate": shown_number(rate)}]
        return {name: value for name, value in shown.items() if value is not None}

    @staticmethod
    def _meant(body: Mapping[str, Any]) -> dict[str, Any]:
        """The fields; None for what is not said."""
        price, taxes = body.get("price"), body.get("tax")
        price = price if isinstance(price, dict) else {}
        tax = taxes[0] if isinstance(taxes, list) and len(taxes) == 1 and isinstance(taxes[0], dict) else {}
        beside = next((name for name in (WITH_TAX, WITHOUT_TAX) if isinstance(price.get(name), dict)), None)
        amount = _money(price) or (_money(price[beside]) if beside else None)
        return {
            "amount": amount,
            "tax_included": None if amount is None or beside is None else beside == WITH_TAX,
            "percentage": _first_number(body.get("percentage"), price.get("percentage")),
            "tax_rate": _first_number(tax.get("taxRate"), price.get("taxRate")),
        }


def _too_large(known: Mapping[str, Any], at: str) -> Iterator[Violation]:
    """Sums and shares of larger amounts would not be exact."""
    if "amount" in known and not _is_payable(known["amount"].amount):
        text = f"an amount has at most {DIGITS} digits before its decimal point and {DECIMALS} after it"
        yield Violation(f"{at}/price", Code.INVALID_VALUE, text)
    if abs(known.get("percentage", Decimal())) > MOST_PERCENT:
        text = f"a percentage is between -{MOST_PERCENT} and {MOST_PERCENT}"
        yield Violation(f"{at}/percentage", Code.INVALID_VALUE, text)


def _is_payable(amount: Decimal) -> bool:
    return abs(amount) < 10**DIGITS and amount == amount.quantize(Decimal(1).scaleb(-DECIMALS))


def _money(sent: Mapping[str, Any]) -> Money | None:
    amount, unit = number(sent.get("value")), sent.get("unit")
    return Money(amount, unit) if amount is not None and isinstance(unit, str) and unit.strip() else None


def _shown_price(amount: Money | None, tax_included: bool | None) -> Payload | None:
    if amount is None:
        return None
    shown = {"unit": amount.currency, "value": shown_number(amount.amount)}
    return shown if tax_included is None else {**shown, WITH_TAX if tax_included else WITHOUT_TAX: dict(shown)}


def _first_number(*sent: Any) -> Decimal | None:
    return next((known for one in sent if (known := number(one)) is not None), None)


CONTENTS: tuple[Row, ...] = (
    Field("name", "name", identifier),
    Field("description", "description"),
    Field("priceType", "charge_type", lambda word: CHARGES_BY_WORD.get(folded(word)), CHARGES.get, "table of charges"),
    Amount(),
    Field("recurringChargePeriodType", "period", lambda word: PERIODS.get(folded(word), word), rule="table of periods"),
    Field("recurringChargePeriodLength", "periods"),
    Part("unitOfMeasure", "unit", QUANTITY),
    Field("isBundle", "bundle"),
    Parts("bundledPopRelationship", "parts", reference("BundledProductOfferingPriceRelationship")),
    Parts("popRelationship", "relationships", relationship("ProductOfferingPriceRelationship")),
    Parts("prodSpecCharValueUse", "constraints", CHARACTERISTIC_USE),
    Parts("productOfferingTerm", "commitments", COMMITMENT),
)
CARRIED = frozenset({"externalIdentifier", "place", "policy", "pricingLogicAlgorithm"})

MAPPER = ItemMapper.of_rows(PRICES, "ProductOfferingPrice", PriceContents, CONTENTS)
