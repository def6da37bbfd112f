"""The hub of one version of an API: listeners are registered, read and ended. Nothing is sent here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import flask

from canonical.listeners.commands import RegisterListener, UnregisterListener
from canonical.listeners.errors import ListenerExists, ListenerNotFound, TooManyListeners
from canonical.listeners.listener import Listener
from canonical.listeners.ports import Listeners
from facade.answers import AnswerRow, AnswerTable
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application
from facade.contract.connexion_plugin import validated_body
from facade.contract.pointers import escaped, shortened
from facade.contract.violations import Code, ContractViolation, Violation
from facade.partners.hub_terms import HubTerms
from facade.security.principal import current_principal
from facade.tmf.hub.callbacks import CallbackRules
from facade.tmf.hub.queries import Notifications
from facade.web.address import requested_address
from facade.web.json import answer_json, nothing
from facade.web.keyed import keyed_request
from facade.web.paging import only

ANSWERS: AnswerTable = MappingProxyType(
    {
        ListenerNotFound: AnswerRow(404, "Listener not found"),
        ListenerExists: AnswerRow(409, "Listener exists"),
        TooManyListeners: AnswerRow(409, "Too many listeners"),
    }
)

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
    application: Application
    listeners: Listeners

    def operations(self) -> dict[str, Callable[..., Any]]:
        return dict(zip(OPERATIONS[self.version], (self.register, self.read, self.unregister), strict=True))

    def register(self) -> flask.Response:
        """Keep the address and the query. Raises ListenerExists, TooManyListeners, ContractViolation."""
        only(flask.request.args, ())
        body, principal = validated_body(), current_principal()
        agreed = principal.profile.hub
        callback, query = body["callback"], body.get("query") or agreed.query(self.api)
        mistakes = _lost(body)
        mistakes += _mistakes(self.notifications.read, query)
        mistakes += _mistakes(self.callbacks.check, callback) or _mistakes(partial(self._check_host, agreed), callback)
        if mistakes:
            raise ContractViolation(mistakes)
        request = self._request("registerListener", body)
        address, scopes = requested_address().removesuffix("/hub"), tuple(sorted(principal.scopes))
        command = RegisterListener(principal.client_id, self.api, self.version, callback, query, address, scopes)
        result = self.application.idempotently(
            request, lambda: self.application.execute(request, Translation(command), 201)
        )
        new = self._own(result.subject)
        return answer_json(self._shown(new), 201, {"Location": f"{requested_address()}/{new.id}"})

    def read(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        return answer_json(self._shown(self._own(id)))

    def unregister(self, id: str) -> flask.Response:
        only(flask.request.args, ())
        request = self._request("unregisterListener", {"id": id})
        self.application.idempotently(request, lambda: self._ended(request, id))
        return nothing()

    def _ended(self, request: Request, listener_id: str) -> Result:
        command = UnregisterListener(request.client, self._own(listener_id).id)
        return self.application.execute(request, Translation(command), 204)

    def _request(self, operation: str, payload: Any) -> Request:
        name = f"{operation} {self.api} {self.version}"
        return keyed_request(current_principal(), name, payload, keeps_answer=False)

    def _check_host(self, agreed: HubTerms, callback: str) -> None:
        if not agreed.allows(self.callbacks.host(callback)):
            text = "the host of this callback is not agreed with you"
            refused = Violation("/callback", Code.INVALID_VALUE, text, agreed.hosts, reason="CALLBACK_NOT_AGREED")
            raise ContractViolation([refused])

    def _own(self, listener_id: str) -> Listener:
        """The caller's, registered here. Raises ListenerNotFound."""
        found = self.listeners.find(listener_id, current_principal().client_id)
        if (found.api, found.version) != (self.api, self.version):
            raise ListenerNotFound("Listener not found", listenerId=listener_id)
        return found

    def _shown(self, listener: Listener) -> dict[str, str]:
        asked = {"query": listener.query} if listener.query else {}
        return {**CLASSES[self.version], "id": listener.id, "callback": listener.callback, **asked}


def _mistakes(check: Callable[[str], object], text: str) -> Sequence[Violation]:
    try:
        check(text)
    except ContractViolation as error:
        return error.violations
    return ()


def _lost(body: Mapping[str, Any]) -> list[Violation]:
    """Whatever is not kept: a listener is its callback and its query."""
    odd = [name for name in body if name not in _READ and (name, body[name]) != ("@type", "Hub")]
    message = "{} is not accepted here: a listener has a callback and a query"
    return [
        Violation(f"/{escaped(name)}", Code.UNEXPECTED_PROPERTY, message.format(name), _READ)
        for name in map(shortened, odd[:MAX_TOLD])
    ]
