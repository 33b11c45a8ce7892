"""A table as the moderator sees it: the first rows, and of each column its type, empty cells, least and greatest value.

Fed batch by batch, so that its memory does not grow with the file. Cells of text files get their type from what all of them can be read as.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from backoffice.inspection.formats import _cells

ROWS = 500
COLUMNS = 200  # shown and measured
_CELL = 200  # characters
_BYTES = 150_000  # of the preview as JSON


@dataclass(slots=True)
class _Column:
    """What is known of one column so far. ``kind`` only ever moves towards text."""

    name: str
    kind: str = ""
    nulls: int = 0
    least: Any = None
    greatest: Any = None

    def widen(self, least: Any, greatest: Any) -> None:
        if least is not None:
            self.least = least if self.least is None else min(self.least, least)
            self.greatest = greatest if self.greatest is None else max(self.greatest, greatest)


@dataclass(slots=True)
class Columns:
    """``names`` is None for a text table without a header. ``typed``: the columns have types of their own (feather, parquet).

    ``width`` is the table's; batches may hold only the first ``COLUMNS`` of it.
    """

    names: Sequence[str] | None
    typed: bool = False
    total: int = 0
    rows: list[list[Any]] = field(default_factory=list)
    width: int = 0
    _columns: list[_Column] = field(default_factory=list)

    def add(self, batch: Any, edges: _cells.Edges | None = None) -> None:
        """Take in one ``pyarrow.RecordBatch``; of a text table with the ``edges`` of all its cells, column by column."""
        if not self._columns:
            self._begin(batch)
        self.total += batch.num_rows
        if len(self.rows) < ROWS:
            head = batch.slice(0, ROWS - len(self.rows))
            cells = [_shown_cells(head.column(index)) for index in range(len(self._columns))]
            self.rows += [list(row) for row in zip(*cells, strict=True)]
        for index, column in enumerate(self._columns):
            if edges is None:
                _measure_typed(column, batch.column(index))
            else:
                _measure_text(column, batch.column(index), edges.part(index * batch.num_rows, batch.num_rows))

    def _begin(self, batch: Any) -> None:
        self.width = self.width or batch.num_columns
        names = list(self.names) if self.names is not None else [f"{index + 1}" for index in range(self.width)]
        names += [f"{index + 1}" for index in range(len(names), self.width)]
        self._columns = [_Column(name[:_CELL]) for name in names[: min(self.width, COLUMNS)]]
        if self.typed:
            for column, one in zip(self._columns, batch.schema, strict=False):
                column.kind = str(one.type)[:_CELL]

    def preview(self) -> dict[str, Any]:
        """For ``Report.preview``; fewer rows, then fewer columns, until it is small enough."""
        rows, columns = self.rows, self._columns or [_Column(name[:_CELL]) for name in (self.names or ())[:COLUMNS]]
        while True:
            told = self._told(rows, columns)
            if len(json.dumps(told, ensure_ascii=False)) <= _BYTES or len(columns) <= 1:
                return told
            if len(rows) > 5:
                rows = rows[: len(rows) // 2]
            else:
                columns = columns[: len(columns) // 2]

    def _told(self, rows: Sequence[Sequence[Any]], columns: Sequence[_Column]) -> dict[str, Any]:
        return {
            "kind": "table",
            "columns": [
                {
                    "name": column.name,
                    "type": column.kind or "empty",
                    "nulls": column.nulls,
                    "min": _shown(column.least),
                    "max": _shown(column.greatest),
                }
                for column in columns
            ],
            "rows": [list(row[: len(columns)]) for row in rows],
            "total_rows": self.total,
            "total_columns": max(self.width, len(columns)),
        }


def _shown_cells(array: Any) -> list[Any]:
    try:
        return [_shown(value) for value in array.to_pylist()]
    except (ValueError, OverflowError, UnicodeDecodeError, TypeError):  # a time past Python's calendar, text that is not text
        return ["…"] * len(array)


def _shown(value: Any) -> Any:
    """A value JSON can carry, clipped."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)[:_CELL]
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)  # noqa: PLR0124  (NaN)
    if isinstance(value, bytes):
        return f"0x{value[:24].hex()}{'…' if len(value) > 24 else ''}"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _measure_typed(column: _Column, array: Any) -> None:
    from pyarrow import types

    column.nulls += array.null_count
    kind = array.type
    if (
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_temporal(kind)
        or types.is_boolean(kind)
        or types.is_decimal(kind)
    ):
        _widen(column, array)


def _widen(column: _Column, array: Any) -> None:
    import pyarrow as pa
    from pyarrow import compute

    try:
        found = compute.min_max(array).as_py()
        column.widen(found["min"], found["max"])
    except (pa.ArrowException, ValueError, OverflowError, TypeError):  # a type without an order, or past Python's calendar
        return


def _integers(array: Any) -> Any:
    import pyarrow as pa

    return array.cast(pa.int64())


def _numbers(array: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    try:
        return array.cast(pa.float64())  # as programs write them: most columns, and five times faster
    except pa.ArrowInvalid:
        plain = compute.replace_substring(compute.replace_substring_regex(array, r"[ \x{00a0}\x{202f}]", ""), ",", ".")
        return plain.cast(pa.float64())


def _iso_dates(array: Any) -> Any:
    import pyarrow as pa

    return array.cast(pa.timestamp("s"))


def _russian_dates(array: Any) -> Any:
    from pyarrow import compute

    return compute.strptime(array, format="%d.%m.%Y", unit="s")


def _booleans(array: Any) -> Any:
    import pyarrow as pa

    return array.cast(pa.bool_())


# What a column of text cells is tried as, in this order; text when nothing fits all of them.
_KINDS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("integer", _integers),
    ("number", _numbers),
    ("date", _iso_dates),
    ("date (dd.mm.yyyy)", _russian_dates),
    ("boolean", _booleans),
)
_FITS_LATER = {"integer": ("integer", "number"), "number": ("number",)}


def _measure_text(column: _Column, array: Any, edges: _cells.Edges) -> None:
    import pyarrow as pa
    from pyarrow import compute

    if column.kind == "text":
        column.nulls += edges.empty() + _blank(array, edges)
        return
    blank = edges.blank()
    trimmed = compute.utf8_trim_whitespace(array) if blank else array
    filled = trimmed.filter(compute.not_equal(trimmed, "")) if blank or edges.empty() else array
    column.nulls += len(array) - len(filled)
    if not len(filled):
        return
    for kind, read in _KINDS:
        if column.kind and kind not in _FITS_LATER.get(column.kind, (column.kind,)):
            continue
        try:
            values = read(filled)
        except (pa.ArrowException, ValueError):
            continue
        column.kind = kind
        _widen(column, values)
        return
    column.kind, column.least, column.greatest = "text", None, None


def _blank(array: Any, edges: _cells.Edges) -> int:
    """Cells of nothing but blanks, empty ones not counted."""
    from pyarrow import compute

    begun = edges.that_start_with(_cells.BLANKS)
    if begun is None:
        return 0
    return int(compute.sum(compute.equal(compute.utf8_trim_whitespace(array.filter(begun)), "")).as_py() or 0)
