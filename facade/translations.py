"""The dry run: how a payload is understood and what would follow, without doing it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Protocol

import flask

from canonical.ordering.order import Order
from canonical.processes.place_order import PlannedCall, plan
from canonical.shared.aggregates import Kind
from canonical.shared.errors import CanonicalError, Conflict, InvalidCommand, NotFound
from canonical.shared.reader import Reader
from facade.answers import ErrorAnswer
from facade.application.requests import Translation
from facade.application.use_cases import Application
from facade.contract.connexion_plugin import validated_body
from facade.contract.nulls import refused
from facade.contract.validator import Contract
from facade.contract.violations import Code, ContractViolation, Violation
from facade.partners.profiles import Nulls
from facade.security.principal import Principal, current_principal
from facade.tmf.bridge import Loss
from facade.tmf.engine.mapping import KEPT
from facade.tmf.engine.wording import ReadWords
from facade.web.json import answer_json
from facade.web.paging import only

NOTHING: Mapping[str, Any] = MappingProxyType(
    {"accepted": False, "command": None}
    | dict.fromkeys(("fields", "carried", "losses", "leniencies", "errors", "backendCalls"), ())
)
"""The answer about a payload that comes to nothing."""

AGREED = "agreed_version"
"""The field of commands that names the version of the profile. Another version alone is no other outcome."""

Compare = Callable[[Any], Sequence[Loss]]


class Translator(Protocol):
    """Reads payloads in the same way as the operation."""

    def read(self, body: Any, principal: Principal, /) -> ReadWords | None:
        """How the body was sent in words of the partner's; None if it is in ours."""
        ...

    def translate(
        self, body: Any, principal: Principal, reason: str | None = None, read: ReadWords | None = None
    ) -> Translation:
        """Raises ContractViolation, and NotFound for a resource that the caller does not see."""
        ...

    def check_customers(self, body: Any, principal: Principal, /) -> None:
        """Raises CustomerNotFound, with its pointer, for a customer that the client may not act for."""
        ...


def _no_losses(_: Any) -> Sequence[Loss]:
    return ()


@dataclass(frozen=True)
class Translatable:
    """An operation for dry runs: its contract and its reader.

    `losses`: what the other version of the API cannot express of a valid payload.
    """

    contract: Contract
    translator: Translator
    losses: Compare = _no_losses


@dataclass(frozen=True)
class Translations:
    """`known` names each operation by API, version and operationId."""

    known: Mapping[tuple[str, str, str], Translatable]
    application: Application

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {"translate": self.translate}

    def translate(self) -> flask.Response:
        """Always 200: the answer says whether the payload would be accepted, and why.

        Raises VersionNotAgreed and ScopeMissing for an operation that the caller may not use.
        """
        only(flask.request.args, ())
        asked = validated_body()
        what = (asked["api"], asked["version"], asked["operation"])
        if what not in self.known:
            known = tuple(" ".join(names) for names in self.known)
            violation = Violation("/operation", Code.INVALID_VALUE, f"{' '.join(what)} cannot be tried here", known)
            raise ContractViolation([violation])
        translatable, principal = self.known[what], current_principal()
        principal.profile.versions.check(*what[:2])
        principal.require(translatable.contract.scopes(what[2]))
        accepted = flask.request.headers.get("Accept-Language", "")
        return answer_json(tried(translatable, what[2], asked["payload"], principal, self._calls, accepted))

    def _calls(self, translation: Translation) -> list[PlannedCall]:
        """The backend calls that would follow; none for an order that is there already."""
        made = self.application.tried(translation)
        return plan(made) if isinstance(made, Order) and not made.version else []


def tried(
    translatable: Translatable,
    operation: str,
    payload: Any,
    principal: Principal,
    calls_of: Callable[[Translation], Sequence[PlannedCall]] = lambda _: (),
    accepted: str = "",
) -> dict[str, Any]:
    """The answer about a payload. `calls_of`: the backend calls that would follow; it raises what the core refuses.
    `accepted`: the languages that the caller accepts for errors.
    """
    read = translatable.translator.read(payload, principal)
    checked = translatable.contract.check_request(operation, payload if read is None else read.body)
    leniencies = [
        {"pointer": one.pointer, "rule": one.rule, "understood": one.understood} for one in checked.allowances
    ]
    agreed_on_none = principal.profile.nulls is Nulls.REFUSE
    if wrong := (*checked.violations, *(refused(checked.nulls) if agreed_on_none else ())):
        wrong = wrong if read is None else read.told(wrong)
        return _refused(_entries(wrong, principal, accepted), leniencies)
    try:
        with nullcontext() if read is None else read.wording.told(read):
            translatable.translator.check_customers(checked.body, principal)
            translation = translatable.translator.translate(checked.body, principal, read=read)
            calls = calls_of(translation)
            losses = [loss.as_document() for loss in translatable.losses(checked.body)]
    except ContractViolation as error:
        return _refused(_entries(error.violations, principal, accepted), leniencies)
    except (InvalidCommand, NotFound, Conflict) as error:
        return _refused([_entry(error, principal, accepted)], leniencies)
    return _accepted(translation, calls, losses, leniencies)


def _entries(violations: Sequence[Violation], principal: Principal, accepted: str) -> Sequence[Mapping[str, Any]]:
    found = tuple(violation.as_document() for violation in violations)
    return principal.profile.errors.told(ErrorAnswer(400, "", "", "", found), accepted).errors


def _entry(error: CanonicalError, principal: Principal, accepted: str) -> Mapping[str, Any]:
    entry = {"pointer": error.pointer, "reason": error.code, "message": error.message}
    found = ErrorAnswer(400, error.code, "", error.message, (entry,), extra=error.details)
    told = principal.profile.errors.told(found, accepted)
    return {"pointer": error.pointer, "code": told.code, "message": told.detail}


def _accepted(
    translation: Translation,
    calls: Sequence[PlannedCall],
    losses: list[dict[str, Any]],
    leniencies: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        **NOTHING,
        "accepted": True,
        "command": _written(translation.command),
        "fields": translation.trail,
        "carried": sorted(field.source for field in translation.trail if field.rule in KEPT),
        "losses": losses,
        "leniencies": leniencies,
        "backendCalls": calls,
    }


def _written(command: Any) -> dict[str, Any]:
    """The command, without what it says of the caller and its profile; its kind of aggregate by name, if it has one."""
    values = {one.name: getattr(command, one.name) for one in fields(command) if one.name != AGREED}
    return {
        name: value.name if isinstance(value, Kind) else value
        for name, value in values.items()
        if not isinstance(value, Reader)
    }


def _refused(errors: Sequence[Mapping[str, Any]], leniencies: list[dict[str, Any]]) -> dict[str, Any]:
    return {**NOTHING, "leniencies": leniencies, "errors": errors}
