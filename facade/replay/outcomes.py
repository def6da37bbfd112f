"""What would be understood of a payload now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canonical.shared import jsontext
from facade.partners.customers import ClaimUnusable
from facade.partners.profiles import Profiles
from facade.replay.recordings import Recorded, RecordingError
from facade.security.principal import Principal
from facade.translations import AnswerTo, Translatable, tried

EVERY_SCOPE = frozenset({"audit:*", "catalog:*", "inventory:*", "order:*"})
KEPT = ("accepted", "command", "carried", "errors")
"""Members of a dry run's answer that an outcome has: what follows for the client and the core."""


@dataclass(frozen=True)
class Replay:
    """`known` names each operation by API, version and operationId; `profiles` are those of the clients."""

    known: Mapping[tuple[str, str, str], Translatable]
    profiles: Profiles
    answer_to: AnswerTo

    def outcome(self, recorded: Recorded) -> dict[str, Any]:
        """As a dry run by the client, who holds every scope, would answer. Raises RecordingError for an operation that
        cannot be tried.
        """
        if recorded.operation not in self.known:
            asked, allowed = " ".join(recorded.operation), ", ".join(" ".join(names) for names in self.known)
            raise RecordingError(f"{recorded.name}: {asked} cannot be tried; allowed: {allowed}")
        profile = self.profiles.of(recorded.client)
        try:
            customers = profile.customers_for(recorded.claims)
        except ClaimUnusable as error:
            return {"accepted": False, "command": None, "carried": [], "errors": [{"message": str(error)}]}
        principal = Principal(recorded.client, EVERY_SCOPE, customers, profile)
        answer = tried(
            self.known[recorded.operation], recorded.operation[2], recorded.payload, principal, self.answer_to
        )
        told: dict[str, Any] = jsontext.read(jsontext.write({name: answer[name] for name in KEPT}))
        return told
