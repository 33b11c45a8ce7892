"""Long lists as the driver gives them: peewee's own conversion takes most of the time of a hundred thousand rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peewee import ModelSelect

from backoffice.domain.working_clock import micros
from backoffice.store.base import db

_WIDTH = len("2026-11-26 12:00:00.000000")  # of an instant as SQLite has it, without its offset, which is UTC's


def rows(query: ModelSelect) -> list[tuple[Any, ...]]:
    """The rows, unconverted."""
    found: list[tuple[Any, ...]] = db.execute_sql(*query.sql()).fetchall()
    return found


def instants(values: Sequence[Any]) -> NDArray[np.int64]:
    """Unconverted instants in microseconds of UTC since 1970."""
    if values and isinstance(values[0], str):
        return np.array([value[:_WIDTH] for value in values], "datetime64[us]").astype(np.int64)
    return np.array([micros(value) for value in values], np.int64)
