"""7z archives: listed by py7zr, unpacked by 7zz, every checksum compared (7zFormat.txt of the LZMA SDK)."""

from __future__ import annotations

import io
import itertools
import stat
import struct
import zlib
from typing import Any

from backoffice.inspection import archives, unpack7
from backoffice.inspection.archives import Entry
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "7z"
VERSION = "1"

_START = struct.Struct("<6s2BLQQL")  # signature, version, CRC of the start header, offset, size and CRC of the next header

_SEEN_BY_CLAMD = {b"\x03\x01\x01", b"\x21", b"\x03\x03\x01\x03"}  # LZMA, LZMA2, BCJ x86


def examine(subject: Subject, report: Report) -> None:
    """Check the frame, list, then unpack and check each member."""
    archives.descend_or_refuse(subject, report)
    _check_frame(subject, report)
    rows, trusted = _listed(subject, report)
    entries = [entry for entry, _ in rows]
    archives.look_over(entries, subject, report)
    files = [(entry, crc) for entry, crc in rows if entry.kind == "file" and entry.size]
    for entry, _ in rows:
        if entry.kind == "file" and not entry.size:
            archives.take(entry, (), subject, report, feed=False)
    if any(entry.kind in ("link", "special") for entry in entries):
        report.cover(members=len(files), failed=len(files), size=sum(entry.size for entry, _ in files))
        return
    unpack7.walk(subject, files, report, kind="7z", feed=not trusted or subject.size >= archives.ALONE_FROM)


def _check_frame(subject: Subject, report: Report) -> None:
    with subject.path.open("rb") as file:
        head = file.read(_START.size)
        if len(head) < _START.size:
            raise Broken("format.truncated", detail=missing(len(head), _START.size))
        _, _, _, start_crc, offset, length, crc = _START.unpack(head)
        if zlib.crc32(head[12:32]) != start_crc:
            raise Broken("archive.damaged", detail="CRC-32: ⟦начальный заголовок|start header⟧")
        end = _START.size + offset + length
        if end > subject.size:
            raise Broken("format.truncated", detail=missing(subject.size, end))
        file.seek(_START.size + offset)
        if length > (256 << 20) or zlib.crc32(file.read(length)) != crc:
            raise Broken("archive.damaged", detail="CRC-32: ⟦оглавление|header⟧")
        if end < subject.size:
            rest = file.read(4096)
            if any(mark in rest for mark in (b"7z\xbc\xaf", b"PK\3\4", b"MZ", b"\x7fELF", b"Rar!")):
                report.find("archive.hidden", subject, place=str(end), detail=f"⟦{subject.size - end}⟧")
            else:
                report.find("format.trailing", subject, bytes=subject.size - end)


def _listed(subject: Subject, report: Report) -> tuple[list[tuple[Entry, int | None]], bool]:
    """The rows, and whether clamd unpacks this archive as we do."""
    import py7zr  # slow to import
    from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError

    try:
        with py7zr.SevenZipFile(subject.path) as archive:
            if archive.needs_password():
                raise Broken("archive.encrypted")
            _against_gaps(archive, subject, report)
            return [_entry(row) for row in archive.files], _clamd_unpacks(archive)
    except PasswordRequired as problem:
        raise Broken("archive.encrypted") from problem
    except UnsupportedCompressionMethodError as problem:
        raise Broken("archive.method", detail=str(problem)[:100]) from problem
    except (Broken, MemoryError):
        raise
    except Exception as problem:
        raise Broken("archive.damaged", detail=f"⟦оглавление|header⟧: {problem}"[:200]) from problem


def _against_gaps(archive: Any, subject: Subject, report: Report) -> None:
    """Bytes between the packed streams, or between them and the header, that belong to nothing: no program shows them."""
    with subject.path.open("rb") as file:
        _, _, _, _, offset, length, _ = _START.unpack(file.read(_START.size))
        end = _START.size + offset
        file.seek(end)
        taken = sorted([*_streams(archive.header.main_streams), *_streams(_of_header(file.read(length))), (end, end)])
        at = _START.size
        for start, stop in taken:
            if start > at:
                file.seek(at)
                if file.read(start - at).strip(b"\0"):
                    report.find("archive.hidden", subject, place=str(at), detail=f"⟦{start - at}⟧")
            at = max(at, stop)


def _of_header(header: bytes) -> Any:
    """The packed stream of a packed header, which stands among the others."""
    from py7zr.archiveinfo import HeaderStreamsInfo
    from py7zr.properties import PROPERTY

    return HeaderStreamsInfo.retrieve(io.BytesIO(header[1:])) if header[:1] == PROPERTY.ENCODED_HEADER else None


def _streams(told: Any) -> list[tuple[int, int]]:
    """Where packed streams start and end in the file."""
    if told is None or told.packinfo is None:
        return []
    places = [_START.size + told.packinfo.packpos + at for at in told.packinfo.packpositions]
    return list(itertools.pairwise(places))


def _clamd_unpacks(archive: Any) -> bool:
    """clamd says OK to what it cannot unpack, and some coders it passes over: tried one by one."""
    streams = archive.header.main_streams
    folders = streams.unpackinfo.folders if streams is not None else []
    return all({coder["method"] for coder in folder.coders} <= _SEEN_BY_CLAMD for folder in folders)


def _entry(row: Any) -> tuple[Entry, int | None]:
    kind, target = "file", ""
    mode = row.posix_mode
    if row.is_directory:
        kind = "folder"
    elif row.is_symlink or row.is_junction:
        kind = "link"
    elif row.is_socket or (mode is not None and stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
        kind, target = "special", "⟦устройство|a device⟧"
    return Entry(name=row.filename, size=row.uncompressed or 0, kind=kind, target=target), row.crc32
