"""The canonical API's customer context: what CRM, BSS, Billing and SCM know about a customer."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import flask
from marshmallow import Schema, fields

from canonical.customers.errors import BillingAccountNotFound, CustomerNotFound, CustomerNotInGoodStanding
from canonical.views.customer_context import ContextPart, CustomerContext, CustomerContexts
from facade.answers import AnswerRow, AnswerTable
from facade.portal.parts import ShipmentSchema, included, unavailable
from facade.portal.schemas import MoneySchema
from facade.security.principal import current_principal
from facade.web.json import answer_json
from facade.web.paging import only

ANSWERS: AnswerTable = MappingProxyType(
    {
        CustomerNotFound: AnswerRow(404, "Customer not found"),
        BillingAccountNotFound: AnswerRow(404, "Billing account not found"),
        CustomerNotInGoodStanding: AnswerRow(409, "Customer not in good standing"),
    }
)


@dataclass(frozen=True)
class PortalCustomers:
    contexts: CustomerContexts

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"getCustomerContext": self.get_customer_context}

    def get_customer_context(self, customerId: str) -> flask.Response:
        query = flask.request.args
        only(query, ("include",))
        current_principal().check_customer(customerId)
        return answer_json(context_document(self.contexts.context(customerId, included(query, ContextPart))))


class ProfileSchema(Schema):
    id = fields.String()
    name = fields.String()
    email = fields.String()
    status = fields.String()


class SubscriptionSchema(Schema):
    id = fields.String()
    plan = fields.String()
    status = fields.String()
    version = fields.Integer()


class BalanceSchema(Schema):
    amount = fields.Nested(MoneySchema)
    oldest_due_date = fields.Date(data_key="oldestDueDate")
    open_invoices = fields.Integer(data_key="openInvoices")


SHAPES: dict[ContextPart, Schema] = {
    ContextPart.PROFILE: ProfileSchema(),
    ContextPart.SUBSCRIPTIONS: SubscriptionSchema(many=True),
    ContextPart.BALANCES: BalanceSchema(many=True),
    ContextPart.SHIPMENTS: ShipmentSchema(many=True),
}


def context_document(context: CustomerContext) -> dict[str, Any]:
    """The canonical API's `CustomerContext`: the selected parts, null if one is missing."""
    shown = {part.value: None if value is None else SHAPES[part].dump(value) for part, value in context.parts.items()}
    return {"customerId": context.customer_id} | shown | {"unavailable": unavailable(context.missing)}
