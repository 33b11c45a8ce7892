"""The forecast of the coming business days, from what the database knows, and what moving work would change (M9)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from peewee import SQL, Case, fn

from backoffice.domain.capacity import Learned, Past, learn
from backoffice.domain.deadlines import DeadlinePolicy
from backoffice.domain.forecast import HORIZON, NOBODY, TAIL, Change, Day, Forecast, Line, Office, Worker, change, forecast
from backoffice.domain.permissions import Role as RoleName
from backoffice.domain.work_days import DAY
from backoffice.domain.working_clock import MICROSECOND, Micros, WorkingClock, micros
from backoffice.store import history, kept, plain
from backoffice.store.listings import OPEN, Submission
from backoffice.store.people import Person
from backoffice.usecases.people import with_role
from backoffice.usecases.policy_clock import day_clock, policy_clock
from backoffice.usecases.team import shift_of

LOOKBACK = 40  # business days: eight ordinary weeks
RENEWED = timedelta(minutes=5)  # by the scheduler
STALE = 2 * RENEWED  # older than that, whoever looks counts anew
NAMED = 300  # of the submissions most likely to be late that are kept
WORTH_NAMING = 0.05  # probability of being late
SHAPE = 2  # of what is kept: what another one left is counted anew


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast of business days as of ``made_at``, and the submissions most likely to be late with the probability.

    ``decided`` is the number of decisions that it goes by, ``change`` the difference that moves make, as of now; None without any.
    """

    days: tuple[date, ...]
    told: Sequence[Day]
    risks: Sequence[tuple[int, float]]
    made_at: datetime
    decided: int
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class _Frame:
    """What holds for a whole day: the clock, the coming business days, who moderates, and a name for all of it."""

    clock: WorkingClock
    days: list[date]
    people: list[Person]
    version: str

    @classmethod
    def of(cls, now: datetime) -> _Frame:
        clock, people = day_clock(), with_role(RoleName.MODERATOR)
        running, policy = policy_clock()
        days = _days_from(clock, clock.day_of(clock.next_working(now)), HORIZON + TAIL)
        duties = [(person.id, person.weekly_shifts, person.away) for person in people]
        version = hashlib.sha256(
            f"{SHAPE} {running.version} {policy.budget} {policy.least_a_day} {days[0]} {duties}".encode()
        ).hexdigest()
        return cls(clock, days, people, version)

    @property
    def base(self) -> datetime:
        """Where the axis begins."""
        return self.clock.midnight(self.days[0])

    @property
    def told(self) -> tuple[date, ...]:
        """The days that are forecast."""
        return tuple(self.days[:HORIZON])

    @property
    def seed(self) -> int:
        """The draws of the simulation are fixed by the date."""
        return self.days[0].toordinal()


def outlook(*, now: datetime, moves: Mapping[int, int | None] | None = None) -> Outlook:
    """The next business days. ``moves`` gives submissions to moderators (None: to the pool) and says what would change.

    As it was last counted; anew when that is long ago, or the day, the calendar or somebody's duties are others by now. The same day and the same
    data give the same answer. Only the change is counted while somebody waits.
    """
    frame = _Frame.of(now)
    found = _kept(frame, now) or renew(now=now)
    if not moves:
        return found
    given = {number: owner or NOBODY for number, owner in moves.items()}
    return replace(found, change=change(_office(frame, _learned(frame, now), now), given, seed=frame.seed))


def _kept(frame: _Frame, now: datetime) -> Outlook | None:
    found = kept.read("forecast", frame.version, since=now - STALE)
    if found is None:
        return None
    told = [Day(*each) for each in found.data["days"]]
    return Outlook(
        frame.told, told, [(number, risk) for number, risk in found.data["risks"]], found.made_at, found.data["decided"]
    )


def renew(*, now: datetime) -> Outlook:
    """Count the forecast, and keep it for whoever looks."""
    frame = _Frame.of(now)
    learned = _learned(frame, now)
    office = _office(frame, learned, now)
    present = forecast(office, seed=frame.seed)
    found = Outlook(frame.told, present.days, _likely(present, office), now, learned.decided)
    data = {"days": [astuple(day) for day in found.told], "risks": found.risks, "decided": found.decided}
    kept.keep("forecast", frame.version, data, now=now)
    return found


def _likely(found: Forecast, office: Office) -> list[tuple[int, float]]:
    """The likeliest to be late among those that are not late yet, of equal ones the most urgent first."""
    dues = dict(zip(office.waiting.ids.tolist(), office.waiting.dues.tolist(), strict=True))
    risky = [
        (-risk, dues[number], number)
        for number, risk in found.risks.items()
        if risk >= WORTH_NAMING and dues[number] > office.now
    ]
    return [(number, -risk) for risk, _, number in sorted(risky)[:NAMED]]


def _office(frame: _Frame, learned: Learned, now: datetime) -> Office:
    clock, base, days = frame.clock, frame.base, frame.days
    _, policy = policy_clock()
    return Office(
        now=clock.elapsed(base, now) / DAY if now > base else 0.0,
        waiting=_waiting(clock, base, now),
        workers=[Worker(p.id, learned.rates[p.id], [shift_of(p, day, clock) for day in days]) for p in frame.people],
        weekdays=[day.weekday() for day in days],
        arrivals=_whole_week(learned, days),
        moods=learned.moods,
        doubt=learned.doubt,
        budget=_budget(policy),
    )


def _learned(frame: _Frame, now: datetime) -> Learned:
    """What the past says: read once a day, since days that are over do not change."""
    found = kept.read("learned", frame.version)
    if found is None:
        learned = learn(_past(frame, now))
        kept.keep("learned", frame.version, asdict(learned), now=now)
        return learned
    return Learned(
        arrivals={int(weekday): numbers for weekday, numbers in found.data["arrivals"].items()},
        rates={int(person): rate for person, rate in found.data["rates"].items()},
        moods=tuple(found.data["moods"]),
        doubt=found.data["doubt"],
        decided=found.data["decided"],
    )


def _waiting(clock: WorkingClock, base: datetime, now: datetime) -> Line:
    claimed = Case(None, [(Submission.claim_expires_at > now, Submission.claimant)])
    whose = fn.COALESCE(Submission.assignee, claimed, NOBODY)
    ticking = (SQL(OPEN), Submission.deadline_at.is_null(False), Submission.on_hold == False)  # noqa: E712
    rows = plain.rows(Submission.select(Submission.id, Submission.deadline_at, whose).where(*ticking))
    ids, dues, owners = zip(*rows, strict=True) if rows else ((), (), ())
    return Line.of(ids, _places(clock, base, plain.instants(dues)), owners)


def _places(clock: WorkingClock, base: datetime, at: Micros) -> list[float]:
    """Where instants lie on the forecast's axis."""
    found: list[float] = (clock.elapsed_many(np.full_like(at, micros(base)), at) / (DAY // MICROSECOND)).tolist()
    return found


def _past(frame: _Frame, now: datetime) -> Past:
    clock, base = frame.clock, frame.base
    _, policy = policy_clock()
    days = _days_before(clock, frame.days[0], LOOKBACK)
    since = clock.midnight(days[0])
    moderators, made = history.decided_by(since, base)
    decided: dict[int, list[float]] = defaultdict(list)
    for moderator, place in zip(moderators.tolist(), _places(clock, base, made), strict=True):
        decided[moderator].append(place)
    return Past(
        weekdays=[day.weekday() for day in days],
        came=_places(clock, base, history.submissions(since, min(base, now))),
        went=_places(clock, base, history.left(since, base)),
        decided=decided,
        duty={person.id: [shift_of(person, day, clock) for day in days] for person in frame.people},
        backlog=history.waited(base),
        budget=_budget(policy),
        least=policy.least_a_day,
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
