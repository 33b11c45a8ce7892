"""What a changed day of the calendar would do to the deadlines of open submissions, before anybody changes it (M1). Nothing is changed here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from peewee import SQL, ModelSelect

from backoffice.calendars import DayException, load_clock, load_policy
from backoffice.domain.deadlines import DeadlinePolicy, deadline
from backoffice.domain.states import UNDER_MODERATION
from backoffice.domain.work_days import DAY
from backoffice.domain.working_clock import MICROSECOND, SECOND, WorkingClock, instant, micros
from backoffice.store import calendar
from backoffice.store.listings import Submission
from backoffice.store.moderation import Hold
from backoffice.store.reports import OPEN
from backoffice.usecases.policy_clock import refuse_change, timing

SHOWN = 10  # moves that are named


@dataclass(frozen=True, slots=True)
class Move:
    """One deadline that would move."""

    submission: Submission
    before: datetime
    after: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """``was`` and ``becomes`` are kinds of day. ``moved`` counts deadlines, ``late`` those that would be overdue at once; ``nearest`` names some."""

    was: str
    becomes: str
    moved: int
    late: int
    nearest: Sequence[Move]


def effect(day: date, kind: str | None, *, now: datetime) -> Effect:
    """Of making a day off, working or shortened; of giving it back to the calendar when ``kind`` is None.

    Deadlines set by hand and clocks that stand still do not move. ``Refused`` as ``change_day`` refuses.
    """
    policy, present = load_policy(), calendar.exceptions()
    today = load_clock(policy, present)
    others = tuple(change for change in present if change.day != day)
    if kind is not None:
        refuse_change(day, kind, today.table)
        others = (*others, DayException(day, kind, ""))
    then = load_clock(policy, others)
    rows = list(_touched(day, today).select(*_NEEDED))
    dues = _deadlines(rows, _held(), then, policy)
    moved = [(row, due) for row, due in zip(rows, dues, strict=True) if due is not None and due != row.deadline_at]
    moved.sort(key=lambda pair: (min(pair[0].deadline_at, pair[1]), pair[0].id))
    return Effect(
        was=today.table.kind_of(day),
        becomes=then.table.kind_of(day),
        moved=len(moved),
        late=sum(due <= now < row.deadline_at for row, due in moved),
        nearest=[Move(row, row.deadline_at, due, then.provisional(row.submitted_at, due)) for row, due in moved[:SHOWN]],
    )


_NEEDED = (
    Submission.id,
    Submission.listing,
    Submission.number,
    Submission.title,
    Submission.submitted_at,
    Submission.deadline_at,
    Submission.deadline_provisional,
    Submission.deadline_override,
    Submission.on_hold,
    Submission.budget_seconds,
)


def _touched(day: date, clock: WorkingClock) -> ModelSelect:
    """Open submissions whose clock runs on that day: what was due before it, or came after it, cannot move."""
    return Submission.select().where(
        SQL(OPEN),
        Submission.on_hold == False,  # noqa: E712
        Submission.deadline_override == False,  # noqa: E712
        Submission.submitted_at < clock.midnight(day + DAY),
        Submission.deadline_at > clock.midnight(day),
    )


def _held() -> dict[int, list[Hold]]:
    """The pauses of what is open."""
    holds: dict[int, list[Hold]] = defaultdict(list)
    for hold in Hold.select().join(Submission).where(Submission.state.in_(UNDER_MODERATION)):
        holds[hold.submission_id].append(hold)
    return holds


def _deadlines(
    rows: Sequence[Submission], holds: dict[int, list[Hold]], clock: WorkingClock, policy: DeadlinePolicy
) -> list[datetime | None]:
    """Under another clock: those with a past of pauses one by one, all the others in one pass."""
    intricate = {row.id for row in rows if row.id in holds or (policy.resubmission == "resume" and row.number > 1)}
    plain = [row for row in rows if row.id not in intricate]
    starts = np.array([micros(row.submitted_at) for row in plain], np.int64)
    usual = policy.budget // MICROSECOND
    budgets = np.array([row.budget_seconds * SECOND if row.budget_seconds else usual for row in plain], np.int64)
    found: dict[int, datetime | None] = {
        row.id: instant(due) for row, due in zip(plain, clock.deadlines(starts, budgets), strict=True)
    }
    for row in rows:
        if row.id in intricate:
            times = timing(row, policy, holds=holds[row.id])
            found[row.id] = deadline(clock, times.start, times.budget, times.pauses)
    return [found[row.id] for row in rows]
