"""Feather: Arrow's file format (version 2, Arrow columnar format, IPC section) and the old version 1. Neither has checksums.

So damage is looked for in what the bytes must mean: every message in its place, every buffer unpacked, every cell valid.
"""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO

from backoffice.inspection.formats import _columns, _foreign, _tables
from backoffice.inspection.report import Broken, Report, Subject

NAME = "feather"
VERSION = "2"

_MAGIC, _OLD = b"ARROW1", b"FEA1"
_TAIL = 10  # length of the footer, magic
_GAP = 4096  # bytes that belong to no message


def examine(subject: Subject, report: Report) -> None:
    """Read every record batch."""
    import pyarrow as pa

    with subject.path.open("rb") as file:
        old = file.read(4) == _OLD
        try:
            reading = _read_old(subject, report) if old else _read(file, subject, report)
        except MemoryError as problem:
            raise Broken("table.bomb", detail="⟦память|memory⟧") from problem
        except (pa.ArrowException, OSError, ValueError) as problem:
            raise Broken("format.damaged", detail=str(problem)[:200]) from problem
    reading.finish()


def _read(file: BinaryIO, subject: Subject, report: Report) -> _tables.Reading:
    import pyarrow as pa

    footer_at = _check_frame(file, subject, report)
    _check_messages(file, footer_at, subject, report)
    reader = pa.ipc.open_file(pa.memory_map(str(subject.path)))  # a batch that is not compressed stays in the file
    _tables.check_schema(reader.schema, subject, report)
    reading = _tables.Reading(subject, report, _columns.Columns(reader.schema.names, typed=True))
    for index in range(reader.num_record_batches):
        batch = _tables.valid(reader.get_batch(index))
        _tables.check_widths(batch)
        rows = _tables.rows_at_once(batch.num_rows, batch.nbytes)
        for start in range(0, batch.num_rows, rows):
            reading.take(batch.slice(start, rows))
        if report.progress is not None:
            report.progress(subject.size * index // reader.num_record_batches, 0)
    return reading


def _check_frame(file: BinaryIO, subject: Subject, report: Report) -> int:
    """Where the footer starts. ``Broken`` when the end is cut off, or something was appended."""
    file.seek(max(subject.size - 65_536, 0))
    tail = file.read()
    if not tail.endswith(_MAGIC):
        at = tail.rfind(_MAGIC)
        if at > 8 or _foreign.glued(tail):
            end = subject.size - len(tail) + at + len(_MAGIC)
            _foreign.after_the_end(file, end, subject, report)
            raise Broken("format.damaged", place=str(end), detail="⟦данные после конца|data after the end⟧")
        raise Broken("format.truncated", detail="⟦нет ARROW1 в конце|no ARROW1 at the end⟧")
    length = int.from_bytes(tail[-_TAIL:-6], "little", signed=True)
    if length <= 0 or length > subject.size - _TAIL - 8:
        raise Broken("format.damaged", detail="⟦длина оглавления|length of the footer⟧")
    return subject.size - _TAIL - length


def _check_messages(file: BinaryIO, footer_at: int, subject: Subject, report: Report) -> None:
    """The messages must follow one another from the start up to the footer: what lies between is seen by no reader."""
    import pyarrow as pa

    file.seek(8)
    messages = pa.ipc.MessageReader.open_stream(pa.PythonFile(file, mode="r"))
    try:
        for _ in messages:
            if file.tell() > footer_at:
                break
    except (pa.ArrowInvalid, OSError) as problem:
        raise Broken("format.damaged", place=str(file.tell()), detail=str(problem)[:200]) from problem
    end = min(file.tell(), footer_at)
    file.seek(end)
    data = file.read(min(footer_at - end, 1 << 22))
    if other := _foreign.glued(data):
        report.find("format.hidden", subject, place=str(end), other=other)
    elif footer_at - end > _GAP and data.strip(b"\0"):
        report.find("format.hidden", subject, place=str(end), other=f"⟦{footer_at - end}⟧")


def _read_old(subject: Subject, report: Report) -> _tables.Reading:
    """Version 1 is never compressed, so the whole table is no larger than the file."""
    from pyarrow import feather

    with subject.path.open("rb") as file:
        file.seek(max(subject.size - 4, 0))
        if file.read() != _OLD:
            raise Broken("format.truncated", detail="⟦нет FEA1 в конце|no FEA1 at the end⟧")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table: Any = feather.read_table(str(subject.path), memory_map=False, use_threads=False)
    _tables.check_schema(_tables.valid(table).schema, subject, report)
    reading = _tables.Reading(subject, report, _columns.Columns(table.schema.names, typed=True))
    for batch in table.to_batches(max_chunksize=_tables.rows_at_once(table.num_rows, table.nbytes)):
        reading.take(batch)
    return reading
