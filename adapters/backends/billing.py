"""Billing, which takes the money."""

from marshmallow import fields

from adapters.backends.answers import Answer, needed, one_of, only
from adapters.backends.fields import count, currency_code, day, decimal_text, money
from adapters.backends.http import Backend, Operation
from canonical.customers.balance import OutstandingBalance
from canonical.shared.errors import BackendRefused
from canonical.shared.money import Money
from canonical.views.records import Invoice, InvoiceLine, InvoiceStatus


class Charge(Answer):
    id = needed("chargeId")
    status = one_of("success", "refunded")


class TakenCharge(Charge):
    status = one_of("success")


class RefundedCharge(Answer):
    status = one_of("refunded")


CHARGE = Operation("charge", "POST", "/charges", TakenCharge())
FIND_CHARGES = Operation("findCharges", "GET", "/charges", Charge(many=True))
REFUND = Operation("refund", "POST", "/charges/{chargeId}/refund", RefundedCharge())


class HttpPaymentCharges:
    """Charges in Billing. Amounts travel as decimal texts in major units, never as JSON numbers."""

    def __init__(self, billing: Backend) -> None:
        self._billing = billing

    def charge(self, bss_order_id: str, amount: Money, key: str) -> str:
        body = {"orderId": bss_order_id, "amount": format(amount.amount, "f"), "currency": amount.currency}
        return str(self._billing.call(CHARGE, json=body, key=key)["id"])

    def find_charge(self, bss_order_id: str) -> str | None:
        """The charge that stands for the order; a refunded one does not."""
        found = self._billing.call(FIND_CHARGES, query={"orderId": bss_order_id})
        return only(self._billing.name, FIND_CHARGES.name, found, "success")

    def refund(self, charge_id: str, key: str) -> None:
        self._billing.call(REFUND, {"chargeId": charge_id}, key=key)


class LineAnswer(Answer):
    sku = needed("sku")
    quantity = count("quantity")


class InvoiceAnswer(Answer):
    number = needed("invoiceId")
    order_number = needed("orderId")
    total = decimal_text("total")
    currency = currency_code()
    due_date = day("dueDate")
    status = one_of(*InvoiceStatus)
    lines = fields.Nested(LineAnswer(many=True), required=True)


class BalanceAnswer(Answer):
    amount = decimal_text("amount")
    currency = currency_code()
    oldest_due_date = day("oldestDueDate")
    open_invoices = count("openInvoices")


class OutstandingAnswer(Answer):
    customer_id = needed("customerId")
    balances = fields.Nested(BalanceAnswer(many=True), required=True)


GET_INVOICE = Operation("getInvoice", "GET", "/invoices/{orderId}", InvoiceAnswer(), {"order_number": "orderId"})
GET_OUTSTANDING = Operation(
    "getOutstanding", "GET", "/outstanding/{customerId}", OutstandingAnswer(), {"customer_id": "customerId"}
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
