"""TMF620's categories as each version speaks of them, and what becomes of payloads and patches in their words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from canonical.catalog.category import Category
from facade.application.requests import Translation
from facade.bootstrap.apis import versions_of
from facade.contract.violations import ContractViolation
from facade.partners.profiles import Profiles
from facade.security.principal import Principal
from facade.tmf.engine.changes import Patch, planned
from facade.tmf.engine.declaration import Payload, Sender
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.tmf620.api import CATEGORY, TMF620
from facade.tmf.tmf620.category import from_category, to_create_category
from facade.tmf.vocabulary import STANDARD
from tests.support.builders import NOON
from tests.support.memory import Memory, ReadsFromMemory

ACME = Sender("partner-acme", STANDARD)
V5, V4 = versions_of(TMF620, "v5")["category"], versions_of(TMF620, "v4")["category"]
BOTH = pytest.mark.parametrize("version", [V5, V4], ids=lambda version: version.name)
CATEGORY_ID = "0197a000-0000-7000-8000-000000000001"


def a_payload(**changes: Any) -> Payload:
    return {"@type": "Category", "name": "Cloud services"} | changes


def translated(version: Version, body: Any) -> Translation:
    translator = ResourceTranslator(version, Profiles(), ReadsFromMemory(Memory()))
    return translator.translate(body, Principal(ACME.client, frozenset()))


def created(translation: Translation) -> Category:
    command = translation.command
    return Category.create(CATEGORY_ID, command.owner, command.contents, NOON)


def shown(body: Payload) -> Payload:
    """The v5 document of the category that a v5 body asks for."""
    translation = to_create_category(body, ACME)
    assert translation.carried is not None
    return from_category(created(translation), translation.carried)


def refusals(body: Payload) -> list[tuple[str, str]]:
    with pytest.raises(ContractViolation) as refused:
        to_create_category(body, ACME)
    return [(violation.pointer, violation.code.value) for violation in refused.value.violations]


def patched(
    body: Payload, patch: Any, media_type: str = "application/merge-patch+json", version: Version = V5
) -> Translation | None:
    """What a patch of the category that a v5 body asked for comes to; None for nothing."""
    translation = to_create_category(body, ACME)
    assert CATEGORY.patch is not None
    assert translation.carried is not None
    sent = Patch(media_type, patch, "https://x.example/1")
    return planned(version, CATEGORY.patch, sent, created(translation), translation.carried, ACME)


def after(
    body: Payload, patch: Any, media_type: str = "application/merge-patch+json", version: Version = V5
) -> Payload:
    """The document once the patch was carried out, an hour later."""
    translation = patched(body, patch, media_type, version)
    assert translation is not None
    assert translation.carried is not None
    category = replace(created(to_create_category(body, ACME)), events=[])
    category.change(translation.command.contents, NOON + timedelta(hours=1))
    return from_category(category, translation.carried)
