"""The forecast of the coming business days, from what the database knows, and what moving work would change (M9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from peewee import SQL

from backoffice.domain.capacity import Learned, Past, learn
from backoffice.domain.deadlines import DeadlinePolicy
from backoffice.domain.forecast import HORIZON, TAIL, Forecast, Office, Waiting, Worker, forecast
from backoffice.domain.permissions import Role as RoleName
from backoffice.domain.work_days import DAY
from backoffice.domain.working_clock import MICROSECOND, WorkingClock, micros
from backoffice.store import history
from backoffice.store.listings import Submission
from backoffice.store.people import Person
from backoffice.store.reports import OPEN
from backoffice.usecases.people import with_role
from backoffice.usecases.policy_clock import day_clock, policy_clock
from backoffice.usecases.team import shift_of

LOOKBACK = 40  # business days: eight ordinary weeks


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast beside its business days; ``changed`` is the same with the moves made, None without any."""

    days: tuple[date, ...]
    told: Forecast
    changed: Forecast | None = None


def outlook(*, now: datetime, moves: Mapping[int, int | None] | None = None) -> Outlook:
    """The next business days. ``moves`` gives submissions to moderators (None: to the pool) and says what would change.

    The same day and the same data give the same answer: the draws of the simulation are fixed by the date.
    """
    clock = day_clock()
    days = _days_from(clock, clock.day_of(clock.next_working(now)), HORIZON + TAIL)
    office, seed = _office(clock, days, now), days[0].toordinal()
    told = forecast(office, seed=seed)
    if not moves:
        return Outlook(tuple(days[:HORIZON]), told)
    waiting = [replace(item, owner=moves[item.id]) if item.id in moves else item for item in office.waiting]
    return Outlook(tuple(days[:HORIZON]), told, forecast(replace(office, waiting=waiting), seed=seed))


def _office(clock: WorkingClock, days: list[date], now: datetime) -> Office:
    _, policy = policy_clock()
    people = with_role(RoleName.MODERATOR)
    base = clock.midnight(days[0])
    learned = learn(_past(clock, days[0], people, now))
    return Office(
        now=clock.elapsed(base, now) / DAY if now > base else 0.0,
        waiting=_waiting(clock, base, now),
        workers=[Worker(p.id, learned.rates[p.id], [shift_of(p, day, clock) for day in days]) for p in people],
        weekdays=[day.weekday() for day in days],
        arrivals=_whole_week(learned, days),
        moods=learned.moods,
        doubt=learned.doubt,
        budget=_budget(policy),
    )


def _waiting(clock: WorkingClock, base: datetime, now: datetime) -> list[Waiting]:
    rows = Submission.select(
        Submission.id, Submission.deadline_at, Submission.assignee, Submission.claimant, Submission.claim_expires_at
    ).where(SQL(OPEN), Submission.deadline_at.is_null(False), Submission.on_hold == False)  # noqa: E712
    found = list(rows)
    dues = _places(clock, base, [row.deadline_at for row in found])
    return [Waiting(row.id, due, _owner(row, now)) for row, due in zip(found, dues, strict=True)]


def _owner(row: Submission, now: datetime) -> int | None:
    live = row.claim_expires_at is not None and row.claim_expires_at > now
    owner: int | None = row.assignee_id or (row.claimant_id if live else None)
    return owner


def _places(clock: WorkingClock, base: datetime, instants: Sequence[datetime]) -> list[float]:
    """Where instants lie on the forecast's axis."""
    at = np.array([micros(instant) for instant in instants], np.int64)
    found: list[float] = (clock.elapsed_many(np.full_like(at, micros(base)), at) / (DAY // MICROSECOND)).tolist()
    return found


def _past(clock: WorkingClock, first: date, people: list[Person], now: datetime) -> Past:
    days = _days_before(clock, first, LOOKBACK)
    base, since = clock.midnight(first), clock.midnight(days[0])

    made = history.decided_by(since, base)
    decided: dict[int, list[float]] = defaultdict(list)
    for (moderator, _), place in zip(made, _places(clock, base, [made_at for _, made_at in made]), strict=True):
        decided[moderator].append(place)
    left = Submission.select(Submission.decided_at).where((Submission.decided_at >= since) & (Submission.decided_at < base))
    left = left.where(Submission.submitted_at.is_null(False))
    return Past(
        weekdays=[day.weekday() for day in days],
        came=_places(clock, base, history.submissions(since, min(base, now))),
        went=_places(clock, base, [row[0] for row in left.tuples()]),
        decided=decided,
        duty={person.id: [shift_of(person, day, clock) for day in days] for person in people},
        backlog=Submission.select().where(SQL(OPEN), Submission.submitted_at < base).count(),
    )


def _whole_week(learned: Learned, days: list[date]) -> dict[int, list[int]]:
    """A weekday without a past gets the numbers of all days."""
    everything = [number for numbers in learned.arrivals.values() for number in numbers]
    return {day.weekday(): list(learned.arrivals.get(day.weekday()) or everything) for day in days}


def _budget(policy: DeadlinePolicy) -> float:
    """The budget in business days of the policy's hours."""
    return policy.budget / timedelta(seconds=sum(closes - opens for opens, closes in policy.hours))


def _days_from(clock: WorkingClock, first: date, count: int) -> list[date]:
    days: list[date] = []
    day = first
    while len(days) < count:
        if clock.table.is_working(day):
            days.append(day)
        day += DAY
    return days


def _days_before(clock: WorkingClock, first: date, count: int) -> list[date]:
    days: list[date] = []
    day = first - DAY
    while len(days) < count:
        if clock.table.is_working(day):
            days.insert(0, day)
        day -= DAY
    return days
