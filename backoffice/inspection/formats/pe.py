"""Windows programs and libraries (Microsoft PE format): the headers agree with the file. What the code does stays opaque (A10)."""

from __future__ import annotations

import mmap
from typing import Any

import pefile

from backoffice.inspection.formats import _binaries as binaries
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "pe"
VERSION = "1"

_MACHINES = {0x14C: "x86", 0x8664: "x86-64", 0xAA64: "ARM64", 0x1C0: "ARM", 0x1C4: "ARM"}
_CERTIFICATES = 4  # the data directory whose address is an offset in the file


def examine(subject: Subject, report: Report) -> None:
    """Check that every section lies in the file; look at what follows the last one."""
    with subject.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            image = pefile.PE(data=data, fast_load=True)
        except pefile.PEFormatError as problem:
            raise Broken("format.damaged", detail=str(problem).strip("'\"")[:200]) from problem
        try:
            end = _check(image, subject)
            extra = binaries.after_the_end(data, end, subject, report)
            binaries.show(data, _summary(image, extra), report)
        finally:
            image.close()
    report.cover(opaque=1, size=subject.size)


def _check(image: Any, subject: Subject) -> int:
    """The offset behind the last section and the signature."""
    if not image.sections:
        raise Broken("format.damaged", detail="⟦нет секций|no sections⟧")
    end = int(image.OPTIONAL_HEADER.SizeOfHeaders)
    for section in image.sections:
        if section.SizeOfRawData:
            end = max(end, section.PointerToRawData + section.SizeOfRawData)
    if end > subject.size:
        raise Broken("format.truncated", detail=missing(subject.size, end))
    directories = image.OPTIONAL_HEADER.DATA_DIRECTORY
    if len(directories) > _CERTIFICATES and directories[_CERTIFICATES].Size:
        signed = directories[_CERTIFICATES].VirtualAddress + directories[_CERTIFICATES].Size
        if signed > subject.size:
            raise Broken("format.truncated", detail=f"⟦подпись|signature⟧: {missing(subject.size, signed)}")
        end = max(end, signed)
    return end


def _summary(image: Any, extra: int) -> list[tuple[str, str]]:
    machine = image.FILE_HEADER.Machine
    image.parse_data_directories(
        directories=[
            pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_IMPORT"],
            pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_EXPORT"],
        ]
    )
    imports = [row.dll.decode("ascii", "replace") for row in getattr(image, "DIRECTORY_ENTRY_IMPORT", []) if row.dll][:40]
    exported = getattr(getattr(image, "DIRECTORY_ENTRY_EXPORT", None), "symbols", [])
    names = [symbol.name.decode("ascii", "replace") for symbol in exported if symbol.name][:40]
    directories = image.OPTIONAL_HEADER.DATA_DIRECTORY
    dotnet = len(directories) > 14 and directories[14].VirtualAddress != 0
    return [
        ("⟦Вид|kind⟧", "⟦библиотека|library⟧" if image.is_dll() else "⟦программа|program⟧"),
        ("⟦Платформа|platform⟧", f"Windows {_MACHINES.get(machine, hex(machine))}"),
        (".NET", "⟦да|yes⟧" if dotnet else ""),
        (
            "⟦Секции|sections⟧",
            ", ".join(section.Name.rstrip(b"\0").decode("ascii", "replace") for section in image.sections[:30]),
        ),
        ("⟦Экспорт|exports⟧", ", ".join(names)),
        ("⟦Импорт|imports⟧", ", ".join(imports)),
        ("⟦После конца|after the end⟧", f"⟦{extra}⟧" if extra else ""),
    ]
