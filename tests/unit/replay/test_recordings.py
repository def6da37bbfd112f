"""What is read from recordings, and how a mistake in one is told."""

from pathlib import Path

import pytest

from facade.replay.recordings import Recorded, RecordingError, read_recordings

ORDER = ("TMF622", "v5", "createProductOrder")
LINE = '{"api":"TMF622","version":"v5","operation":"createProductOrder","client":"acme","payload":{"a":1.50}}'


def read(path: Path, operation: str | None = None) -> list[Recorded]:
    return list(read_recordings([path], operation, "acme"))


def test_a_line_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text(f"{LINE}\n\n")
    [first] = read(path)
    assert (first.operation, first.client, str(first.payload["a"])) == (ORDER, "acme", "1.50")
    assert first.name == f"{path}, line 1"
    path.write_text(first.as_line({"accepted": True}))
    [again] = read(path)
    assert again == Recorded(first.name, ORDER, "acme", first.payload, {}, {"accepted": True})


def test_another_file_is_a_payload(tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    path.write_text('{"a": 1}')
    assert read(path, " ".join(ORDER)) == [Recorded("order.json", ORDER, "acme", {"a": 1})]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "line 1: "),
        ("[1]", "line 1: a line is a JSON object"),
        (f"{LINE}\n{{}}", "line 2: api, version, operation, client, payload missing"),
        (LINE.replace('"payload"', '"body":1,"payload"'), "line 1: body unknown; allowed: api, version, "),
        (LINE.replace('"v5"', "5"), "line 1: version must be text"),
        (LINE.replace('"payload"', '"name":["x"],"payload"'), "line 1: name must be text"),
        (LINE.replace('"payload"', '"claims":[],"payload"'), "line 1: claims must be an object"),
    ],
)
def test_a_line_that_cannot_be_replayed_is_named(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text(content)
    with pytest.raises(RecordingError) as refused:
        read(path)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("operation", "told"), [(None, "does not say its operation"), ("TMF622", "'TMF622' is not an API, a version and")]
)
def test_a_payload_needs_its_operation(tmp_path: Path, operation: str | None, told: str) -> None:
    path = tmp_path / "order.json"
    path.write_text("{}")
    with pytest.raises(RecordingError, match=told):
        read(path, operation)
