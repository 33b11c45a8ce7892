"""The first and last bytes of a column's cells, all at once: most columns need no closer look, and looking closer costs more than parsing."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pyarrow as pa

# What a blank of Unicode starts with in UTF-8; other letters start with some of these too, which costs a closer look and nothing else.
BLANKS = bytes([*range(9, 14), *range(28, 33), 0xC2, 0xE1, 0xE2, 0xE3])
_PLAIN_END = np.zeros(256, bool)  # bytes that no blank ends with
_PLAIN_END[33:128] = True
_PLAIN_START = np.ones(256, bool)
_PLAIN_START[list(BLANKS)] = False


class Edges:
    """Of one ``pyarrow.StringArray`` without nulls."""

    def __init__(self, array: Any) -> None:
        _, ends, values = array.buffers()
        self._ends = np.frombuffer(ends, np.int32)[array.offset : array.offset + len(array) + 1]
        self._data = np.frombuffer(values, np.uint8) if values is not None and values.size else np.zeros(1, np.uint8)
        self._filled = self._ends[1:] > self._ends[:-1]
        self._starts = self._data[np.minimum(self._ends[:-1], len(self._data) - 1)]

    def part(self, start: int, count: int) -> Edges:
        """Those of ``count`` cells from ``start``."""
        part = copy.copy(self)
        part._ends = self._ends[start : start + count + 1]
        part._filled = self._filled[start : start + count]
        part._starts = self._starts[start : start + count]
        return part

    def empty(self) -> int:
        """How many cells have no byte."""
        return len(self._filled) - int(np.count_nonzero(self._filled))

    def blank(self) -> bool:
        """Whether a cell may start or end with blanks."""
        lasts = self._data[np.maximum(self._ends[1:], 1) - 1]
        return bool(np.any(self._filled & ~(_PLAIN_START[self._starts] & _PLAIN_END[lasts])))

    def that_start_with(self, letters: bytes) -> Any:
        """A mask for ``filter``; None when no cell does."""
        wanted = np.zeros(256, bool)
        wanted[list(letters)] = True
        mask = self._filled & wanted[self._starts]
        return pa.array(mask) if mask.any() else None

    def contains(self, letters: bytes) -> bool:
        """Whether any cell has one of these ASCII letters."""
        text = self._data[self._ends[0] : self._ends[-1]]
        return any(bool((text == letter).any()) for letter in letters)
