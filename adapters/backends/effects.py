"""Objects that we create in a backend: reservations, orders, charges."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.backends.answers import only
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from adapters.backends.understanding import LOCATED
from canonical.shared.errors import BackendRefused, BackendUnavailable, OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: how it is created, searched for, and read by its id, which the addresses of `read` and `look`
    call `id`.

    `active` is the status of a valid object, which `read` requires. `look` accepts any status; `over` is the status
    after a compensation. The backend chooses the ids, so the call cannot confirm them. An id that was named only once
    is read again before it is used: a wrong id would name somebody else's object, or nothing.
    """

    make: BackendOperation
    find: BackendOperation
    read: BackendOperation
    look: BackendOperation
    id: str
    active: str
    over: str

    def made(self, backend: Backend, body: Mapping[str, Any], key: str) -> str:
        """The id of the created object. Raises what Backend.call raises, and OutcomeUnknown if it could not be read
        again.
        """
        made = backend.call(self.make, json=body, key=key)
        if not made[LOCATED]:
            try:
                self._read_again(backend, made["id"], body)
            except (BackendUnavailable, BackendRefused) as error:
                raise OutcomeUnknown(error.message, **error.details) from error
        return str(made["id"])

    def found(self, backend: Backend, query: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
        """The id of the valid object that `body` asked for, or None. Raises what Backend.call raises, and
        BackendContractError if there is more than one.
        """
        entries = backend.call(self.find, query=query, known=body)
        found = only(backend.name, self.find.name, entries, self.active)
        if found is not None:
            self._read_again(backend, found, body)
        return found

    def is_taken_back(self, backend: Backend, id_: str, known: Mapping[str, Any]) -> bool:
        """Whether the backend shows the object as undone. Raises what Backend.call raises."""
        try:
            found = backend.call(self.look, {self.id: id_}, known=known)
        except BackendRefused as refused:
            if refused.details.get("status") == 404:
                return False
            raise
        return bool(found["status"] == self.over)

    def _read_again(self, backend: Backend, id_: str, body: Mapping[str, Any]) -> None:
        try:
            backend.call(self.read, {self.id: id_}, known=body)
        except BackendRefused as refused:
            if refused.details.get("status") == 404:
                raise backend.contradiction(self.read, f"/{self.id}") from refused
            raise
