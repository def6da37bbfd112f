"""Ids that other systems give to our objects."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExternalIdentifier:
    """A reference given by `owner`, unique together with `type`; never a key of ours."""

    owner: str
    type: str
    id: str
