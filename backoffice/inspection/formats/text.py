"""Plain text that is no upload format of its own: source code, configs, licences inside archives."""

from __future__ import annotations

from backoffice.inspection.report import Report, Subject

NAME = "text"
VERSION = "1"

_SHOWN = 20_000  # characters


def examine(subject: Subject, report: Report) -> None:
    """Read it to the end. Text has no structure to break; the antivirus and the archive rules look at what it says."""
    head = subject.head(4 * _SHOWN)
    if subject.data is None:
        with subject.path.open("rb") as file:
            while file.read(1 << 20):
                pass
    report.preview = {"kind": "text", "text": decoded(head)[:_SHOWN], "truncated": subject.size > len(head)}
    report.cover(scanned=1, size=subject.size)


def decoded(data: bytes) -> str:
    """Text in UTF-8 or UTF-16 with a mark, otherwise in cp1251."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        return data.decode("utf-8-sig", "replace") if problem.start >= len(data) - 4 else data.decode("cp1251", "replace")
