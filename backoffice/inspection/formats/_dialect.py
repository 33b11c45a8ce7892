"""How a CSV file is written: its delimiter, and whether its first row names the columns (A7), told from its first rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

DELIMITERS = (",", ";", "\t", "|")
_ROWS = 200
_NUMBER = re.compile(r"^[+-]?(\d[\d\s\u00a0\u202f]*)?([.,]\d+)?([eE][+-]?\d+)?\s?%?$")
_DATE = re.compile(
    r"^(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$"
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """``delimiter`` is a comma for a single column. ``rows`` are the first ones as they will be read."""

    delimiter: str
    rows: Sequence[Sequence[str]]
    has_header: bool


def sniff(head: str) -> Dialect:
    """The dialect of a text whose beginning is ``head`` (whole lines)."""
    best = max(DELIMITERS, key=lambda delimiter: _consistency(_read(head, delimiter)))
    rows = _read(head, best)
    if _consistency(rows) <= 0:
        best, rows = ",", _read(head, ",")
    return Dialect(best, rows, names_columns(rows))


def _read(head: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(head.splitlines(keepends=True), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) >= _ROWS:
                break
    except csv.Error:  # a cell past the reader's limit: what was read so far will do
        pass
    return rows


def _consistency(rows: Sequence[Sequence[str]]) -> float:
    """How much the rows agree on having more than one cell: the share of the commonest width, a little more for a wider one."""
    if not rows:
        return 0
    width, count = Counter(len(row) for row in rows).most_common(1)[0]
    if width == 1:
        return 0
    first = 0.2 if len(rows[0]) == width else 0
    return count / len(rows) + first + min(width, 50) / 1000


def names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is a header. In doubt it is: a false alarm costs the author a day.

    It is not when it has the numbers and dates of the rows below, or when a text of it comes again below in its own column.
    """
    if len(rows) < 2:
        return not rows or not all(is_value(cell) for cell in rows[0])
    first, rest = rows[0], rows[1:]
    if _counts_up(first):
        return True
    typed = [index for index in range(len(first)) if _is_typed(index, rest)]
    if typed:
        return any(first[index].strip() and not is_value(first[index]) for index in typed)
    return not any(_comes_again(cell, index, rest) for index, cell in enumerate(first))


def _counts_up(first: Sequence[str]) -> bool:
    """Column names such as 0, 1, 2 (pandas) or 2019, 2020, 2021: whole numbers one apart, beside any words."""
    numbers = [int(cell) for cell in first if cell.strip().isdecimal()]
    if len(numbers) < 2 or any(later - earlier != 1 for earlier, later in pairwise(numbers)):
        return False
    return numbers[0] in (0, 1) or (1900 <= numbers[0] <= 2100 and len(numbers) >= 2)


def _is_typed(index: int, rest: Sequence[Sequence[str]]) -> bool:
    cells = [row[index] for row in rest if index < len(row) and row[index].strip()]
    return bool(cells) and sum(map(is_value, cells)) >= 0.8 * len(cells)


def _comes_again(cell: str, index: int, rest: Sequence[Sequence[str]]) -> bool:
    return bool(cell.strip()) and sum(index < len(row) and row[index] == cell for row in rest) >= 2


def is_value(cell: str) -> bool:
    """Whether a cell is a number or a date, as people of Russia and elsewhere write them."""
    text = cell.strip()
    return bool(text) and any(letter.isdigit() for letter in text) and bool(_NUMBER.match(text) or _DATE.match(text))
