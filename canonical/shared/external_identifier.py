"""Ids that other systems give to our objects."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ExternalIdentifier:
    """The id that the system `owner` gives to an object, as one of `type`; never a key of ours. System and type are
    empty if nobody named them.
    """

    owner: str
    type: str
    id: str
