"""What will be late: a simulation of the coming business days (M9).

Time is counted in business days from the midnight that begins today (or the next business day): 0.5 is today's noon, 3.25 the fourth business
day's 06:00. Submissions given to somebody wait for that person, the others for whoever is free; each takes the earliest deadline first, as
«Взять следующую» does. Arrivals are drawn from the past days of the same weekday, and the team's good and bad days from past days as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backoffice.domain.capacity import STRETCHES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RUNS = 400
EFFORT = 1_500_000  # decisions simulated while somebody waits: a large office gets fewer futures, each of which says more
NOBODY = -1  # no number of a person
HORIZON = 10  # business days that are told
TAIL = 4  # more that are simulated, so that what is due later still takes its share
NEVER = 1e9
SLOWEST = 0.2  # of what the past says; no doubt goes further


@dataclass(frozen=True, slots=True)
class Line:
    """The open submissions, the earliest deadline first: their numbers, deadlines on the axis, and to whom each is given (NOBODY: to none)."""

    ids: Ints
    dues: Floats
    owners: Ints

    @classmethod
    def of(cls, ids: Sequence[int], dues: Sequence[float] | Floats, owners: Sequence[int]) -> Line:
        """In their order, whatever the order given."""
        numbers, due, owner = np.array(ids, np.int64), np.array(dues, np.float64), np.array(owners, np.int64)
        order = np.lexsort((numbers, due))
        return cls(numbers[order], due[order], owner[order])

    def moved(self, moves: Mapping[int, int]) -> Line:
        """With some of them given to others."""
        owners = self.owners.copy()
        for number, owner in moves.items():
            owners[self.ids == number] = owner
        return Line(self.ids, self.dues, owners)


@dataclass(frozen=True, slots=True)
class Worker:
    """A moderator: decisions on an ordinary day on duty, and for each coming business day the hours on duty as (from, to) in parts of a day."""

    id: int
    rate: float
    days: Sequence[tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class Office:
    """All that the simulation starts from.

    ``now`` is where the present lies on the axis; ``weekdays`` are those of the coming business days, ``arrivals`` the past numbers of
    submissions by weekday, ``moods`` how the team's past days compared with its ordinary one, in their order, and ``doubt`` the relative
    standard error of what the ordinary one is; ``budget`` is in business days.
    """

    now: float
    waiting: Line
    workers: Sequence[Worker]
    weekdays: Sequence[int]
    arrivals: Mapping[int, Sequence[int]]
    moods: Sequence[float] = (1.0,)
    doubt: float = 0.0
    budget: float = 3.0


@dataclass(frozen=True, slots=True)
class Day:
    """New breaches from now to the end of one business day: the mean, and the range that holds four times out of five."""

    mean: float
    low: int
    median: int
    high: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """``days`` are the next business days; ``risks`` the probability of a breach of each open submission."""

    days: Sequence[Day]
    risks: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Change:
    """What moving work changes, as differences: of the mean of each of the next business days, and of the risks that do change.

    ``error`` is the standard error of the last day's.
    """

    days: Sequence[float]
    error: float
    risks: Mapping[int, float]


def forecast(office: Office, *, seed: int = 0, runs: int = RUNS) -> Forecast:
    """Simulate ``runs`` futures. The same seed and office give the same answer; moving a submission changes only what it must."""
    desk, team = _desk(office, office.waiting), _team(office)
    in_time = np.zeros(len(desk.dues), np.int64)
    counts = np.zeros((runs, HORIZON), np.int64)
    for run in range(runs):
        _live(_draw(office, team, np.random.default_rng([seed, run])), desk, in_time, counts[run])
    low, median, high = np.percentile(counts, [10, 50, 90], axis=0, method="nearest")
    means = counts.mean(axis=0)
    days = [Day(round(float(means[n]), 2), int(low[n]), int(median[n]), int(high[n])) for n in range(HORIZON)]
    risks = np.round(1 - in_time / runs, 3).tolist()
    return Forecast(days, dict(zip(office.waiting.ids.tolist(), risks, strict=True)))


def change(office: Office, moves: Mapping[int, int], *, seed: int = 0) -> Change:
    """What giving submissions to others changes: the same futures lived twice, so that few of them tell the difference well."""
    team = _team(office)
    sides = [_desk(office, line) for line in (office.waiting, office.waiting.moved(moves))]
    ordinary = team.rate.sum() + sum(np.mean(office.arrivals.get(weekday) or 0) for weekday in office.weekdays)
    runs = int(np.clip(EFFORT / max(ordinary, 1), RUNS / 8, RUNS))
    in_time = np.zeros((2, len(office.waiting.ids)), np.int64)
    counts = np.zeros((2, runs, HORIZON), np.int64)
    for run in range(runs):
        draw = _draw(office, team, np.random.default_rng([seed, run]))
        for side, desk in enumerate(sides):
            _live(draw, desk, in_time[side], counts[side, run])
    differences = counts[1] - counts[0]
    less = (in_time[0] - in_time[1]) / runs
    places = np.flatnonzero(less)
    return Change(
        days=differences.mean(axis=0).tolist(),
        error=float(differences[:, -1].std(ddof=1)) / runs**0.5,
        risks=dict(zip(office.waiting.ids[places].tolist(), less[places].tolist(), strict=True)),
    )


@dataclass(frozen=True, slots=True)
class _Desk:
    """What waits, in the order of deadlines: when each is due, and on which day's count it would be a new breach (``_days``; in all ``by_day``).

    ``own`` are the places of what is given to somebody, worker by worker, each worker's from ``first`` on, ``held`` of them; ``pool`` the others.
    """

    now: float
    budget: float
    dues: Floats
    days: Ints
    by_day: Ints
    own: Ints
    first: Ints
    held: Ints
    pool: Ints


@dataclass(frozen=True, slots=True)
class _Team:
    """Each worker's coming days, one after another: whose and which, when the hours begin and how long they last, how much is decided."""

    worker: Ints
    day: Ints
    opens: Floats
    lasts: Floats
    rate: Floats


@dataclass(frozen=True, slots=True)
class _Draw:
    """What one future brings, whoever has what: arrivals, and who could decide and when; ``turn`` counts each worker's moments from 0."""

    came: Floats
    worker: Ints
    moments: Floats
    turn: Ints


def _desk(office: Office, line: Line) -> _Desk:
    numbers = {worker.id: place for place, worker in enumerate(office.workers)}
    known, which = np.unique(line.owners, return_inverse=True)
    owners = np.array([numbers.get(owner, -1) for owner in known.tolist()], np.int64)[which]
    given = np.flatnonzero(owners >= 0)
    held = np.bincount(owners[given], minlength=len(numbers))
    own = given[np.argsort(owners[given], kind="stable")]
    days = _days(line.dues, office.now)
    return _Desk(
        now=office.now,
        budget=office.budget,
        dues=line.dues,
        days=days,
        by_day=np.bincount(days, minlength=HORIZON + 2),
        own=own,
        first=held.cumsum() - held,
        held=held,
        pool=np.flatnonzero(owners < 0),
    )


def _days(dues: Floats, now: float) -> Ints:
    """At the end of which coming day (the first is 1) what is due then is late; beyond the horizon what is late already, or will not be within it."""
    told = (dues > now) & (dues <= HORIZON)
    return np.where(told, np.ceil(dues), HORIZON + 1).astype(np.int64)


def _team(office: Office) -> _Team:
    hours = np.array([duty or (0.0, 0.0) for worker in office.workers for duty in worker.days], np.float64).reshape(-1, 2)
    ahead = len(office.weekdays)
    rates = np.repeat(np.array([worker.rate for worker in office.workers], np.float64), ahead)
    places = np.arange(len(hours))
    lasts = hours[:, 1] - hours[:, 0]
    return _Team(
        places // ahead if ahead else places, places % ahead if ahead else places, hours[:, 0], lasts, rates * (lasts > 0)
    )


def _draw(office: Office, team: _Team, generator: np.random.Generator) -> _Draw:
    moods = _moods(office, generator)
    came = _arrivals(office, generator)
    worker, moments = _moments(team, office.now, moods, generator)
    made = np.bincount(worker, minlength=len(office.workers))
    return _Draw(came, worker, moments, np.arange(len(worker)) - (made.cumsum() - made)[worker])


def _live(draw: _Draw, desk: _Desk, in_time: Ints, counts: Ints) -> None:
    """One future: what is decided in time is added to ``in_time``; ``counts`` becomes the new breaches by the end of each day.

    Everybody decides what is theirs first, the earliest deadline first, and helps the others after that.
    """
    theirs = draw.turn < desk.held[draw.worker]
    mine = desk.own[(desk.first[draw.worker] + draw.turn)[theirs]]
    spare = np.sort(draw.moments[~theirs])
    served = desk.pool[: len(spare)]
    mine_saved = mine[draw.moments[theirs] <= desk.dues[mine]]
    saved = np.concatenate([mine_saved, served[spare[: len(served)] <= desk.dues[served]]])
    in_time[saved] += 1
    due = draw.came + desk.budget
    late = due[_served(draw.came, spare[len(served) :]) > due]
    by_day = desk.by_day - np.bincount(desk.days[saved], minlength=HORIZON + 2)
    counts[:] = (by_day + np.bincount(_days(late, desk.now), minlength=HORIZON + 2))[1:-1].cumsum()


def _moods(office: Office, generator: np.random.Generator) -> Floats:
    """A stretch of past days as they followed one another, since bad days come together; and how fast the team really is, within the doubt."""
    first = generator.integers(len(office.moods))
    stretch = np.take(office.moods, np.arange(first, first + len(office.weekdays)), mode="wrap")
    pace = 1 + office.doubt * generator.standard_t(STRETCHES - 1)  # its standard error is itself estimated from so few means
    return np.asarray(stretch * max(pace, SLOWEST))


def _arrivals(office: Office, generator: np.random.Generator) -> Floats:
    """When new submissions come, ascending; those that are due beyond the horizon are in nobody's way."""
    draws = generator.random(len(office.weekdays))
    numbers = []
    for weekday, draw in zip(office.weekdays, draws, strict=True):
        past = office.arrivals.get(weekday) or (0,)
        numbers.append(past[int(draw * len(past))])
    instants = np.repeat(np.arange(len(numbers)), numbers) + generator.random(sum(numbers))
    return np.sort(instants[(instants > office.now) & (instants <= HORIZON - office.budget)])


def _moments(team: _Team, now: float, moods: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
    """Who decides and when, if there is always something to decide: worker by worker, each in order."""
    numbers = generator.poisson(team.rate * moods[team.day])
    cells = np.repeat(np.arange(len(numbers)), numbers)
    drawn = np.sort(cells + generator.random(len(cells)))  # sorted within each worker's day
    moments = (team.day + team.opens)[cells] + (drawn - cells) * team.lasts[cells]
    ahead = moments > now
    return team.worker[cells][ahead], moments[ahead]


def _served(ready: Floats, slots: Floats) -> Floats:
    """When each of a queue is served, first come first served, each slot serving one who is there; NEVER past the last slot.

    The k-th takes the first slot after the (k-1)-th's that is not before it is ready: s(k) = max(s(k-1) + 1, j(k)), which is k plus the
    running maximum of j(k) - k.
    """
    if not len(ready):
        return ready
    steps = np.arange(len(ready))
    places = steps + np.maximum.accumulate(np.searchsorted(slots, ready, side="left") - steps)
    return np.append(slots, NEVER)[np.minimum(places, len(slots))]
