"""Word documents (ECMA-376): a zip that is whole, of XML parts without tricks, that neither runs, fetches nor carries anything (A8, A9)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from backoffice.inspection import archives, detect
from backoffice.inspection.archives import Entry
from backoffice.inspection.formats import _documents as documents
from backoffice.inspection.formats import _ooxml_parts as parts
from backoffice.inspection.formats import _zipfile as raw
from backoffice.inspection.formats import zip as plain_zip
from backoffice.inspection.report import Broken, Report, Subject

NAME = "docx"
VERSION = "2"

_MAIN = "word/document.xml"
_TYPES = "[Content_Types].xml"
_MACROS = re.compile(r"(^|/)(vbaproject\.bin|vbadata\.xml)$", re.IGNORECASE)
_CHART_DATA = re.compile(r"^word/embeddings/[^/]+\.xlsx$", re.IGNORECASE)
_CARRIED = re.compile(r"^word/(embeddings|activex)/", re.IGNORECASE)
_CARRIER_HEADS = {"pe", "elf", "macho", "shell", "ole", "rtf", "html", "7z", "rar", "pdf", "msi", "java-class"}
_PREVIEWED = 20 << 20  # bytes of the main part; past that only its words are shown


def examine(subject: Subject, report: Report) -> None:
    """Check the zip, then each part; then make the preview."""
    with subject.path.open("rb") as file:
        if file.read(4) == b"\xd0\xcf\x11\xe0":
            raise Broken("docx.encrypted")
        directory = raw.read_directory(file, subject.size)
        entries = [_entry(record) for record in directory.records]
        archives.look_over(entries, subject, report)
        report.preview = {}
        raw.check_layout(file, directory, subject, report)
        names = {record.name for record in directory.records}
        if _MAIN not in names or _TYPES not in names:
            raise Broken("format.mismatch", claimed=".docx", detected="zip")
        main = _check_parts(file, directory.records, entries, subject, report)
    report.cover(scanned=1, size=subject.size)
    if not _rejected(subject, report):
        _show(subject.path, main, report)


def _entry(record: raw.Record) -> Entry:
    return Entry(name=record.name, size=record.size, packed=record.packed, kind=record.kind, encrypted=record.encrypted)


def _rejected(subject: Subject, report: Report) -> bool:
    return any(finding.severity == "requirement" for finding in report.findings if finding.member == subject.member)


def _check_parts(file: BinaryIO, records: list[raw.Record], entries: list[Entry], subject: Subject, report: Report) -> bytes:
    told: set[tuple[str, str]] = set()
    main = b""
    for record, entry in zip(records, entries, strict=True):
        if entry.kind != "file":
            continue
        data = _read(file, record, subject, report)
        if record.name == _MAIN:
            main = data
        for rule, detail in _of_part(record.name, data):
            if (rule, detail) not in told:
                told.add((rule, detail))
                report.find(rule, subject, place=record.name, detail=detail)
    return main


def _read(file: BinaryIO, record: raw.Record, subject: Subject, report: Report) -> bytes:
    """One part, checked against its checksum and shown to the antivirus."""
    most = int(report.limits["docx_part_bytes"])
    if record.size > most:
        raise Broken("docx.bomb", detail=f"{archives.shown(record.name)}: ⟦{record.size}⟧")
    chunks = archives.bounded(
        plain_zip._unpacked(file, record, subject.path), size=record.size, packed=record.packed, report=report
    )
    data = b"".join(chunks)
    report.feed(f"{subject.member}!/{record.name}" if subject.member else record.name, [data])
    return data


def _of_part(name: str, data: bytes) -> Iterator[parts.Said]:
    lower = name.lower()
    if _MACROS.search(lower):
        yield "docx.macros", name[:100]
    elif _CARRIED.match(lower) and not _CHART_DATA.match(lower) and lower.endswith(".rels") is False:
        yield "docx.embedded", name[:100]
    elif _CHART_DATA.match(lower) and (b"vbaProject" in data or not data.startswith(b"PK\3\4")):
        yield "docx.macros" if data.startswith(b"PK\3\4") else "docx.embedded", name[:100]
    if name == _TYPES:
        yield from _of_types(data)
    elif lower.endswith(".rels"):
        yield from parts.relationships(data, name)
    elif lower.endswith(".xml"):
        yield from parts.fields(data, name)
    elif detect.by_magic(data[: detect.HEAD], name) in _CARRIER_HEADS and not _MACROS.search(lower):
        yield "docx.embedded", name[:100]


def _of_types(data: bytes) -> Iterator[parts.Said]:
    main = False
    for kind in parts.content_types(data):
        main = main or "wordprocessingml.document.main" in kind or "wordprocessingml.template.main" in kind
        if "macroenabled" in kind or "vbaproject" in kind:
            yield "docx.macros", kind[:100]
            main = True
    if not main:
        raise Broken("format.damaged", place=_TYPES, detail="⟦нет типа основной части|no main part type⟧")


def _show(path: Path, main: bytes, report: Report) -> None:
    """HTML by mammoth, a mark for each picture; the words alone where it cannot."""
    html = ""
    if len(main) <= _PREVIEWED:
        html = _html(path)
    text = documents.plain(html) if html else _words(main)
    documents.show(report, html=html, text=text)


def _html(path: Path) -> str:
    import mammoth

    try:
        with path.open("rb") as file:
            told = mammoth.convert_to_html(file, convert_image=mammoth.images.img_element(lambda _image: {}))
        return documents.clean(told.value)
    except Exception:  # noqa: BLE001  (the check is over; a document that mammoth cannot show is shown as plain words)
        return ""


def _words(main: bytes) -> str:
    lines: list[str] = []
    for _, element in etree.iterparse(io.BytesIO(main), events=("end",), tag="{*}p", resolve_entities=False, no_network=True):
        lines.append("".join(str(piece) for piece in element.itertext()))
        element.clear()
    return "\n".join(lines)
