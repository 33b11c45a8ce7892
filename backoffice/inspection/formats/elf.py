"""Linux programs and libraries (System V ABI, chapter 4): the headers agree with the file. What the code does stays opaque (A10)."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass

from backoffice.inspection.formats import _binaries as binaries
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "elf"
VERSION = "1"

_MACHINES = {3: "x86", 40: "ARM", 62: "x86-64", 183: "ARM64", 243: "RISC-V", 8: "MIPS", 21: "PowerPC64", 22: "S390"}
_KINDS = {
    1: "⟦объектный файл|object file⟧",
    2: "⟦программа|program⟧",
    3: "⟦библиотека или программа|library or program⟧",
    4: "core",
}
_LOAD, _DYNAMIC, _NOBITS = 1, 2, 8
_NEEDED, _STRINGS = 1, 5
_MOST_NEEDED = 40


@dataclass(frozen=True, slots=True)
class _Header:
    """The file header, with the layouts that its class and byte order ask for."""

    wide: bool
    order: str  # "<" or ">"
    kind: int
    machine: int
    segments: tuple[tuple[int, int, int, int], ...]  # type, offset, address, bytes in the file
    sections_end: int


def examine(subject: Subject, report: Report) -> None:
    """Check that every segment and section lies in the file; look at what follows the last one."""
    with subject.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header = _header(data, subject.size)
        ends = [offset + size for _, offset, _, size in header.segments]
        end = max([64 if header.wide else 52, header.sections_end, *ends])
        if end > subject.size:
            raise Broken("format.truncated", detail=missing(subject.size, end))
        extra = binaries.after_the_end(data, end, subject, report)
        summary = [
            ("⟦Вид|kind⟧", _KINDS.get(header.kind, str(header.kind))),
            (
                "⟦Платформа|platform⟧",
                f"Linux {_MACHINES.get(header.machine, header.machine)}, {64 if header.wide else 32} ⟦бит|bits⟧",
            ),
            ("⟦Нужны библиотеки|needs⟧", ", ".join(_needed(data, header))),
            ("⟦После конца|after the end⟧", f"⟦{extra}⟧" if extra else ""),
        ]
        binaries.show(data, summary, report)
    report.cover(opaque=1, size=subject.size)


def _header(data: mmap.mmap, size: int) -> _Header:
    if size < 52 or data[4] not in (1, 2) or data[5] not in (1, 2):
        raise Broken("format.damaged" if size >= 52 else "format.truncated", detail="ELF")
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    if wide and size < 64:
        raise Broken("format.truncated", detail="ELF")
    layout = order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH")
    kind, machine, version, _, segments_at, sections_at, _, _, segment, segments, section, sections, _ = struct.unpack_from(
        layout, data, 16
    )
    if version != 1 or kind not in _KINDS:
        raise Broken("format.damaged", detail="ELF")
    if segments_at + segment * segments > size or sections_at + section * sections > size:
        raise Broken(
            "format.truncated", detail=missing(size, max(segments_at + segment * segments, sections_at + section * sections))
        )
    found = tuple(_segment(data, segments_at + index * segment, wide=wide, order=order) for index in range(segments))
    end = _sections_end(data, sections_at, sections, section, wide=wide, order=order)
    if not segments and not sections:
        raise Broken("format.damaged", detail="⟦ни сегментов, ни секций|neither segments nor sections⟧")
    return _Header(wide, order, kind, machine, found, end)


def _segment(data: mmap.mmap, at: int, *, wide: bool, order: str) -> tuple[int, int, int, int]:
    if wide:
        kind, _, offset, address, _, size = struct.unpack_from(order + "IIQQQQ", data, at)
    else:
        kind, offset, address, _, size = struct.unpack_from(order + "IIIII", data, at)
    return kind, offset, address, size


def _sections_end(data: mmap.mmap, at: int, count: int, width: int, *, wide: bool, order: str) -> int:
    end = at + count * width if count else 0
    for index in range(count):
        row = at + index * width
        kind = struct.unpack_from(order + "I", data, row + 4)[0]
        offset, size = struct.unpack_from(order + ("QQ" if wide else "II"), data, row + (24 if wide else 16))
        if kind not in (0, _NOBITS):
            end = max(end, offset + size)
    return end


def _needed(data: mmap.mmap, header: _Header) -> list[str]:
    """The shared libraries it asks for; as many as can be read, since nothing depends on them here."""
    width, layout = (16, header.order + "QQ") if header.wide else (8, header.order + "II")
    for kind, offset, _, size in header.segments:
        if kind != _DYNAMIC:
            continue
        rows = [struct.unpack_from(layout, data, offset + at) for at in range(0, min(size, 1 << 16) - width + 1, width)]
        strings = next((value for tag, value in rows if tag == _STRINGS), 0)
        base = next((o + strings - a for k, o, a, s in header.segments if k == _LOAD and a <= strings < a + s), None)
        if base is not None:
            return [_name(data, base + value) for tag, value in rows if tag == _NEEDED][:_MOST_NEEDED]
    return []


def _name(data: mmap.mmap, at: int) -> str:
    end = data.find(b"\0", at, at + 200)
    return data[at:end].decode("utf-8", "replace") if 0 <= at < end else "?"
