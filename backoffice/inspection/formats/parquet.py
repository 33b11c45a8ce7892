"""Parquet (parquet-format 2): the footer, what the file's bytes belong to, then every page with its checksum by Arrow.

Statistics of the footer are never believed: other readers answer from them and so overlook flipped bits.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from backoffice.inspection.formats import _columns, _foreign, _tables
from backoffice.inspection.report import Broken, Report, Subject, missing

NAME = "parquet"
VERSION = "2"

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_GAP = 65_536  # bytes that belong to nothing; indexes before the footer may have more
_LOOKED_AT = 1 << 22
_PROBED = 64  # rows


def examine(subject: Subject, report: Report) -> None:
    """Read every row of every column."""
    import pyarrow as pa
    from pyarrow import parquet

    footer_at = _check_frame(subject)
    try:
        with subject.path.open("rb") as file:
            reader = parquet.ParquetFile(file, page_checksum_verification=True, buffer_size=1 << 20, pre_buffer=False)
            _tables.check_schema(reader.schema_arrow, subject, report)
            reading = _tables.Reading(subject, report, _columns.Columns(reader.schema_arrow.names, typed=True))
            _read(reader, reading)
            # Only now: asked for the metadata of an encrypted column, Arrow aborts the process. Reading it is an ordinary error.
            _check_layout(reader.metadata, footer_at, file, subject, report)
    except MemoryError as problem:
        raise Broken("table.bomb", detail="⟦память|memory⟧") from problem
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise _why(problem) from problem
    reading.finish()


def _check_frame(subject: Subject) -> int:
    """Where the footer starts. The file ends in its length and the magic, so whatever is appended hides it."""
    with subject.path.open("rb") as file:
        start = file.read(4)
        file.seek(max(subject.size - 8, 0))
        end = file.read(8)
    if start == _ENCRYPTED or end[4:] == _ENCRYPTED:
        raise Broken("table.encrypted")
    if subject.size < 12 or end[4:] != _MAGIC:
        raise Broken("format.truncated", detail="⟦нет PAR1 в конце|no PAR1 at the end⟧")
    at = subject.size - 8 - int.from_bytes(end[:4], "little")
    if at < 4:
        raise Broken("format.damaged", detail="⟦длина оглавления|length of the footer⟧")
    return at


def _read(reader: Any, reading: _tables.Reading) -> None:
    metadata = reader.metadata
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        rows = min(_tables.rows_at_once(group.num_rows, group.total_byte_size), _rows_told_by_the_first(reader, index))
        seen = 0
        for batch in reader.iter_batches(rows, row_groups=[index], use_threads=False):
            reading.take(_tables.valid(batch))
            seen += batch.num_rows
            if reading.report.progress is not None:
                reading.report.progress(reading.subject.size * index // metadata.num_row_groups, 0)
        if seen != group.num_rows:
            raise Broken("format.damaged", place=f"{index}", detail=f"⟦строк|rows⟧: {seen} ≠ {group.num_rows}")


def _rows_told_by_the_first(reader: Any, index: int) -> int:
    """How many rows make a batch when they are like the first ones: a dictionary makes long texts look short in the footer."""
    first = next(reader.iter_batches(_PROBED, row_groups=[index], use_threads=False), None)
    return _PROBED if first is None or not first.num_rows else _tables.rows_at_once(first.num_rows, first.nbytes)


def _why(problem: Exception) -> Broken:
    """Arrow's own words tell encryption and cut files from other damage."""
    text = str(problem)
    if "crypt" in text.lower():
        return Broken("table.encrypted")
    if "smaller than the size" in text or "Unexpected end of stream" in text or "Read out of bounds" in text:
        return Broken("format.truncated", detail=text[:200])
    return Broken("format.damaged", detail=text[:200])


def _check_layout(metadata: Any, footer_at: int, file: BinaryIO, subject: Subject, report: Report) -> None:
    """The column chunks, bloom filters and indexes tile the file up to the footer; nothing else lies between them."""
    at = 4
    ranges = [_chunk_range(group.column(index)) for group in _groups(metadata) for index in range(group.num_columns)]
    blooms = [_bloom_range(group.column(index)) for group in _groups(metadata) for index in range(group.num_columns)]
    for start, end in sorted({*ranges, *blooms, (footer_at, footer_at)}):
        if end > footer_at:
            raise Broken("format.truncated", place=str(end), detail=missing(footer_at, end))
        if start > at:
            _check_gap(at, start, file, subject, report, last=start == footer_at)
        at = max(at, end)


def _groups(metadata: Any) -> list[Any]:
    return [metadata.row_group(index) for index in range(metadata.num_row_groups)]


def _chunk_range(column: Any) -> tuple[int, int]:
    dictionary = column.dictionary_page_offset
    start = min(column.data_page_offset, dictionary) if dictionary else column.data_page_offset
    return start, start + column.total_compressed_size


def _bloom_range(column: Any) -> tuple[int, int]:
    start, length = getattr(column, "bloom_filter_offset", None), getattr(column, "bloom_filter_length", None)
    return (start, start + (length or 0)) if start else (4, 4)


def _check_gap(at: int, end: int, file: BinaryIO, subject: Subject, report: Report, *, last: bool) -> None:
    file.seek(at)
    data = file.read(min(end - at, _LOOKED_AT))
    if other := _foreign.glued(data):
        report.find("format.hidden", subject, place=str(at), other=other)
    elif not last and end - at > _GAP and data.strip(b"\0"):
        report.find("format.hidden", subject, place=str(at), other=f"⟦{end - at}⟧")
