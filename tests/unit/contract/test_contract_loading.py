from pathlib import Path

import pytest

from facade.contract.loading import default_cache_dir, load_spec

CONTENT = "paths: {}\nresponses: {200: {d: 2020-01-01}}\na: &a {x: 1}\nb: *a\n"
TREE = {"paths": {}, "responses": {"200": {"d": "2020-01-01"}}, "a": {"x": 1}, "b": {"x": 1}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(CONTENT)
    return path


def test_the_cached_tree_equals_the_parsed_one(file: Path, tmp_path: Path) -> None:
    fresh = load_spec(file, tmp_path / "cache")
    [cached] = (tmp_path / "cache").iterdir()
    assert cached.suffix == ".json"
    assert fresh == load_spec(file, tmp_path / "cache") == TREE


def test_a_changed_file_is_never_answered_from_the_cache(file: Path, tmp_path: Path) -> None:
    load_spec(file, tmp_path / "cache")
    file.write_text("paths: {changed: true}")
    assert load_spec(file, tmp_path / "cache") == {"paths": {"changed": True}}


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[1]", b"\xff"])
def test_a_broken_cache_is_ignored_and_repaired(file: Path, tmp_path: Path, rubbish: bytes) -> None:
    load_spec(file, tmp_path / "cache")
    [cached] = (tmp_path / "cache").iterdir()
    good = cached.read_bytes()
    cached.write_bytes(rubbish)
    assert load_spec(file, tmp_path / "cache") == TREE
    assert cached.read_bytes() == good


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a directory")
    assert load_spec(file, tmp_path / "taken") == TREE


def test_no_half_written_file_is_left(file: Path, tmp_path: Path) -> None:
    load_spec(file, tmp_path / "cache")
    assert [entry for entry in (tmp_path / "cache").iterdir() if entry.suffix == ".tmp"] == []


def test_the_user_cache_directory_serves_by_default(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    load_spec(file)
    assert default_cache_dir().is_relative_to(tmp_path / "xdg")
    assert len(list(default_cache_dir().iterdir())) == 1


def test_a_file_without_a_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(ValueError, match="one mapping"):
        load_spec(tmp_path / "list.yaml", tmp_path / "cache")
