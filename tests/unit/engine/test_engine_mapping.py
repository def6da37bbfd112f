"""The mapping table: what a row reads of a payload, and what it shows of an aggregate."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from canonical.audit.record import Mapped
from facade.clock import instant, time_text
from facade.contract.violations import Code, Violation
from facade.tmf.engine.mapping import Field, Written, read, show
from facade.tmf.engine.payload import overlong, refused, too_many, unusable

TABLE = (
    Written("id", "id"),
    Written("state", "state", str.lower),
    Field("description", "text"),
    Field("startDate", "starts_at", instant, time_text, "time in UTC"),
    Field("asDraft", "draft", lambda word: word == "yes", None, "yes or no"),
)
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    id: str = "t1"
    state: str = "OPEN"
    text: str | None = None
    starts_at: datetime | None = None


def shown(carried: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return show(TABLE, Thing(**changes), carried)


# --- inwards ----------------------------------------------------------------------------------------------------------


def test_each_attribute_becomes_its_field_and_leaves_its_rule() -> None:
    body = {"description": "a thing", "startDate": "2026-05-03T14:00:00+02:00", "asDraft": "yes"}
    fields, trail, violations = read(TABLE, body, "/things/0", "/lines/0")
    assert fields == {"text": "a thing", "starts_at": NOON, "draft": True}
    assert trail == [
        Mapped("/things/0/description", "/lines/0/text", "as sent"),
        Mapped("/things/0/startDate", "/lines/0/starts_at", "time in UTC"),
        Mapped("/things/0/asDraft", "/lines/0/draft", "yes or no"),
    ]
    assert violations == []


def test_what_is_absent_gives_no_field() -> None:
    assert read(TABLE, {}) == ({}, [], [])


def test_what_the_server_writes_and_what_no_row_names_is_not_read() -> None:
    assert read(TABLE, {"id": "mine", "state": "open", "acmeShelf": 7}) == ({}, [], [])


def test_everything_that_cannot_be_converted_is_told_at_once() -> None:
    table = (Field("from", "begin", instant), Field("until", "end", instant), Field("name", "name"))
    body = {"from": "0001-01-01T00:00:00+23:59", "until": "9999-12-31T23:59:59-00:01", "name": "x"}
    fields, trail, violations = read(table, body, "/period")
    assert (fields, [mapped.source for mapped in trail]) == ({"name": "x"}, ["/period/name"])
    assert violations == [
        Violation(f"/period/{name}", Code.INVALID_FORMAT, f"{name} is no time between the years 1 and 9999")
        for name in ("from", "until")
    ]


# --- outwards ---------------------------------------------------------------------------------------------------------


def test_the_aggregate_is_written_by_the_table() -> None:
    assert shown({}, text="words", starts_at=NOON) == {
        "id": "t1",
        "state": "open",
        "description": "words",
        "startDate": "2026-05-03T12:00:00.000Z",
    }


def test_what_the_aggregate_does_not_have_is_not_shown() -> None:
    assert shown({}) == {"id": "t1", "state": "open"}


@pytest.mark.parametrize("sent", ["2026-05-03T12:00:00Z", "2026-05-03T14:00:00+02:00", "2026-05-03t12:00:00z"])
def test_a_value_stays_as_its_sender_wrote_it_while_it_means_the_same(sent: str) -> None:
    assert shown({"startDate": sent}, starts_at=NOON)["startDate"] == sent
    later = NOON.astimezone(timezone(timedelta(hours=5))) + timedelta(seconds=1)
    assert shown({"startDate": sent}, starts_at=later)["startDate"] == "2026-05-03T12:00:01.000Z"


@pytest.mark.parametrize("sent", ["no time", 7, {"a": 1}, None])
def test_what_was_carried_and_cannot_be_converted_does_not_hide_the_aggregate(sent: Any) -> None:
    assert shown({"startDate": sent}, starts_at=NOON)["startDate"] == "2026-05-03T12:00:00.000Z"


def test_what_the_server_writes_is_never_taken_from_what_was_carried() -> None:
    assert shown({"id": "mine", "state": "DONE"}) == {"id": "t1", "state": "open"}


# --- checks that mappers share ----------------------------------------------------------------------------------------


def test_an_attribute_that_is_not_taken_is_refused_by_name_unless_it_says_nothing() -> None:
    reasons = {"state": "it is set by the server", "note": "send none"}
    assert refused({"state": None, "note": [], "other": 1}, reasons, "/things/0") == [
        Violation(
            "/things/0/state",
            Code.UNEXPECTED_PROPERTY,
            "state is not accepted here: it is set by the server",
        )
    ]


def test_bounds_name_what_they_are_about() -> None:
    assert overlong("a name", "x" * 5, 5, "/name") == unusable("a name", "x", 5, "/name") == []
    assert overlong("a name", "x" * 6, 5, "/name") == [
        Violation("/name", Code.INVALID_VALUE, "a name has at most 5 characters")
    ]
    assert unusable("a name", " \t", 5, "/name") == [Violation("/name", Code.INVALID_VALUE, "a name is not blank")]
    assert too_many({"names": [1, 2]}, "names", 2) == too_many({}, "names", 2) == []
    assert too_many({"names": [1, 2, 3]}, "names", 2) == [
        Violation("/names", Code.TOO_MANY_RECORDS, "names has at most 2 entries")
    ]
