"""Payloads of the sample partners, read in the words of their profiles."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from canonical.shared import jsontext
from facade.application.requests import Translation
from facade.partners.files import read_profiles
from facade.partners.profiles import Profile
from facade.partners.words import partner_words
from facade.security.principal import Principal
from facade.tmf.engine import versions
from facade.tmf.engine.declaration import Verb
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.engine.wording import ReadWords, Wording
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory
from tests.unit.tmf622.versions import V4, V5

ROOT = Path(__file__).parents[3]
PROFILES = read_profiles(ROOT / "fixtures" / "partners").by_client
ALPHA, BETA = PROFILES["partner-alpha"], PROFILES["partner-beta"]
GOLDEN = ROOT / "fixtures" / "golden" / "partners"
VERSIONS = pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
OFFERING = {"offerings": {"table": {"A-1": "po_broadband_1g"}}}


def profile(**said: Any) -> Profile:
    return Profile(words=partner_words(said))


def wording(version: Version, of: Profile) -> Wording:
    found = version.wording(of)
    assert found is not None
    return found


def read(version: Version, of: Profile, body: Any) -> tuple[Any, ReadWords]:
    """A body as a contract lets it through, in our words."""
    words = wording(version, of).read(body)
    contract = version.own if isinstance(version, versions.V4) else version.contract
    judged = contract.check_request(version.resource.operation(Verb.CREATE, version.name), words.body)
    assert not judged.violations
    return judged.body, words


def translated(version: Version, of: Profile, body: Any) -> Translation:
    translator = ResourceTranslator(version, ReadsFromMemory(Memory()))
    ours, words = read(version, of, body)
    return translator.translate(ours, Principal("partner", frozenset(), profile=of), read=words)


def command_document(translation: Translation) -> Any:
    """The command, without what it says of the caller and its profile."""
    command = translation.command
    told = {one.name: getattr(command, one.name) for one in dataclasses.fields(command)}
    del told["owner"], told["reader"], told["agreed_version"]
    return json.loads(jsontext.write(told))


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())
