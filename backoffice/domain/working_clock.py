"""The working clock: 72 hours are 72 × 3,600 elapsed seconds of UTC that fall into working time of a zone (M1).

All working time is laid out once as stretches of UTC in integer microseconds, with the running total before each. Elapsed time is then one
look-up at either end, and a deadline one look-up in the totals: O(log n) at worst, the same arrays for one instant and for a million.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backoffice.domain.lookup import Lookup, in_blocks
from backoffice.domain.opening_hours import ALL_DAY, Hours, midnights, stretches
from backoffice.domain.work_days import DayTable

Micros = NDArray[np.int64]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
_BEYOND = np.iinfo(np.int64).min


class NaiveDatetime(ValueError):  # noqa: N818
    """A datetime without an offset names no instant."""


class OutOfRange(ValueError):  # noqa: N818
    """The calendar does not reach that far."""


def micros(instant: datetime) -> int:
    """Microseconds of UTC since 1970, exact."""
    if instant.utcoffset() is None:
        raise NaiveDatetime(f"naive datetime: {instant.isoformat()}")
    return (instant - EPOCH) // MICROSECOND


def instant(value: int) -> datetime:
    """The aware UTC datetime again."""
    try:
        return EPOCH + timedelta(microseconds=int(value))
    except OverflowError:
        raise OutOfRange(str(value)) from None


class WorkingClock:
    """Working time of one calendar in one zone. Immutable; build it once and share it between threads.

    ``hours`` are the opening hours of a working day as seconds since its midnight, [(0, 86400)] by default; with ``shorten`` a shortened day ends an
    hour earlier. A day is from local midnight to local midnight: 23 or 25 hours on the days a zone changes.
    """

    def __init__(self, table: DayTable, zone: ZoneInfo, *, hours: Hours = ALL_DAY, shorten: bool = False) -> None:
        self.table, self.zone, self.hours, self.shorten = table, zone, tuple(hours), shorten
        self._days = midnights(table.first, len(table.working), zone) * SECOND
        starts, ends = _joined(*stretches(table, zone, self.hours, shorten=shorten))
        self._starts: Micros = starts * SECOND
        self._lengths: Micros = (ends - starts) * SECOND
        self._totals: Micros = np.concatenate([np.zeros(1, np.int64), np.cumsum(self._lengths)])
        self._by_start = Lookup(self._starts, int(self._days[-1]))
        self._by_total = Lookup(self._totals[:-1], int(self._totals[-1]))
        self._soft: Micros = np.concatenate([np.zeros(1, np.int64), np.cumsum(~table.firm)])
        digest = hashlib.sha256(self._starts.tobytes() + self._lengths.tobytes() + np.packbits(table.firm).tobytes())
        self.version = digest.hexdigest()[:16]

    # One at a time.

    def deadline(self, start: datetime, budget: timedelta) -> datetime:
        """The earliest instant at which the working time elapsed since ``start`` reaches ``budget``; ``start`` itself for a budget of 0 or less."""
        since, length = self._inside(micros(start)), budget // MICROSECOND
        if length <= 0:
            return start
        target = self._worked_at(since) + length
        starts, _, totals = self._lists
        if target > totals[-1]:
            raise OutOfRange(f"working time ends on {self.table.last}")
        place = bisect_left(totals, target) - 1  # the last stretch with less than the target before it
        return instant(starts[place] + target - totals[place])

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; negative when they are the other way round."""
        since, until = self._inside(micros(start)), self._inside(micros(end))
        return timedelta(microseconds=self._worked_at(until) - self._worked_at(since))

    def is_working(self, at: datetime) -> bool:
        """Whether the clock runs at this instant."""
        place = int(np.searchsorted(self._starts, micros(at), side="right")) - 1
        return place >= 0 and micros(at) < int(self._starts[place] + self._lengths[place])

    def next_working(self, at: datetime) -> datetime:
        """``at`` when the clock runs, else the instant at which it starts again."""
        if self.is_working(at):
            return at
        place = int(np.searchsorted(self._starts, micros(at), side="left"))
        if place == len(self._starts):
            raise OutOfRange(at.isoformat())
        return instant(int(self._starts[place]))

    def provisional(self, start: datetime, end: datetime) -> bool:
        """Whether a day between the two has no decree yet. The last day is that of the last instant before ``end``."""
        first = int(np.searchsorted(self._days, micros(start), side="right")) - 1
        last = max(int(np.searchsorted(self._days, micros(end), side="left")) - 1, first)
        return bool(self._soft[last + 1] - self._soft[first])

    def midnight(self, day: date) -> datetime:
        """The instant at which a local day begins."""
        return instant(int(self._days[self.table.index(day)]))

    def day_of(self, at: datetime) -> date:
        """The local day of an instant."""
        return at.astimezone(self.zone).date()

    @cached_property
    def _lists(self) -> tuple[list[int], list[int], list[int]]:
        """Starts, lengths and totals as plain integers: for one question, ten times faster than arrays."""
        return self._starts.tolist(), self._lengths.tolist(), self._totals.tolist()

    def _inside(self, at: int) -> int:
        if not int(self._days[0]) <= at <= int(self._days[-1]):
            raise OutOfRange(f"the calendar knows {self.table.first} to {self.table.last}")
        return at

    def _worked_at(self, at: int) -> int:
        starts, lengths, totals = self._lists
        place = max(bisect_right(starts, at) - 1, 0)
        return totals[place] + min(max(at - starts[place], 0), lengths[place])

    # Many at once: microseconds of UTC in, microseconds out.

    def deadlines(self, starts: Micros, budgets: Micros | int) -> Micros:
        """``deadline`` of many; ``OutOfRange`` when the calendar does not reach far enough for all."""
        self._within(starts)
        due = in_blocks(self._due, starts, np.broadcast_to(np.asarray(budgets, np.int64), starts.shape))
        if (due < 0).any() and (due == _BEYOND).any():
            raise OutOfRange(f"working time ends on {self.table.last}")
        return due

    def _due(self, starts: Micros, budgets: Micros) -> Micros:
        targets = self._worked(starts) + budgets
        places = self._by_total.find(
            np.minimum(targets, self._totals[-1]) - 1
        )  # the last stretch with less than the target before it
        found = self._starts[places] + (targets - self._totals[places])
        found[targets > self._totals[-1]] = _BEYOND
        return np.where(budgets > 0, found, starts)

    def elapsed_many(self, starts: Micros, ends: Micros) -> Micros:
        """``elapsed`` of many, in microseconds."""
        for at in (starts, ends):
            self._within(at)
        return in_blocks(lambda since, until: self._worked(until) - self._worked(since), starts, ends)

    def _within(self, at: Micros) -> None:
        if at.size and not (int(self._days[0]) <= int(at.min()) and int(at.max()) <= int(self._days[-1])):
            raise OutOfRange(f"the calendar knows {self.table.first} to {self.table.last}")

    def _worked(self, at: Micros) -> Micros:
        """Working time from the beginning of the calendar."""
        places = self._by_start.find(at)
        into = at - self._starts[places]
        np.clip(into, 0, self._lengths[places], out=into)
        into += self._totals[places]
        return into


def _joined(starts: Micros, ends: Micros) -> tuple[Micros, Micros]:
    """Stretches that touch as one."""
    new = starts[1:] != ends[:-1]
    return starts[np.append(True, new)], ends[np.append(new, True)]
