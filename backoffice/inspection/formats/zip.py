"""Zip archives (PKWARE APPNOTE 6.3.10), read by their own structure: the entries must tile the file, and both of their headers agree.

Readers differ in what they make of a zip that breaks these rules, so such a zip is refused. Stored and deflated members are unpacked here
and must use up their bytes exactly; bzip2 and LZMA by zipfile; rarer methods by 7zz.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from backoffice.inspection import archives, unpack7
from backoffice.inspection.archives import CHUNK, Entry
from backoffice.inspection.formats import _zipfile as raw
from backoffice.inspection.report import Broken, Report, Subject

NAME = "zip"
VERSION = "1"

_OWN, _LIBRARY, _BY_7ZZ = (0, 8), (12, 14), (9, 93, 95, 98)
_SEEN_BY_CLAMD = 1_900_000_000  # bytes; past its MaxFileSize clamd drops a member's tail without a word


def examine(subject: Subject, report: Report) -> None:
    """Check the structure, then each member."""
    archives.descend_or_refuse(subject, report)
    with subject.path.open("rb") as file:
        directory = raw.read_directory(file, subject.size)
        records = directory.records
        entries = [_entry(record) for record in records]
        archives.look_over(entries, subject, report)
        raw.check_layout(file, directory, subject, report)
        files = [(record, entry) for record, entry in zip(records, entries, strict=True) if entry.kind == "file"]
        unread = [record for record, _ in files if record.method not in (*_OWN, *_LIBRARY)]
        if unread:
            _by_7zz(files, unread, subject, report)
            return
        hard = directory.odd or directory.zip64
        for record, entry in files:
            feed = hard or record.method not in _OWN or record.size > _SEEN_BY_CLAMD
            archives.take(entry, _unpacked(file, record, subject.path), subject, report, feed=feed)


def _entry(record: raw.Record) -> Entry:
    return Entry(
        name=record.name,
        size=record.size,
        packed=record.packed,
        kind=record.kind,
        target=record.oddity,
        encrypted=record.encrypted,
    )


def _by_7zz(files: list[tuple[raw.Record, Entry]], unread: list[raw.Record], subject: Subject, report: Report) -> None:
    unknown = [record for record in unread if record.method not in _BY_7ZZ]
    if unknown:
        report.find("archive.method", subject, detail=f"{unknown[0].name}: {unknown[0].method}")
        report.cover(members=len(files), failed=len(files), size=sum(record.size for record, _ in files))
        return
    unpack7.walk(subject, [(entry, record.crc) for record, entry in files], report, kind="zip")


def _unpacked(file: BinaryIO, record: raw.Record, path: Path) -> Iterator[bytes]:
    """The member's bytes; its checksum is right when they end without ``Broken``."""
    unpack = _stored if record.method == 0 else _deflated if record.method == 8 else None
    crc = 0
    for chunk in unpack(file, record) if unpack else _by_library(path, record):
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if crc != record.crc:
        raise Broken("archive.damaged", detail=f"CRC-32: {archives.shown(record.name)}")


def _stored(file: BinaryIO, record: raw.Record) -> Iterator[bytes]:
    yield from _slices(file, record)


def _deflated(file: BinaryIO, record: raw.Record) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in _slices(file, record):
            rest = piece
            while rest and not stream.eof:
                chunk = stream.decompress(rest, CHUNK)
                rest = stream.unconsumed_tail
                if chunk:
                    yield chunk
            if stream.eof and (stream.unused_data or rest):
                raise Broken("archive.hidden", detail=archives.shown(record.name))
        while not stream.eof:
            chunk = stream.decompress(stream.unconsumed_tail, CHUNK)
            if not chunk:
                raise Broken("archive.damaged", detail=f"Deflate: {archives.shown(record.name)}")
            yield chunk
    except zlib.error as problem:
        raise Broken("archive.damaged", detail=f"Deflate: {archives.shown(record.name)}") from problem


def _slices(file: BinaryIO, record: raw.Record) -> Iterator[bytes]:
    at, left = record.data_at, record.packed
    while left:
        file.seek(at)
        piece = file.read(min(CHUNK, left))
        if not piece:
            raise Broken("format.truncated", detail=archives.shown(record.name))
        at, left = at + len(piece), left - len(piece)
        yield piece


def _by_library(path: Path, record: raw.Record) -> Iterator[bytes]:
    try:
        with ZipFile(path) as archive:
            info = next(row for row in archive.infolist() if row.header_offset == record.at)
            with archive.open(info) as member:
                while chunk := member.read(CHUNK):
                    yield chunk
    except (BadZipFile, EOFError, OSError, lzma.LZMAError, StopIteration, ValueError) as problem:
        raise Broken("archive.damaged", detail=f"{archives.shown(record.name)}: {problem}"[:200]) from problem


assert bz2  # noqa: S101  (a Python built without it would call every bzip2 member damaged)
