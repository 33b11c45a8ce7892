"""What a file is, by its content (M5): an own table of magic bytes first, libmagic for what the table does not know.

Text formats (csv, json, md) have no magic: there the extension says which of them is meant, once the content is text at all.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile, ZipFile

HEAD = 65_536

FORMAT_OF_EXTENSION = {
    ".csv": "csv", ".feather": "feather", ".parquet": "parquet", ".json": "json", ".jpeg": "jpeg", ".jpg": "jpeg", ".png": "png",
    ".wav": "wav", ".avi": "avi", ".zip": "zip", ".7z": "7z", ".tar.gz": "tar.gz", ".tgz": "tar.gz", ".pdf": "pdf", ".doc": "doc",
    ".docx": "docx", ".md": "md", ".h5": "h5", ".hdf5": "h5", ".pickle": "pickle", ".pkl": "pickle",
}  # fmt: skip

# format -> module of backoffice.inspection.formats
MODULES = {
    **{name: name for name in ("csv", "json", "feather", "parquet", "jpeg", "png", "wav", "avi", "pdf", "doc", "docx", "h5", "pickle", "pe",
                               "elf", "zip", "text")},
    "md": "markdown", "pyc": "bytecode", "7z": "sevenz", "tar.gz": "targz", "tar": "targz",
}  # fmt: skip

_SAID = {  # to people; other formats are called by their names
    "pe": "⟦программа для Windows|a Windows program⟧", "elf": "⟦программа для Linux|a Linux program⟧",
    "macho": "⟦программа для macOS|a macOS program⟧", "shell": "⟦сценарий командной строки|a shell script⟧",
    "pyc": "⟦байт-код Python|Python bytecode⟧", "java-class": "⟦класс Java|a Java class⟧", "text": "⟦текст|text⟧",
    "html": "⟦страница HTML|an HTML page⟧", "ole": "⟦документ OLE|an OLE document⟧", "unknown": "⟦что-то незнакомое|something unknown⟧",
    "empty": "⟦пусто|nothing⟧", "riff": "⟦RIFF незнакомого вида|RIFF of an unknown kind⟧",
}  # fmt: skip
ARCHIVES = ("zip", "7z", "tar.gz", "tar")
EXECUTABLES = ("pe", "elf", "macho", "shell", "java-class", "msi", "wasm", "pyc")
TEXTUAL = ("csv", "json", "md", "text")

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"), (0, b"PK\x05\x06", "zip"), (0, b"PK\x07\x08", "zip"), (0, b"PK00PK\x03\x04", "zip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"), (0, b"\x1f\x8b", "gzip"), (257, b"ustar", "tar"),
    (0, b"%PDF-", "pdf"), (0, b"\x89PNG\r\n\x1a\n", "png"), (0, b"\xff\xd8\xff", "jpeg"), (0, b"ARROW1\x00\x00", "feather"),
    (0, b"FEA1", "feather"), (0, b"PAR1", "parquet"), (0, b"PARE", "parquet"), (0, b"\x89HDF\r\n\x1a\n", "h5"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (0, b"\x7fELF", "elf"), (0, b"{\\rtf", "rtf"),
    (0, b"GIF87a", "gif"), (0, b"GIF89a", "gif"), (0, b"Rar!\x1a\x07", "rar"), (0, b"BZh", "bzip2"), (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"), (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"\x93NUMPY", "npy"), (0, b"\xca\xfe\xba\xbe", "java-class"), (0, b"\xcf\xfa\xed\xfe", "macho"),
    (0, b"\xce\xfa\xed\xfe", "macho"), (0, b"\xfe\xed\xfa\xcf", "macho"), (0, b"SQLite format 3\x00", "sqlite"), (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"), (0, b"ID3", "mp3"), (0, b"II*\x00", "tiff"), (0, b"MM\x00*", "tiff"), (0, b"\x00asm", "wasm"), (4, b"TFL3", "tflite"),
    (0, b"GGUF", "gguf"), (4, b"ftyp", "mp4"), (0, b"\x1aE\xdf\xa3", "matroska"), (0, b"Obj\x01", "avro"), (0, b"ORC", "orc"),
    (0, b"MSCF", "cab"), (0, b"\xed\xab\xee\xdb", "rpm"), (0, b"!<arch>\n", "ar"),
)  # fmt: skip
# One look for the many members that are nothing of this.
_STARTS = tuple(magic for at, magic, _ in _MAGIC if not at)
_LATER = tuple((at, magic) for at, magic, _ in _MAGIC if at)
# The code of a compiled Python module: two bytes of version, \r\n (CPython's Lib/importlib/_bootstrap_external.py).
_PYC_VERSIONS = range(3000, 3800)
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<script", b"<body")
_CONTROL = bytes((*range(1, 9), *range(14, 27), 28, 29, 30, 31))
_NUL_TOLERATED = 0.02  # of a text: a damaged .csv is still a .csv, and its examiner says what is wrong


def said(detected: str) -> str:
    """The format as a sentence names it, in both languages (``sentences.spoken``)."""
    return _SAID.get(detected, detected)


def extension(name: str) -> str:
    """The extension as the slots policy knows it, lower case, ``.tar.gz`` in one piece; empty without one."""
    lower = name.replace("\\", "/").rpartition("/")[2].lower()
    if lower.endswith(".tar.gz"):
        return ".tar.gz"
    stem, dot, last = lower.rpartition(".")
    return f".{last}" if dot and stem else ""


def head_of(path: Path) -> bytes:
    """The bytes that ``detect`` looks at; all of a small file."""
    with path.open("rb", 0) as file:
        return file.read(HEAD)


def detect(path: Path, name: str, head: bytes | None = None) -> str:
    """The format's name: one of ``MODULES``, another known one, a media type as libmagic tells it, or ``unknown``.

    ``head`` is ``head_of(path)`` where it was read already: opening a small file anew costs more than looking at it.
    """
    head = head_of(path) if head is None else head
    found = by_magic(head, name)
    if FORMAT_OF_EXTENSION.get(extension(name)) == "pickle" and _bare_or_packed_pickle(head, found):
        return "pickle"
    if found == "zip":
        return _kind_of_zip(path, head)
    if found == "ole":
        return _kind_of_ole(path, name)
    if found == "gzip":
        return _kind_of_gzip(path)
    if found:
        return found
    return _h5_later(path) or _by_libmagic(head)


@lru_cache(maxsize=1)
def by_magic(head: bytes, name: str) -> str:
    """The format as far as its first bytes tell; empty when they do not. Of a small member it is asked twice in a row."""
    if head.startswith(_STARTS) or any(head.startswith(magic, at) for at, magic in _LATER):
        return next(found for at, magic, found in _MAGIC if head.startswith(magic, at))
    for test in (_riff, _pe, _pickle, _pyc):
        if known := test(head):
            return known
    return _textual(head, name)


def somebody_may_look(head: bytes, name: str) -> bool:
    """Whether an examiner may want the whole of a file that starts so. No for weights and other formats without one."""
    found = by_magic(head, name)
    return found in MODULES or found in ("ole", "gzip") or extension(name) in FORMAT_OF_EXTENSION


def _riff(head: bytes) -> str:
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return {b"WAVE": "wav", b"AVI ": "avi", b"WEBP": "webp"}.get(head[8:12], "riff")
    return ""


def _pe(head: bytes) -> str:
    if not head.startswith(b"MZ"):
        return ""
    at = struct.unpack_from("<I", head, 0x3C)[0] if len(head) >= 0x40 else 0
    # Past the head we read, or cut off: MZ and binary is enough to treat it as a program.
    return "pe" if head[at : at + 4] == b"PE\0\0" or at > len(head) or b"\0" in head[:64] else ""


def _pickle(head: bytes) -> str:
    return "pickle" if len(head) >= 2 and head[0] == 0x80 and 2 <= head[1] <= 5 else ""


def _bare_or_packed_pickle(head: bytes, found: str) -> bool:
    """joblib packs its pickles whole; protocols 0 and 1 begin with any of their opcodes. Their examiner refuses what is no pickle."""
    zlib_header = head[:1] == b"\x78" and int.from_bytes(head[:2], "big") % 31 == 0
    return found in ("gzip", "bzip2", "xz", "lz4") or (not found and (zlib_header or head[:1] in b"(])}cNIJKLMTUVXFG"))


def _pyc(head: bytes) -> str:
    return "pyc" if len(head) >= 16 and head[2:4] == b"\r\n" and int.from_bytes(head[:2], "little") in _PYC_VERSIONS else ""


def _textual(head: bytes, name: str) -> str:
    if head and not is_text(head):
        return ""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    wanted = FORMAT_OF_EXTENSION.get(extension(name), "")
    if start.startswith(_MARKUP) and wanted != "md":
        return "html"
    if wanted == "pickle":
        return "pickle"  # protocol 0 is text
    if wanted in TEXTUAL:
        return wanted
    if start.startswith((b"#!/bin/", b"#!/usr/bin/")):
        return "shell" if b"sh" in start.split(b"\n")[0] else "text"
    return "text"


def is_text(head: bytes) -> bool:
    """Whether these bytes are text in UTF-8, UTF-16 with a mark, or a Cyrillic or Latin code page."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    odd = len(head) - len(head.translate(None, _CONTROL))
    nuls = head.count(0)
    if nuls and nuls > len(head) * _NUL_TOLERATED:
        return False
    if odd > len(head) * 0.01:
        return False
    try:
        head[: len(head) - 4].decode("utf-8")
    except UnicodeDecodeError as problem:
        return problem.end >= len(head) - 8 or _looks_like_code_page(head)
    return True


def _looks_like_code_page(head: bytes) -> bool:
    """cp1251, cp866 and koi8-r texts are mostly letters and punctuation; compressed data spread evenly over all 256 values."""
    plain = sum(head.count(code) for code in (9, 10, 13, *range(32, 127)))
    control = len(head) - plain - sum(head.count(code) for code in range(128, 256))
    letters = sum(head.count(code) for code in (*range(0xC0, 0x100), *range(0x80, 0xB0), *range(0xE0, 0xF0)))
    return control <= len(head) * 0.005 and (plain > len(head) * 0.5 or letters > len(head) * 0.2)


def _kind_of_zip(path: Path, head: bytes) -> str:
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError, struct.error):
        names = {"word/document.xml", "[Content_Types].xml"} if b"word/document.xml" in head else set()
    if "[Content_Types].xml" in names:
        for part, found in (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("ppt/presentation.xml", "pptx")):
            if part in names:
                return found
    return "zip"


def _kind_of_ole(path: Path, name: str) -> str:
    import olefile  # slow to import, seldom needed

    try:
        with olefile.OleFileIO(str(path)) as document:
            if document.exists("WordDocument"):
                return "doc"
            if document.exists("EncryptedPackage") and extension(name) == ".docx":
                return "docx"  # closed by a password: its examiner says so
            return (
                "xls" if document.exists("Workbook") or document.exists("Book") else "msi" if _is_installer(document) else "ole"
            )
    except Exception:  # noqa: BLE001  (a broken container is still one; the examiner of .doc says what is wrong)
        return "doc" if "WordDocument".encode("utf-16-le") in path.read_bytes()[: 1 << 24] else "ole"


def _is_installer(document: object) -> bool:
    root = getattr(document, "root", None)
    return str(getattr(root, "clsid", "")).upper().startswith("000C1084")


def _kind_of_gzip(path: Path) -> str:
    import gzip
    import zlib

    try:
        with gzip.open(path) as stream:
            start = stream.read(512)
    except (OSError, EOFError, zlib.error):
        return "tar.gz"  # damaged at its very start: the examiner of archives says how
    return "tar.gz" if start[257:262] == b"ustar" or _old_tar(start) else "gzip"


def _old_tar(block: bytes) -> bool:
    """A V7 header has no magic: its checksum tells (POSIX.1-1988 tar)."""
    if len(block) < 512:
        return False
    try:
        claimed = int(block[148:156].strip(b"\0 ") or b"0", 8)
    except ValueError:
        return False
    return claimed == sum(block[:148]) + 8 * 32 + sum(block[156:512]) and bool(block[0])


def _h5_later(path: Path) -> str:
    """HDF5 may start with a user block: its signature stands at 512, 1024, 2048 …"""
    size, at = path.stat().st_size, 512
    with path.open("rb") as file:
        while at < min(size, 1 << 26):
            file.seek(at)
            if file.read(8) == b"\x89HDF\r\n\x1a\n":
                return "h5"
            at *= 2
    return ""


def _by_libmagic(head: bytes) -> str:
    try:
        import magic

        found: str = magic.from_buffer(head[:4096], mime=True)
    except (ImportError, OSError):
        return "unknown"
    return "unknown" if found in ("application/octet-stream", "text/plain") else found


# joblib compresses its pickles with zlib; people call them .pkl all the same.
_ALSO = {"pickle": ("application/zlib", "application/x-compress")}


def accepts(extension_format: str, detected: str) -> bool:
    """Whether content ``detected`` may carry an extension that promises ``extension_format``."""
    return detected == extension_format or detected in _ALSO.get(extension_format, ())
