"""Billing, which has the accounts and takes the money."""

from collections.abc import Callable
from typing import Any

from marshmallow import fields

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.effects import Kind
from adapters.backends.fields import count, currency_code, day, decimal_text, money
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from adapters.backends.versions import number
from canonical.customers.balance import OutstandingBalance
from canonical.customers.reference import BillingAccount
from canonical.processes.ports import ChargeRequest
from canonical.shared.errors import BackendRefused
from canonical.views.records import Invoice, InvoiceLine, InvoiceStatus


class Charge(BackendAnswer):
    id = needed("chargeId")
    status = one_of("success", "refunded")


CHARGE = BackendOperation("charge", "POST", "/charges", Charge(), AGREEMENTS["charge"])
FIND_CHARGES = BackendOperation("findCharges", "GET", "/charges", Charge(many=True), AGREEMENTS["findCharges"])
GET_CHARGE = BackendOperation("getCharge", "GET", "/charges/{chargeId}", Charge(), AGREEMENTS["getCharge"])
LOOK_AT_CHARGE = BackendOperation(
    "getCharge", "GET", "/charges/{chargeId}", Charge(), AGREEMENTS["getCharge, taken back"]
)
REFUND = BackendOperation("refund", "POST", "/charges/{chargeId}/refund", Charge(), AGREEMENTS["refund"])
CHARGES = Kind(CHARGE, FIND_CHARGES, GET_CHARGE, LOOK_AT_CHARGE, "chargeId", "success", "refunded")


class HttpPaymentCharges:
    """Charges in Billing. Amounts travel as decimal texts in major units, never as JSON numbers."""

    def __init__(self, billing: Backend) -> None:
        self._billing = billing

    def charge(self, request: ChargeRequest, key: str) -> str:
        return CHARGES.made(self._billing, _body(request), key)

    def find_charge(self, request: ChargeRequest) -> str | None:
        """The valid charge of the order, not a refunded one."""
        return CHARGES.found(self._billing, {"orderId": request.bss_order_id}, _body(request))

    def refund(self, charge_id: str, request: ChargeRequest, key: str) -> None:
        self._billing.call(REFUND, {"chargeId": charge_id}, key=key, known=_body(request))

    def is_refunded(self, charge_id: str, request: ChargeRequest) -> bool:
        return CHARGES.is_taken_back(self._billing, charge_id, _body(request))


def _body(request: ChargeRequest) -> dict[str, Any]:
    """With `externalId`, Billing refuses the charge if BSS has this number for somebody else's order."""
    return {
        "orderId": request.bss_order_id,
        "externalId": request.order_id,
        "amount": format(request.amount.amount, "f"),
        "currency": request.amount.currency,
    }


class AccountAnswer(BackendAnswer):
    id = needed("accountId")
    customer_id = needed("customerId")


GET_BILLING_ACCOUNT = BackendOperation(
    "getBillingAccount", "GET", "/accounts/{accountId}", AccountAnswer(), AGREEMENTS["getBillingAccount"]
)
ACCOUNTS_SINCE = (2, 1)
"""The version of the contract that has billing accounts."""


class HttpBillingAccounts:
    """Accounts in Billing. `version` gives the version of the contract that Billing says it has, None if it says
    none.
    """

    def __init__(self, billing: Backend, version: Callable[[], str | None] = lambda: None) -> None:
        self._billing = billing
        self._version = version

    @property
    def missing(self) -> str | None:
        version = self._version()
        if version is None or number(version) >= ACCOUNTS_SINCE:
            return None
        return f"Billing has version {version} of its contract, which has no accounts"

    def account(self, account_id: str) -> BillingAccount:
        answer = self._billing.call(GET_BILLING_ACCOUNT, {"accountId": account_id})
        return BillingAccount(answer["id"], answer["customer_id"])


class LineAnswer(BackendAnswer):
    sku = needed("sku")
    quantity = count("quantity")


class InvoiceAnswer(BackendAnswer):
    number = needed("invoiceId")
    total = decimal_text("total")
    currency = currency_code()
    due_date = day("dueDate")
    status = one_of(*InvoiceStatus)
    lines = fields.Nested(LineAnswer(many=True), required=True)


class BalanceAnswer(BackendAnswer):
    amount = decimal_text("amount")
    currency = currency_code()
    oldest_due_date = day("oldestDueDate")
    open_invoices = count("openInvoices")


class OutstandingAnswer(BackendAnswer):
    balances = fields.Nested(BalanceAnswer(many=True), required=True)


GET_INVOICE = BackendOperation("getInvoice", "GET", "/invoices/{orderId}", InvoiceAnswer(), AGREEMENTS["getInvoice"])
GET_OUTSTANDING = BackendOperation(
    "getOutstanding", "GET", "/outstanding/{customerId}", OutstandingAnswer(), AGREEMENTS["getOutstanding"]
)


class HttpInvoices:
    """Invoices and what is still owed, read from Billing."""

    def __init__(self, billing: Backend) -> None:
        self._billing = billing

    def invoice(self, order_number: str) -> Invoice | None:
        try:
            answer = self._billing.call(GET_INVOICE, {"orderId": order_number})
        except BackendRefused as refused:
            if refused.details.get("status") == 404:
                return None
            raise
        lines = tuple(InvoiceLine(**line) for line in answer["lines"])
        total, status = money(answer, "total"), InvoiceStatus(answer["status"])
        return Invoice(answer["number"], total, answer["due_date"], status, lines)

    def outstanding(self, customer_id: str) -> tuple[OutstandingBalance, ...]:
        answer = self._billing.call(GET_OUTSTANDING, {"customerId": customer_id})
        return tuple(
            OutstandingBalance(money(balance, "amount"), balance["oldest_due_date"], balance["open_invoices"])
            for balance in answer["balances"]
        )
