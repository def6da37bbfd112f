"""Partner profiles for administrators: versions are drafted, activated and retired."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import flask

from canonical.audit.record import Mapped
from canonical.partners.commands import ActivateProfile, DraftProfile, ReplaceDraft, RetireProfile
from canonical.partners.errors import ActivationPending, ProfileNotFound, ProfilesChanged
from canonical.partners.profile_version import PROFILE_VERSIONS, ProfileVersion
from canonical.shared.criteria import Compare, Operator, PathStep
from canonical.shared.editions import Named
from canonical.shared.ports import Clock
from canonical.shared.projection import SearchIndex
from canonical.shared.reader import ALL
from facade.answers import AnswerRow, AnswerTable
from facade.application.requests import Request, Result, Translation
from facade.application.use_cases import Application
from facade.clock import instant, time_text
from facade.contract.connexion_plugin import validated_body
from facade.contract.violations import Code, ContractViolation, Violation
from facade.partners.faults import ProfileFault
from facade.partners.profiles import Profile, compile_profile, content_hash
from facade.portal.pages import page_document
from facade.portal.reads import FoundReads
from facade.security.principal import Principal, current_principal
from facade.web.address import requested_address
from facade.web.conditions import check_version, required_versions
from facade.web.cursors import Course
from facade.web.json import answer_json
from facade.web.keyed import keyed_request
from facade.web.paging import PAGING, only, page_of

ANSWERS: AnswerTable = MappingProxyType(
    {
        ProfileNotFound: AnswerRow(404, "Profile not found"),
        ActivationPending: AnswerRow(409, "Activation pending"),
        ProfilesChanged: AnswerRow(409, "Profiles changed"),
    }
)
INVALID_PROFILE = "INVALID_PROFILE"
INDEX = SearchIndex({("client",): "reference"}, of_aggregates=True)
STORED, FILE = "stored", "file"
DRAFTED = Mapped("/profile", "/document", "as sent")
EFFECTIVE = Mapped("/effectiveAt", "/effective_at", "as sent, in UTC")


@dataclass(frozen=True)
class PartnerProfiles:
    """`files` are the profiles of files, by their clients: they count for a client without an active version."""

    application: Application
    reads: FoundReads
    clock: Clock
    files: Mapping[str, Profile]

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "listPartnerProfiles": self.list,
            "getPartnerProfile": self.get,
            "listPartnerProfileVersions": self.list_versions,
            "draftPartnerProfile": self.draft,
            "getPartnerProfileVersion": self.get_version,
            "replacePartnerProfileDraft": self.replace,
            "activatePartnerProfile": self.activate,
            "retirePartnerProfile": self.retire,
        }

    def list(self) -> flask.Response:
        """The active version of each client that has one."""
        only(flask.request.args, PAGING)
        page = page_of(flask.request.args, Course("partner profiles"))
        found = self.reads.found(PROFILE_VERSIONS, INDEX, ALL, page.slice, None, self.clock.now())
        return answer_json(page_document([self._document(one) for one in found.members], page, found))

    def get(self, client: str) -> flask.Response:
        """What is in force for a client: its active version, or its file."""
        only(flask.request.args, ())
        try:
            version = self.reads.aggregate(PROFILE_VERSIONS, Named(client, self.clock.now()), ALL)
        except ProfileNotFound:
            if client not in self.files:
                raise
            return answer_json({"client": client, "source": FILE, "profileVersion": self.files[client].version})
        return self._answer(version)

    def list_versions(self, client: str) -> flask.Response:
        """All versions of a client, newest first."""
        only(flask.request.args, PAGING)
        page = page_of(flask.request.args, Course(f"partner profiles {client}"))
        of_client = Compare((PathStep("client"),), Operator.EQUAL, (client,))
        found = self.reads.found(PROFILE_VERSIONS, INDEX, ALL, page.slice, of_client, None)
        if not found.total:
            raise PROFILE_VERSIONS.missing(client)
        return answer_json(page_document([self._document(one) for one in found.members], page, found))

    def get_version(self, client: str, number: str) -> flask.Response:
        only(flask.request.args, ())
        return self._answer(self._version(client, number))

    def draft(self, client: str) -> flask.Response:
        only(flask.request.args, ())
        body, principal = validated_body(), current_principal()
        document = _checked(body["profile"])
        payload = {"client": client, "body": body}
        request = _keyed(principal, "draftPartnerProfile", payload, body.get("reason"))
        command = DraftProfile(client, document, content_hash(document), principal.client_id)
        translation = Translation(command, trail=(DRAFTED,))
        version = self._done(request, lambda: self.application.execute(request, translation, 201))
        headers = {"Location": f"{requested_address()}/{version.number}"}
        return self._answer(version, 201, headers)

    def replace(self, client: str, number: str) -> flask.Response:
        body = validated_body()
        document = _checked(body["profile"])
        digest = content_hash(document)
        return self._changed(
            "replacePartnerProfileDraft",
            client,
            number,
            body,
            lambda version, by: ReplaceDraft(version.id, document, digest, by, version.version),
        )

    def activate(self, client: str, number: str) -> flask.Response:
        """Raises ContractViolation if this release cannot use the version; nothing is changed then."""
        body = validated_body()
        effective_at = _instant(body.get("effectiveAt"))

        def command(version: ProfileVersion, by: str) -> ActivateProfile:
            _checked_again(version)
            return ActivateProfile(version.id, by, effective_at, version.version)

        return self._changed("activatePartnerProfile", client, number, body, command)

    def retire(self, client: str, number: str) -> flask.Response:
        body = validated_body()
        return self._changed(
            "retirePartnerProfile",
            client,
            number,
            body,
            lambda version, by: RetireProfile(version.id, by, version.version),
        )

    def _changed(
        self, operation: str, client: str, number: str, body: Any, command: Callable[[ProfileVersion, str], Any]
    ) -> flask.Response:
        only(flask.request.args, ())
        principal, wanted = current_principal(), required_versions()
        payload = {"client": client, "number": number, "body": body}
        request = _keyed(principal, operation, payload, body.get("reason"))

        def act() -> Result:
            version = self._version(client, number)
            check_version(wanted, version.version)
            asked = command(version, principal.client_id)
            trail = tuple(one for one in (DRAFTED, EFFECTIVE) if one.source.removeprefix("/") in body)
            translation = Translation(asked, trail=trail, changes=version.id, replannable=True)
            return self.application.execute(request, translation, 200)

        return self._answer(self._done(request, act))

    def _done(self, request: Request, act: Callable[[], Result]) -> ProfileVersion:
        result = self.application.idempotently(request, act)
        return self.reads.aggregate(PROFILE_VERSIONS, result.subject, ALL)

    def _version(self, client: str, number: str) -> ProfileVersion:
        return self.reads.aggregate(PROFILE_VERSIONS, Named(client, self.clock.now(), number), ALL)

    def _answer(
        self, version: ProfileVersion, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
    ) -> flask.Response:
        return answer_json(self._document(version), status, {"ETag": f'"{version.version}"', **headers})

    def _document(self, version: ProfileVersion) -> dict[str, Any]:
        return {
            "client": version.client,
            "source": STORED,
            "profileVersion": version.name,
            "number": version.number,
            "state": version.state_at(self.clock.now()).value,
            "contentHash": version.content_hash,
            "createdAt": time_text(version.created_at),
            "createdBy": version.created_by,
            "activatedAt": version.activated_at and time_text(version.activated_at),
            "activatedBy": version.activated_by,
            "effectiveAt": version.shown_from and time_text(version.shown_from),
            "endsAt": version.shown_until and time_text(version.shown_until),
            "retiredBy": version.retired_by,
            "profile": version.document,
        }


def _keyed(principal: Principal, operation: str, payload: Any, reason: str | None) -> Request:
    return keyed_request(principal, operation, payload, keeps_answer=False, reason=reason)


def _checked(document: Any) -> dict[str, Any]:
    """The document, if it can be compiled. Raises ContractViolation with a pointer into the body."""
    try:
        compile_profile(document)
    except ProfileFault as fault:
        at = f"/profile{fault.pointer}"
        raise ContractViolation(
            [Violation(at, Code.INVALID_VALUE, fault.reason, fault.allowed, reason=INVALID_PROFILE)]
        ) from fault
    found: dict[str, Any] = document
    return found


def _checked_again(version: ProfileVersion) -> None:
    """Raises ContractViolation for a version that this release cannot use."""
    try:
        compile_profile(version.document)
    except ProfileFault as fault:
        text = f"{version.name} cannot be used by this release: {fault}"
        raise ContractViolation([Violation("", Code.INVALID_VALUE, text, reason=INVALID_PROFILE)]) from fault


def _instant(text: str | None) -> datetime | None:
    try:
        return None if text is None else instant(text)
    except ValueError as error:
        raise ContractViolation([Violation("/effectiveAt", Code.INVALID_FORMAT, f"effectiveAt {error}")]) from error
