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
    dues, late = np.array([item.due for item in order]), np.zeros(len(order))
    counts = np.zeros((runs, HORIZON), np.int64)
    queues = _queues(office, order)
    for run in range(runs):
        generator = np.random.default_rng([seed, run])
        finished, fresh_due, fresh_done = _future(office, queues, generator)
        late += finished > dues
        breaches = np.concatenate([dues[finished > dues], fresh_due[fresh_done > fresh_due]])
        breaches = breaches[breaches > office.now]
        counts[run] = np.searchsorted(np.sort(breaches), np.arange(1, HORIZON + 1), side="right")
    low, median, high = np.percentile(counts, [10, 50, 90], axis=0, method="nearest")
    means = counts.mean(axis=0)
    days = [Day(round(float(means[n]), 2), int(low[n]), int(median[n]), int(high[n])) for n in range(HORIZON)]
    return Forecast(days, {item.id: round(float(share), 3) for item, share in zip(order, late / runs, strict=True)})


@dataclass(frozen=True, slots=True)
class _Queues:
    """Places in the order of deadlines: of each worker's own submissions, and of those that are anybody's."""

    own: Sequence[Ints]
    pool: Ints
    length: int


def _queues(office: Office, order: Sequence[Waiting]) -> _Queues:
    numbers = {worker.id: place for place, worker in enumerate(office.workers)}
    owners = np.array([-1 if item.owner is None else numbers.get(item.owner, -1) for item in order], np.int64)
    return _Queues([np.flatnonzero(owners == place) for place in numbers.values()], np.flatnonzero(owners == -1), len(order))


def _future(office: Office, queues: _Queues, generator: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """One future: when each waiting submission is decided, and deadlines and decisions of those that come."""
    moods = _moods(office, generator)
    came = _arrivals(office, generator)
    finished = np.full(queues.length, NEVER)
    spare = [np.empty(0)]
    for worker, own in zip(office.workers, queues.own, strict=True):
        moments = _moments(worker, office, moods, generator)
        taken = min(len(own), len(moments))
        finished[own[:taken]] = moments[:taken]
        spare.append(moments[taken:])
    ready = np.concatenate([np.full(len(queues.pool), office.now), came])
    done = _served(ready, np.sort(np.concatenate(spare)))
    finished[queues.pool] = done[: len(queues.pool)]
    return finished, came + office.budget, done[len(queues.pool) :]


def _moods(office: Office, generator: np.random.Generator) -> Floats:
    """A stretch of past days as they followed one another, since bad days come together; and how fast the team really is, within the doubt."""
    first = generator.integers(len(office.moods))
    stretch = np.take(office.moods, np.arange(first, first + len(office.weekdays)), mode="wrap")
    return np.asarray(stretch * max(1 + office.doubt * generator.standard_normal(), SLOWEST))


def _arrivals(office: Office, generator: np.random.Generator) -> Floats:
    """When new submissions come, ascending."""
    draws = generator.random(len(office.weekdays))
    numbers = []
    for weekday, draw in zip(office.weekdays, draws, strict=True):
        past = office.arrivals.get(weekday) or (0,)
        numbers.append(past[int(draw * len(past))])
    instants = np.repeat(np.arange(len(numbers)), numbers) + generator.random(sum(numbers))
    return np.sort(instants[instants > office.now])


def _moments(worker: Worker, office: Office, moods: Floats, generator: np.random.Generator) -> Floats:
    """When a worker decides, if there is always something to decide."""
    on_duty = np.array([duty is not None for duty in worker.days])
    edges = np.array([duty or (0.0, 0.0) for duty in worker.days])
    numbers = generator.poisson(worker.rate * moods) * on_duty
    days = np.repeat(np.arange(len(numbers)), numbers)
    moments = days + edges[days, 0] + generator.random(len(days)) * (edges[days, 1] - edges[days, 0])
    return np.sort(moments[moments > office.now])


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
