"""Why a deadline is when it is, day by day (M1): each day's working time, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backoffice.domain.deadlines import NONE, Pause, elapsed, merged
from backoffice.domain.work_days import DAY, DayNote
from backoffice.domain.working_clock import WorkingClock


@dataclass(frozen=True, slots=True)
class TraceDay:
    """One local day. ``worked`` counted, ``paused`` would have counted; ``total`` is the sum of ``worked`` up to the end of the day.

    ``note`` says why the day is not what its weekday says; without one, a day without working time is an ordinary weekend.
    """

    day: date
    worked: timedelta
    paused: timedelta
    total: timedelta
    working: bool
    note: DayNote | None = None
    reasons: tuple[str, ...] = ()
    provisional: bool = False


def trace(clock: WorkingClock, start: datetime, until: datetime, pauses: Sequence[Pause] = ()) -> list[TraceDay]:
    """Every local day from ``start`` to ``until``; the last ``total`` is the time elapsed between them."""
    lines: list[TraceDay] = []
    stops = merged(pauses, since=start)
    day, total = clock.day_of(start), NONE
    last = max(clock.day_of(until - timedelta(microseconds=1)), day)
    while day <= last:
        begin, end = max(start, clock.midnight(day)), min(until, clock.midnight(day + DAY))
        worked = elapsed(clock, begin, end, stops)
        total += worked
        within = tuple(dict.fromkeys(p.reason for p in stops if p.start < end and (p.end is None or p.end > begin)))
        place = clock.table.index(day)
        lines.append(
            TraceDay(
                day=day,
                worked=worked,
                paused=max(clock.elapsed(begin, end), NONE) - worked,
                total=total,
                working=bool(clock.table.working[place]),
                note=clock.table.notes.get(day),
                reasons=within,
                provisional=not clock.table.firm[place],
            )
        )
        day += DAY
    return lines
