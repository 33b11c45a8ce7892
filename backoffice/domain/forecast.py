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
HORIZON = 10  # business days that are told
TAIL = 4  # more that are simulated, so that what is due later still takes its share
NEVER = 1e9
SLOWEST = 0.2  # of what the past says; no doubt goes further


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open submission: its deadline on the axis, and to whom it is given."""

    id: int
    due: float
    owner: int | None = None


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
    waiting: Sequence[Waiting]
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


def forecast(office: Office, *, seed: int = 0, runs: int = RUNS) -> Forecast:
    """Simulate ``runs`` futures. The same seed and office give the same answer; moving a submission changes only what it must."""
    order = sorted(office.waiting, key=lambda item: (item.due, item.id))
    desk, team = _desk(office, order), _team(office)
    in_time = np.zeros(len(order), np.int64)
    everything = np.bincount(desk.days, minlength=HORIZON + 2)
    counts = np.zeros((runs, HORIZON), np.int64)
    for run in range(runs):
        saved, fresh_late = _future(office, desk, team, np.random.default_rng([seed, run]))
        in_time[saved] += 1
        by_day = everything - np.bincount(desk.days[saved], minlength=HORIZON + 2) + fresh_late
        counts[run] = by_day[1:-1].cumsum()
    low, median, high = np.percentile(counts, [10, 50, 90], axis=0, method="nearest")
    means = counts.mean(axis=0)
    days = [Day(round(float(means[n]), 2), int(low[n]), int(median[n]), int(high[n])) for n in range(HORIZON)]
    risks = np.round(1 - in_time / runs, 3).tolist()
    return Forecast(days, {item.id: risk for item, risk in zip(order, risks, strict=True)})


@dataclass(frozen=True, slots=True)
class _Desk:
    """What waits, in the order of deadlines: when each is due, and on which day's count it would be a new breach (``_days``).

    ``own`` are the places of what is given to somebody, worker by worker, each worker's from ``first`` on, ``held`` of them; ``pool`` the others.
    """

    dues: Floats
    days: Ints
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


def _desk(office: Office, order: Sequence[Waiting]) -> _Desk:
    numbers = {worker.id: place for place, worker in enumerate(office.workers)}
    owners = np.array([-1 if item.owner is None else numbers.get(item.owner, -1) for item in order], np.int64)
    dues = np.array([item.due for item in order], np.float64)
    given = np.flatnonzero(owners >= 0)
    held = np.bincount(owners[given], minlength=len(numbers))
    own = given[np.argsort(owners[given], kind="stable")]
    return _Desk(dues, _days(dues, office.now), own, held.cumsum() - held, held, np.flatnonzero(owners < 0))


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


def _future(office: Office, desk: _Desk, team: _Team, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """One future: the places of what is decided in time, and how many of those that come are late, by the day of the deadline.

    Everybody decides what is theirs first, the earliest deadline first, and helps the others after that.
    """
    moods = _moods(office, generator)
    came = _arrivals(office, generator)
    worker, moments = _moments(team, office.now, moods, generator)
    made = np.bincount(worker, minlength=len(desk.held))
    turn = np.arange(len(worker)) - (made.cumsum() - made)[worker]
    theirs = turn < desk.held[worker]
    mine = desk.own[(desk.first[worker] + turn)[theirs]]
    spare = np.sort(moments[~theirs])
    served = desk.pool[: len(spare)]
    saved = [
        mine[moments[theirs] <= desk.dues[mine]],
        served[spare[: len(served)] <= desk.dues[served]],
    ]
    due = came + office.budget
    late = _served(came, spare[len(served) :]) > due
    return np.concatenate(saved), np.bincount(_days(due[late], office.now), minlength=HORIZON + 2)


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
