"""What does not belong in a data file: bytes after its end, and other files glued to or hidden in it."""

from __future__ import annotations

import re
from typing import BinaryIO

from backoffice.inspection.report import Report, Subject

CHUNK = 1 << 20
_LOOKED_AT = 1 << 22  # bytes after the end that are searched; more is hidden data whatever it is
_MUCH = 65_536  # bytes after the end that no program leaves by habit

# Signatures long enough not to turn up in compressed data by chance, with the name a person reads.
_GLUED: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "⟦архив ZIP|a ZIP archive⟧"),
    (b"PK\x05\x06", "⟦архив ZIP|a ZIP archive⟧"),
    (b"7z\xbc\xaf\x27\x1c", "⟦архив 7z|a 7z archive⟧"),
    (b"Rar!\x1a\x07", "⟦архив RAR|a RAR archive⟧"),
    (b"\x7fELF", "⟦программа для Linux|a Linux program⟧"),
    (b"%PDF-", "⟦документ PDF|a PDF document⟧"),
    (b"#!/bin/", "⟦сценарий|a script⟧"),
    (b"\x89PNG\r\n\x1a\n", "⟦рисунок PNG|a PNG image⟧"),
    (b"\x89HDF\r\n\x1a\n", "⟦файл HDF5|an HDF5 file⟧"),
    (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}", "⟦проверочный вирус|a test virus⟧"),
)
_SCRIPT = re.compile(rb"<\?php|<script[\s>]", re.IGNORECASE)
_DOS = re.compile(rb"MZ[\x00-\xff]{58}([\x00-\xff]{4})", re.DOTALL)


def glued(data: bytes) -> str:
    """The name of another file found anywhere in ``data``; empty when there is none."""
    for magic, name in _GLUED:
        if magic in data:
            return name
    if script := script_in(data):
        return script
    for found in _DOS.finditer(data):
        at = found.start() + int.from_bytes(found[1], "little")
        if data[at : at + 4] == b"PE\0\0":
            return "⟦программа для Windows|a Windows program⟧"
    return ""


def script_in(data: bytes) -> str:
    """The name of a web script in a text, such as a comment or a description of an image."""
    return "⟦сценарий для сайта|a web script⟧" if _SCRIPT.search(data) else ""


def starts_another(data: bytes) -> str:
    """The same question about a block that would be the other file from its first byte on."""
    name = glued(data[:512])
    if name and any(data.startswith(magic) for magic, _ in _GLUED):
        return name
    if data.startswith(b"MZ") and glued(data[:4096]):
        return glued(data[:4096])
    return name if _SCRIPT.match(data.lstrip()[:16]) else ""


def after_the_end(file: BinaryIO, at: int, subject: Subject, report: Report, *, known: bytes = b"") -> None:
    """Say what follows the format's own end at byte ``at``.

    Another file, or much data, is hidden (a requirement); a little is harmless (a guideline). Zeros that fill up a block, line ends, and a
    trailer that begins or ends with ``known`` go without a word.
    """
    left = subject.size - at
    if left <= 0:
        return
    file.seek(at)
    rest = file.read(_LOOKED_AT)
    if not rest.strip(b"\0\r\n \x1a") and left <= _MUCH:
        return
    if other := glued(rest):
        report.find("format.hidden", subject, place=str(at), other=other)
    elif left > _MUCH and rest.strip(b"\0"):
        report.find("format.hidden", subject, place=str(at), other=f"⟦{left}⟧ ⟦после конца|after the end⟧")
    elif not (known and rest.endswith(known)):
        report.find("format.trailing", subject, place=str(at), bytes=left)
