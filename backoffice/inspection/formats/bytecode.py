"""Python bytecode (.pyc): walked by the layout of ``marshal``, never loaded. What the code does stays opaque (A10)."""

from __future__ import annotations

import mmap
from pathlib import PurePosixPath

from backoffice.inspection.formats import _binaries as binaries
from backoffice.inspection.report import Broken, Report, Subject

NAME = "pyc"
VERSION = "1"

_HEADER = 16  # bytes since Python 3.7 (PEP 552)
# The first magic number of each version (Lib/importlib/_bootstrap_external.py)
_VERSIONS = ((3390, 7), (3400, 8), (3420, 9), (3430, 10), (3450, 11), (3500, 12), (3550, 13), (3600, 14))
_NEWEST = 3650
_SHORT, _LONG, _MOST_DEPTH = b"zZ", b"sutaA", 2_000
_MOST_NAMES = 60


def examine(subject: Subject, report: Report) -> None:
    """Walk the code object to its end, and show which names it uses."""
    with subject.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        magic = int.from_bytes(data[:2], "little")
        minor = next((minor for first, minor in reversed(_VERSIONS) if magic >= first), 0) if magic < _NEWEST else 0
        names: list[str] = []
        if minor:
            walk = _Walk(data, subject.size, minor)
            end = walk.value(_HEADER)
            names = list(dict.fromkeys(walk.names))
            if end < subject.size:
                report.find("format.trailing", subject, place=str(end), bytes=subject.size - end)
        summary = [
            ("⟦Вид|kind⟧", "⟦байт-код Python|Python bytecode⟧"),
            ("⟦Версия|version⟧", f"Python 3.{minor}" if minor else f"magic {magic}"),
            ("⟦Исходный файл|source⟧", walk.source if minor else ""),
            ("⟦Имена|names⟧", ", ".join(names[:_MOST_NAMES])),
        ]
        binaries.show(data, summary, report)
    report.cover(opaque=1, size=subject.size)


class _Walk:
    """The marshal format (Python/marshal.c), as far as code objects use it: only lengths are followed, nothing is built."""

    def __init__(self, data: mmap.mmap, size: int, minor: int) -> None:
        self.data, self.size, self.minor = data, size, minor
        self.names: list[str] = []
        self.source = ""

    def value(self, at: int, depth: int = 0) -> int:
        """The offset behind the value at ``at``."""
        if depth > _MOST_DEPTH:
            raise Broken("format.damaged", detail="⟦вложенность|nesting⟧")
        if at >= self.size:
            raise Broken("format.truncated", detail="marshal")
        kind, at = self.data[at] & 0x7F, at + 1
        letter = bytes([kind])
        if letter in (b"N", b"T", b"F", b".", b"S", b"0"):
            return at
        if letter in (b"i", b"r"):
            return self._past(at + 4)
        if letter == b"g":
            return self._past(at + 8)
        if letter in (b"I", b"y"):
            return self._past(at + (8 if letter == b"I" else 16))
        if letter == b"c":
            return self._code(at, depth)
        if letter in (b"(", b")", b"[", b"<", b">", b"{", b":"):
            return self._container(letter, at, depth)
        return self._sized(letter, at)

    def _past(self, at: int) -> int:
        if at > self.size:
            raise Broken("format.truncated", detail="marshal")
        return at

    def _number(self, at: int) -> int:
        return int.from_bytes(self.data[at : self._past(at + 4)], "little", signed=True)

    def _sized(self, letter: bytes, at: int) -> int:
        if letter in (b"z", b"Z"):
            start, length = self._past(at + 1), self.data[at]
        elif letter in (b"s", b"u", b"t", b"a", b"A"):
            start, length = at + 4, self._number(at)
        elif letter == b"l":
            return self._past(at + 4 + 2 * abs(self._number(at)))
        else:
            raise Broken("format.damaged", place=str(at), detail=f"marshal: {letter!r}")
        if length < 0:
            raise Broken("format.damaged", place=str(at), detail="marshal")
        end = self._past(start + length)
        if letter in (b"z", b"Z", b"a", b"A") and length < 60:
            self._name(bytes(self.data[start:end]).decode("ascii", "replace"))
        return end

    def _name(self, text: str) -> None:
        if text.isidentifier() and len(self.names) < 10_000:
            self.names.append(text)
        elif text.endswith(".py") and not self.source:
            self.source = PurePosixPath(text.replace("\\", "/")).name

    def _container(self, letter: bytes, at: int, depth: int) -> int:
        if letter == b"{":
            while self.data[self._past(at + 1) - 1] & 0x7F != ord("0"):
                at = self.value(self.value(at, depth + 1), depth + 1)
            return at + 1
        if letter == b":":  # a slice, since 3.14: three values
            count = 3
        else:
            self._past(at + 1)
            count, at = (self.data[at], at + 1) if letter == b")" else (self._number(at), at + 4)
        if not 0 <= count <= self.size:
            raise Broken("format.damaged", place=str(at), detail="marshal")
        for _ in range(count):
            at = self.value(at, depth + 1)
        return at

    def _code(self, at: int, depth: int) -> int:
        """Numbers, values, the first line, the tables: by version."""
        if self.minor >= 11:
            numbers, before, after = 5, 8, 2
        else:
            numbers, before, after = (6 if self.minor >= 8 else 5), 8, 1
        at = self._past(at + 4 * numbers)
        for _ in range(before):
            at = self.value(at, depth + 1)
        at = self._past(at + 4)
        for _ in range(after):
            at = self.value(at, depth + 1)
        return at
