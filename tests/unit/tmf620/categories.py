"""TMF620's categories as each version speaks of them, and what becomes of payloads and patches in their words."""

from dataclasses import replace
from typing import Any

import pytest

from canonical.catalog.category import Category
from facade.application.requests import Translation
from facade.bootstrap.versions import versions_of
from facade.contract.violations import ContractViolation
from facade.security.principal import Principal
from facade.tmf.engine.changes import Patch, planned
from facade.tmf.engine.declaration import Sender
from facade.tmf.engine.payload import Payload
from facade.tmf.engine.translator import ResourceTranslator
from facade.tmf.engine.versions import Version
from facade.tmf.tmf620.api import CATEGORY, TMF620
from facade.tmf.tmf620.category import MAPPER
from facade.tmf.vocabulary import STANDARD
from tests.support.builders import NOON
from tests.support.cataloguing import Cataloguing
from tests.support.fakes import CountingIdentities, StandingClock
from tests.support.memory import Memory
from tests.support.memory_reads import ReadsFromMemory

ACME = Sender("partner-acme", STANDARD)
V5, V4 = versions_of(TMF620, "v5")["category"], versions_of(TMF620, "v4")["category"]
BOTH = pytest.mark.parametrize("version", [V5, V4], ids=lambda version: version.name)
CATEGORY_ID = "0197a000-0000-7000-8000-000000000001"


def a_payload(**changes: Any) -> Payload:
    return {"@type": "Category", "name": "Cloud services"} | changes


def translated(version: Version, body: Any) -> Translation:
    translator = ResourceTranslator(version, ReadsFromMemory(Memory()))
    return translator.translate(body, Principal(ACME.client, frozenset({"catalog:publish"})))


def created(translation: Translation) -> Category:
    command = translation.command
    item_id, edition = command.item_id or CATEGORY_ID, command.definition.edition or "1.0"
    return Category.create(CATEGORY_ID, item_id, edition, command.owner, command.definition, NOON)


def shown(body: Payload) -> Payload:
    """The v5 document of the category that a v5 body asks for."""
    translation = MAPPER.to_create(body, ACME)
    assert translation.carried is not None
    return MAPPER.from_item(created(translation), translation.carried)


def refusals(body: Payload) -> list[tuple[str, str]]:
    with pytest.raises(ContractViolation) as refused:
        MAPPER.to_create(body, ACME)
    return [(violation.pointer, violation.code.value) for violation in refused.value.violations]


def patched(
    body: Payload, patch: Any, media_type: str = "application/merge-patch+json", version: Version = V5
) -> Translation | None:
    """What a patch of the category that a v5 body asked for comes to; None for nothing."""
    translation = MAPPER.to_create(body, ACME)
    assert CATEGORY.patch is not None
    assert translation.carried is not None
    sent = Patch(media_type, patch, "https://x.example/1")
    return planned(version, CATEGORY.patch, sent, created(translation), translation.carried, ACME)


def after(
    body: Payload, patch: Any, media_type: str = "application/merge-patch+json", version: Version = V5
) -> Payload:
    """The document once the patch was carried out, an hour later: that of the new version, if it makes one."""
    catalog = Cataloguing(Memory().unit_of_work, StandingClock(), CountingIdentities())
    catalog.carry_out(MAPPER.to_create(body, ACME).command)
    catalog.clock.pass_(3600)
    translation = patched(body, patch, media_type, version)
    assert translation is not None
    assert translation.carried is not None
    return MAPPER.from_item(catalog.carry_out(replace(translation.command, expected_version=1)), translation.carried)
