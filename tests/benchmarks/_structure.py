"""What the structure of a file is, for the fuzzer: what a damaged file may not lose and still pass.

A format says something about its own bytes: lengths, counts, checksums, what follows what. That is structure, and damage to it must be
noticed. A value that the format says nothing about (a number in a table without checksums, a letter of a text) may change unnoticed; there is
nothing in the file to notice it by. Three kinds of formats:

- sealed: everything that matters lies under a checksum. What passes has the same members, or pixels, or values.
- framed: lengths and counts, no checksum over the values. No cut file passes, and what passes has the same shape.
- free: any piece of it is as good a file as the whole: a text, and a pickle, which is a program and ends at its STOP wherever that comes.
"""

from __future__ import annotations

from typing import Any

from backoffice.inspection.runner import Inspection

SEALED = frozenset(("zip", "docx", "tar.gz", "7z", "png"))
FREE = frozenset(("csv", "json", "md", "text"))
PROGRAMS = frozenset(("pickle",))  # whatever can be followed to its end is one; but a cut one has lost its end


def damage(good: Inspection, seen: Inspection, *, lost: bytes) -> str:
    """Words about what a passing file has lost of its good twin's structure; empty when it is only values, or nothing.

    ``lost`` is what a cut has taken from the end.
    """
    if good.detected in FREE:
        return ""
    if lost and not _spare(good.detected, lost):
        return f"passes, cut ({good.detected})"
    if good.detected in PROGRAMS or shape(good) == shape(seen):
        return ""
    return f"passes with another shape ({good.detected}): {_difference(shape(good), shape(seen))}"


def _spare(detected: str, lost: bytes) -> bool:
    """Whether the lost bytes stood behind the end: padding, a phone's trailer, another pickle."""
    return not lost.strip(b"\0\r\n\x1a ") or lost.endswith(b"SEFT") or (detected in PROGRAMS and lost.startswith(b"\x80"))


def shape(seen: Inspection) -> dict[str, Any]:
    """What the file says of itself, values left out. Names inside of formats that are not sealed are values."""
    shown = seen.preview
    kept: dict[str, Any] = {"detected": seen.detected, "kind": shown.get("kind"), "members": seen.coverage.members}
    if seen.detected in SEALED:
        return kept | {key: shown.get(key) for key in ("entries", "text", "width", "height", "frames", "members", "total")}
    for key in ("width", "height", "mode", "rate", "channels", "codec", "seconds", "total", "total_frames", "pages"):
        kept[key] = shown.get(key)
    if shown.get("kind") == "table":
        kept["columns"] = [str(column.get("type")).partition("<")[0] for column in shown.get("columns", [])]
        kept["rows"] = shown.get("total_rows")
    if shown.get("kind") == "tree":
        kept["entries"] = [{name: value for name, value in row.items() if name in _OF_TREES} for row in shown.get("entries", [])]
    return kept


_OF_TREES = ("kind", "shape", "dtype", "type")


def _difference(one: dict[str, Any], other: dict[str, Any]) -> str:
    return "; ".join(f"{key}: {one.get(key)} → {other.get(key)}"[:300] for key in one if one.get(key) != other.get(key))
