"""How much faster the working clock is than stepping day by day with workalendar, with equal answers.

    python -m tests.benchmarks.clock [--instants 1000000] [--stepped 1000000]

Both use the same days. ``--stepped`` says how many of the instants the slow side really answers (its time is scaled up when fewer).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from workalendar.europe import Russia

from backoffice.calendars import load_calendar, load_clock, load_policy
from backoffice.domain.working_clock import SECOND, micros

MOSCOW = ZoneInfo("Europe/Moscow")
BUDGET = 72 * 3_600
BARS = {"deadlines": 100, "elapsed": 250}


class DecreedRussia(Russia):
    """workalendar with the decrees laid over it both ways, by look-ups in sets: faster than its own ``is_working_day``, so the bar is harder."""

    def __init__(self) -> None:
        super().__init__()
        notes = load_calendar("ru").notes
        self.off = {day for day, note in notes.items() if note.kind == "off"}
        self.on = {day for day, note in notes.items() if note.kind != "off"}

    def is_working_day(self, day: date, extra_working_days: object = None, extra_holidays: object = None) -> bool:
        if day in self.on:
            return True
        return day not in self.off and day.weekday() not in self.get_weekend_days()


def stepped_deadline(calendar: Russia, start: datetime, budget: int) -> datetime:
    """Day by day until the budget is used up."""
    local, left = start.astimezone(MOSCOW), timedelta(seconds=budget)
    while True:
        following = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), MOSCOW)
        if calendar.is_working_day(local.date()):
            if left <= following - local:
                return local + left
            left -= following - local
        local = following


def stepped_elapsed(calendar: Russia, start: datetime, end: datetime) -> timedelta:
    """Day by day from one to the other."""
    local, until, total = start.astimezone(MOSCOW), end.astimezone(MOSCOW), timedelta(0)
    while local < until:
        following = min(datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), MOSCOW), until)
        if calendar.is_working_day(local.date()):
            total += following - local
        local = following
    return total


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure, compare every answer to the second, print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--instants", type=int, default=1_000_000)
    parser.add_argument("--stepped", type=int, default=1_000_000)
    given = parser.parse_args()
    clock, calendar, generator = load_clock(load_policy()), DecreedRussia(), np.random.default_rng(72)
    since, until = micros(datetime(2022, 1, 1, tzinfo=UTC)) // SECOND, micros(datetime(2027, 11, 1, tzinfo=UTC)) // SECOND
    starts = generator.integers(since, until, given.instants)
    ends = starts + generator.integers(0, 30 * 86_400, given.instants)
    fast_due = clock.deadlines(starts * SECOND, BUDGET * SECOND) // SECOND
    fast_elapsed = clock.elapsed_many(starts * SECOND, ends * SECOND) // SECOND
    few = min(given.stepped, given.instants)
    asked = [datetime.fromtimestamp(int(s), UTC) for s in starts[:few]]
    ended = [datetime.fromtimestamp(int(s), UTC) for s in ends[:few]]
    due: list[datetime] = []
    spent: list[timedelta] = []
    slow = {
        "deadlines": seconds(lambda: due.extend(stepped_deadline(calendar, start, BUDGET) for start in asked)),
        "elapsed": seconds(lambda: spent.extend(stepped_elapsed(calendar, a, b) for a, b in zip(asked, ended, strict=True))),
    }
    fast = {
        "deadlines": statistics.median(seconds(lambda: clock.deadlines(starts * SECOND, BUDGET * SECOND)) for _ in range(7)),
        "elapsed": statistics.median(seconds(lambda: clock.elapsed_many(starts * SECOND, ends * SECOND)) for _ in range(7)),
    }
    differing = {
        "deadlines": int((np.array([int(d.timestamp()) for d in due]) != fast_due[:few]).sum()),
        "elapsed": int((np.array([int(s.total_seconds()) for s in spent]) != fast_elapsed[:few]).sum()),
    }
    scale = given.instants / few
    report = {
        name: {
            "stepping_s": round(slow[name] * scale, 2),
            "ours_s": round(fast[name], 4),
            "ratio": round(slow[name] * scale / fast[name]),
            "bar": BARS[name],
            "differing": differing[name],
        }
        for name in BARS
    }
    print(json.dumps({"instants": given.instants, "stepped": few, **report}, indent=2))
    if any(row["ratio"] < row["bar"] or row["differing"] for row in report.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
