"""Which resources a file holds, and how each is spoken of in the words of the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from canonical.catalog.errors import FileRefused
from facade.contract.pointers import shortened
from facade.contract.validator import Contract
from facade.tmf.engine.declaration import Resource, Verb
from facade.tmf.engine.versions import Version

MEDIA_TYPES = ("application/json", "application/x-ndjson")
"""What files are: a JSON array, and one JSON object in each line."""


@dataclass(frozen=True)
class Spoken:
    """One resource in one version. `contract` is that of the version, which a body sent to it has to keep."""

    version: Version
    contract: Contract

    @property
    def resource(self) -> Resource[Any]:
        return self.version.resource

    @property
    def name(self) -> str:
        return self.resource.name_in(self.version.name)

    @cached_property
    def schema(self) -> str:
        return self.resource.schema_in(self.version.name)

    @cached_property
    def creation(self) -> str:
        return self.resource.operation(Verb.CREATE, self.version.name)


Dialects = Mapping[str, tuple[Spoken, ...]]
"""The resources that files may hold, by the version that they speak."""


def resources_in(spoken: tuple[Spoken, ...], part: str | None) -> tuple[Spoken, ...]:
    """What a job's `path` names: one resource by the last name in it, or all where that names none.

    Raises FileRefused for a name that is none.
    """
    names = [name for name in urlsplit(part or "").path.split("/") if name]
    if not names or names[-1] in {one.version.name for one in spoken}:
        return spoken
    for one in spoken:
        if one.name.lower() == names[-1].lower():
            return (one,)
    allowed = ", ".join(one.name for one in spoken)
    raise FileRefused(f"path ends with {shortened(names[-1])}, which is no resource: use one of {allowed}, or none")


def check_media_type(media_type: str | None) -> None:
    """Raises FileRefused."""
    if media_type is not None and media_type.split(";")[0].strip().lower() not in MEDIA_TYPES:
        allowed = " or ".join(MEDIA_TYPES)
        raise FileRefused(f"a file of type {shortened(media_type)} is not offered: use {allowed}")
