"""Unpacking by 7zz: all members in one pass, one after another on its standard output, cut apart by the sizes of the list (M5).

Each member's CRC-32 is compared here, so a cut in the wrong place cannot go unseen. Any warning of 7zz counts as damage.
"""

from __future__ import annotations

import signal
import zlib
from collections.abc import Iterator, Sequence
from typing import IO

from backoffice.inspection import archives, tools
from backoffice.inspection.archives import CHUNK, Entry
from backoffice.inspection.report import Broken, Report, Subject


def walk(subject: Subject, files: Sequence[tuple[Entry, int | None]], report: Report, *, kind: str, feed: bool = True) -> None:
    """Examine every file of an archive that 7zz unpacks. ``files`` in archive order with their CRC-32 where it is known."""
    # An empty password: 7zz must never ask. One thread: more would only raise the memory.
    program = tools.run("7zz", "x", "-so", f"-t{kind}", "-bd", "-bb0", "-mmt=2", "-p", "--", str(subject.path))
    try:
        for entry, crc in files:
            chunks = _exactly(program.output, entry, crc)
            archives.take(entry, chunks, subject, report, feed=feed)
        extra = program.output.read(1)
    finally:
        code, errors = program.wait()
        if code == -signal.SIGKILL or "Can't allocate" in errors:
            raise MemoryError  # a dictionary past our limit is no damage
    if code != 0 or extra:
        _blame(errors)


def _exactly(stream: IO[bytes], entry: Entry, crc: int | None) -> Iterator[bytes]:
    left, seen = entry.size, 0
    while left:
        chunk = stream.read(min(CHUNK, left))
        if not chunk:
            raise Broken("archive.damaged", detail=archives.shown(entry.name))
        left, seen = left - len(chunk), zlib.crc32(chunk, seen)
        yield chunk
    if crc is not None and seen != crc:
        raise Broken("archive.damaged", detail=f"CRC-32: {archives.shown(entry.name)}")


def _blame(errors: str) -> None:
    if "password" in errors.lower() or "encrypted" in errors.lower():
        raise Broken("archive.encrypted")
    if "Unsupported Method" in errors:
        raise Broken("archive.method", detail="7z")
    told = [line for line in errors.splitlines() if line.startswith(("ERROR", "WARNING"))]
    raise Broken("archive.damaged", detail=(told[0] if told else "7zz")[:200])
