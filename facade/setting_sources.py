"""The sources of settings: the environment, a file, and files with secrets."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

FILE = "FACADE_SETTINGS"
OF_FILE = "_FILE"
LONGEST = 64 * 1024
NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class SettingError(ValueError):
    """Settings that cannot be used. Each of `problems` names a variable and what is allowed."""

    def __init__(self, *problems: str) -> None:
        listed = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(problems[0] if len(problems) == 1 else f"{len(problems)} settings cannot be used:{listed}")
        self.problems = problems


class Problems(list[str]):
    """Collects the problems of the settings, to report them together."""

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Notes a SettingError instead of raising it, once."""
        try:
            yield
        except SettingError as error:
            self.extend(problem for problem in error.problems if problem not in self)

    def tell(self) -> None:
        """Raises SettingError if there are any."""
        if self:
            raise SettingError(*self)


def gathered(
    environment: Mapping[str, str], known: Iterable[str], secret: Iterable[str], problems: Problems
) -> dict[str, str]:
    """Every variable with a value. The environment overrides the file that FACADE_SETTINGS names.

    Each of `secret` may be in a file of its own, which the variable with the suffix `_FILE` names. A name in the file
    that is not `known` is an error, because it would have no effect. Errors are collected in `problems`.
    """
    secret, files = set(secret), {f"{name}{OF_FILE}" for name in secret}
    texts: dict[str, str] = {}
    with problems.noting():
        texts = _read_settings(environment.get(FILE, ""), {*known, *files}, problems)
    texts |= {name: text for name, text in environment.items() if text}
    for name in sorted(secret):
        with problems.noting():
            path = texts.get(f"{name}{OF_FILE}")
            if path is None:
                continue
            if name in texts:
                raise SettingError(f"{name} and {name}{OF_FILE} are both set: use one of them")
            texts[name] = _read(path, f"{name}{OF_FILE}").strip()
            if not texts[name]:
                raise SettingError(f"{name}{OF_FILE} names {path}, which is empty")
    return texts


def _read_settings(path: str, known: set[str], problems: Problems) -> dict[str, str]:
    """Lines of `NAME=text`, as systemd reads them: `#` begins a comment, quotes around a text are left out."""
    texts: dict[str, str] = {}
    for number, line in enumerate(_read(path, FILE).splitlines() if path else (), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        with problems.noting():
            name, text = _read_line(line, f"{FILE}: line {number} of {path}")
            if name not in known:
                raise SettingError(f"{FILE}: line {number} of {path} sets {name[:60]}, and no setting has that name")
            if name in texts:
                raise SettingError(f"{FILE}: line {number} of {path} sets {name} a second time")
            if text:
                texts[name] = text
    return texts


def _read_line(line: str, place: str) -> tuple[str, str]:
    name, equals, text = (part.strip() for part in line.partition("="))
    if not equals or not NAME.fullmatch(name):
        raise SettingError(f"{place} is not NAME=text")
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "'\""
    return name, text[1:-1] if quoted else text


def _read(path: str, variable: str) -> str:
    refusal = f"{variable} names {path}, which cannot be read"
    try:
        regular = S_ISREG(os.stat(path).st_mode)  # to open a pipe would wait for whoever writes into it
        found = _beginning(path) if regular else b""
    except (OSError, ValueError) as error:
        raise SettingError(f"{refusal}: {getattr(error, 'strerror', None) or 'no file has this name'}") from error
    if not regular:
        raise SettingError(f"{refusal}: it is not a regular file")
    if len(found) > LONGEST:
        raise SettingError(f"{variable} names {path}, which has more than {LONGEST} bytes")
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise SettingError(f"{refusal}: it is not UTF-8") from error


def _beginning(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(LONGEST + 1)
