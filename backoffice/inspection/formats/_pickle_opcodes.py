"""The layout of a pickle's opcodes: where each ends, and how it reads (CPython's ``pickletools`` has the list)."""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Iterator
from typing import Any

from backoffice.inspection.report import Broken, missing

Bytes = Any  # bytes or a read-only mmap: what can be indexed, sliced and searched

_OPS = {ord(op.code): op for op in pickletools.opcodes}
_WIDTHS = {"uint1": 1, "uint2": 2, "int4": 4, "uint4": 4, "uint8": 8, "float8": 8}
_PREFIXED = {"string1": "<B", "bytes1": "<B", "unicodestring1": "<B", "string4": "<i", "bytes4": "<I", "unicodestring4": "<I",
             "unicodestring8": "<Q", "bytes8": "<Q", "bytearray8": "<Q", "long1": "<B", "long4": "<i"}  # fmt: skip
# code -> bytes of its argument, or -1 for those of varying length
_FIXED = [-1] * 256
for _code, _op in _OPS.items():
    _FIXED[_code] = 0 if _op.arg is None else _WIDTHS.get(_op.arg.name, -1)
_PREFIX = {code: _PREFIXED[op.arg.name] for code, op in _OPS.items() if op.arg is not None and op.arg.name in _PREFIXED}
_LINE_ENDINGS = ("nl", "nl_noescape", "nl_noescape_pair", "_short", "_long")
_LINES = {
    code: 2 if op.arg.name == "stringnl_noescape_pair" else 1
    for code, op in _OPS.items()
    if op.arg is not None and op.arg.name.endswith(_LINE_ENDINGS)
}


class Damaged(Exception):  # noqa: N818
    """The bytes are not a pickle that could be loaded; ``str()`` says why and where."""


def end_of(data: Bytes, at: int, size: int) -> tuple[int, int]:
    """Where the argument of the opcode at ``at`` starts, and where the opcode ends. ``Broken`` past the end of the file."""
    code = data[at]
    fixed = _FIXED[code]
    if fixed >= 0:
        start, end = at + 1, at + 1 + fixed
    elif code in _PREFIX:
        form = _PREFIX[code]
        start = at + 1 + struct.calcsize(form)
        length = struct.unpack_from(form, data, at + 1)[0] if start <= size else 0
        if length < 0:
            raise Damaged(f"{_OPS[code].name}: {length}")
        end = start + length
    elif code in _LINES:
        start = end = at + 1
        for _ in range(_LINES[code]):
            end = data.find(b"\n", end) + 1
            if not end:
                raise Broken("format.truncated", place=str(at), detail=_OPS[code].name)
    else:
        raise Damaged(f"0x{code:02x}")
    if end > size:
        raise Broken("format.truncated", place=str(at), detail=f"{_OPS[code].name}: {missing(size, end)}")
    return start, end


def disassembled(data: Bytes, size: int, most: int) -> Iterator[str]:
    """The first lines as ``pickletools.dis`` would show them, with long arguments cut."""
    at = 0
    for _ in range(most):
        if at >= size:
            return
        try:
            start, end = end_of(data, at, size)
        except (Broken, Damaged, KeyError):
            yield f"{at:>8}: 0x{data[at]:02x} ?"
            return
        op = _OPS[data[at]]
        yield f"{at:>8}: {op.name} {_argument(op, data, start, end)}".rstrip()
        at = end


def _argument(op: Any, data: Bytes, start: int, end: int) -> str:
    if op.arg is None:
        return ""
    piece = bytes(data[start : min(end, start + 80)])
    if op.arg.name in _WIDTHS and op.arg.name != "float8":
        return str(int.from_bytes(piece, "little", signed=op.arg.name == "int4"))
    if op.arg.name == "float8":
        return repr(struct.unpack(">d", piece)[0])
    more = "…" if end - start > 80 else ""
    return (repr(piece.decode("utf-8", "replace")) if "string" in op.arg.name else repr(piece)) + more
