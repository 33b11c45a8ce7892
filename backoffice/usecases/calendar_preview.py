"""What a changed day of the calendar would do to the deadlines of open submissions, before anybody changes it (M1). Nothing is changed here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray
from peewee import SQL, ModelSelect

from backoffice.calendars import DayException, load_clock
from backoffice.domain.deadlines import DeadlinePolicy, deadline
from backoffice.domain.states import UNDER_MODERATION
from backoffice.domain.work_days import DAY
from backoffice.domain.working_clock import MICROSECOND, SECOND, WorkingClock, instant, micros
from backoffice.store import calendar, plain
from backoffice.store.listings import OPEN, Submission
from backoffice.store.moderation import Hold
from backoffice.usecases.policy_clock import policy_clock, refuse_change, timing

SHOWN = 10  # moves that are named
Ints = NDArray[np.int64]


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


def effect(day: date, kind: str | None, *, now: datetime, decree: str = "") -> Effect:
    """Of making a day off, working or shortened, by a decree of the region or without; of taking such a change back when ``kind`` is None.

    Deadlines set by hand and clocks that stand still do not move. ``Refused`` as ``change_day`` refuses.
    """
    (today, policy), present = policy_clock(), calendar.exceptions()
    others = tuple(change for change in present if change.day != day or bool(change.decree) != bool(decree))
    if kind is not None:
        refuse_change(day, kind, today.table)
        others = (*others, DayException(day, kind, "", decree=decree))
    then = load_clock(policy, others)
    ids, before, after = _deadlines(day, today, then, policy)
    moved = np.flatnonzero(before != after)
    order = moved[np.lexsort((ids[moved], np.minimum(before, after)[moved]))]
    at = micros(now)
    return Effect(
        was=today.table.kind_of(day),
        becomes=then.table.kind_of(day),
        moved=len(moved),
        late=int(((after <= at) & (at < before)).sum()),
        nearest=_named(ids, before, after, order[:SHOWN], then),
    )


def _named(ids: Ints, before: Ints, after: Ints, places: Ints, clock: WorkingClock) -> list[Move]:
    """The moves at some places of the arrays, with their submissions."""
    known = {row.id: row for row in Submission.select().where(Submission.id.in_([int(ids[place]) for place in places]))}
    found = []
    for place in places:
        row, due = known[int(ids[place])], instant(int(after[place]))
        found.append(Move(row, instant(int(before[place])), due, clock.provisional(row.submitted_at, due)))
    return found


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


def _deadlines(day: date, clock: WorkingClock, then: WorkingClock, policy: DeadlinePolicy) -> tuple[Ints, Ints, Ints]:
    """Ids, deadlines as they stand, and under the other clock, in microseconds: those with pauses one by one, all the others in one pass."""
    columns = (Submission.id, Submission.number, Submission.budget_seconds, Submission.submitted_at, Submission.deadline_at)
    rows = plain.rows(_touched(day, clock).select(*columns))
    usual, holds = policy.budget // MICROSECOND, _held()
    ids = np.array([row[0] for row in rows], np.int64)
    budgets = np.array([row[2] * SECOND if row[2] else usual for row in rows], np.int64)
    starts, before = (plain.instants([row[place] for row in rows]) for place in (3, 4))
    after = then.deadlines(starts, budgets)
    intricate = [n for n, row in enumerate(rows) if row[0] in holds or (policy.resubmission == "resume" and row[1] > 1)]
    for place in intricate:
        row = Submission.get_by_id(rows[place][0])
        times = timing(row, policy, holds=holds[row.id])
        due = deadline(then, times.start, times.budget, times.pauses)
        after[place] = micros(due) if due else before[place]
    return ids, before, after
