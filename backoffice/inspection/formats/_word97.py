"""The text of a Word 97–2003 document by its own tables ([MS-DOC] 2.5 Fib, 2.9.38 Clx): pieces, fields, the attached template."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from backoffice.inspection.formats._quoted import undone
from backoffice.inspection.report import Broken

_MAGIC = 0xA5EC
_WORD97 = 0x00C1  # nFib; Word 6 and 95 have less and no Unicode
_ENCRYPTED, _OBFUSCATED, _SECOND_TABLE = 0x0100, 0x8000, 0x0200
_CLX, _ASSOC = 0x01A2, 0x019A  # where the Fib keeps offset and length of the piece table and of the associated strings
_MOST_PIECES = 1_000_000
_RUNS = re.compile(r"\x13\s*\"?\s*(DDE(?:AUTO)?\b[^\x13-\x15]{0,200})", re.IGNORECASE)
_FETCHES = re.compile(r"\x13\s*((?:INCLUDETEXT|INCLUDE|IMPORT|LINK|RD|DATABASE)\b[^\x13-\x15]{0,200})", re.IGNORECASE)
_PICTURE = re.compile(r"\x13\s*INCLUDEPICTURE\s+\"?\s*((?:https?:|ftp:|//|\\\\)[^\"\s\x13-\x15]{0,200})", re.IGNORECASE)
_LINK = re.compile(r"\x13\s*HYPERLINK\s+\"?\s*((?:javascript|vbscript|data|ms-[a-z]+):|\\\\)", re.IGNORECASE)
_FIELD = re.compile(r"\x13[^\x13-\x15]*\x14?")


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of the WordDocument stream say."""

    version: int
    encrypted: bool
    table: str  # the stream with the tables: "0Table" or "1Table"


def header(main: bytes) -> Header:
    """``Broken`` when the stream is no Word document."""
    if len(main) < 0x44 or struct.unpack_from("<H", main)[0] not in (_MAGIC, 0xA5DC, 0xA59B, 0xA59C):
        raise Broken("format.damaged", detail="FIB")
    version, flags = struct.unpack_from("<H", main, 2)[0], struct.unpack_from("<H", main, 0x0A)[0]
    return Header(version, bool(flags & (_ENCRYPTED | _OBFUSCATED)), "1Table" if flags & _SECOND_TABLE else "0Table")


def text(main: bytes, table: bytes, version: int) -> str:
    """All of the text, field codes included. ``Broken`` where the piece table or a piece lies outside of its stream."""
    if version < _WORD97:
        start, end = struct.unpack_from("<II", main, 0x18)
        if not start <= end <= len(main):
            raise Broken("format.truncated", detail="WordDocument")
        return main[start:end].decode("cp1251", "replace")
    return "".join(_pieces(main, table))


def _span(main: bytes, at: int, table: bytes, label: str) -> bytes:
    if len(main) < at + 8:
        raise Broken("format.truncated", detail="FIB")
    offset, length = struct.unpack_from("<II", main, at)
    if offset + length > len(table):
        raise Broken("format.damaged", detail=label)
    return table[offset : offset + length]


def _pieces(main: bytes, table: bytes) -> Iterator[str]:
    clx = _span(main, _CLX, table, "Clx")
    at = 0
    while at < len(clx) and clx[at] == 1:  # property modifiers stand before the piece table
        at += 3 + int.from_bytes(clx[at + 1 : at + 3], "little")
    if at + 5 > len(clx) or clx[at] != 2:
        raise Broken("format.damaged", detail="Clx")
    length = int.from_bytes(clx[at + 1 : at + 5], "little")
    rows = clx[at + 5 : at + 5 + length]
    count = (length - 4) // 12
    if len(rows) < length or not 0 < count <= _MOST_PIECES:
        raise Broken("format.damaged", detail="PlcPcd")
    positions = struct.unpack_from(f"<{count + 1}I", rows)
    for index in range(count):
        letters = positions[index + 1] - positions[index]
        place = struct.unpack_from("<I", rows, 4 * (count + 1) + 8 * index + 2)[0]
        packed, place = bool(place & 0x40000000), place & 0x3FFFFFFF
        start, width = (place // 2, 1) if packed else (place, 2)
        if letters < 0 or start + letters * width > len(main):
            raise Broken("format.damaged", detail="PlcPcd")
        yield main[start : start + letters * width].decode("cp1252" if packed else "utf-16-le", "replace")


def template(main: bytes, table: bytes) -> str:
    """The attached template's path: the second of the associated strings (SttbfAssoc)."""
    if len(main) < _ASSOC + 8:
        return ""
    offset, length = struct.unpack_from("<II", main, _ASSOC)
    rows = table[offset : offset + length]
    if len(rows) < 6 or rows[:2] != b"\xff\xff":
        return ""
    at = 6
    for index in range(2):
        if at + 2 > len(rows):
            return ""
        letters = int.from_bytes(rows[at : at + 2], "little")
        if index == 1:
            return rows[at + 2 : at + 2 + 2 * letters].decode("utf-16-le", "replace")
        at += 2 + 2 * letters
    return ""


def fields(words: str) -> Iterator[tuple[str, str]]:
    """(rule, detail) of each field that runs, fetches or leads astray, also where QUOTE spells it."""
    plain = undone(words)
    for pattern, rule in (
        (_RUNS, "doc.dde"),
        (_FETCHES, "doc.external"),
        (_PICTURE, "doc.remote_image"),
        (_LINK, "doc.external"),
    ):
        if found := pattern.search(words) or pattern.search(plain):
            yield rule, " ".join(found[1].split())[:100]


def readable(words: str) -> str:
    """The text as people read it: field codes and marks taken out, a paragraph a line."""
    plain = _FIELD.sub("", words).translate({0x0D: "\n", 0x0B: "\n", 0x0C: "\n", 0x07: "\t", 0x1E: "-", 0xA0: " "})
    return re.sub(r"[\x00-\x08\x0e-\x1f]", "", plain).strip()
