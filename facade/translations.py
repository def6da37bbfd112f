"""The dry run: how a payload is understood and what would follow, without doing it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, fields, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

import flask

from canonical.audit.record import Outcome
from canonical.ordering.order import Order
from canonical.processes.place_order import PlannedCall, plan
from canonical.shared.aggregates import Kind
from canonical.shared.errors import CanonicalError, Conflict, InvalidCommand, NotFound
from canonical.shared.reader import Reader
from facade.answers import ErrorAnswer
from facade.application.requests import Translation
from facade.application.use_cases import Application
from facade.contract.connexion_plugin import validated_body
from facade.contract.lenient_defaults import Allowance
from facade.contract.nulls import refused as refused_nulls
from facade.contract.validator import Contract
from facade.contract.violations import Code, ContractViolation, Violation
from facade.evidence import refused_places
from facade.partners.customers import ClaimUnusable
from facade.partners.in_force import UnusableProfile
from facade.partners.profiles import Nulls, Profile
from facade.portal.partner_profiles import INVALID_PROFILE
from facade.portal.schemas import trail_document
from facade.security.principal import Principal, current_principal
from facade.tmf.bridge import Loss
from facade.tmf.engine.mapping import left_out
from facade.tmf.engine.wording import ReadWords, Wording
from facade.web.errors import entry_of
from facade.web.json import answer_json
from facade.web.paging import only

NOTHING: Mapping[str, Any] = MappingProxyType(
    {"accepted": False, "command": None}
    | dict.fromkeys(("fields", "carried", "losses", "leniencies", "errors", "backendCalls"), ())
)
"""The answer about a payload that comes to nothing."""

PARTNERS_READ = "partners:read"
AGREED = "agreed_version"
"""The field of commands that names the version of the profile. Another version alone is no other outcome."""

AnswerTo = Callable[[Exception], ErrorAnswer]
Compare = Callable[[Any], Sequence[Loss]]


class Translator(Protocol):
    """Reads payloads in the same way as the operation."""

    def read(self, body: Any, principal: Principal, /) -> ReadWords | None:
        """How the body was sent in words of the partner's; None if it is in ours."""
        ...

    def translate(
        self,
        body: Any,
        principal: Principal,
        reason: str | None = None,
        read: ReadWords | None = None,
        allowances: Collection[Allowance] = (),
    ) -> Translation:
        """Raises ContractViolation, and NotFound for a resource that the caller does not see."""
        ...

    def told(self, wording: Wording | None, read: ReadWords | None, /) -> AbstractContextManager[None]:
        """What is raised inside is raised in the words of the client."""
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
    """`known` names each operation by API, version and operationId. `named` is the profile of a version's name; it
    raises ProfileNotFound and UnusableProfile.
    """

    known: Mapping[tuple[str, str, str], Translatable]
    application: Application
    answer_to: AnswerTo
    named: Callable[[str], Profile]

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
        translatable, principal = self.known[what], self._under(asked.get("profileVersion"))
        principal.profile.versions.check(*what[:2])
        principal.require(translatable.contract.scopes(what[2]))
        accepted = flask.request.headers.get("Accept-Language", "")
        told = tried(translatable, what[2], asked["payload"], principal, self.answer_to, self._calls, accepted)
        return answer_json(told | {"profileVersion": principal.profile.version})

    def _under(self, version: str | None) -> Principal:
        """The caller under the profile of this name; under its own one in force without a name.

        Raises ScopeMissing, ProfileNotFound, and ContractViolation for a version that this release cannot use.
        """
        principal = current_principal()
        if version is None or version == principal.profile.version:
            return principal
        principal.require((PARTNERS_READ,))
        try:
            profile = self.named(version)
        except UnusableProfile as error:
            violation = Violation("/profileVersion", Code.INVALID_VALUE, str(error), reason=INVALID_PROFILE)
            raise ContractViolation([violation]) from error
        customers = principal.customers
        if customers is None:
            with suppress(ClaimUnusable):  # the claim is in the tokens of the partner, which is not the caller
                customers = profile.customers_for({})
        return replace(principal, profile=profile, customers=customers)

    def _calls(self, translation: Translation) -> list[PlannedCall]:
        """The backend calls that would follow; none for an order that is there already."""
        made = self.application.tried(translation)
        return plan(made) if isinstance(made, Order) and not made.version else []


def tried(
    translatable: Translatable,
    operation: str,
    payload: Any,
    principal: Principal,
    answer_to: AnswerTo,
    calls_of: Callable[[Translation], Sequence[PlannedCall]] = lambda _: (),
    accepted: str = "",
) -> dict[str, Any]:
    """The answer about a payload. `answer_to` gives the operation's answer to an error. `calls_of`: the backend calls
    that would follow; it raises what the core refuses. `accepted`: the languages that the caller accepts for errors.
    """
    read = translatable.translator.read(payload, principal)
    checked = translatable.contract.check_request(operation, payload if read is None else read.body)
    leniencies = [
        {"pointer": one.pointer, "rule": one.rule, "understood": one.understood} for one in checked.allowances
    ]
    refused = partial(_refused, answer_to=answer_to, principal=principal, leniencies=leniencies, accepted=accepted)
    nulls = refused_nulls(checked.nulls) if principal.profile.nulls is Nulls.REFUSE else ()
    if wrong := (*checked.violations, *nulls):
        return refused(ContractViolation(wrong if read is None else read.told(wrong)))
    translator = translatable.translator
    try:
        with translator.told(None if read is None else read.wording, read):
            translator.check_customers(checked.body, principal)
            translation = translator.translate(checked.body, principal, read=read, allowances=checked.allowances)
            translation = replace(translation, trail=(*translation.trail, *left_out(checked.nulls)))
            calls = calls_of(translation)
            losses = [loss.as_document() for loss in translatable.losses(checked.body)]
    except (ContractViolation, InvalidCommand, NotFound, Conflict) as error:
        return refused(error)
    return _accepted(translation, calls, losses, leniencies)


def _refused(
    error: ContractViolation | CanonicalError,
    answer_to: AnswerTo,
    principal: Principal,
    leniencies: list[dict[str, Any]],
    accepted: str,
) -> dict[str, Any]:
    """The answer about a payload that the operation would refuse with this error: with the same entries, also for an
    error that is about no place.
    """
    answer = answer_to(error)
    if not answer.errors and isinstance(error, CanonicalError):
        answer = replace(answer, errors=(entry_of(error),))
    told = principal.profile.errors.told(answer, accepted).errors
    fields = trail_document(refused_places(answer.errors))
    return {**NOTHING, "fields": fields, "leniencies": leniencies, "errors": told}


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
        "fields": trail_document(translation.trail),
        "carried": sorted(field.source for field in translation.trail if field.outcome is Outcome.CARRIED),
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
