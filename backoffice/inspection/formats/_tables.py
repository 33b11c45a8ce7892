"""What feather and parquet have in common once Arrow gives record batches: full validation, bombs, the antivirus, the preview.

Columns are decoded batch by batch. What was compressed or encoded goes to the antivirus as it comes out; a cell that is a file of its own goes
once more by itself, because signatures look at the start of a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from backoffice.inspection import detect
from backoffice.inspection.formats import _columns
from backoffice.inspection.report import Broken, Report, Subject

BATCH_BYTES = 1 << 23  # wanted of one batch, decoded
_ROWS = (64, 65_536)  # of one batch, least and most
_CELLS = 1_000  # that are files of their own, fed one by one
_PIECE = 1 << 20
# Programs, archives and documents by their first bytes; pictures and sound are ordinary cells of a data set.
_FILES = rb"^(?:MZ|\x7fELF|PK\x03\x04|7z\xbc\xaf|Rar!|%PDF-|\xd0\xcf\x11\xe0|X5O!P|#!/)"
_PROGRAMS = (b"\x7fELF", b"MZ")
_SPARE = 128  # bytes behind the values: buffers are padded to 64
_PICKLED = b"arrow.py_extension_type"  # its parameters are a pickle (CVE-2023-47248)


def rows_at_once(rows: int, size: int) -> int:
    """How many rows make a batch of about ``BATCH_BYTES``, when ``rows`` rows have ``size`` bytes."""
    wanted = BATCH_BYTES * max(rows, 1) // max(size, 1)
    return max(_ROWS[0], min(_ROWS[1], wanted))


def check_schema(schema: Any, subject: Subject, report: Report) -> None:
    """Column count, and types that carry a pickle."""
    if len(schema) > report.limits["table_columns"]:
        raise Broken("table.bomb", detail=f"⟦столбцов|columns⟧: {len(schema)}")
    for one in schema:
        if _is_pickled(one):
            report.find("table.pickled", subject, place=one.name[:80], column=one.name[:80])


def _is_pickled(one: Any) -> bool:
    from pyarrow import types

    told = (one.metadata or {}).get(b"ARROW:extension:name", b"")
    name = getattr(one.type, "extension_name", "")
    if _PICKLED in (told, name.encode()):
        return True
    return types.is_nested(one.type) and any(_is_pickled(one.type.field(index)) for index in range(one.type.num_fields))


def valid(rows: Any) -> Any:
    """The record batch or table itself, once every cell is valid. Asking a damaged one for its size already crashes Arrow."""
    import pyarrow as pa

    try:
        rows.validate(full=True)
    except pa.ArrowInvalid as problem:
        raise Broken("format.damaged", detail=str(problem)[:200]) from problem
    return rows


@dataclass(slots=True)
class Reading:
    """The batches of one table."""

    subject: Subject
    report: Report
    columns: _columns.Columns
    count: int = 0
    decoded: int = 0
    files: int = 0
    programs: set[str] = field(default_factory=set)

    def take(self, batch: Any) -> None:
        """One batch that is ``valid``: fed, counted, shown. ``Broken`` for bombs."""
        self.count += 1
        self.decoded += logical_bytes(batch)
        self._against_bombs()
        prefix = f"{self.subject.member}!/" if self.subject.member else ""
        self.report.feed(f"{prefix}rows-{self.count}", _buffers(batch))
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for leaf in _leaves(column):
                self._files_in(leaf, name, prefix)
        self.columns.add(batch)

    def _against_bombs(self) -> None:
        limits, size = self.report.limits, max(self.subject.size, 1)
        if self.decoded > limits["table_bytes"]:
            raise Broken("table.bomb", detail=f"> ⟦{self.decoded}⟧")
        if self.decoded > limits["table_ratio_from"] and self.decoded / size > limits["table_ratio"]:
            raise Broken("table.bomb", detail=f"×{self.decoded // size}")

    def _files_in(self, leaf: Any, column: str, prefix: str) -> None:
        if self.files >= _CELLS or not _is_bytes(leaf.type):
            return
        for cell in _file_like(leaf, _CELLS - self.files):
            self.files += 1
            self.report.feed(f"{prefix}{column}-{self.files}", [cell])
            if cell.startswith(_PROGRAMS) and is_program(cell) and column not in self.programs:
                self.programs.add(column)
                self.report.find(
                    "data.executable", self.subject, place=column[:80], detected=detect.said("pe" if cell[:1] == b"M" else "elf")
                )

    def finish(self) -> None:
        """The findings of the whole table, its preview, its count."""
        if self.columns.total == 0:
            self.report.find("table.no_rows", self.subject)
        self.report.preview = self.columns.preview()
        self.report.cover(scanned=1, size=self.subject.size)


def is_program(cell: bytes) -> bool:
    """Whether bytes that start like a program are one: two letters MZ begin many a text."""
    at = int.from_bytes(cell[0x3C:0x40], "little")
    return cell.startswith(b"\x7fELF") or (len(cell) > 64 and cell[at : at + 4] == b"PE\0\0")


def logical_bytes(batch: Any) -> int:
    """Bytes of the values themselves: a dictionary's are counted as often as they are used, because most programs copy them so."""
    return sum(_logical(column) for column in batch.columns)


def _logical(array: Any) -> int:
    from pyarrow import compute, types

    if not types.is_dictionary(array.type):
        return int(array.nbytes)
    values = array.dictionary
    if not _is_bytes(values.type):
        return int(array.indices.nbytes) + len(array) * 8
    lengths = compute.binary_length(values)
    return int(compute.sum(lengths.take(array.indices)).as_py() or 0)


def check_widths(batch: Any) -> None:
    """Values of a fixed width fill their buffer: one much too large was written for another type. ``Broken`` then."""
    from pyarrow import types

    for column in batch.columns:
        for leaf in _leaves(column):
            if types.is_primitive(leaf.type) and leaf.buffers()[1] is not None:
                needed = ((leaf.offset + len(leaf)) * leaf.type.bit_width + 7) // 8
                if leaf.buffers()[1].size > needed + _SPARE:
                    raise Broken("format.damaged", detail=f"{leaf.type}: {leaf.buffers()[1].size} > ⟦{needed}⟧")


def _is_bytes(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_string(kind) or types.is_large_binary(kind) or types.is_large_string(kind))


def _leaves(array: Any) -> Iterator[Any]:
    """The arrays of values under lists, structures, dictionaries and extension types."""
    from pyarrow import types

    kind = array.type
    if hasattr(array, "storage"):
        yield from _leaves(array.storage)
    elif types.is_dictionary(kind):
        yield from _leaves(array.dictionary)
    elif types.is_struct(kind):
        for part in array.flatten():
            yield from _leaves(part)
    elif types.is_map(kind):
        yield from _leaves(array.keys)
        yield from _leaves(array.items)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        yield from _leaves(array.flatten())
    else:
        yield array


def _buffers(batch: Any) -> Iterator[bytes]:
    for column in batch.columns:
        for leaf in _leaves(column):
            for buffer in leaf.buffers():
                if buffer is not None:
                    for start in range(0, buffer.size, _PIECE):
                        yield buffer.slice(start, min(_PIECE, buffer.size - start)).to_pybytes()


def _file_like(leaf: Any, most: int) -> Iterator[bytes]:
    import pyarrow as pa
    from pyarrow import compute

    plain = leaf.cast(pa.large_binary())
    hits = compute.match_substring_regex(plain, _FILES)
    for cell in plain.filter(hits).slice(0, most):
        yield cell.as_py()
