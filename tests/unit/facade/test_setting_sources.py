"""Settings from a file, and secrets from files of their own."""

import os
from pathlib import Path

import pytest

from facade.settings import SettingError, Settings


def read(tmp_path: Path, text: str | bytes, **environment: str) -> Settings:
    file = tmp_path / "facade.env"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return Settings.from_environment({"FACADE_SETTINGS": str(file), **environment})


def test_a_file_has_settings_as_systemd_reads_them(tmp_path: Path) -> None:
    text = "# ours\n\nPORT=9000\n LOG_LEVEL = debug \nBACKENDS_SECRET='a = # b'\nDATABASE_URL=\"sqlite:///x\"\nHOST=\n"
    found = read(tmp_path, text)
    assert (found.port, found.log_level, found.backends_secret) == (9000, "debug", "a = # b")
    assert (found.database_url, found.host) == ("sqlite:///x", "127.0.0.1")


def test_the_environment_counts_before_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, "PORT=9000\nHOST=0.0.0.0\n", PORT="9001", HOST="")
    assert (found.port, found.host) == (9001, "0.0.0.0")


def test_a_file_has_settings_of_single_backends(tmp_path: Path) -> None:
    found = read(tmp_path, "BILLING_READ_TIMEOUT=3\nBACKEND_READ_TIMEOUT=4\nCRM_URL=http://crm\n")
    assert (found.backends["billing"].read_timeout, found.backends["crm"].read_timeout) == (3, 4)
    assert found.backends["crm"].url == "http://crm"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PORT", "line 1 of .* is not NAME=text"),
        ("\nport=1", "line 2 of .* is not NAME=text"),
        ("PROT=1", "line 1 of .* sets PROT, and no setting has that name"),
        ("FACADE_SETTINGS=x", "no setting has that name"),
        ("PORT=1\nPORT=2", "line 2 of .* sets PORT a second time"),
        ("PORT=x", "PORT='x' is not a whole number"),
        ("BACKENDS_SECRET_FILE=a\0b", "BACKENDS_SECRET_FILE names .* cannot be read: no file has this name"),
        (b"HOST=\xff", "FACADE_SETTINGS names .* cannot be read: it is not UTF-8"),
        ("#" * 70_000, "FACADE_SETTINGS names .* more than 65536 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_name(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(SettingError, match="FACADE_SETTINGS names /nowhere, which cannot be read: No such file"):
        Settings.from_environment({"FACADE_SETTINGS": "/nowhere"})


@pytest.mark.parametrize("variable", ["FACADE_SETTINGS", "BACKENDS_SECRET_FILE"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, variable: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(
            SettingError, match=f"{variable} names {path}, which cannot be read: it is not a regular file"
        ):
            Settings.from_environment({variable: str(path)})


@pytest.mark.parametrize("variable", ["BACKENDS_SECRET", "DATABASE_URL", "BILLING_SECRET"])
def test_a_secret_may_be_in_a_file_of_its_own(tmp_path: Path, variable: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    for found in (
        Settings.from_environment({f"{variable}_FILE": str(secret)}),
        read(tmp_path, f"{variable}_FILE={secret}\n"),
    ):
        assert "s3cret" in (found.backends_secret, found.database_url, found.backends["billing"].secret)


def test_a_secret_is_in_one_place_and_there(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("\n")
    with pytest.raises(SettingError, match=r"BACKENDS_SECRET_FILE names .* which is empty"):
        Settings.from_environment({"BACKENDS_SECRET_FILE": str(secret)})
    with pytest.raises(SettingError, match="BACKENDS_SECRET and BACKENDS_SECRET_FILE are both set") as refused:
        Settings.from_environment({"BACKENDS_SECRET_FILE": str(secret), "BACKENDS_SECRET": "s3cret"})
    assert "s3cret" not in str(refused.value)
    with pytest.raises(SettingError, match="BACKENDS_SECRET_FILE names /nowhere, which cannot be read"):
        Settings.from_environment({"BACKENDS_SECRET_FILE": "/nowhere"})


def test_what_is_no_secret_is_not_read_from_files(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="PORT_FILE, and no setting has that name"):
        read(tmp_path, "PORT_FILE=/x\n")
