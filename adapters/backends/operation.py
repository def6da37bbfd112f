"""One operation of a backend as we call it."""

from dataclasses import dataclass

from marshmallow import Schema

from adapters.backends.agreement import Agreement


@dataclass(frozen=True)
class BackendOperation:
    """One operation of a backend's contract. `path` is a template; `answer` reads its 2xx body, which has to agree
    with the call as `agreement` says.

    Raises ValueError when `answer` reads a field that `agreement` does not name.
    """

    name: str
    method: str
    path: str
    answer: Schema
    agreement: Agreement

    def __post_init__(self) -> None:
        read_ones = {field.data_key or name for name, field in self.answer.fields.items()}
        if unnamed := read_ones - self.agreement.fields.keys():
            raise ValueError(f"{self.name} reads {sorted(unnamed)}, which its agreement does not name")
        if self.answer.many is not self.agreement.many:
            raise ValueError(f"{self.name}: its answer and its agreement have to be both a list or both none")

    @property
    def changes(self) -> bool:
        return self.method != "GET"
