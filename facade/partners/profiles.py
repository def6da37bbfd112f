"""Partner profiles: a YAML file for each client id, read and checked at start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from facade.tmf.vocabulary import STANDARD, Vocabulary

SUFFIX = ".yaml"


class ProfileError(ValueError):
    """A profile that cannot be used; the message names its file and what is wrong with it."""


class Validation(StrEnum):
    """When an order is judged by our rules and the catalogue. The contract comes first in either case."""

    BEFORE_ACKNOWLEDGEMENT = "before"
    """What breaks them is answered 4xx, and nothing is kept."""
    AFTER_ACKNOWLEDGEMENT = "after"
    """The order is acknowledged, and then rejected with a message for each mistake."""


@dataclass(frozen=True)
class Profile:
    validation: Validation = Validation.BEFORE_ACKNOWLEDGEMENT
    vocabulary: Vocabulary = STANDARD


@dataclass(frozen=True)
class Profiles:
    """Every client has one: its own, or what counts for all."""

    by_client: Mapping[str, Profile] = field(default_factory=dict)

    def of(self, client: str) -> Profile:
        return self.by_client.get(client, DEFAULT)


DEFAULT = Profile()

_WORDS = {
    "type": "object",
    "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 100},
    "propertyNames": {"minLength": 1, "maxLength": 100},
    "maxProperties": 100,
}
_SCHEMA = jsonschema_rs.Draft7Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string"},
            "validation": {"enum": [kind.value for kind in Validation]},
            "partyRoles": _WORDS,
            "relationshipTypes": _WORDS,
        },
    }
)


def read_profiles(folder: Path) -> Profiles:
    """The profiles in a folder, each named by its client's id. Raises ProfileError."""
    if not folder.is_dir():
        raise ProfileError(f"{folder} is no folder")
    return Profiles({path.name.removesuffix(SUFFIX): _profile(path) for path in sorted(folder.glob(f"*{SUFFIX}"))})


def _profile(path: Path) -> Profile:
    try:
        said: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    said = {} if said is None else said
    wrong = next(_SCHEMA.iter_errors(said), None)
    if wrong is not None:
        at = "/".join(map(str, wrong.instance_path))
        raise ProfileError(f"{path}: {at + ': ' if at else ''}{wrong.message}")
    try:
        vocabulary = STANDARD.with_own(said.get("partyRoles", {}), said.get("relationshipTypes", {}))
    except ValueError as error:
        raise ProfileError(f"{path}: {error}") from error
    return Profile(Validation(said.get("validation", Validation.BEFORE_ACKNOWLEDGEMENT)), vocabulary)
