"""What a partner may send whose profile switches rules of the catalog off."""

from dataclasses import replace
from typing import Any

import pytest

from canonical.catalog.lifecycle import LifecycleStatus
from canonical.shared.errors import InvalidTransition
from facade.contract.violations import ContractViolation
from facade.tmf.engine.changes import Patch, planned
from facade.tmf.engine.payload import Payload
from facade.tmf.switches import SWITCHES
from facade.tmf.tmf620.api import CATEGORY
from facade.tmf.tmf620.category import MAPPER
from tests.unit.tmf620.categories import ACME, V5, a_payload, created

LENIENT = replace(ACME, tolerated=tuple(SWITCHES["catalogRules"]))
PARENT = {"@type": "CategoryRef", "id": "1"}


def kept(**changes: Any) -> tuple[Any, Payload]:
    translation = MAPPER.to_create(a_payload(**changes), LENIENT)
    assert translation.carried is not None
    return created(translation), translation.carried


def patch_by(sender: Any, category: Any, carried: Payload, body: Payload) -> Any:
    assert CATEGORY.patch is not None
    patch = Patch("application/merge-patch+json", body, "https://x.example/1")
    return planned(V5, CATEGORY.patch, patch, category, carried, sender)


@pytest.mark.parametrize("status", ["Sleeping", "", "In  Limbo"])
def test_an_unknown_status_is_in_study_and_shown_as_it_was_sent(status: str) -> None:
    category, carried = kept(lifecycleStatus=status)
    assert category.state is LifecycleStatus.IN_STUDY
    assert MAPPER.from_item(category, carried)["lifecycleStatus"] == status
    category.state = LifecycleStatus.ACTIVE
    assert MAPPER.from_item(category, carried)["lifecycleStatus"] == "Active"


def test_a_root_with_a_parent_is_below_it_and_shown_as_it_was_sent() -> None:
    category, carried = kept(isRoot=True, parent=PARENT)
    assert category.contents.parent_id == "1"
    assert MAPPER.from_item(category, carried)["isRoot"] is True
    category.contents = replace(category.contents, parent_id="2")
    assert MAPPER.from_item(category, carried)["isRoot"] is False


def test_others_may_change_what_they_do_not_break() -> None:
    category, carried = kept(lifecycleStatus="Sleeping", isRoot=True, parent=PARENT)
    translation = patch_by(ACME, category, carried, {"description": "new"})
    assert translation.command.definition.status is LifecycleStatus.IN_STUDY
    assert translation.carried["lifecycleStatus"] == "Sleeping"
    with pytest.raises(ContractViolation):
        patch_by(ACME, category, carried, {"lifecycleStatus": "Limbo"})


def test_no_published_item_gets_an_unknown_status() -> None:
    category, carried = kept(lifecycleStatus="Active")
    translation = patch_by(LENIENT, category, carried, {"lifecycleStatus": "Sleeping"})
    with pytest.raises(InvalidTransition):
        category.check_status(translation.command.definition.status)
