"""The bytes of a JSON file as its parser wants them: in UTF-8, without a mark, and with null where Python wrote NaN or Infinity."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import BinaryIO

# A whole string, the rest of one that began in an earlier piece is matched by _INSIDE; or one of the words that are no JSON.
_STRING_OR_WORD = re.compile(rb'"(?:[^"\\]+|\\.)*"|"(?:[^"\\]+|\\.)*\\?\Z|-?Infinity|NaN', re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]+|\\.)*', re.DOTALL)
_PART_OF_A_WORD = re.compile(rb"[-A-Za-z]{1,9}\Z")


# An escaped backslash; a surrogate pair; at the end of a piece what may become one of these in the next; half a pair.
_ESCAPES = re.compile(
    rb"""\\(?: \\
    | u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}
    | (?P<cut> (?: u(?: [\da-fA-F]{0,3} | [dD][89abAB][\da-fA-F]{2}(?: \\(?: u[\da-fA-F]{0,3} )? )? ) )? \Z )
    | (?P<half> u[dD][89a-fA-F][\da-fA-F]{2} ) )""",
    re.VERBOSE,
)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PAIR = 12  # bytes of one, escaped

_DIGITS = 1000  # a run of twice as many has a whole block of them at a multiple of this


class ManyDigits(Exception):  # noqa: N818  (a fact, not a failure)
    """Thousands of digits in a row. As a number they crash yajl's Python binding; in a string they are nothing special."""


class Utf8:
    """A file object: ``read`` gives UTF-8 whatever the file is written in. Raises UnicodeDecodeError, and ManyDigits if ``wary``."""

    def __init__(self, file: BinaryIO, encoding: str, *, wary: bool, progress: Callable[[int, int], None] | None = None) -> None:
        self._progress = progress
        self.at = 0  # bytes of the file read so far
        self.lines = 0  # line ends among them
        self._wary = wary
        self._file = file
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # ijson asks for nothing first, to see whether it is given bytes or text
            return b""
        while data := self._file.read(size if size > 0 else 1 << 20):
            self.at += len(data)
            if self._progress is not None:
                self._progress(self.at, 0)
            self.lines += data.count(b"\n")
            if self._wary and any(data[start : start + _DIGITS].isdigit() for start in range(0, len(data) - _DIGITS, _DIGITS)):
                raise ManyDigits
            if self._decoder is None:
                return data
            if text := self._decoder.decode(data).encode("utf-8", "surrogatepass"):
                return text
        return b"" if self._decoder is None else self._decoder.decode(b"", final=True).encode()


class WholePairs:
    """The same bytes with each half of a surrogate pair that stands alone (``\\ud800``) replaced by ``\\ufffd``, counted.

    RFC 8259 (8.2) allows them and leaves open what they mean: yajl turns one half into "?" and the other into bytes that are no UTF-8.
    """

    def __init__(self, source: Utf8) -> None:
        self.count = 0
        self._source, self._held = source, b""

    def read(self, size: int = -1) -> bytes:
        if size == 0:
            return b""
        while True:
            piece = self._source.read(size)
            data, self._held = self._held + piece, b""
            if b"\\" in data[-_PAIR:] or _SURROGATE.search(data):
                data = _ESCAPES.sub(self._instead if piece else self._at_the_end, data)
            if data or not piece:
                return data

    def _instead(self, found: re.Match[bytes]) -> bytes:
        if found["cut"] is not None:
            self._held = found[0]
            return b""
        return self._at_the_end(found)

    def _at_the_end(self, found: re.Match[bytes]) -> bytes:
        if found["half"] is None:
            return found[0]
        self.count += 1
        return rb"\ufffd"


class WithoutNan:
    """The same bytes with each NaN and Infinity outside of strings replaced by null, counted."""

    def __init__(self, source: WholePairs) -> None:
        self.count = 0
        self._source, self._held, self._inside = source, b"", False

    def read(self, size: int = -1) -> bytes:
        if size == 0:
            return b""
        while True:
            data = self._source.read(size)
            told = self._filtered(self._held + data, last=not data)
            if told or not data:
                return told

    def _filtered(self, data: bytes, *, last: bool) -> bytes:
        self._held, begun = b"", b""
        if self._inside:
            end = _end_of_string(data)
            if data[end : end + 1] != b'"':
                self._held = b"" if last else data[end:]
                return data if last else data[:end]
            self._inside, begun, data = False, data[: end + 1], data[end + 1 :]
        told = _STRING_OR_WORD.sub(self._instead, data)
        if self._inside and told.endswith(b"\\") and not last and _dangling(told):
            told, self._held = told[:-1], b"\\"
        elif not self._inside and not last and (part := _PART_OF_A_WORD.search(told)):
            told, self._held = told[: part.start()], part[0]
        return begun + told

    def _instead(self, found: re.Match[bytes]) -> bytes:
        text = found[0]
        if text.startswith(b'"'):
            self._inside = len(text) == 1 or text[-1:] != b'"' or _end_of_string(text[1:]) != len(text) - 2
            return text
        self.count += 1
        return b"null"


def _end_of_string(data: bytes) -> int:
    found = _INSIDE.match(data)
    return found.end() if found else 0


def _dangling(text: bytes) -> bool:
    """Whether the text ends in a backslash that escapes what is yet to come."""
    return (len(text) - len(text.rstrip(b"\\"))) % 2 == 1
