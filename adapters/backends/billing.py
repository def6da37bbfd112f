"""Billing, which takes the money."""

from adapters.backends.answers import Answer, needed, one_of, only
from adapters.backends.http import Backend, Operation
from canonical.shared.money import Money


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
