"""CSV (RFC 4180, and the semicolons of Russian Excel): one pass over the bytes for the encoding, one over the cells by Apache Arrow.

Arrow forgives a quote that is never closed and drops what follows without a word. So a row of our own is added after the last one: when it does
not come out again, the file swallowed it.
"""

from __future__ import annotations

import codecs
import io
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from backoffice.inspection import detect
from backoffice.inspection.formats import _cells, _columns, _dialect, _encoding
from backoffice.inspection.report import Broken, Report, Subject

NAME = "csv"
VERSION = "2"

_HEAD = 1 << 18  # bytes for the dialect
# Arrow's, bytes: a row must fit into one. Reading takes some fifty times as much memory, more when there are many columns.
_BLOCKS = (1 << 20, 1 << 22, 1 << 26)
# Bytes: for each column Arrow sets aside as much as a block has, so wide tables are first tried with smaller ones.
_OF_ALL_COLUMNS = 1 << 27
_LEAST_BLOCK = 1 << 17
_TOO_SMALL = ("straddl", "cannot infer number of columns")  # Arrow's words for a row past its block, and for a first row past it
_WIDE = 1_000  # columns; of more, only those that are shown are taken out of their rows, unless there may be formulas
_NOT_CSV = (("<?xml", "xml"), ("#!", "shell"), ("<!doctype", "html"), ("<table", "html"))
_USUAL = ("utf-8", "utf-8-sig", "cp1251", "cp1252")
# What a spreadsheet runs on opening: "=…", and after + - @ a function or another program ("@SUM(…)", "+cmd|'…'!A0"). Not -5, +7 (495), @name.
_FORMULA = r"^[\t\r ]*(=[ +\-]*[^ =><~+\-]|[+\-@][^\n]*([A-Za-zА-Яа-яЁё.]{2,}\(|\|[^\n]*!))"


def examine(subject: Subject, report: Report) -> None:
    """Encoding, dialect, header, every row; a table for the moderator."""
    encoding = _check_bytes(subject, report)
    head = _head(subject, encoding.name)
    if not head.strip():
        raise Broken("format.empty")
    _check_kind(head)
    dialect = _dialect.sniff(head)
    seen = _read(subject, report, encoding.name, dialect)
    _judge(seen, dialect, subject, report)
    report.preview = {
        **seen.columns.preview(),
        "encoding": encoding.name,
        "delimiter": dialect.delimiter,
        "header": dialect.has_header,
    }
    report.cover(scanned=1, size=subject.size)


def _check_bytes(subject: Subject, report: Report) -> _encoding.Encoding:
    encoding = _encoding.of_file(subject.path)
    if encoding.damaged_at is not None:
        raise Broken("csv.mixed_encoding", place=str(encoding.damaged_at), at=encoding.damaged_at)
    if encoding.nul_at is not None:
        raise Broken("csv.nul", place=str(encoding.nul_at), at=encoding.nul_at)
    if encoding.controls:
        report.find("csv.control", subject, count=encoding.controls)
    if encoding.name not in _USUAL:
        report.find("csv.encoding", subject, encoding=encoding.name.replace("_", "-").upper())
    return encoding


def _head(subject: Subject, encoding: str) -> str:
    """The first whole lines."""
    with subject.path.open("rb") as file:
        data = file.read(_HEAD)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data)
    if subject.size > _HEAD and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    return text


def _check_kind(head: str) -> None:
    """Text of another format under this extension."""
    start = head.lstrip()[:4096]
    for mark, kind in _NOT_CSV:
        if start.lower().startswith(mark):
            raise Broken("format.mismatch", claimed=".csv", detected=detect.said(kind))
    if start.startswith(("{", "[")) and _is_json(head.lstrip()):
        raise Broken("format.mismatch", claimed=".csv", detected="json")


def _is_json(text: str) -> bool:
    import ijson

    events = 0
    try:
        for _ in ijson.basic_parse(io.BytesIO(text.encode())):
            events += 1
    except ijson.IncompleteJSONError as problem:
        return events > 20 and "premature EOF" in str(problem)
    except (ijson.JSONError, SystemError, ValueError):
        return False
    return True


@dataclass(slots=True)
class _Seen:
    """What reading the rows told."""

    columns: _columns.Columns
    ragged: int = 0
    ragged_at: str = ""
    formulas: int = 0
    formula: str = ""
    closed: bool = False  # whether our own last row came out again
    mark: str = field(default_factory=lambda: f"конец-{secrets.token_hex(12)}")


class _WithLastRow(io.RawIOBase):
    """The file as UTF-8, with one row more than it has. Byte order marks are left out."""

    def __init__(self, file: BinaryIO, encoding: str, last: str) -> None:
        self._file, self._last, self._left = file, last.encode(), b""
        self._decoder = codecs.getincrementaldecoder(encoding)() if encoding != "utf-8" else None
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left and not self._over:
            self._left = self._more(len(buffer))
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def _more(self, size: int) -> bytes:
        data = self._file.read(size)
        self._over = not data
        if self._decoder is not None:
            try:
                data = self._decoder.decode(data, final=self._over).encode()
            except UnicodeDecodeError as problem:
                raise Broken("csv.mixed_encoding", at=self._file.tell() - problem.end) from problem
        return data + b"\n" + self._last if self._over else data


def _read(subject: Subject, report: Report, encoding: str, dialect: _dialect.Dialect) -> _Seen:
    import pyarrow as pa

    width = len(dialect.rows[0]) if dialect.rows else 1
    if width > report.limits["table_columns"]:
        raise Broken("table.bomb", detail=f"⟦столбцов|columns⟧: {width}")
    few = width > _WIDE and not _may_have_formulas(subject, encoding, dialect.delimiter)
    smaller = max(_OF_ALL_COLUMNS // width, _LEAST_BLOCK)
    for block in (smaller, *_BLOCKS) if smaller < _BLOCKS[0] else _BLOCKS:
        seen = _Seen(_columns.Columns(list(dialect.rows[0]) if dialect.has_header and dialect.rows else None, width=width))
        try:
            with subject.path.open("rb") as file:
                last = dialect.delimiter.join([seen.mark] * width) + "\n"
                stream = io.BufferedReader(_WithLastRow(file, encoding, last), 1 << 20)
                for batch in _batches(stream, seen, dialect, width, block, few=few):
                    _look(batch, seen)
                    if report.progress is not None:
                        report.progress(file.tell(), 0)
            return seen
        except pa.ArrowInvalid as problem:
            if not any(words in str(problem) for words in _TOO_SMALL):
                raise Broken("format.damaged", detail=str(problem)[:200]) from problem
    raise Broken("csv.quotes")


def _may_have_formulas(subject: Subject, encoding: str, delimiter: str) -> bool:
    """Whether any cell of a table may be a formula, by the bytes alone: never no when there is one."""
    comma = re.escape(delimiter.encode())
    begun = rb"(?:^|[%b\r\n])[\t\r ]*" % comma
    pattern = re.compile(rb'%b"?[\t\r ]*(?:=|[+@-][^%b\n]*[(|])|%b"[\t\r ]*[+@-][^\n]*[(|]' % (begun, comma, begun))
    rest = b""
    with subject.path.open("rb") as file:
        stream = io.BufferedReader(_WithLastRow(file, encoding, ""), 1 << 20)
        while piece := stream.read(1 << 20):
            rows, _, rest = (rest + piece).rpartition(b"\n")
            if pattern.search(b"\n" + rows):
                return True
    return bool(pattern.search(b"\n" + rest))


def _batches(stream: BinaryIO, seen: _Seen, dialect: _dialect.Dialect, width: int, block: int, *, few: bool) -> Iterator[Any]:
    """Record batches of text cells, without the header and without our own last row. ``few``: only of the columns that are shown."""
    import pyarrow as pa
    from pyarrow import csv

    def misfit(row: Any) -> str:
        if row.text.startswith(seen.mark):
            seen.closed = True
        else:
            seen.ragged += 1
            if not seen.ragged_at:
                seen.ragged_at = f"{row.number}" if row.number is not None else row.text[:80]
        return "skip"

    kept = [f"f{index}" for index in range(min(width, _columns.COLUMNS) if few else width)]
    reader = csv.open_csv(
        stream,
        read_options=csv.ReadOptions(use_threads=False, block_size=block, autogenerate_column_names=True),
        parse_options=csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=misfit),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(kept, pa.string()), include_columns=kept if few else [], check_utf8=False
        ),
    )
    header = dialect.has_header
    for batch in reader:
        rows = batch.slice(1) if header and batch.num_rows else batch
        header = header and not batch.num_rows
        if rows.num_rows and rows.column(0)[-1].as_py() == seen.mark:
            seen.closed = True
            rows = rows.slice(0, rows.num_rows - 1)
        if rows.num_rows:
            yield rows


def _look(batch: Any, seen: _Seen) -> None:
    """All cells of a batch in one go, and only those that could be formulas are matched: matching takes longer than parsing.

    A cell that starts with a sign needs a call or another program besides; negative numbers do too.
    """
    import pyarrow as pa
    from pyarrow import compute

    cells = pa.concat_arrays(batch.columns)
    edges = _cells.Edges(cells)
    mask = edges.that_start_with(b"=\t\r +-@" if edges.contains(b"(|") else b"=\t\r ")
    if mask is not None:
        suspects = cells.filter(mask)
        hits = suspects.filter(compute.match_substring_regex(suspects, _FORMULA))
        if len(hits) and not seen.formula:
            seen.formula = hits[0].as_py()[:80]
        seen.formulas += len(hits)
    seen.columns.add(batch, edges)


def _judge(seen: _Seen, dialect: _dialect.Dialect, subject: Subject, report: Report) -> None:
    if not seen.closed:
        raise Broken("csv.quotes")
    if not dialect.has_header:
        report.find("csv.no_header", subject)
    if seen.columns.total == 0 and not seen.ragged:
        report.find("csv.no_rows", subject)
    if seen.ragged:
        report.find("csv.ragged", subject, place=seen.ragged_at, count=seen.ragged, line=seen.ragged_at)
    if seen.formulas:
        report.find("csv.formula", subject, count=seen.formulas, example=seen.formula)
