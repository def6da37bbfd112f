"""The hub of one version of an API: subscriptions are registered, read and ended. Nothing is sent here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import flask

from canonical.notifications.ports import Subscriptions
from canonical.notifications.subscription import Subscription
from canonical.shared.errors import SubscriptionNotFound
from facade.address import requested_address
from facade.contract.connexion_plugin import validated_body
from facade.contract.pointers import escaped, shortened
from facade.contract.violations import Code, ContractViolation, Violation
from facade.json import answer_json, nothing
from facade.query import only
from facade.security.principal import current_principal
from facade.tmf.hub.callbacks import CallbackRules
from facade.tmf.hub.intake import SubscriptionIntake, Wish
from facade.tmf.hub.queries import Notifications

OPERATIONS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "v4": ("registerListener", "retrieveListener", "unregisterListener"),
        "v5": ("createHub", "hubGet", "hubDelete"),
    }
)
"""How every API of a version calls registering, reading and ending."""

CLASSES: Mapping[str, Mapping[str, str]] = MappingProxyType({"v4": {}, "v5": {"@type": "Hub"}})
"""What answers of a version say besides."""

_READ = ("callback", "query")
MAX_TOLD = 20


@dataclass(frozen=True)
class Hub:
    """`api` is its name, such as TMF622, `version` a key of OPERATIONS."""

    api: str
    version: str
    notifications: Notifications
    callbacks: CallbackRules
    intake: SubscriptionIntake
    subscriptions: Subscriptions

    def operations(self) -> dict[str, Callable[..., Any]]:
        return dict(zip(OPERATIONS[self.version], (self.register, self.read, self.unregister), strict=True))

    def register(self) -> flask.Response:
        """Keep the address and the query. Raises AlreadySubscribed, TooManySubscriptions, ContractViolation."""
        only(flask.request.args, ())
        body, owner = validated_body(), current_principal().client_id
        callback, query = body["callback"], body.get("query", "")
        mistakes = _lost(body)
        mistakes += _mistakes(self.notifications.read, query)
        mistakes += _mistakes(self.callbacks.check, callback)
        if mistakes:
            raise ContractViolation(mistakes)
        new = self.intake.subscribe(Wish(owner, self.api, self.version, callback, query))
        return answer_json(self._shown(new), 201, {"Location": f"{requested_address()}/{new.id}"})

    def read(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        return answer_json(self._shown(self._own(id)))

    def unregister(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        self.intake.unsubscribe(self._own(id))
        return nothing()

    def _own(self, subscription_id: str) -> Subscription:
        """The caller's, registered here. Raises SubscriptionNotFound."""
        found = self.subscriptions.find(subscription_id, current_principal().client_id)
        if (found.api, found.version) != (self.api, self.version):
            raise SubscriptionNotFound("Subscription not found", subscriptionId=subscription_id)
        return found

    def _shown(self, subscription: Subscription) -> dict[str, str]:
        asked = {"query": subscription.query} if subscription.query else {}
        return {**CLASSES[self.version], "id": subscription.id, "callback": subscription.callback, **asked}


def _mistakes(check: Callable[[str], object], text: str) -> Sequence[Violation]:
    try:
        check(text)
    except ContractViolation as error:
        return error.violations
    return ()


def _lost(body: Mapping[str, Any]) -> list[Violation]:
    """Whatever is not kept: a subscription is its callback and its query."""
    odd = [name for name in body if name not in _READ and (name, body[name]) != ("@type", "Hub")]
    message = "{} is not accepted here: a subscription has a callback and a query"
    return [
        Violation(f"/{escaped(name)}", Code.UNEXPECTED_PROPERTY, message.format(name), _READ)
        for name in map(shortened, odd[:MAX_TOLD])
    ]
