"""How the pictures of the corpus are made, damaged and booby-trapped."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def image(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """A gradient: no two rows alike."""
    y, x = np.mgrid[0:height, 0:width]
    made = Image.fromarray(np.dstack([x * 255 // width, y * 255 // height, x * y % 256]).astype("u1"))
    return made.convert(mode) if mode != "I;16" else made.convert("I").point(lambda value: value * 200).convert("I;16")


def saved(kind: str, mode: str = "RGB", *, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    """A picture as a file of this kind."""
    out = io.BytesIO()
    image(*size, mode).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    """One PNG chunk; ``crc`` for a wrong one."""
    told = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", told)


def png(width: int, height: int, packed: bytes, *extra: bytes, colour: int = 0, depth: int = 8) -> bytes:
    """A PNG made by hand, with ``extra`` chunks before its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def with_chunk(data: bytes, made: bytes) -> bytes:
    """The PNG with one chunk more, after its header."""
    return data[:33] + made + data[33:]


def segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def with_segment(data: bytes, made: bytes) -> bytes:
    """The JPEG with one segment more, at its start."""
    return data[:2] + made + data[2:]
