"""Files of catalogs in the database, in parts, so that every node has them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adapters.persistence.database import Database
from adapters.persistence.encoding import timestamp
from adapters.persistence.tables import kept_file_parts, kept_files
from canonical.catalog.errors import FileNotFound, FileRefused
from canonical.processes.catalog_files import KeptFile
from canonical.shared.errors import CanonicalError
from canonical.shared.ports import Clock, Identities

PART = 256 * 1024
"""Bytes of a part of a file that we write; what is uploaded is kept in parts as it comes."""
LONGEST_PART = 1024 * 1024
_FOUND = sa.select(kept_files.c.id, kept_files.c.media_type, kept_files.c.size)


@dataclass(frozen=True)
class SqlKeptFiles:
    """`most` bytes in one file."""

    database: Database
    clock: Clock
    identities: Identities
    most: int

    def keep(self, owner: str, name: str, media_type: str, content: Iterable[bytes]) -> KeptFile:
        """Keep a file in place of the one that the owner had under this name. Raises FileRefused when it is too large.

        Each part is a transaction of its own; the file is there when the last one has committed.
        """
        file, size = self._begin(owner, name, media_type), 0
        try:
            for part in _parts(content):
                size = self._append(file, size, part)
        except CanonicalError:
            self._remove([file])
            raise
        return self._complete(file, owner, name)

    def upload(self, owner: str, name: str, media_type: str, begin: int, part: bytes, total: int) -> KeptFile:
        """Take the part of a file of `total` bytes that begins at `begin`; the file as far as it is here.

        A part at 0 begins a new file, which takes the place of the old one once it is whole, and of uploads that were
        broken off. Another part may be sent again. Raises FileRefused for a part that does not follow on those before.
        """
        if total > self.most:
            raise self._too_large()
        if begin == 0:
            file = self._begin(owner, name, media_type)
            self._remove([one.id for one in self._files(owner, name) if not one.whole and one.id < file])
        elif (again := self._sent_again(owner, name, begin, part, total)) is not None:
            return again
        else:
            file = self._unfinished(owner, name)
        size = self._append(file, begin, part)
        return self._complete(file, owner, name) if size == total else KeptFile(file, media_type, size)

    def find(self, owner: str, name: str) -> KeptFile:
        """Raises FileNotFound."""
        asked = (kept_files.c.owner == owner, kept_files.c.name == name, kept_files.c.whole)
        with self.database.reading() as connection:
            row = connection.execute(_FOUND.where(*asked)).first()
        if row is None:
            raise FileNotFound("File not found", name=name)
        return KeptFile(row.id, row.media_type, row.size)

    def read(self, file: KeptFile, offset: int, size: int) -> bytes:
        """Raises FileRefused for a file that was replaced meanwhile."""
        wanted = max(0, min(size, file.size - offset))
        parts = kept_file_parts.c
        near = (parts.begin > offset - LONGEST_PART, parts.begin < offset + wanted)
        query = sa.select(parts.begin, parts.content).where(parts.file == file.id, *near).order_by(parts.begin)
        with self.database.reading() as connection:
            found = connection.execute(query).all()
        begin = found[0].begin if found else offset
        content = b"".join(bytes(row.content) for row in found)[offset - begin :][:wanted]
        if len(content) != wanted:
            raise FileRefused("the file was replaced while it was read: import it again")
        return content

    def remove(self, owner: str, name: str) -> bool:
        """Whether there was one."""
        return self._remove([one.id for one in self._files(owner, name)])

    def _begin(self, owner: str, name: str, media_type: str) -> str:
        file = self.identities.new_id()
        row = {"id": file, "owner": owner, "name": name, "media_type": media_type, "size": 0, "whole": False}
        with self.database.writing() as connection:
            connection.execute(sa.insert(kept_files).values(row | {"created_at": timestamp(self.clock.now())}))
            connection.commit()
        return file

    def _append(self, file: str, begin: int, part: bytes) -> int:
        """The size of the file with it."""
        size = begin + len(part)
        if size > self.most:
            raise self._too_large()
        before = (kept_files.c.id == file, kept_files.c.size == begin, sa.not_(kept_files.c.whole))
        with self.database.writing() as connection:
            grown = connection.execute(sa.update(kept_files).where(*before).values(size=size))
            if grown.rowcount != 1:
                raise _not_following(connection.scalar(sa.select(kept_files.c.size).where(kept_files.c.id == file)))
            if part:
                row = {"file": file, "begin": begin, "content": part}
                connection.execute(sa.insert(kept_file_parts).values(row))
            connection.commit()
        return size

    def _sent_again(self, owner: str, name: str, begin: int, part: bytes, total: int) -> KeptFile | None:
        """The newest file with this name, if it has the part already."""
        newest = max(self._files(owner, name), key=lambda one: str(one.id), default=None)
        if newest is None or begin + len(part) > newest.size or (newest.whole and newest.size != total):
            return None
        file = KeptFile(newest.id, newest.media_type, newest.size)
        return file if self.read(file, begin, len(part)) == part else None

    def _unfinished(self, owner: str, name: str) -> str:
        found = [str(one.id) for one in self._files(owner, name) if not one.whole]
        if not found:
            raise _not_following(0)
        return max(found)

    def _complete(self, file: str, owner: str, name: str) -> KeptFile:
        """In one transaction with the removal of what had the name, also of uploads that were broken off before."""
        older = [one.id for one in self._files(owner, name) if one.id < file]
        with self.database.writing() as connection:
            _delete(connection, older)
            connection.execute(sa.update(kept_files).where(kept_files.c.id == file).values(whole=True))
            row = connection.execute(_FOUND.where(kept_files.c.id == file)).one()
            connection.commit()
        return KeptFile(row.id, row.media_type, row.size)

    def _files(self, owner: str, name: str) -> Sequence[Any]:
        columns = (kept_files.c.id, kept_files.c.media_type, kept_files.c.size, kept_files.c.whole)
        query = sa.select(*columns).where(kept_files.c.owner == owner, kept_files.c.name == name)
        with self.database.reading() as connection:
            return connection.execute(query).all()

    def _remove(self, files: list[str]) -> bool:
        with self.database.writing() as connection:
            _delete(connection, files)
            connection.commit()
        return bool(files)

    def _too_large(self) -> FileRefused:
        return FileRefused(f"a file has at most {self.most} bytes (CATALOG_FILE_BYTES)")


def _not_following(size: int | None) -> FileRefused:
    return FileRefused(f"{size or 0} bytes of the file are here: send the part that begins there, or begin anew at 0")


def _delete(connection: sa.Connection, files: list[str]) -> None:
    connection.execute(sa.delete(kept_file_parts).where(kept_file_parts.c.file.in_(files)))
    connection.execute(sa.delete(kept_files).where(kept_files.c.id.in_(files)))


def _parts(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one length, but for the last."""
    left = bytearray()
    for piece in content:
        left += piece
        while len(left) >= PART:
            yield bytes(left[:PART])
            del left[:PART]
    if left:
        yield bytes(left)
