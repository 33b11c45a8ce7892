"""Where working time lies on the axis of UTC: the days of a table, in a zone, within opening hours.

An instant is within the hours when the wall clock shows a time in [open, close). That holds also on the days a zone changes: an hour that
does not exist is not worked, one that exists twice is worked twice.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backoffice.domain.work_days import DayTable

Hours = tuple[tuple[int, int], ...]  # [open, close) in seconds since midnight
Seconds = NDArray[np.int64]
LONG = 86_400
HOUR = 3_600
ALL_DAY: Hours = ((0, LONG),)
_EPOCH = date(1970, 1, 1)


def parse_hours(value: str | list[list[str]]) -> Hours:
    """``"24h"`` or ``[["09:00", "13:00"], ["14:00", "18:00"]]``; ``ValueError`` unless they ascend and do not overlap. 24:00 ends a day."""
    if value == "24h":
        return ALL_DAY
    if isinstance(value, str) or not value:
        raise ValueError("hours")
    hours = tuple((_seconds(opens), _seconds(closes)) for opens, closes in value)
    flat = [edge for pair in hours for edge in pair]
    if any(opens >= closes for opens, closes in hours) or flat != sorted(flat):
        raise ValueError("hours")
    return hours


def _seconds(text: str) -> int:
    if text == "24:00":
        return LONG
    at = time.fromisoformat(text)
    if at.tzinfo is not None or at.microsecond:
        raise ValueError("hours")
    return at.hour * HOUR + at.minute * 60 + at.second


def shortened(hours: Hours) -> Hours:
    """The hours of a shortened day: its end comes an hour earlier."""
    end = hours[-1][1] - HOUR
    return tuple((opens, min(closes, end)) for opens, closes in hours if opens < end)


@lru_cache(maxsize=64)
def midnights(first: date, count: int, zone: ZoneInfo) -> Seconds:
    """The seconds of UTC at which ``count`` local days begin, and the end of the last."""
    local = (np.arange(count + 1, dtype=np.int64) + (first - _EPOCH).days) * LONG
    begins = datetime.combine(first, time(), zone)
    offsets = np.fromiter((_offset(begins + timedelta(days=n)) for n in range(count + 1)), np.int64, count + 1)
    found: Seconds = local - offsets
    found.setflags(write=False)
    return found


def _offset(local: datetime) -> int:
    return round((local.utcoffset() or timedelta()).total_seconds())


def stretches(table: DayTable, zone: ZoneInfo, hours: Hours, *, shorten: bool) -> tuple[Seconds, Seconds]:
    """Starts and ends of working time in seconds of UTC, ascending, none empty."""
    begins = midnights(table.first, len(table.working), zone)
    short = table.shortened if shorten else np.zeros_like(table.shortened)
    plain = np.diff(begins) == LONG
    starts, ends = [], []
    for kind, edges in ((False, hours), (True, shortened(hours))):
        days = begins[:-1][plain & table.working & (short == kind)]
        for opens, closes in edges:
            starts.append(days + opens)
            ends.append(days + closes)
    for place in np.flatnonzero(~plain & table.working):
        midnight = (int(place) + (table.first - _EPOCH).days) * LONG
        edges = shortened(hours) if short[place] else hours
        odd = _odd_day(int(begins[place]), int(begins[place + 1]), midnight=midnight, zone=zone, hours=edges)
        starts.append(np.array([a for a, _ in odd], np.int64))
        ends.append(np.array([b for _, b in odd], np.int64))
    all_starts, all_ends = np.concatenate(starts), np.concatenate(ends)
    order = np.argsort(all_starts, kind="stable")
    return all_starts[order], all_ends[order]


def _odd_day(begin: int, end: int, *, midnight: int, zone: ZoneInfo, hours: Hours) -> list[tuple[int, int]]:
    """The stretches of a day on which the zone changes: what the wall clock shows decides, before the change and after it.

    ``midnight`` is where the day begins on the wall clock's own axis.
    """
    change = _change(begin, end, zone)
    found = []
    for since, until in ((begin, change), (change, end)):
        shift = midnight - _offset_at(since, zone)
        found += [(max(since, shift + opens), min(until, shift + closes)) for opens, closes in hours]
    return [(a, b) for a, b in found if a < b]


def _change(begin: int, end: int, zone: ZoneInfo) -> int:
    """The first second of UTC in [begin, end] from which the offset is that of the end of the day."""
    after = _offset_at(end - 1, zone) if end > begin else 0
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if _offset_at(middle, zone) == after:
            high = middle
        else:
            low = middle + 1
    return low


def _offset_at(second: int, zone: ZoneInfo) -> int:
    return _offset(datetime.fromtimestamp(second, zone))
