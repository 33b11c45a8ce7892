"""What the jailed process says to its parent: typed frames over one pipe, each at most ``LARGEST`` bytes.

``P`` progress, ``F`` the name of a member whose bytes follow, ``D`` some of its bytes, ``E`` its end, ``A`` a preview file, ``R`` the report.
The parent believes nothing: sizes are bounded, an unknown letter ends the conversation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

LARGEST = 1 << 23
CHUNK = 1 << 20
TRY_LATER = 75  # the exit code when there was no room: EX_TEMPFAIL of sysexits.h; nothing is said of the file
_HEAD = struct.Struct("<cI")


class Garbled(Exception):  # noqa: N818  (the conversation is garbled)
    """The child said something that is no frame, or too much."""


def write(pipe: IO[bytes], kind: bytes, payload: bytes | memoryview = b"") -> None:
    """Say one thing and let it be heard at once."""
    pipe.write(_HEAD.pack(kind, len(payload)))
    pipe.write(payload)
    pipe.flush()


def read(pipe: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """All frames until the child closes its end. ``Garbled`` on nonsense; a frame cut short ends the iteration (the child died)."""
    while len(head := pipe.read(_HEAD.size)) == _HEAD.size:
        kind, size = _HEAD.unpack(head)
        if kind not in (b"P", b"F", b"D", b"E", b"A", b"R") or size > LARGEST:
            raise Garbled(f"frame {kind!r} of {size} bytes")
        payload = pipe.read(size)
        if len(payload) < size:
            return
        yield kind, payload
