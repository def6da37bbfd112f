"""What owners of listeners see of their deliveries, and do about them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import uuid4

import flask

from canonical.events.ports import EventStream
from canonical.listeners.commands import ChangeDelivery, RedeliverDeadLetters, RenewSecret, ReplayEvents, TryListener
from canonical.listeners.delivery import Addressing, Attempt, Delivery, DeliveryState, new_secret
from canonical.listeners.notification import Outgoing, SendsNotifications
from canonical.listeners.ports import DeliveryReads, ListenerReport
from canonical.shared import jsontext
from canonical.shared.ports import Clock
from facade.application.requests import Request, Translation
from facade.application.use_cases import Application
from facade.clock import instant, time_text
from facade.contract.connexion_plugin import validated_body
from facade.contract.violations import Code, ContractViolation, Violation
from facade.security.principal import current_principal
from facade.web.json import answer_json
from facade.web.keyed import keyed_request
from facade.web.limits import RateLimited
from facade.web.paging import only

MOST = 100
"""Entries of one list."""
OVERLAP_SECONDS = 86_400
"""For which the previous secret signs, too."""
TEST = "TestEvent"
TEST_AGAIN_SECONDS = 1


class OneEach:
    """Lets each client have one test under way in this process: a silent listener holds a thread of ours."""

    def __init__(self) -> None:
        self._clients: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Raises RateLimited if the client has one already."""
        with self._lock:
            if client in self._clients:
                raise RateLimited("another test of a listener of yours is under way", TEST_AGAIN_SECONDS)
            self._clients.add(client)
        try:
            yield
        finally:
            with self._lock:
                self._clients.discard(client)


@dataclass(frozen=True)
class PortalListeners:
    application: Application
    reads: DeliveryReads
    stream: EventStream
    sender: SendsNotifications
    clock: Clock
    testing: OneEach = field(default_factory=OneEach)

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "listListeners": self.list,
            "getListener": self.get,
            "changeListener": self.change,
            "listDeliveries": self.deliveries,
            "listDeliveryAttempts": self.attempts,
            "replayEvents": self.replay,
            "redeliverDeadLetters": self.redeliver,
            "renewListenerSecret": self.renew_secret,
            "testListener": self.test,
        }

    def list(self) -> flask.Response:
        only(flask.request.args, ())
        return answer_json({"items": [_shown(one) for one in self.reads.of(current_principal().client_id)]})

    def get(self, listenerId: str) -> flask.Response:  # as the contract calls it
        only(flask.request.args, ())
        return answer_json(_shown(self._own(listenerId)))

    def change(self, listenerId: str) -> flask.Response:
        """Pause or resume, or send to other addresses."""
        only(flask.request.args, ())
        body, owner = validated_body(), current_principal().client_id
        state = DeliveryState(body["state"]) if "state" in body else None
        addressing = Addressing(body["addressing"]) if "addressing" in body else None
        self._once("changeListener", ChangeDelivery(owner, listenerId, state, addressing), body)
        return answer_json(_shown(self._own(listenerId)))

    def deliveries(self, listenerId: str) -> flask.Response:
        """What waits, or the dead letters."""
        only(flask.request.args, ("state",))
        report, now = self._own(listenerId), self.reads.milliseconds()
        dead = flask.request.args.get("state") == "dead"
        found = self.reads.deliveries(report.listener.id, dead, MOST)
        return answer_json({"items": [_waiting(one, now) for one in found], "total": _total(report, dead)})

    def attempts(self, listenerId: str) -> flask.Response:
        """The delivery log, newest first."""
        only(flask.request.args, ())
        found = self.reads.attempts(self._own(listenerId).listener.id, MOST)
        return answer_json({"items": [_attempt(one) for one in found]})

    def replay(self, listenerId: str) -> flask.Response:
        """Send everything after an event, or since a time, again."""
        only(flask.request.args, ())
        body = validated_body()
        after = self._known(body["after"]) if "after" in body else self._before(body["since"])
        command = ReplayEvents(current_principal().client_id, listenerId, after)
        self._once("replayEvents", command, body)
        return answer_json({"after": after}, 202)

    def redeliver(self, listenerId: str) -> flask.Response:
        """Try dead letters again."""
        only(flask.request.args, ())
        body = validated_body()
        ids = tuple(body["eventIds"]) if "eventIds" in body else None
        command = RedeliverDeadLetters(current_principal().client_id, listenerId, ids)
        self._once("redeliverDeadLetters", command, body)
        return answer_json(_shown(self._own(listenerId)), 202)

    def renew_secret(self, listenerId: str) -> flask.Response:
        """A new secret, which is shown this once."""
        only(flask.request.args, ())
        secret = new_secret()
        command = RenewSecret(current_principal().client_id, listenerId, secret, OVERLAP_SECONDS)
        self._carry_out("renewListenerSecret", command, None)
        return answer_json({"secret": secret, "previousValidSeconds": OVERLAP_SECONDS}, 201)

    def test(self, listenerId: str) -> flask.Response:
        """Send a test event now, and tell the result."""
        only(flask.request.args, ())
        report = self._own(listenerId)
        event_id, at = f"test-{uuid4()}", time_text(self.clock.now())
        classes = {"@type": TEST, "@baseType": "Event"} if report.listener.version == "v5" else {}
        body = {**classes, "eventId": event_id, "eventType": TEST, "eventTime": at, "event": {}}
        address = report.status.address(report.listener.callback, TEST)
        keys = report.status.keys(self.reads.milliseconds())
        with self.testing.one(report.listener.owner):
            self._carry_out("testListener", TryListener(report.listener.owner, listenerId), None)
            outcome = self.sender.send(Outgoing(address, event_id, jsontext.write(body), keys))
        told = {"eventId": event_id, "address": address, "delivered": outcome.delivered}
        told |= {"milliseconds": outcome.milliseconds, **_answered(outcome.status, outcome.problem, outcome.answer)}
        return answer_json(told)

    def _own(self, listener_id: str) -> ListenerReport:
        """The caller's. Raises ListenerNotFound."""
        return self.reads.find(listener_id, current_principal().client_id)

    def _once(self, operation: str, command: Any, body: Any) -> None:
        """Once for each idempotency key."""
        payload = {"listenerId": command.listener_id, "body": body}
        request = keyed_request(current_principal(), operation, payload, keeps_answer=False)
        self.application.idempotently(request, lambda: self.application.execute(request, Translation(command), 200))

    def _carry_out(self, operation: str, command: Any, body: Any) -> None:
        """Each time anew: no earlier answer can stand for a new secret, or for a test."""
        principal = current_principal()
        payload = {"listenerId": command.listener_id, "body": body}
        version = principal.profile.version
        request = Request(principal.client_id, operation, None, payload, keeps_answer=False, profile=version)
        self.application.execute(request, Translation(command), 200)

    def _known(self, after: int) -> int:
        """A number in the stream. Raises ContractViolation for one that no event has yet."""
        last = self.stream.head()
        if after > last:
            text = f"the last event has the number {last}: a replay begins at it or before"
            raise ContractViolation([Violation("/after", Code.INVALID_VALUE, text)])
        return after

    def _before(self, since: str) -> int:
        """The number after which everything happened since then. Raises ContractViolation."""
        try:
            return self.stream.before_time(instant(since))
        except ValueError as error:
            raise ContractViolation([Violation("/since", Code.INVALID_VALUE, f"the text {error}")]) from error


def _shown(report: ListenerReport) -> dict[str, Any]:
    listener, status = report.listener, report.status
    asked = {"query": listener.query} if listener.query else {}
    reason = {"reason": status.reason} if status.reason else {}
    return {
        "id": listener.id,
        "api": listener.api,
        "version": listener.version,
        "callback": listener.callback,
        **asked,
        "createdAt": time_text(listener.created_at),
        "state": status.state.value,
        **reason,
        "addressing": status.addressing.value,
        "failing": status.failing_since is not None,
        "waiting": report.waiting,
        "deadLetters": report.dead,
        "behind": report.behind,
    }


def _waiting(one: Delivery, now: int) -> dict[str, Any]:
    wait = {} if one.dead else {"nextTrySeconds": max(0, one.due - now) // 1000}
    problem = {"problem": one.problem} if one.problem else {}
    told = {"number": one.number, "eventId": one.event_id, "eventType": one.event_type, "tries": one.tries}
    return {**told, **problem, **wait}


def _attempt(one: Attempt) -> Mapping[str, Any]:
    return {
        "at": one.at,
        "number": one.number,
        "eventId": one.event_id,
        "eventType": one.event_type,
        "address": one.address,
        "delivered": not one.problem,
        "milliseconds": one.milliseconds,
        **_answered(one.status, one.problem, one.answer),
    }


def _answered(status: int | None, problem: str, answer: str) -> dict[str, Any]:
    told = {"status": status, "problem": problem or None, "answer": answer or None}
    return {name: value for name, value in told.items() if value is not None}


def _total(report: ListenerReport, dead: bool) -> int:
    return report.dead if dead else report.waiting
