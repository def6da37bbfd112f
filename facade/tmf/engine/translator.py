"""From a partner's payload to the command that it asks for."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from canonical.shared import jsontext, tracing
from facade.application.requests import Translation
from facade.contract.lenient_defaults import Allowance
from facade.evidence import with_supplied
from facade.security.principal import Principal
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.error_translation import client_pointers, client_states
from facade.tmf.engine.extensions import with_extensions
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.reads import DocumentReads
from facade.tmf.engine.senders import sender_of
from facade.tmf.engine.versions import Version
from facade.tmf.engine.wording import ReadWords, Wording
from facade.web.address import origin


@dataclass(frozen=True)
class ResourceTranslator:
    """What a partner's payload asks for, in the version and the words that it speaks."""

    version: Version
    reads: DocumentReads

    def translate(
        self,
        body: Any,
        principal: Principal,
        reason: str | None = None,
        read: ReadWords | None = None,
        allowances: Collection[Allowance] = (),
    ) -> Translation:
        """`read`: how the body was sent in words of the partner's. `allowances`: what its contract forgave.

        Raises ContractViolation with pointers into the payload, NotFound for a reference that the caller does not see,
        and ScopeMissing for a command that it may not give.
        """
        with tracing.span("translate"):
            bridged = self.version.lifted(body)
            if read is not None:
                read.check()
            with client_pointers(lambda pointer: self.version.client_pointer(pointer, body, bridged.body)):
                meant = self._resolved(bridged.body, principal)
                translation = self.version.resource.to_command(meant, self.sender(principal, reason))
            principal.require(self.version.resource.scopes_of(translation.command, None))
            trail = with_supplied(self.version.client_trail(translation.trail, bridged, body), body, allowances)
            translated = replace(translation, trail=trail if read is None else read.trail(trail))
            extensions = self.version.extensions(body)
            return with_extensions(translated, extensions, principal.profile.extensions, self.version)

    def read(self, body: Any, principal: Principal) -> ReadWords | None:
        """How a body was sent in words of the partner's; None if it is in ours."""
        wording = self.version.wording(principal.profile)
        return None if wording is None else wording.read(body)

    @contextmanager
    def told(self, wording: Wording | None, read: ReadWords | None = None) -> Iterator[None]:
        """What is raised is raised in the words of the client: its states, and its profile's words."""
        resource = self.version.resource
        worded = nullcontext() if wording is None else wording.told(read, resource.state_attribute)
        with worded, client_states(resource.states):
            yield

    def check_customers(self, body: Any, principal: Principal) -> None:
        """Raises CustomerNotFound, with its pointer, for a customer that the client may not act for."""
        customers_named = self.version.resource.customers_named
        if principal.customers is None or customers_named is None:
            return
        meant = self.version.meant(body)
        for customer, pointer in customers_named(meant, principal.profile.vocabulary).items():
            if customer.strip():
                principal.check_customer(customer, self.version.client_pointer(pointer, body))

    def may_see(self, document: str, principal: Principal) -> bool:
        """Whether a document that is kept, in v5, is of a customer that the client may act for, or of none."""
        named = self.version.resource.customers_named
        if principal.customers is None or named is None:
            return True
        vocabulary = principal.profile.vocabulary
        return all(map(principal.may_act_for, named(jsontext.read_kept(document), vocabulary)))

    def sender(self, principal: Principal, reason: str | None = None) -> Sender:
        return sender_of(
            principal.client_id,
            principal.profile,
            version=self.version.name,
            origin=origin(),
            may=principal.may,
            reason=reason,
            reader=self.version.resource.reader(principal),
        )

    def _resolved(self, body: Payload, principal: Principal) -> Payload:
        """The body with our ids where it names other resources of the API by their id or reference."""
        for attribute, resource in self.version.related.items():
            if (named := body.get(attribute)) is None:
                continue
            kept = self.reads.document(resource.kind, named["id"], resource.reader(principal))
            if not self.version.is_visible(kept.state, resource):
                raise resource.kind.missing(kept.id)
            body = body | {attribute: named | {"id": kept.id}}
        return body
