"""The canonical API's subscriptions: read as BSS has them, moved to other plans."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import flask

from canonical.audit.record import Mapped
from canonical.processes.errors import StillWorking
from canonical.shared.ports import AggregateReads
from canonical.shared.reader import ALL
from canonical.subscriptions.commands import ChangePlan
from canonical.subscriptions.errors import InvalidPlan, SubscriptionNotFound, SubscriptionTerminated
from canonical.subscriptions.handlers import CHANGE_PLAN
from canonical.subscriptions.plan_change import FINISHED, PLAN_CHANGES, PlanChange
from canonical.subscriptions.ports import Subscriptions
from canonical.subscriptions.subscription import Plan, Subscription
from canonical.views.parts import PartQueries, PartQuery, answers
from facade.answers import AnswerRow, AnswerTable
from facade.application.requests import Result, Translation
from facade.application.use_cases import Application
from facade.clock import time_text
from facade.contract.connexion_plugin import validated_body
from facade.portal.customer import SubscriptionSchema
from facade.portal.failures import error_of, going_on
from facade.portal.handlers import Waiters
from facade.security.principal import Principal, current_principal
from facade.web.conditions import check_version, required_versions
from facade.web.json import answer_json
from facade.web.keyed import keyed_request
from facade.web.paging import only

ANSWERS: AnswerTable = MappingProxyType(
    {
        InvalidPlan: AnswerRow(400, "Invalid plan value"),
        SubscriptionNotFound: AnswerRow(404, "Subscription not found"),
        SubscriptionTerminated: AnswerRow(409, "Subscription terminated"),
    }
)

GOES_ON = "the change was accepted and goes on until BSS and Billing both have it; read the subscription later"
SUBSCRIPTION, PLANS = "subscription", "plans"
TRAIL = (Mapped("/plan", "/plan", "as sent"),)
_SUBSCRIPTION = SubscriptionSchema()


@dataclass(frozen=True)
class PortalSubscriptions:
    subscriptions: Subscriptions
    part_queries: PartQueries
    changes: AggregateReads
    application: Application
    waiters: Waiters

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"getSubscription": self.get_subscription, "changePlan": self.change_plan}

    def get_subscription(self, subId: str) -> flask.Response:
        """The subscription in BSS, and our unfinished change."""
        only(flask.request.args, ())
        subscription, plans = self._asked(subId, current_principal())
        pending = self.changes.newest(PLAN_CHANGES, subscription.id, FINISHED)
        return answer_json(subscription_document(subscription, plans, pending), 200, _etag(subscription.version))

    def change_plan(self, subId: str) -> flask.Response:
        """Change the plan and wait for the result. Raises its failure, or StillWorking."""
        only(flask.request.args, ())
        body, principal = validated_body(), current_principal()
        wanted = required_versions()
        request = keyed_request(principal, "changePlan", {"subId": subId} | body, keeps_answer=False)

        def act() -> Result:
            subscription, plans = self._asked(subId, principal)
            check_version(wanted, subscription.version)
            command = ChangePlan(principal.client_id, subscription, body["plan"], plans, wanted is not None)
            return self.application.execute(request, Translation(command, trail=TRAIL), 200)

        accepted = self.application.idempotently(request, act)
        if accepted.replayed and not principal.may_act_for(self._change(accepted.subject).customer_id):
            accepted = act()  # As if the key were new, so that BSS is asked and the answer is that of others.
        with going_on(GOES_ON, id=accepted.subject, subscriptionId=subId, plan=body["plan"]):
            over = accepted.replayed and self._change(accepted.subject).finished
            ended = self.waiters.wait(CHANGE_PLAN, accepted.subject, patient=not over)
            change = self._change(accepted.subject)
        if not principal.may_act_for(change.customer_id):
            raise SubscriptionNotFound.named(subId)
        if not ended and not change.finished:
            raise StillWorking(GOES_ON, id=change.id, subscriptionId=change.subscription_id, plan=change.to_plan)
        if change.failure is not None:
            raise error_of(change.failure, id=change.id, subscriptionId=change.subscription_id)
        return answer_json(changed_document(change), 200, _etag(change.to_version or change.from_version))

    def _change(self, change_id: str) -> PlanChange:
        return self.changes.aggregate(PLAN_CHANGES, change_id, ALL)

    def _asked(self, subscription_id: str, principal: Principal) -> tuple[Subscription, tuple[Plan, ...]]:
        """The subscription and the plans, always read from BSS.

        Raises the errors of BSS, and SubscriptionNotFound if the client may not act for its customer.
        """

        def admit(found: Subscription) -> None:
            if not principal.may_act_for(found.customer_id):
                raise SubscriptionNotFound.named(subscription_id)

        questions = [
            PartQuery(SUBSCRIPTION, "bss", subscription_id, lambda: self.subscriptions.subscription(subscription_id)),
            PartQuery(PLANS, "bss", "", self.subscriptions.plans),
        ]
        found = answers(self.part_queries, questions, SUBSCRIPTION, admit)
        for part in found.values():
            if part.error is not None:
                raise part.error
        return found[SUBSCRIPTION].value, found[PLANS].value


def _etag(version: int) -> dict[str, str]:
    return {"ETag": f'"{version}"'}


def subscription_document(
    subscription: Subscription, plans: Iterable[Plan], pending: PlanChange | None
) -> dict[str, Any]:
    """The canonical API's `Subscription`."""
    return {
        **_SUBSCRIPTION.dump(subscription),
        "customerId": subscription.customer_id,
        "allowedPlans": [plan.name for plan in plans],
        "pendingChange": _pending(pending),
    }


def changed_document(change: PlanChange) -> dict[str, Any]:
    """The canonical API's `ChangedSubscription`, of a change that is done."""
    return {
        "id": change.subscription_id,
        "plan": change.to_plan,
        "status": change.status.value,
        "version": change.to_version,
        "change": {"id": change.id, "kind": change.kind.value, "from": change.from_plan},
    }


def _pending(change: PlanChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "id": change.id,
        "plan": change.to_plan,
        "kind": change.kind.value,
        "requestedAt": time_text(change.submitted_at),
    }
