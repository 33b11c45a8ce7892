"""PNG (W3C PNG, third edition): every chunk with its checksum up to IEND, the compressed pixels to their end, then Pillow."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backoffice.inspection.formats import _foreign, _images
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "png"
VERSION = "2"

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIECE = 1 << 20
_MOST_CHUNK = 0x7FFFFFFF
_TEXT = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_MOST_TEXT = 16 << 20  # bytes that one text may unpack to
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Interlaced images are seven small ones (PNG, section 8.2): x and y of the first pixel, and the steps.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


_DECODED = 160 << 20  # bytes of an image in Pillow's memory
_FILTERS = 5


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @property
    def decoded(self) -> int:
        """Bytes that Pillow would hold: one or two a pixel of grey, four of colours."""
        grey = self.colour in (0, 3)
        return self.width * self.height * (4 if not grey else 2 if self.depth == 16 else 1)

    @property
    def row(self) -> int:
        """Bytes of a row, its filter byte included; 0 of an interlaced image, whose rows differ."""
        return 0 if self.interlaced else 1 + (self.width * self.depth * _CHANNELS[self.colour] + 7) // 8

    @property
    def raw(self) -> int:
        """Bytes of the unpacked pixels, filter bytes included."""
        bits = self.depth * _CHANNELS[self.colour]
        if not self.interlaced:
            return self.height * self.row
        total = 0
        for left, top, across, down in _PASSES:
            width, height = (self.width - left + across - 1) // across, (self.height - top + down - 1) // down
            total += height * (1 + (width * bits + 7) // 8) if width > 0 and height > 0 else 0
        return total


def examine(subject: Subject, report: Report) -> None:
    """Structure first: Pillow overlooks what stands after IEND and checksums it does not need.

    What would not fit into a check's memory once decoded is not: its checksums, its size and each row's filter prove it whole.
    """
    with subject.path.open("rb") as file:
        if file.read(8) != _SIGNATURE:
            raise Broken("format.damaged", detail="PNG")
        header = _read_header(file, report)
        _walk(file, header, subject, report)
        _foreign.after_the_end(file, file.tell(), subject, report)
    if header.decoded > _DECODED and not header.interlaced:
        report.preview = {"kind": "image", "width": header.width, "height": header.height, "note": "too_large"}
    else:
        _images.decode(subject.path, "PNG", report)
    report.cover(scanned=1, size=subject.size)


def _read_header(file: BinaryIO, report: Report) -> _Header:
    kind, data = _chunk(file)
    if kind != b"IHDR" or len(data) != 13:
        raise Broken("format.damaged", detail="IHDR")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", data)
    if colour not in _CHANNELS or depth not in (1, 2, 4, 8, 16) or compression or filtering or interlace > 1:
        raise Broken("format.damaged", detail="IHDR")
    _images.check_pixels(width, height, report)
    return _Header(width, height, depth, colour, bool(interlace))


def _chunk(file: BinaryIO) -> tuple[bytes, bytes]:
    kind = b""
    data = bytearray()
    for name, piece in _pieces(file):
        kind = name
        data += piece
    return kind, bytes(data)


def _pieces(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """One chunk, a megabyte at a time; its checksum is right when the pieces end without ``Broken``."""
    at = file.tell()
    start = file.read(8)
    if len(start) < 8:
        raise Broken("format.truncated", place=str(at), detail="⟦нет IEND|no IEND⟧")
    length, kind = struct.unpack(">I4s", start)
    if length > _MOST_CHUNK or not kind.isalpha():
        raise Broken("format.damaged", place=str(at), detail=f"⟦блок|chunk⟧ {kind!r}")
    crc, left = zlib.crc32(kind), length
    if not length:
        yield kind, b""
    while left:
        piece = file.read(min(_PIECE, left))
        if not piece:
            raise Broken("format.truncated", place=str(at), detail=kind.decode())
        crc, left = zlib.crc32(piece, crc), left - len(piece)
        yield kind, piece
    told = file.read(4)
    if len(told) < 4:
        raise Broken("format.truncated", place=str(at), detail=kind.decode())
    if int.from_bytes(told, "big") != crc:
        raise Broken("format.damaged", place=str(at), detail=f"CRC-32: {kind.decode()}")


def _walk(file: BinaryIO, header: _Header, subject: Subject, report: Report) -> None:
    """From after IHDR to the end of IEND."""
    pixels = _Pixels(header.raw, header.row)
    kind = b""
    while kind != b"IEND":
        kind = b""
        first = b""
        for kind, piece in _pieces(file):
            if kind == b"IDAT":
                pixels.take(piece)
            elif not first:
                first = piece
        if kind in _TEXT:
            _check_text(kind, first)
        if kind not in (b"IDAT", b"fdAT") and (other := _foreign.starts_another(first) or _script(kind, first)):
            report.find("format.hidden", subject, place=kind.decode(), other=other)
        if report.progress is not None:
            report.progress(file.tell(), 0)
    pixels.finish(subject, report)


def _script(kind: bytes, data: bytes) -> str:
    return _foreign.script_in(data) if kind in (b"tEXt", b"iTXt") else ""


def _check_text(kind: bytes, data: bytes) -> None:
    """A compressed text that unpacks to more than sixteen megabytes is a bomb."""
    packed = b""
    if kind in (b"zTXt", b"iCCP"):
        packed = data.partition(b"\0")[2][1:]
    elif kind == b"iTXt":
        after = data.partition(b"\0")[2]
        packed = after[2:].split(b"\0", 2)[-1] if after[:1] == b"\x01" else b""
    if not packed:
        return
    stream = zlib.decompressobj()
    try:
        unpacked = stream.decompress(packed, _MOST_TEXT + 1)
    except zlib.error as problem:
        raise Broken("format.damaged", place=kind.decode(), detail=str(problem)) from problem
    if len(unpacked) > _MOST_TEXT:
        raise Broken("format.bomb", place=kind.decode(), detail=f"{kind.decode()} > ⟦{_MOST_TEXT}⟧")
    if not stream.eof and len(data) < _PIECE:  # of a longer text only its first megabyte is here
        raise Broken("format.damaged", place=kind.decode(), detail="zlib")


class _Pixels:
    """The zlib stream that the IDAT chunks make up. It must hold exactly the image: less is cut, more is hidden or a bomb."""

    def __init__(self, raw: int, row: int) -> None:
        self._row = row
        self._raw, self._got, self._extra, self._begun = raw, 0, 0, False
        self._stream = zlib.decompressobj()
        self._over = b""

    def take(self, data: bytes) -> None:
        self._begun = True
        if self._stream.eof:
            self._extra += len(data)
            self._over = self._over or data[:4096]
            return
        try:
            while data:
                self._count(self._stream.decompress(data, _PIECE))
                data = self._stream.unconsumed_tail
                if self._got > self._raw + _PIECE:
                    raise Broken("format.bomb", place="IDAT", detail=f"> ⟦{self._raw}⟧")
        except zlib.error as problem:
            raise Broken("format.damaged", place="IDAT", detail=str(problem)) from problem
        self._extra += len(self._stream.unused_data)
        self._over = self._stream.unused_data[:4096]

    def _count(self, piece: bytes) -> None:
        """Each row starts with the number of its filter."""
        if self._row and any(number >= _FILTERS for number in piece[-self._got % self._row : self._raw - self._got : self._row]):
            raise Broken("format.damaged", place="IDAT", detail="⟦фильтр строки|filter of a row⟧")
        self._got += len(piece)

    def finish(self, subject: Subject, report: Report) -> None:
        if not self._begun:
            raise Broken("format.damaged", detail="⟦нет IDAT|no IDAT⟧")
        while not self._stream.eof and (more := self._stream.decompress(b"", _PIECE)):
            self._count(more)
        if self._got < self._raw or not self._stream.eof:
            raise Broken("format.truncated", place="IDAT", detail=missing(self._got, self._raw))
        if other := _foreign.glued(self._over):
            report.find("format.hidden", subject, place="IDAT", other=other)
        elif self._extra + self._got - self._raw:
            report.find("format.trailing", subject, place="IDAT", bytes=self._extra + self._got - self._raw)
