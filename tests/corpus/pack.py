"""Building archives byte by byte, so that they can be wrong in exactly one way."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import py7zr

PE_AT = 0x80


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An ordinary zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 3, 1, 12, 0, 0)), data, method)
    return packed.getvalue()


def zip_with(rows: Iterable[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip with rows made by hand: modes, flags, odd names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in rows:
            archive.writestr(info, data)
    return packed.getvalue()


def row(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """A row as a Unix zip writes it."""
    info = zipfile.ZipInfo(name, (2025, 3, 1, 12, 0, 0))
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def raw_zip(entries: Iterable[tuple[bytes, bytes, Mapping[str, int | bytes]]]) -> bytes:
    """A stored zip written by hand. Each entry: raw name, data, and what to say otherwise in ``local_…`` or ``central_…`` fields."""
    body, directory, count = b"", b"", 0
    for name, data, lies in entries:
        at, crc, size = int(lies.get("at", len(body))), zlib.crc32(data), len(data)
        flags, method = int(lies.get("flags", 0)), int(lies.get("method", 0))
        local_name = bytes(lies.get("local_name", name))  # type: ignore[arg-type]
        body += struct.pack(
            "<4s2B4H3L2H", b"PK\3\4", 20, 0, flags, int(lies.get("local_method", method)), 0, 33, int(lies.get("local_crc", crc)), size,
            int(lies.get("local_size", size)), len(local_name), 0,
        ) + local_name + data  # fmt: skip
        directory += struct.pack(
            "<4s4B4H3L5H2L", b"PK\1\2", 20, 0, 20, 0, flags, method, 0, 33, int(lies.get("central_crc", crc)),
            int(lies.get("central_packed", size)), int(lies.get("central_size", size)), len(name), 0, 0, 0, 0, 0, at,
        ) + name  # fmt: skip
        count += 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def tarred(rows: Iterable[tuple[tarfile.TarInfo | str, bytes]], *, kind: int = tarfile.PAX_FORMAT) -> bytes:
    """A plain tar."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=kind) as archive:
        for info, data in rows:
            made = tarfile.TarInfo(info) if isinstance(info, str) else info
            made.size = len(data) if made.isreg() else 0
            archive.addfile(made, io.BytesIO(data))
    return packed.getvalue()


def tar_row(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A row that is no file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def gzipped(data: bytes) -> bytes:
    """One gzip member without a time in it."""
    return gzip.compress(data, mtime=0)


def sevened(members: Mapping[str, bytes], **options: object) -> bytes:
    """A 7z archive."""
    packed = io.BytesIO()
    with py7zr.SevenZipFile(packed, "w", **options) as archive:  # type: ignore[arg-type]
        for name, data in members.items():
            archive.writestr(data, name)
    return packed.getvalue()


def tiny_pe(*, dotnet: bool = False, library: bool = True) -> bytes:
    """The headers of a 64-bit Windows library (or program), and one section."""
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x2022 if library else 0x0022)
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0x200, 0, 0, 0x1000, 0x1000)
    optional += struct.pack("<QIIHHHHHHIIIIHH", 0x180000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x2000, 0x200, 0, 3, 0x160)
    optional += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    directories = [(0, 0)] * 16
    if dotnet:
        directories[14] = (0x1000, 72)
    optional += b"".join(struct.pack("<II", *directory) for directory in directories)
    section = struct.pack("<8sIIIIIIHHI", b".text", 0x200, 0x1000, 0x200, 0x200, 0, 0, 0, 0, 0x60000020)
    dos = b"MZ" + bytes(58) + struct.pack("<I", PE_AT) + bytes(PE_AT - 64)
    return (dos + b"PE\0\0" + coff + optional + section).ljust(0x200, b"\0") + b"\xc3".ljust(0x200, b"\xcc")


def tiny_elf() -> bytes:
    """A 64-bit shared object: the header, one loadable segment, nothing else."""
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 120, 120, 0x1000)


def write(data: bytes) -> Writer:
    """A case's ``build`` from bytes known beforehand."""
    return Writer(data)


class Writer:
    """Writes the same bytes whenever called."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __call__(self, path: Path) -> None:
        path.write_bytes(self.data)
