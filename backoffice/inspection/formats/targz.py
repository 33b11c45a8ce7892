"""Tar archives, gzipped (RFC 1952, POSIX.1-2001 pax): one streaming pass to the very end, both checksums included.

The gzip layer is read here, because tarfile neither looks at its checksum nor at what follows; the tar layer by tarfile in stream mode.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

from backoffice.inspection import archives
from backoffice.inspection.archives import CHUNK, Entry
from backoffice.inspection.formats._zipfile import decoded
from backoffice.inspection.report import Broken, Report, Subject

NAME = "tar.gz"
VERSION = "2"

_GZIP = 16 + zlib.MAX_WBITS
_SEEN_BY_CLAMD = 1_900_000_000  # bytes of tar; past its MaxFileSize clamd drops the tail


class _Gunzipped(io.RawIOBase):
    """The unpacked bytes of all gzip members, as a file that can only be read on. ``Broken`` where a checksum or a length is wrong."""

    def __init__(self, file: BinaryIO, most: float) -> None:
        self._file, self._most, self.done, self.trailing = file, most, 0, 0
        self._chunks = self._unpack()
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = next(self._chunks, b"")
        taken, self._rest = self._rest[: len(target)], self._rest[len(target) :]
        target[: len(taken)] = taken
        return len(taken)

    def _unpack(self) -> Iterator[bytes]:
        piece = self._file.read(CHUNK)
        while piece:
            stream = zlib.decompressobj(_GZIP)
            while not stream.eof:
                for chunk in self._decompressed(stream, piece):
                    self.done += len(chunk)
                    if self.done > self._most:
                        raise Broken("archive.bomb", detail=f"> ⟦{int(self._most)}⟧")
                    yield chunk
                piece = stream.unused_data if stream.eof else self._file.read(CHUNK)
                if not piece and not stream.eof:
                    raise Broken("format.truncated", detail="gzip")
            piece = piece or self._file.read(CHUNK)
            if piece and not piece.startswith(b"\x1f\x8b"[: len(piece)]):
                self._count_trailing(piece)
                return

    def _decompressed(self, stream: Any, piece: bytes) -> Iterator[bytes]:
        try:
            while piece:
                chunk = stream.decompress(piece, CHUNK)
                piece = stream.unconsumed_tail
                if chunk:
                    yield chunk
        except zlib.error as problem:
            raise Broken("archive.damaged", detail=f"gzip: {problem}"[:100]) from problem

    def _count_trailing(self, piece: bytes) -> None:
        while piece:
            self.trailing += len(piece.rstrip(b"\0"))
            piece = self._file.read(CHUNK)


def examine(subject: Subject, report: Report) -> None:
    """One pass: list, check and examine each member as it streams by."""
    archives.descend_or_refuse(subject, report)
    most = min(
        report.limits["archive_bytes"], max(report.limits["archive_ratio_from"], subject.size * report.limits["archive_ratio"])
    )
    with subject.path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        source = _Gunzipped(file, most if gzipped else report.limits["archive_bytes"])
        stream = io.BufferedReader(source, CHUNK) if gzipped else file
        entries = _walk(stream, subject, report)
    archives.look_over(entries, subject, report)
    if source.trailing:
        report.find("format.trailing", subject, bytes=source.trailing)


def _walk(stream: IO[bytes], subject: Subject, report: Report) -> list[Entry]:
    entries: list[Entry] = []
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK, errorlevel=2) as archive:
            for row in archive:
                entry = _entry(row)
                entries.append(entry)
                if len(entries) > report.limits["archive_members"]:
                    raise Broken("archive.bomb", detail=f"⟦файлов|files⟧ > {int(report.limits['archive_members'])}")
                content = archive.extractfile(row) if entry.kind == "file" else None
                if content is not None:
                    archives.take(entry, _chunks(content), subject, report, feed=_past_clamd(row, report))
                archive.members.clear()  # type: ignore[attr-defined]  # a stream never goes back: 100,000 rows stay out of memory
            _check_end(archive, subject, report)
    except (tarfile.TarError, EOFError, ValueError, OverflowError, UnicodeError) as problem:
        archives.preview(entries, subject, report)
        raise Broken("archive.damaged", detail=f"tar: {problem}"[:200]) from problem
    return entries


def _past_clamd(row: tarfile.TarInfo, report: Report) -> bool:
    return row.offset + row.size > _SEEN_BY_CLAMD or row.issparse() or bool(report.findings)


def _chunks(content: IO[bytes]) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        yield chunk


def _entry(row: tarfile.TarInfo) -> Entry:
    name = _name(row.name)
    if row.isdir():
        return Entry(name, 0, kind="folder")
    if row.issym() or row.islnk():
        return Entry(name, 0, kind="link", target=_name(row.linkname))
    if row.ischr() or row.isblk() or row.isfifo():
        return Entry(
            name, 0, kind="special", target="⟦именованный канал|a named pipe⟧" if row.isfifo() else "⟦устройство|a device⟧"
        )
    if not row.isreg():
        return Entry(name, row.size, kind="special", target=f"⟦запись вида|an entry of type⟧ {row.type!r}")
    return Entry(name, row.size)


def _name(told: str) -> str:
    """As its author meant it: tarfile reads UTF-8 and keeps other bytes as half surrogate pairs. 7-Zip on Windows wrote cp866."""
    return decoded(told.encode("utf-8", "surrogateescape"))


def _check_end(archive: tarfile.TarFile, subject: Subject, report: Report) -> None:
    """tarfile takes a broken header for the end: after the real one there are only zeros."""
    left = 0
    stream: Any = archive.fileobj
    while chunk := stream.read(CHUNK):
        left += len(chunk.strip(b"\0"))
    if left:
        report.find("archive.hidden", subject, detail=f"⟦{left}⟧ ⟦после конца|after the end⟧")
