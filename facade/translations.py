"""The dry run: what a payload would be understood as and what would follow, without doing any of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flask

from canonical.audit.record import Mapped
from canonical.ordering.handlers import submit_order
from canonical.processes.place_order import PlannedCall, plan
from canonical.shared.errors import CanonicalError, CustomerNotFound, InvalidCommand
from canonical.shared.ports import Clock, Identities
from facade.contract.connexion_plugin import validated_body
from facade.contract.validator import Contract
from facade.contract.violations import Code, ContractViolation, Violation
from facade.intake import EdgeUnitOfWork, Translation
from facade.json import answer_json
from facade.query import only
from facade.security.principal import Principal, current_principal
from facade.tmf.bridge import Loss

Translate = Callable[[Any, str], Translation]
Compare = Callable[[Any], Sequence[Loss]]


def _no_losses(_: Any) -> Sequence[Loss]:
    return ()


@dataclass(frozen=True)
class Translatable:
    """An operation that can be tried: what its payload must look like and how it is read.

    `losses`: what the API's other version would not say of a payload that keeps the contract.
    """

    contract: Contract
    translate: Translate
    losses: Compare = _no_losses


@dataclass(frozen=True)
class Translations:
    """`known` names each operation by API, version and operationId."""

    known: Mapping[tuple[str, str, str], Translatable]
    unit_of_work: Callable[[], EdgeUnitOfWork]
    clock: Clock
    identities: Identities

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"translate": self.translate}

    def translate(self) -> flask.Response:
        """200 whether or not the payload would be accepted: the answer says which, and why."""
        only(flask.request.args, ())
        asked = validated_body()
        what = (asked["api"], asked["version"], asked["operation"])
        if what not in self.known:
            known = tuple(" ".join(names) for names in self.known)
            violation = Violation("/operation", Code.INVALID_VALUE, f"{' '.join(what)} cannot be tried here", known)
            raise ContractViolation([violation])
        return answer_json(self._try(self.known[what], what[2], asked["payload"], current_principal()))

    def _try(self, translatable: Translatable, operation: str, payload: Any, principal: Principal) -> dict[str, Any]:
        checked = translatable.contract.check_request(operation, payload)
        leniencies = [
            {"pointer": one.pointer, "rule": one.rule, "understood": one.understood} for one in checked.allowances
        ]
        if checked.violations:
            return _refused([violation.as_document() for violation in checked.violations], leniencies)
        try:
            translation = translatable.translate(checked.body, principal.client_id)
            translation.check_customer(principal)
            calls = self._calls(translation)
            losses = [loss.as_document() for loss in translatable.losses(checked.body)]
        except ContractViolation as error:
            return _refused([violation.as_document() for violation in error.violations], leniencies)
        except CustomerNotFound as error:
            return _refused([_entry(error, error.pointer)], leniencies)
        except InvalidCommand as error:
            return _refused([_entry(error, translation.source_of(error.pointer or ""))], leniencies)
        return _accepted(translation, calls, losses, leniencies)

    def _calls(self, translation: Translation) -> list[PlannedCall]:
        """What would follow, found out in a unit of work that is never committed."""
        with self.unit_of_work() as work:
            return plan(submit_order(translation.command, work, self.clock, self.identities))


def _entry(error: CanonicalError, pointer: str | None) -> dict[str, Any]:
    return {"pointer": pointer, "code": error.code, "message": error.message}


def _accepted(
    translation: Translation,
    calls: list[PlannedCall],
    losses: list[dict[str, Any]],
    leniencies: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "accepted": True,
        "command": translation.command,
        "fields": translation.trail,
        "carried": sorted(field.source for field in translation.trail if field.rule == "carried"),
        "losses": losses,
        "leniencies": leniencies,
        "errors": [],
        "backendCalls": calls,
    }


def _refused(errors: list[dict[str, Any]], leniencies: list[dict[str, Any]]) -> dict[str, Any]:
    nothing: list[Mapped] = []
    return {
        "accepted": False,
        "command": None,
        "fields": nothing,
        "carried": [],
        "losses": [],
        "leniencies": leniencies,
        "errors": errors,
        "backendCalls": [],
    }
