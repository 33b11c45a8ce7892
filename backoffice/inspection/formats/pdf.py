"""PDF (ISO 32000-2): whole, open to everybody, and doing nothing by itself (A8, A9).

Objects are read without qpdf's repairs, every stream is unpacked to its end, actions are judged one by one; the first pages are drawn.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pikepdf

from backoffice.inspection.formats import _documents as documents
from backoffice.inspection.formats import _pdf_streams as streams
from backoffice.inspection.formats import _pdf_walk as walk
from backoffice.inspection.report import Attachment, Broken, Report, Subject

NAME = "pdf"
VERSION = "2"

_FED = 3_000  # streams handed to the antivirus one by one; it unpacks the file itself as well
_PAGES_DRAWN, _PAGES_READ = 5, 300
_PIXELS, _WIDEST = 1_400_000, 1_400
_TEXT = 60_000  # characters
_HIDDEN = (
    (b"PK\3\4", "ZIP"),
    (b"MZ", "PE"),
    (b"\x7fELF", "ELF"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
    (b"<script", "HTML"),
)


def examine(subject: Subject, report: Report) -> None:
    """The file's end, its objects, its streams; then the preview."""
    _check_end(subject, report)
    try:
        with pikepdf.open(subject.path, suppress_warnings=True, attempt_recovery=False) as document:
            if document.is_encrypted and not document.user_password_matched:
                raise Broken("pdf.encrypted")  # the owner's is empty, which let qpdf in; whoever only reads is asked for theirs
            _check(document, subject, report)
    except pikepdf.PasswordError as problem:
        raise Broken("pdf.encrypted") from problem
    except pikepdf.PdfError as problem:
        raise Broken("format.damaged", detail=_plain(str(problem))) from problem
    if not any(
        report.severities[finding.rule] == "requirement" for finding in report.findings if finding.member == subject.member
    ):
        _show(subject.path, report)
    report.cover(scanned=1, size=subject.size)


def _plain(problem: str) -> str:
    """qpdf's words without the path of our own copy."""
    return re.sub(r"^.*?(?:\(|: )", "", problem, count=1)[:200]


def _check_end(subject: Subject, report: Report) -> None:
    with subject.path.open("rb") as file:
        file.seek(max(0, subject.size - (1 << 20)))
        tail = file.read()
    at = tail.rfind(b"%%EOF")
    if at < 0:
        if b"startxref" not in tail:
            raise Broken("format.truncated", detail="⟦нет %%EOF|no %%EOF⟧")
        return
    end_of_zip = tail.rfind(b"PK\5\6")
    if end_of_zip >= 0 and len(tail) - end_of_zip - 22 == int.from_bytes(tail[end_of_zip + 20 : end_of_zip + 22], "little"):
        raise Broken("format.hidden", other="ZIP")
    rest = tail[at + 5 :].strip(b"\r\n \t\0\x1a")
    if not rest:
        return
    for magic, other in _HIDDEN:
        if magic in rest:
            raise Broken("format.hidden", other=other)
    if len(rest) > 65_536:
        raise Broken("format.hidden", other=f"⟦{len(rest)}⟧ ⟦после конца|after the end⟧")
    report.find("format.trailing", subject, bytes=len(rest))


def _check(document: Any, subject: Subject, report: Report) -> None:
    if len(document.pages) == 0:
        raise Broken("format.damaged", detail="⟦нет страниц|no pages⟧")
    if len(document.objects) > report.limits["pdf_objects"]:
        raise Broken("pdf.bomb", detail=f"⟦объектов|objects⟧: {len(document.objects)}")
    if document.is_encrypted:
        report.find("pdf.restricted", subject)
    told: set[tuple[str, str]] = set()
    for number, (rule, detail) in walk.judged(document.objects):
        if (rule, detail) not in told:
            told.add((rule, detail))
            report.find(rule, subject, place=f"{number} 0 obj", detail=detail)
    _read_streams(document, subject, report)
    if warnings := document.get_warnings():
        report.find("pdf.odd", subject, detail=_plain(str(warnings[0])))


def _read_streams(document: Any, subject: Subject, report: Report) -> None:
    read, fed = _Read(), 0
    most, most_of_all = int(report.limits["pdf_stream_bytes"]), report.limits["pdf_bytes"]
    prefix = f"{subject.member}!/" if subject.member else ""
    for thing in document.objects:
        if not isinstance(thing, pikepdf.Stream):
            continue
        number = thing.objgen[0]
        chunks = _counted(streams.pieces(thing, most=most, place=f"{number} 0 obj"), read, int(most_of_all))
        head = next((chunk for chunk in chunks if chunk), b"")
        if b"script" in head[:1_000_000] and b"<xdp" in head[:1_000_000]:  # an XFA form, with scripts of its own
            report.find("pdf.javascript", subject, place=f"{number} 0 obj", detail="XFA")
        if fed < _FED and head:
            fed += 1
            report.feed(f"{prefix}{number} 0 obj", chain([head], chunks))
        for _ in chunks:
            pass
        if report.progress is not None:
            report.progress(read.bytes, 0)


@dataclass(slots=True)
class _Read:
    """Bytes of all streams so far, unpacked."""

    bytes: int = 0


def _counted(chunks: Iterator[bytes], read: _Read, most: int) -> Iterator[bytes]:
    for chunk in chunks:
        read.bytes += len(chunk)
        if read.bytes > most:
            raise Broken("pdf.bomb", detail=f"> ⟦{read.bytes}⟧")
        yield chunk


def _show(path: Path, report: Report) -> None:
    """Draw the first pages and take the words of all. A page that cannot be drawn is left out: the check itself is over."""
    import pypdfium2

    document = pypdfium2.PdfDocument(str(path))
    try:
        pages, names = len(document), []
        words: list[str] = []
        for index in range(min(pages, _PAGES_READ)):
            page = document[index]
            if index < _PAGES_DRAWN:
                names += _drawn(page, index, report)
            if sum(len(one) for one in words) < _TEXT:
                words.append(_words(page))
            page.close()
        documents.show(report, text="\n\f".join(words)[:_TEXT].strip(), pages=pages, files=names)
    finally:
        document.close()


def _drawn(page: Any, index: int, report: Report) -> list[str]:
    width, height = page.get_size()
    scale = min(2.0, _WIDEST / max(width, height, 1), (_PIXELS / max(width * height, 1)) ** 0.5)
    if min(width, height) * scale < 1:
        return []
    picture = page.render(scale=scale, may_draw_forms=False).to_pil()
    out = io.BytesIO()
    picture.convert("RGB").save(out, "PNG")
    name = f"page-{index + 1}.png"
    report.attachments.append(Attachment(name, "image/png", out.getvalue()))
    return [name]


def _words(page: Any) -> str:
    text = page.get_textpage()
    try:
        found: str = text.get_text_range()
        return found.replace("\r\n", "\n")
    finally:
        text.close()
