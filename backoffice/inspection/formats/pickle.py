"""Pickles: walked opcode by opcode to their end, never loaded (A10, M5).

Loading a pickle runs what it names. So every import and every call is judged against an allow-list; what cannot be followed to the end is
refused. picklescan gives a second opinion, which can only add to ours. joblib's files (raw arrays between the opcodes, or all of it
compressed) and torch's old ones (several pickles, then raw numbers) are followed too.
"""

from __future__ import annotations

import bz2
import io
import lzma
import math
import mmap
import re
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backoffice.inspection import detect
from backoffice.inspection.formats import _pickle_names as names
from backoffice.inspection.formats import _pickle_opcodes as opcodes
from backoffice.inspection.formats import _pickle_walk as walk
from backoffice.inspection.formats._pickle_values import ENCODE, LOADS, Import, Made, Span, Table
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "pickle"
VERSION = "2"

_CHUNK = 1 << 20
_LZ4 = b"\x04\x22\x4d\x18"
_LINES = 200
_MOST_PICKLES = 10_000
_JUDGED_BY_USE = {"getattr", "partial", "itemgetter"}  # harmless by themselves: what they are given is judged
_SECOND_OPINION = 2 << 20  # bytes: picklescan keeps every opcode in memory, some 40 times the size of a pickle of small things
_HIDDEN = (
    (b"PK\3\4", "ZIP"),
    (b"MZ", "PE"),
    (b"\x7fELF", "ELF"),
    (b"%PDF", "PDF"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x89PNG", "PNG"),
    (b"<", "HTML"),
)
_TORCH_PICKLES = 5  # of a file in torch's old layout; raw numbers follow
_LATIN = 64 << 20  # bytes of a tensor that protocol 2 spells as text
_ITEM = re.compile(r"([biufcmMSUVOa?])(\d*)")
_LARGEST_ITEM = 1 << 20


@dataclass(slots=True)
class _Seen:
    """What one file imports and calls."""

    subject: Subject
    report: Report
    size: int
    imports: dict[Import, str] = field(default_factory=dict)
    getattrs: int = 0
    loads: int = 0
    within: bool = False  # a tensor's bytes; those of another do not stand in them
    machine: walk.Machine | None = None

    def imported(self, what: Import, at: int) -> None:
        """Judge an import the first time it is seen."""
        if names.renamed(what.module) == "builtins" and what.name == "getattr":
            self.getattrs += 1  # judged by what it is called with; see ``called`` and ``settle``
            return
        if what == LOADS:
            self.loads += 1  # likewise
            return
        if what in self.imports:
            return
        verdict = self.imports[what] = names.judge(what.module, what.name)
        if verdict == names.DANGEROUS:
            self.report.find("pickle.dangerous", self.subject, place=str(at), name=f"{what.module}.{what.name}"[:200])

    def called(self, by: Any, args: Any, at: int) -> None:
        """Only imported names may be called, and not to fill the memory."""
        if not isinstance(by, Import):
            raise Broken("pickle.hidden_import", place=str(at))
        module = names.renamed(by.module)
        if module == "builtins" and by.name == "getattr":
            plain = isinstance(args, tuple) and len(args) == 2 and isinstance(args[0], Import) and isinstance(args[1], str)
            if not plain:
                self.dangerous_getattr(at)
            self.getattrs = 0
        if by == LOADS:
            self.loads = 0
            if not self.harmless_load(args):
                self.dangerous_load(at)
        wanted = _wanted(module, by.name, args)
        if wanted > max(64 << 20, 64 * self.size):
            raise Broken("pickle.bomb", place=str(at), detail=f"{by.name}: {wanted}")

    def dangerous_getattr(self, at: int) -> None:
        """getattr of something that is not an imported class reaches anything at all."""
        self.imports[Import("builtins", "getattr")] = names.DANGEROUS
        self.report.find("pickle.dangerous", self.subject, place=str(at), name="builtins.getattr")

    def harmless_load(self, args: Any) -> bool:
        """Whether a tensor's own bytes, a file of torch's within the pickle, could be followed; what they import is judged like all else."""
        given = args[0] if isinstance(args, tuple) and len(args) == 1 else None
        data: Any = self.machine.data if self.machine is not None else b""
        if isinstance(given, Made):
            data, given = _spelled(data, given)
        if (
            not isinstance(given, Span)
            or self.within
            or walk.TORCH_MAGIC not in data[given.start : min(given.start + 64, given.end)]
        ):
            return False
        inner = walk.Machine(data, given.end, imported=self.imported, called=self.called, built=_nothing_behind)
        at, self.within = given.start, True
        for _ in range(_TORCH_PICKLES):
            at = inner.walk(at)
        self.within = False
        return True

    def dangerous_load(self, at: int) -> None:
        """Bytes that torch would unpickle in its own way, and that nobody could follow."""
        self.imports[LOADS] = names.DANGEROUS
        self.report.find("pickle.dangerous", self.subject, place=str(at), name=".".join(LOADS))

    def built(self, target: Any, state: Any, end: int) -> int:
        """Where to go on after BUILD: behind the raw bytes of a joblib array, or 0."""
        if isinstance(target, Import):
            self.imports[target] = names.DANGEROUS
            self.report.find("pickle.dangerous", self.subject, place=str(end), name=f"{target.module}.{target.name}"[:200])
        wrapped = isinstance(target, Made) and isinstance(target.by, Import) and target.by.name == "NumpyArrayWrapper"
        if not wrapped and isinstance(target, Made) and isinstance(target.args, tuple) and target.args:
            first = target.args[0]  # protocol 2 without NEWOBJ: copyreg._reconstructor(cls, object, None)
            wrapped = isinstance(first, Import) and first.name == "NumpyArrayWrapper"
        if not wrapped or not isinstance(state, Table) or self.machine is None:
            return 0
        return _behind_array(self.machine, state, end)

    def settle(self) -> None:
        """After the last opcode: an imported getattr that was never called in plain sight was kept for something."""
        if self.getattrs:
            self.dangerous_getattr(self.size)
        if self.loads:
            self.dangerous_load(self.size)
        unknown = [f"{one.module}.{one.name}"[:100] for one, verdict in self.imports.items() if verdict == names.UNKNOWN]
        if unknown:
            listed = ", ".join(unknown[:5]) + (f" … (+{len(unknown) - 5})" if len(unknown) > 5 else "")
            self.report.find("pickle.unknown_import", self.subject, names=listed)


def _spelled(data: Any, made: Made) -> tuple[bytes, Span | None]:
    """The bytes that protocol 2 makes of a text, as far as they can be made here."""
    text, how = made.args if made.by == ENCODE and isinstance(made.args, tuple) and len(made.args) == 2 else (None, None)
    if not isinstance(text, Span) or how != "latin1" or text.end - text.start > _LATIN:
        return b"", None
    raw = bytes(data[text.start : text.end]).decode("utf-8", "replace").encode("latin-1", "replace")
    return raw, Span(0, len(raw))


def _nothing_behind(_target: Any, _state: Any, _end: int) -> int:
    return 0


def imports_of(data: bytes) -> list[str]:
    """The names that are not known to be harmless in one pickle held in memory. ``Broken`` or ``Damaged`` when it cannot be followed."""
    found: dict[Import, str] = {}

    def imported(what: Import, _at: int) -> None:
        found[what] = names.judge(what.module, what.name)

    machine = walk.Machine(data, len(data), imported=imported, called=lambda _by, _args, _at: None, built=_nothing_behind)
    if machine.walk(0) != len(data):
        raise opcodes.Damaged("⟦хвост|trailing⟧")
    return [f"{one.module}.{one.name}" for one, verdict in found.items() if verdict != names.SAFE]


def _wanted(module: str, name: str, args: Any) -> int:
    """Bytes that this call would ask for at once, as far as its arguments say so."""
    if not isinstance(args, tuple) or not args:
        return 0
    first = args[0]
    if module == "builtins" and name in ("bytearray", "bytes") and isinstance(first, int):
        return first
    if module == "builtins" and name in ("list", "tuple", "set", "frozenset", "bytes", "bytearray") and _is_range(first):
        return 32 * max((one for one in first.args if isinstance(one, int)), default=0)
    if name == "_reconstruct" and len(args) > 1 and isinstance(args[1], tuple):
        return _product(args[1])
    return 0


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, Made)
        and isinstance(value.by, Import)
        and value.by.name in ("range", "xrange")
        and isinstance(value.args, tuple)
    )


def _product(shape: Any) -> int:
    return math.prod(one for one in shape if isinstance(one, int))


def _behind_array(machine: walk.Machine, state: Table, at: int) -> int:
    """joblib writes an array's bytes right behind the BUILD of its wrapper, after a byte that counts the padding."""
    shape, dtype = state.items.get("shape"), state.items.get("dtype")
    told = dtype.args[0] if isinstance(dtype, Made) and isinstance(dtype.args, tuple) and dtype.args else None
    match = _ITEM.fullmatch(told) if isinstance(told, str) else None
    if not isinstance(shape, tuple) or match is None or any(not isinstance(one, int) for one in shape):
        raise Broken("format.damaged", place=str(at), detail="joblib: NumpyArrayWrapper")
    if match[1] == "O":
        return machine.walk(at)
    width = int(match[2] or 1) * (4 if match[1] == "U" else 1)
    if isinstance(state.items.get("numpy_array_alignment_bytes"), int):
        if at >= machine.size:
            raise Broken("format.truncated", detail="joblib")
        at += 1 + machine.data[at]
    end = at + _product(shape) * min(width, _LARGEST_ITEM)
    if end > machine.size:
        raise Broken("format.truncated", place=str(at), detail=f"joblib: {missing(machine.size, end)}")
    return end


def examine(subject: Subject, report: Report) -> None:
    """Walk the file, unpacked first where joblib compressed it."""
    with subject.path.open("rb") as file:
        head = file.read(6)
    unpack = _unpacker(head)
    chunks = _lz4(subject) if head.startswith(_LZ4) else _unpacked(unpack, subject) if unpack is not None else None
    if chunks is None:
        _examine_plain(subject.path, subject, report)
    else:
        with tempfile.TemporaryDirectory(prefix="pickle-") as folder:
            path = Path(folder) / "pickle"
            with path.open("wb") as file:
                report.feed(f"{subject.member}!/pickle" if subject.member else "pickle", _kept(chunks, subject, report, file))
            _examine_plain(path, subject, report)
    report.cover(scanned=1, size=subject.size)


def _unpacker(head: bytes) -> Any:
    if head[:1] == b"\x78" and int.from_bytes(head[:2], "big") % 31 == 0:
        return zlib.decompressobj()
    if head.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31)
    if head.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    if head.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
        return lzma.LZMADecompressor()
    return None


def _kept(chunks: Iterator[bytes], subject: Subject, report: Report, into: Any) -> Iterator[bytes]:
    """The unpacked bytes, written down as they pass, no more of them than the limits allow."""
    done = 0
    limit = min(
        report.limits["archive_member_bytes"],
        max(report.limits["archive_ratio_from"], subject.size * report.limits["archive_ratio"]),
    )
    for chunk in chunks:
        done += len(chunk)
        if done > limit:
            raise Broken("pickle.bomb", detail=f"×{done // max(subject.size, 1)}")
        into.write(chunk)
        yield chunk
    into.flush()


def _unpacked(unpack: Any, subject: Subject) -> Iterator[bytes]:
    try:
        with subject.path.open("rb") as file:
            while not unpack.eof and (piece := file.read(_CHUNK)):
                yield unpack.decompress(piece, _CHUNK)
                while not unpack.eof and (
                    rest := getattr(unpack, "unconsumed_tail", b"") or not getattr(unpack, "needs_input", True)
                ):
                    yield unpack.decompress(rest if isinstance(rest, bytes) else b"", _CHUNK)
            if not unpack.eof:
                raise Broken("format.truncated", detail="joblib")
            trailing = len(unpack.unused_data) + len(file.read(1))
    except (zlib.error, OSError, lzma.LZMAError, EOFError) as problem:
        raise Broken("format.damaged", detail=str(problem)) from problem
    if trailing:
        raise Broken("format.damaged", detail=f"⟦после сжатых данных ещё|after the compressed data⟧ ⟦{trailing}⟧")


def _lz4(subject: Subject) -> Iterator[bytes]:
    """LZ4 frames, by Arrow's reader; it holds every block to its checksum where there is one, and says when the last is cut."""
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.OSFile(str(subject.path)), "lz4") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (pa.ArrowException, OSError) as problem:
        raise Broken("format.damaged", detail=str(problem)[:200]) from problem


def _examine_plain(path: Path, subject: Subject, report: Report) -> None:
    size = path.stat().st_size
    if not size:
        raise Broken("format.empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        seen = _Seen(subject, report, size)
        machine = seen.machine = walk.Machine(data, size, imported=seen.imported, called=seen.called, built=seen.built)
        try:
            _walk_all(machine, data, size, subject, report)
        except opcodes.Damaged as problem:
            if machine.ops <= 2 and data[0] != 0x80:
                raise Broken(
                    "format.mismatch", claimed=".pickle", detected=detect.said("text" if data[:64].isascii() else "unknown")
                ) from problem
            raise Broken("format.damaged", detail=str(problem)) from problem
        finally:
            seen.settle()
            _preview(data, size, seen, report)
        if machine.highest > max(1 << 20, 64 * machine.most_put):
            raise Broken("pickle.bomb", detail=f"memo {machine.highest}")
        if size <= _SECOND_OPINION:
            _second_opinion(bytes(data), subject, report)


def _walk_all(machine: walk.Machine, data: Any, size: int, subject: Subject, report: Report) -> None:
    at = count = 0
    torch = walk.TORCH_MAGIC in data[:64]
    while at < size and count < _MOST_PICKLES:
        if count and (data[at] != 0x80 or (torch and count == _TORCH_PICKLES)):
            break
        try:
            at = machine.walk(at)
        except (opcodes.Damaged, Broken):
            if count and not torch:
                report.find("format.hidden", subject, place=str(at), other="pickle")
            raise
        count += 1
        if report.progress is not None:
            report.progress(at, 0)
    if machine.persistent and not torch:
        report.find("pickle.persistent", subject)
    if at < size and not (torch and count == _TORCH_PICKLES):
        _against_archives(data, size)
        _after(data, at, size, subject, report)
    elif not torch:
        _against_archives(data, size)


def _after(data: Any, at: int, size: int, subject: Subject, report: Report) -> None:
    rest = bytes(data[at : at + 4096])
    for magic, other in _HIDDEN:
        if magic in rest if len(magic) > 2 else rest.lstrip().startswith(magic):
            raise Broken("format.hidden", place=str(at), other=other)
    report.find("format.trailing", subject, bytes=size - at)


def _against_archives(data: Any, size: int) -> None:
    """A zip is read from its end: one whose comment reaches exactly to the end of the file makes it two files in one."""
    start = max(0, size - 65_557)
    tail = bytes(data[start:size])
    at = len(tail)
    while (at := tail.rfind(b"PK\5\6", 0, at)) >= 0:
        if at + 22 <= len(tail) and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            raise Broken("format.hidden", place=str(start + at), other="ZIP")


def _second_opinion(data: bytes, subject: Subject, report: Report) -> None:
    from picklescan.scanner import SafetyLevel, scan_pickle_bytes

    if any(finding.rule == "pickle.dangerous" and finding.member == subject.member for finding in report.findings):
        return
    for found in scan_pickle_bytes(io.BytesIO(data), subject.name).globals:
        ours = names.judge(found.module, found.name)
        if found.safety == SafetyLevel.Dangerous and ours != names.SAFE and found.name not in _JUDGED_BY_USE:
            report.find("pickle.dangerous", subject, name=f"{found.module}.{found.name}"[:200])


def _preview(data: Any, size: int, seen: _Seen, report: Report) -> None:
    order = {names.DANGEROUS: 0, names.UNKNOWN: 1, names.SAFE: 2}
    imports = sorted(seen.imports.items(), key=lambda row: (order[row[1]], row[0]))
    report.preview = {
        "kind": "pickle",
        "imports": [f"{one.module}.{one.name}" for one, _ in imports[:300]],
        "verdicts": {f"{one.module}.{one.name}": verdict for one, verdict in imports[:300] if verdict != names.SAFE},
        "opcodes": seen.machine.ops if seen.machine else 0,
        "disassembly": list(opcodes.disassembled(data, size, _LINES)),
    }
    roots = {one.module.partition(".")[0] for one in seen.imports}
    known = [
        name
        for name in ("sklearn", "xgboost", "lightgbm", "catboost", "torch", "keras", "tensorflow", "statsmodels")
        if name in roots
    ]
    if known and "framework" not in report.facts:
        report.facts["framework"] = known[0]
