"""The words that the clients of one version of an API have of their own, for whoever checks bodies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from facade.security.principal import principal_in
from facade.tmf.engine.versions import Version
from facade.tmf.engine.wording import ReadWords, Wording


@dataclass(frozen=True)
class ClientWords:
    """A `facade.contract.rewording.Rewording`. `versions` by the operations of their resources."""

    versions: Mapping[str, Version]

    @classmethod
    def of(cls, versions: Iterable[Version]) -> "ClientWords":
        by_operation = {one.resource.operation(verb, one.name): one for one in versions for verb in one.resource.verbs}
        return cls(by_operation)

    def request(self, context: Mapping[str, Any], operation: str, media_type: str, body: Any) -> ReadWords | None:
        wording = self._wording(context, operation)
        return None if wording is None else wording.read(body, media_type)

    def answer(self, context: Mapping[str, Any], operation: str, body: Any) -> Any:
        wording = self._wording(context, operation)
        return body if wording is None else wording.answered(body)

    def _wording(self, context: Mapping[str, Any], operation: str) -> Wording | None:
        version, principal = self.versions.get(operation), principal_in(context)
        if version is None or principal is None:
            return None
        return version.wording(principal.profile)
