"""What fickling's tests hold to be no attack (test_benign_edge_cases.py of 0.1.12), made anew: plain values, the standard library, NumPy."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import pathlib
import pickle
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tests.corpus.scanners import Sample


class _Mood(enum.Enum):
    GOOD = "good"


@dataclass
class _Row:
    name: str
    items: list[int]


class _Point(NamedTuple):
    x: int
    y: str


_HARMLESS: dict[str, Any] = {
    "plain": [42, 3.14, "hello", True, None, {"a": {"b": {"c": (1, 2)}}}, tuple(range(100)), list(range(10_000))],
    "unicode": "Hello 世界 🌍 αβγ",
    "datetime": [dt.datetime(2026, 1, 2, 3, 4, 5), dt.date(2026, 1, 2), dt.time(12, 30), dt.timedelta(1, 2), dt.UTC],  # noqa: DTZ001
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "numbers": [decimal.Decimal("123.456"), fractions.Fraction(1, 3), range(10), slice(1, 10), {1, 2, 3}, frozenset([1, 2])],
    "path": pathlib.PurePosixPath("/usr/local/bin"),
    "collections": [collections.OrderedDict(a=1), collections.Counter("abac")],
    "numpy": [
        np.arange(5),
        np.arange(6).reshape(2, 3),
        np.int32(42),
        np.float64(3.14),
        np.zeros(2, [("name", "U10"), ("age", "i4")]),
    ],
    "words": {
        "exec": "You must exec this by hand",
        "eval": "import os; os.system('rm -rf /')",
        "__reduce__": "os",
        "subprocess": "",
    },
}
_UNKNOWN: dict[str, Any] = {"enum": _Mood.GOOD, "dataclass": _Row("test", [1, 2, 3]), "namedtuple": _Point(1, "hello")}


def harmless() -> Iterator[Sample]:
    """What fickling holds to be no attack, at every protocol: nothing of it may be said of these."""
    for name, value in _HARMLESS.items():
        for protocol in range(6):
            yield Sample(f"{name}-v{protocol}", pickle.dumps(value, protocol), hostile=False)


def unknown() -> Iterator[Sample]:
    """Classes of the author's own: no attack, but nobody here knows them."""
    for name, value in _UNKNOWN.items():
        for protocol in range(2, 6):
            yield Sample(f"{name}-v{protocol}", pickle.dumps(value, protocol), hostile=False)
