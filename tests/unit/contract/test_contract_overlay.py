from typing import Any

import pytest

from facade.contract.overlay import OverlayError, apply_overlay


def overlay(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": list(actions)}


@pytest.fixture
def document() -> dict[str, Any]:
    return {
        "info": {"title": "old"},
        "paths": {
            "/a/{id}": {"get": {"tags": ["x y"], "responses": {"200": {}, "400": {}}}, "patch": {"tags": ["z"]}},
            "/b": {"post": {"responses": {}}},
        },
        "enum": ["one", "two", "three"],
    }


def test_an_update_merges_into_objects_and_replaces_plain_values(document: dict[str, Any]) -> None:
    apply_overlay(document, overlay({"target": "$", "update": {"info": {"title": "new", "version": "2"}}}))
    assert document["info"] == {"title": "new", "version": "2"}


def test_an_update_appends_to_an_array_that_is_selected_and_joins_an_array_inside(document: dict[str, Any]) -> None:
    actions: list[dict[str, Any]] = [
        {"target": "$.enum", "update": "four"},
        {"target": "$", "update": {"enum": ["five"]}},
    ]
    apply_overlay(document, overlay(*actions))
    assert document["enum"] == ["one", "two", "three", "four", "five"]


def test_a_removal_takes_every_match_out_even_neighbours_in_an_array(document: dict[str, Any]) -> None:
    actions = [
        {"target": "$.enum[?@ == 'one' || @ == 'two']", "remove": True},
        {"target": "$.paths['/a/{id}']['patch','delete']", "remove": True},
        {"target": "$.paths.*[?@.tags[0] == 'x y'].responses['400','404']", "remove": True},
    ]
    apply_overlay(document, overlay(*actions))
    assert document["enum"] == ["three"]
    assert document["paths"]["/a/{id}"] == {"get": {"tags": ["x y"], "responses": {"200": {}}}}


def test_places_updated_together_do_not_share_what_they_got(document: dict[str, Any]) -> None:
    apply_overlay(document, overlay({"target": "$.paths.*.*.responses", "update": {"500": {"headers": {}}}}))
    first, second = document["paths"]["/a/{id}"]["get"], document["paths"]["/b"]["post"]
    assert first["responses"]["500"] == second["responses"]["500"]
    assert first["responses"]["500"] is not second["responses"]["500"]


def test_mends_are_reported_with_reason_and_number_of_places(document: dict[str, Any]) -> None:
    actions = [
        {"target": "$.enum[0]", "remove": True, "x-mends": "one is a typing error"},
        {"target": "$.absent", "remove": True, "x-optional": True, "x-mends": "not in this file"},
    ]
    [mend] = apply_overlay(document, overlay(*actions))
    assert (mend.target, mend.reason, mend.places) == ("$.enum[0]", "one is a typing error", 1)


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        ({"target": "$.absent", "remove": True}, "selects nothing"),
        ({"target": "$.[[", "remove": True}, "expected"),
        ({"target": "$"}, "either `update` or `remove: true`"),
        ({"target": "$", "remove": True}, "cannot be removed"),
        ({"target": "$.info.title", "update": {"x": 1}}, "cannot take this update"),
        ({"target": "$", "udpate": {}}, "unknown member 'udpate'"),
        ({"update": {}}, "needs a `target`"),
    ],
)
def test_a_broken_action_is_named(document: dict[str, Any], action: dict[str, Any], complaint: str) -> None:
    with pytest.raises(OverlayError, match=complaint.replace("[", r"\[")):
        apply_overlay(document, overlay(action))


def test_only_overlay_1_0_is_taken(document: dict[str, Any]) -> None:
    with pytest.raises(OverlayError, match=r"1\.0"):
        apply_overlay(document, {"overlay": "2.0.0", "actions": []})


def test_a_lenient_overlay_may_select_nothing(document: dict[str, Any]) -> None:
    assert apply_overlay(document, overlay({"target": "$.absent", "remove": True}), strict=False) == []
