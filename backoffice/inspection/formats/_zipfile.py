"""The bones of a zip file: its directory, its local headers, and whether they tile the file (PKWARE APPNOTE 6.3.10, sections 4.3–4.5)."""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from backoffice.inspection.archives import shown
from backoffice.inspection.report import Broken, Report, Subject

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_LOCAL = struct.Struct("<4s2B4H3L2H")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_MOST_BYTES_OF_DIRECTORY = 256 << 20
_ENCRYPTED, _DESCRIPTOR, _STRONG, _UTF8, _MASKED = 0x1, 0x8, 0x40, 0x800, 0x2000
_PADDING = 65_536  # zeros between entries that aligning tools leave (zipalign)
_AFTER = 16 << 20  # bytes behind the end that are looked through
_KINDS = {
    stat.S_IFLNK: ("link", ""), stat.S_IFCHR: ("special", "⟦устройство|a device⟧"), stat.S_IFBLK: ("special", "⟦устройство|a device⟧"),
    stat.S_IFIFO: ("special", "⟦именованный канал|a named pipe⟧"), stat.S_IFSOCK: ("special", "⟦сокет|a socket⟧"),
}  # fmt: skip
_UNIX, _MACOS = 3, 19


@dataclass(slots=True)
class Record:
    """One entry of the central directory. ``data_at`` is known once its local header was read."""

    raw_name: bytes
    name: str
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    at: int
    kind: str
    oddity: str
    data_at: int = 0

    @property
    def encrypted(self) -> bool:
        """By any of the three ways, AES (method 99) included."""
        return bool(self.flags & (_ENCRYPTED | _STRONG | _MASKED)) or self.method == 99


@dataclass(slots=True)
class Directory:
    """The central directory and where it stands. ``odd``: something to look at twice, so members go to the antivirus one by one."""

    start: int
    end: int
    records: list[Record] = field(default_factory=list)
    zip64: bool = False
    odd: bool = False
    shift: int = 0  # bytes before the archive that its offsets do not count
    trailing: int = 0
    comment: int = 0


def read_directory(file: BinaryIO, size: int) -> Directory:
    """Find and read the central directory. ``Broken`` when there is none, or it is one volume of several."""
    at, end = _find_end(file, size)
    _, disk, first_disk, here, total, length, offset, comment = end
    zip64 = _read_end64(file, at)
    last = at
    if zip64 is not None:
        disk, first_disk, here, total, length, offset, last = zip64
    if disk or first_disk or here != total:
        raise Broken("archive.split")
    start = last - length
    if start < 0 or length > _MOST_BYTES_OF_DIRECTORY or offset > start:
        raise Broken("archive.damaged", detail="⟦оглавление|central directory⟧")
    directory = Directory(start, last, zip64=zip64 is not None, shift=start - offset, comment=comment)
    directory.trailing = size - (at + _END.size + comment)
    file.seek(start)
    _read_records(file.read(length), total, directory)
    return directory


def _find_end(file: BinaryIO, size: int) -> tuple[int, tuple[bytes, int, int, int, int, int, int, int]]:
    window = min(size, 2 * _FULL16 + _END.size)
    file.seek(size - window)
    tail = file.read(window)
    at = len(tail)
    while (at := tail.rfind(b"PK\5\6", 0, at)) >= 0:
        if at + _END.size <= len(tail):
            end = _END.unpack_from(tail, at)
            if at + _END.size + end[7] <= len(tail):
                return size - window + at, end
    file.seek(0)
    if file.read(4) == b"PK\7\x08":
        raise Broken("archive.split")
    raise Broken("format.truncated", detail="⟦нет конца оглавления|no end of central directory⟧")


def _read_end64(file: BinaryIO, end: int) -> tuple[int, int, int, int, int, int, int] | None:
    if end < _END64_LOCATOR.size:
        return None
    file.seek(end - _END64_LOCATOR.size)
    locator = file.read(_END64_LOCATOR.size)
    if not locator.startswith(b"PK\6\7"):
        return None
    at = end - _END64_LOCATOR.size - _END64.size
    file.seek(max(at, 0))
    row = file.read(_END64.size)
    if at < 0 or not row.startswith(b"PK\6\6"):
        raise Broken("archive.damaged", detail="zip64")
    _, _, _, _, disk, first_disk, here, total, length, offset = _END64.unpack(row)
    return disk, first_disk, here, total, length, offset, at


def _read_records(rows: bytes, total: int, directory: Directory) -> None:
    at = 0
    while at < len(rows):
        if rows[at : at + 4] == b"PK\5\5":  # a digital signature may end the directory
            break
        if at + _CENTRAL.size > len(rows) or rows[at : at + 4] != b"PK\1\2":
            raise Broken("archive.damaged", detail="⟦оглавление|central directory⟧")
        row = _CENTRAL.unpack_from(rows, at)
        name_at = at + _CENTRAL.size
        name_end, extra_end = name_at + row[12], name_at + row[12] + row[13]
        directory.records.append(_record(row, rows[name_at:name_end], rows[name_end:extra_end], directory.shift))
        at = extra_end + row[14]
    if len(directory.records) != total:
        raise Broken("archive.damaged", detail=f"{len(directory.records)} ≠ {total}")


def _record(row: tuple[int, ...], raw_name: bytes, extra: bytes, shift: int) -> Record:
    host, flags, method, crc = row[2], row[5], row[6], row[9]
    packed, size, at = _wide(extra, size=row[11], packed=row[10], at=row[18])
    name = decoded(raw_name, flags, extra)
    kind, oddity = ("folder", "") if name.endswith("/") else ("file", "")
    if host in (_UNIX, _MACOS):
        kind, oddity = _KINDS.get(stat.S_IFMT(row[17] >> 16), (kind, oddity))
    return Record(raw_name, name, method, flags, crc, packed, size, at + shift, kind, oddity)


def _extras(extra: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        number, length = struct.unpack_from("<HH", extra, at)
        fields[number] = extra[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def _wide(extra: bytes, *, size: int, packed: int, at: int) -> tuple[int, int, int]:
    """The zip64 field holds only those numbers that did not fit, in this order (4.5.3)."""
    wide = _extras(extra).get(1, b"")
    taken = 0
    numbers = [size, packed, at]
    for index, number in enumerate(numbers):
        if number == _FULL32 and taken + 8 <= len(wide):
            numbers[index] = struct.unpack_from("<Q", wide, taken)[0]
            taken += 8
    return numbers[1], numbers[0], numbers[2]


def decoded(name: bytes, flags: int = 0, extra: bytes = b"") -> str:
    """The name as its author meant it: UTF-8 if flagged or valid, the Unicode path field, cp866 (Russian Windows) or cp437."""
    if flags & _UTF8 or name.isascii():
        return name.decode("utf-8", "backslashreplace")
    path = _extras(extra).get(0x7075, b"")
    for candidate in (path[5:], name):
        try:
            if candidate:
                return candidate.decode("utf-8")
        except UnicodeDecodeError:
            continue
    russian = name.decode("cp866")
    letters = [letter for letter in russian if ord(letter) > 127]
    return russian if all("А" <= letter <= "я" or letter in "ёЁ№" for letter in letters) else name.decode("cp437")


def check_layout(file: BinaryIO, directory: Directory, subject: Subject, report: Report) -> None:
    """The entries tile the file from its first byte to the directory, and each header agrees with the directory's row."""
    expected, previous = 0, ""
    for record in sorted(directory.records, key=lambda row: row.at):
        if record.at < expected:
            raise Broken("archive.overlap", name=shown(record.name))
        if record.at > expected:
            _gap(file, expected, record.at, after=previous, subject=subject, report=report)
        expected = _local(file, record, directory, subject, report)
        previous = record.name
    if expected < directory.start:
        _gap(file, expected, directory.start, after=previous, subject=subject, report=report)
    elif expected > directory.start:
        raise Broken("archive.overlap", name=shown(previous))
    if directory.trailing > 0:
        _after(file, subject.size - directory.trailing, directory.trailing, subject, report)
    directory.odd = directory.odd or bool(report.findings)


def _local(file: BinaryIO, record: Record, directory: Directory, subject: Subject, report: Report) -> int:
    """Compare a local header with its row; the offset behind the entry."""
    file.seek(record.at)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or head[:4] != b"PK\3\4":
        raise Broken("archive.damaged", detail=f"{shown(record.name)}: ⟦заголовок|local header⟧")
    _, _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(head)
    raw_name, extra = file.read(name_length), file.read(extra_length)
    wide = 1 in _extras(extra)
    if wide:
        packed, size, _ = _wide(extra, size=size, packed=packed, at=0)
        directory.zip64 = True
    later = bool(flags & _DESCRIPTOR)
    differs = [label for label, one, other in (("⟦имя|name⟧", raw_name, record.raw_name), ("⟦метод|method⟧", method, record.method),
               ("⟦шифрование|encryption⟧", flags & _ENCRYPTED, record.flags & _ENCRYPTED)) if one != other]  # fmt: skip
    for label, one, other in (
        ("CRC-32", crc, record.crc),
        ("⟦размер|size⟧", size, record.size),
        ("⟦сжатый размер|packed⟧", packed, record.packed),
    ):
        if one != other and not (later and one in (0, _FULL32)):
            differs.append(label)
    if differs:
        report.find("archive.disagreement", subject, name=shown(record.name), detail=", ".join(differs))
    record.data_at = record.at + _LOCAL.size + name_length + extra_length
    end = record.data_at + record.packed
    if end > directory.start:
        raise Broken("format.truncated", detail=shown(record.name))
    return end + (_descriptor(file, end, record, wide=wide) if later else 0)


def _descriptor(file: BinaryIO, at: int, record: Record, *, wide: bool) -> int:
    """The length of the data descriptor (4.3.9), with or without its optional signature."""
    file.seek(at)
    row = file.read(24)
    for signature in (b"PK\7\x08", b""):
        for numbers in ("<LQQ", "<LLL") if wide else ("<LLL", "<LQQ"):
            body = row[len(signature) : len(signature) + struct.calcsize(numbers)]
            fits = row.startswith(signature) and len(body) == struct.calcsize(numbers)
            if fits and struct.unpack(numbers, body) == (record.crc, record.packed, record.size):
                return len(signature) + len(body)
    raise Broken("archive.disagreement", name=shown(record.name), detail="⟦описатель|data descriptor⟧")


def _gap(file: BinaryIO, start: int, end: int, *, after: str, subject: Subject, report: Report) -> None:
    file.seek(start)
    piece = file.read(min(end - start, _PADDING + 1))
    if len(piece) <= _PADDING and not piece.strip(b"\0") and after:
        return
    if piece.startswith((b"MZ", b"\x7fELF", b"#!")):
        report.find("archive.self_extracting", subject, detail=f"⟦{end - start}⟧")
        return
    report.find("archive.hidden", subject, place=str(start), detail=f"⟦{end - start}⟧")


def _after(file: BinaryIO, start: int, length: int, subject: Subject, report: Report) -> None:
    file.seek(start)
    piece = file.read(min(length, _AFTER))
    if any(mark in piece for mark in (b"PK\3\4", b"MZ", b"\x7fELF", b"<script", b"%PDF")):
        report.find("archive.hidden", subject, place=str(start), detail=f"⟦{length}⟧")
    else:
        report.find("format.trailing", subject, bytes=length)
