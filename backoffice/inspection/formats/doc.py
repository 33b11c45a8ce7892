"""Word 97–2003 documents ([MS-CFB], [MS-DOC]): every stream read whole, no macros, no embedded objects, no fields that run (A8, A9)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import olefile

from backoffice.inspection.formats import _documents as documents
from backoffice.inspection.formats import _word97 as word
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "doc"
VERSION = "1"

_MACROS = {"macros", "vba", "_vba_project", "_vba_project_cur"}
_OBJECTS = {"objectpool", "\x01ole10native", "package", "\x01compobj\x00", "\x01ole"}
_MOST_STREAMS = 10_000
_SECTOR_SLACK = 4096  # bytes after the last used sector that writers leave
_HIDDEN = (
    (b"PK\3\4", "ZIP"),
    (b"PK\5\6", "ZIP"),
    (b"\x7fELF", "ELF"),
    (b"%PDF-", "PDF"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"<script", "HTML"),
)


def examine(subject: Subject, report: Report) -> None:
    """The container, its streams, then what the document says."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            container = olefile.OleFileIO(str(subject.path), raise_defects=olefile.DEFECT_INCORRECT)
        with container:
            _check(container, subject, report)
    except (OSError, IndexError) as problem:
        rule = "format.truncated" if "incomplete" in str(problem).lower() or "EOF" in str(problem) else "format.damaged"
        raise Broken(rule, detail=str(problem)[:200]) from problem
    report.cover(scanned=1, size=subject.size)


def _check(container: Any, subject: Subject, report: Report) -> None:
    _check_end(container, subject, report)
    paths = container.listdir(streams=True, storages=True)
    if len(paths) > _MOST_STREAMS:
        raise Broken("doc.bomb", detail=f"⟦потоков|streams⟧: {len(paths)}")
    for rule, detail in _of_names(paths):
        report.find(rule, subject, detail=detail)
    streams = {"/".join(path): _read(container, path, subject, report) for path in container.listdir()}
    main = streams.get("WordDocument", b"")
    head = word.header(main)
    if head.encrypted or "EncryptionInfo" in streams:
        raise Broken("doc.encrypted")
    table = streams.get(head.table, b"")
    words = word.text(main, table, head.version)
    for rule, detail in word.fields(words):
        report.find(rule, subject, detail=detail)
    _check_template(word.template(main, table), subject, report)
    documents.show(report, text=word.readable(words))


def _of_names(paths: list[list[str]]) -> Iterator[tuple[str, str]]:
    """One finding of macros and one of embedded objects is enough."""
    for rule, names in (("doc.macros", _MACROS), ("doc.embedded", _OBJECTS)):
        for path in paths:
            inner = rule == "doc.macros" or len(path) > 1  # the document itself has \x01CompObj and may have \x01Ole
            if inner and any(part.lower() in names for part in path):
                yield rule, "/".join(path).replace("\x01", "")[:100]
                break


def _read(container: Any, path: list[str], subject: Subject, report: Report) -> bytes:
    size = container.get_size(path)
    if size > subject.size:
        raise Broken("format.truncated", detail=f"{'/'.join(path)}: {missing(subject.size, size)}")
    with container.openstream(path) as stream:
        data: bytes = stream.read()
    if len(data) != size:
        raise Broken("format.truncated", detail=f"{'/'.join(path)}: {missing(len(data), size)}")
    if data:
        name = "/".join(path).encode("unicode_escape").decode()
        report.feed(f"{subject.member}!/{name}" if subject.member else name, [data])
    return data


def _check_end(container: Any, subject: Subject, report: Report) -> None:
    """What lies behind the last sector that the allocation table knows."""
    used = max((index for index, sector in enumerate(container.fat) if sector != olefile.FREESECT), default=0)
    end = (used + 2) * container.sectorsize
    if end > subject.size + container.sectorsize:
        raise Broken("format.truncated", detail=missing(subject.size, end))
    left = subject.size - end
    if left <= 0:
        return
    with subject.path.open("rb") as file:
        file.seek(end)
        rest = file.read(1 << 22)
    for magic, other in _HIDDEN:
        if magic in rest:
            raise Broken("format.hidden", place=str(end), other=other)
    if rest.strip(b"\0") and left > _SECTOR_SLACK:
        report.find("format.trailing", subject, place=str(end), bytes=left)


def _check_template(template: str, subject: Subject, report: Report) -> None:
    plain = template.strip().lower()
    if plain.startswith(("http:", "https:", "ftp:", "\\\\", "//")):
        report.find("doc.external", subject, detail=template.strip()[:100])
