"""RIFF, the frame of wav and avi: chunks within lists, each with its size. Decoders forgive cut files; these sizes do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backoffice.inspection.formats import _foreign
from backoffice.inspection.report import Broken, Report, Subject, missing

UNKNOWN = (0, 0xFFFFFFFF)  # what programs that stream leave in place of a size
_MOST_CHUNKS = 2_000_000
_LISTS = (b"RIFF", b"LIST")
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Chunk:
    """``kind`` is the four letters, of a list its own inner ones. ``size`` counts the bytes from ``at`` on."""

    kind: bytes
    at: int
    size: int
    is_list: bool = False


def chunks(
    file: BinaryIO,
    start: int,
    end: int,
    *,
    enter: frozenset[bytes] = frozenset(),
    real: Callable[[bytes, int], int] | None = None,
) -> Iterator[Chunk]:
    """The chunks from ``start`` to ``end``, and those of the lists named in ``enter``. ``real`` may correct a size.

    ``Broken`` where a chunk reaches past the end of what it stands in, or no chunk can begin.
    """
    ends = [end]
    at, count = start, 0
    while ends:
        if at + 8 > ends[-1]:
            at = max(at, ends.pop())
            continue
        file.seek(at)
        head = file.read(12)
        kind, size = head[:4], int.from_bytes(head[4:8], "little")
        if len(head) < 8 or not all(32 <= code < 127 for code in kind):
            raise Broken("format.damaged", place=str(at), detail=f"⟦блок|chunk⟧ {kind.hex()}")
        size = real(kind, size) if real is not None else size
        if at + 8 + size > ends[-1]:
            raise Broken("format.truncated", place=str(at), detail=f"{kind.decode()}: {missing(ends[-1], at + 8 + size)}")
        count += 1
        if count > _MOST_CHUNKS:
            raise Broken("format.bomb", detail=f"⟦блоков|chunks⟧ > {_MOST_CHUNKS}")
        inner = head[8:12] if kind in _LISTS else b""
        yield Chunk(inner or kind, at + (12 if inner else 8), size - (4 if inner else 0), bool(inner))
        if inner in enter:
            ends.append(at + 8 + size)
            at += 12
        else:
            at += 8 + size + size % 2


def check_foreign(file: BinaryIO, chunk: Chunk, subject: Subject, report: Report) -> None:
    """A chunk that is no sound or picture must not be another file."""
    file.seek(chunk.at)
    if other := _foreign.starts_another(file.read(min(chunk.size, _HEAD))):
        report.find("format.hidden", subject, place=chunk.kind.decode("ascii", "replace"), other=other)


def number(file: BinaryIO, at: int, size: int = 4) -> int:
    """A little-endian number of the file."""
    file.seek(at)
    return int.from_bytes(file.read(size), "little")
