"""From working time to deadlines: pauses, points of warning, and the policy that says how (M1, M7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from backoffice.domain.opening_hours import ALL_DAY, Hours, parse_hours
from backoffice.domain.working_clock import MICROSECOND, NaiveDatetime, WorkingClock

NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which the clock stands still. ``end`` is None while it lasts."""

    start: datetime
    end: datetime | None
    reason: str = ""

    def __post_init__(self) -> None:
        for edge in (self.start, self.end):
            if edge is not None and edge.utcoffset() is None:
                raise NaiveDatetime(f"naive datetime: {edge.isoformat()}")
        if self.end is not None and self.end < self.start:
            raise ValueError("a pause ends before it begins")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder: at ``percent`` of the budget, whom to ``tell`` ``by`` what, and what else to do (``act``)."""

    percent: int
    tell: tuple[str, ...] = ()
    by: tuple[str, ...] = ("app",)
    act: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """``config/policies/deadlines.toml`` as a value."""

    budget: timedelta = timedelta(hours=72)
    calendar: str = "ru"
    zone: str = "Europe/Moscow"
    hours: Hours = ALL_DAY
    shorten: bool = False
    resubmission: str = "fresh"
    ladder: tuple[Step, ...] = ()
    head: str = ""
    mail_hours: Hours = ((9 * 3_600, 18 * 3_600),)
    remind_after_days: int = 5
    archive_after_days: int = 60
    least_a_day: float = 2.0


@dataclass(frozen=True, slots=True)
class Clocked:
    """Where a submission stands on the clock. ``deadline`` is None while an open pause stops the clock before it; ``remaining`` goes negative."""

    deadline: datetime | None
    elapsed: timedelta
    remaining: timedelta


_TELL = {"assignee", "leads", "head"}
_ACT = {"release", "unassign", "raise", "lead_queue"}


def policy_of(data: Mapping[str, Any]) -> DeadlinePolicy:
    """The policy out of its file; ``ValueError`` naming what is wrong with it."""
    ladder = tuple(
        Step(int(row["percent"]), tuple(row.get("tell", ())), tuple(row.get("by", ("app",))), tuple(row.get("act", ())))
        for row in data.get("ladder", ())
    )
    if [step.percent for step in ladder] != sorted({step.percent for step in ladder}):
        raise ValueError("ladder: percents must ascend")
    for step in ladder:
        if unknown := (set(step.tell) - _TELL) | (set(step.by) - {"email", "app"}) | (set(step.act) - _ACT):
            raise ValueError(f"ladder: {sorted(unknown)}")
    if data["resubmission"] not in ("fresh", "resume"):
        raise ValueError("resubmission: fresh or resume")
    authors, mail = data.get("authors", {}), data.get("mail", {})
    return DeadlinePolicy(
        budget=budget_of(data["budget_hours"]),
        calendar=data["calendar"],
        zone=data["zone"],
        hours=parse_hours(data["hours"]),
        shorten=bool(data["shorten"]),
        resubmission=data["resubmission"],
        ladder=ladder,
        head=str(data.get("head", "")),
        mail_hours=parse_hours([[mail.get("opens", "09:00"), mail.get("closes", "18:00")]]),
        remind_after_days=int(authors.get("remind_after_days", 5)),
        archive_after_days=int(authors.get("archive_after_days", 60)),
        least_a_day=_pace_of(data.get("forecast", {}).get("least_a_day", 2)),
    )


def _pace_of(decisions: float) -> float:
    if isinstance(decisions, bool) or not 0 <= decisions < 1_000:
        raise ValueError("forecast: least_a_day")
    return float(decisions)


def budget_of(hours: float) -> timedelta:
    """Hours as they are written, 0.1 being a tenth exactly; ``ValueError`` for a budget below zero."""
    if isinstance(hours, bool) or not 0 <= hours < 1_000_000:
        raise ValueError("budget")
    return round(Fraction(str(hours)) * (3_600 * 1_000_000)) * MICROSECOND


@lru_cache(maxsize=1_024)
def share(budget: timedelta, percent: float) -> timedelta:
    """A percentage of the budget, exact to the microsecond."""
    return round(Fraction(budget // MICROSECOND) * Fraction(str(percent)) / 100) * MICROSECOND


def merged(pauses: Iterable[Pause], *, since: datetime) -> list[Pause]:
    """Pauses in order, clipped to what follows ``since``, overlapping and touching ones as one, empty ones gone."""
    result: list[Pause] = []
    for pause in sorted(pauses, key=lambda p: p.start):
        start, end = max(pause.start, since), pause.end
        if end is not None and end <= start:
            continue
        last = result[-1] if result else None
        if last is None or (last.end is not None and last.end < start):
            result.append(Pause(start, end, pause.reason))
            continue
        longer = None if last.end is None or end is None else max(last.end, end)
        reasons = dict.fromkeys(part for part in (last.reason, pause.reason) if part)
        result[-1] = Pause(last.start, longer, "; ".join(reasons))
    return result


def deadline(clock: WorkingClock, start: datetime, budget: timedelta, pauses: Sequence[Pause] = ()) -> datetime | None:
    """The earliest instant at which the time worked outside the pauses reaches the budget.

    None when an open pause begins before that. A pause that begins at or after the deadline moves nothing.
    """
    left, cursor = budget, start
    for pause in merged(pauses, since=start):
        due = clock.deadline(cursor, left)
        if due <= pause.start:
            return due
        if pause.end is None:
            return None
        left -= clock.elapsed(cursor, pause.start)
        cursor = pause.end
    return clock.deadline(cursor, left)


def elapsed(clock: WorkingClock, start: datetime, until: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
    """Working time from ``start`` to ``until`` without what lies in pauses; nothing before the start."""
    if until <= start:
        return NONE
    lost = (
        clock.elapsed(pause.start, min(pause.end or until, until)) for pause in merged(pauses, since=start) if pause.start < until
    )
    return clock.elapsed(start, until) - sum(lost, NONE)


def clocked(clock: WorkingClock, start: datetime, budget: timedelta, pauses: Sequence[Pause] = (), *, now: datetime) -> Clocked:
    """Deadline, elapsed and remaining time at ``now``. What remains of an open pause is frozen: it does not change with ``now``."""
    worked = elapsed(clock, start, now, pauses)
    return Clocked(deadline(clock, start, budget, pauses), worked, budget - worked)


def warn_points(
    clock: WorkingClock, start: datetime, budget: timedelta, percents: Iterable[float], pauses: Sequence[Pause] = ()
) -> dict[str, datetime | None]:
    """The instant at which each percentage of the budget is used up; over 100 is after the deadline. None past an open pause."""
    return {str(percent): deadline(clock, start, share(budget, percent), pauses) for percent in percents}
