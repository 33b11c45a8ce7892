"""What the past weeks say of the coming ones: arrivals by weekday, what each moderator decides on a day with enough to do, good and bad days (M9).

The axis is that of ``forecast``: business days, the past ones negative. While the queue was empty nobody could decide anything: capacity is what was
decided over the time on duty with something to decide, so that a quiet day says how much came, and no more.
What the team would not have taken yet, since it leaves work until it is due, is nothing to decide either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

STRETCHES = 5  # of the past, each of about a week and a half
FEW = 5.0  # full days with enough to do; fewer are too few to go by
MOST = 0.5  # of a team's day with enough to do: less says nothing of its mood
MANY = 100  # decisions; fewer say little of what could be done
LATE = 0.1  # of the decisions; with fewer a team was in time
HARDLY = 1  # percent
HABIT = 0.5  # business days; less is only the night
HIGH = 80  # percentile of all days on duty that stands in for those

Shift = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Past:
    """``days`` past business days with their ``weekdays``, oldest first, ending where the axis begins.

    ``came`` and ``went`` are the positions of arrivals and of what left the queue (decided or withdrawn), ``decided`` those of decisions by
    worker; ``duty`` are each worker's hours of each day as (from, to) in parts of it, None for a day off; ``backlog`` is how many wait where the
    axis begins; ``budget`` is the time that each has, in business days.
    ``least`` is how many decisions on a full day everybody is good for, where those of the past were few and in time: they show only how little there
    was to do.
    """

    weekdays: Sequence[int]
    came: Sequence[float]
    went: Sequence[float]
    decided: Mapping[int, Sequence[float]]
    duty: Mapping[int, Sequence[Shift | None]]
    backlog: int
    budget: float = 3.0
    least: float = 2.0


@dataclass(frozen=True, slots=True)
class Learned:
    """Numbers of arrivals by weekday, decisions a day by worker, how the team's busy days compared with the ordinary one, and the doubt about it.

    ``decided`` is the number of decisions that all of it goes by.
    """

    arrivals: Mapping[int, Sequence[int]]
    rates: Mapping[int, float]
    moods: Sequence[float]
    doubt: float = 0.0
    decided: int = 0


def learn(past: Past) -> Learned:
    """Read the past. A worker without a past is taken for the median of the others."""
    days = len(past.weekdays)
    arrivals: dict[int, list[int]] = defaultdict(list)
    for weekday, number in zip(past.weekdays, _per_day(past.came, days), strict=True):
        arrivals[weekday].append(int(number))
    idle = _idle(past)
    done = {worker: _per_day(_beside(past.decided.get(worker, ()), idle), days) for worker in past.duty}
    busy = {
        worker: np.array([_busy(shift, n - days, idle) for n, shift in enumerate(shifts)]) for worker, shifts in past.duty.items()
    }
    rates = {worker: _rate(done[worker], busy[worker]) for worker in past.duty}
    known = [rate for rate in rates.values() if rate is not None]
    usual = float(np.median(known)) if known else 0.0
    sure = {worker: usual if rate is None else rate for worker, rate in rates.items()}
    moods, doubt = _moods(done, busy, sure, days)
    decided = int(sum(numbers.sum() for numbers in done.values()))
    counting = decided**-0.5 if decided else 0.0  # so few decisions are sure to no more than that
    if decided and decided < MANY and _in_time(past):
        sure = {worker: max(rate, past.least) for worker, rate in sure.items()}
    return Learned(dict(arrivals), sure, moods, max(doubt, counting), decided)


def _per_day(positions: Sequence[float] | np.ndarray, days: int) -> np.ndarray:
    places = np.floor(np.asarray(positions, float)).astype(np.int64) + days
    return np.bincount(places[(places >= 0) & (places < days)], minlength=days)


def _idle(past: Past) -> list[tuple[float, float]]:
    """Stretches of the axis on which nothing waited that the team would have taken by then, in order."""
    went = np.sort(np.asarray(past.went, float))
    ripe = np.sort(np.asarray(past.came, float)) + _left_alone(past)
    came = ripe[ripe < 0]
    next_one = np.searchsorted(came, went, side="right")
    backlog = past.backlog - (len(ripe) - len(came))
    left = backlog + np.arange(len(went) - 1, -1, -1) - (len(came) - next_one)
    ends = np.append(came, 0.0)[next_one]
    return [(float(since), float(until)) for since, until, none in zip(went, ends, left <= 0, strict=True) if none]


def _beside(positions: Sequence[float], idle: Sequence[tuple[float, float]]) -> np.ndarray:
    """What was decided outside of such stretches; that with which one begins belongs to the work before it."""
    at = np.asarray(positions, float)
    edges = np.array([*idle, (np.inf, np.inf)])
    last = np.searchsorted(edges[:, 0], at, side="left") - 1
    return at[(last < 0) | (at >= edges[last, 1])]


def _left_alone(past: Past) -> float:
    """How long the team leaves a submission alone, in business days: hardly anything was decided earlier.

    Where there is always more to do than can be done this is the length of the queue, and something that old is always there.
    """
    ages = _ages(past)
    habit = float(np.percentile(ages, HARDLY)) if len(ages) else 0.0
    return habit if habit >= HABIT else 0.0


def _in_time(past: Past) -> bool:
    ages = _ages(past)
    return bool(len(ages) and (ages > past.budget).mean() < LATE)


def _ages(past: Past) -> np.ndarray:
    """How old what came within the past was when it left, as if first come were first served."""
    came, went = np.sort(np.asarray(past.came, float)), np.sort(np.asarray(past.went, float))
    of_these = went[max(past.backlog + len(went) - len(came), 0) :]
    return of_these - came[: len(of_these)]


def _busy(shift: Shift | None, day: int, idle: Sequence[tuple[float, float]]) -> float:
    """The part of a day's hours on duty with something to decide; NaN for a day off."""
    if shift is None or shift[1] <= shift[0]:
        return float("nan")
    opens, closes = day + shift[0], day + shift[1]
    first = bisect_right(idle, (opens, opens)) - 1
    lost = 0.0
    for since, until in idle[max(first, 0) :]:
        if since >= closes:
            break
        lost += max(min(until, closes) - max(since, opens), 0.0)
    return 1 - lost / (closes - opens)


def _rate(done: np.ndarray, busy: np.ndarray) -> float | None:
    """Decisions on a day with enough to do; None for somebody who never decided anything."""
    worked = ~np.isnan(busy)
    if not done[worked].sum():
        return None
    enough = float(busy[worked].sum())
    return float(done[worked].sum()) / enough if enough >= FEW else float(np.percentile(done[worked], HIGH))


def _moods(
    done: Mapping[int, np.ndarray], busy: Mapping[int, np.ndarray], rates: Mapping[int, float], days: int
) -> tuple[tuple[float, ...], float]:
    """The team's days over what its rates say, with the chance of counting taken out: only the spread beyond it is mood.

    And the relative standard error of the ordinary day: from means of stretches of days, since one day is like the next.
    """
    nothing = np.zeros(days)
    total = sum(done.values(), nothing)
    expected = sum((rates[worker] * np.nan_to_num(parts) for worker, parts in busy.items()), nothing)
    whole = sum((rates[worker] * ~np.isnan(parts) for worker, parts in busy.items()), nothing)
    use = (expected > 0) & (expected >= MOST * whole)
    if use.sum() < FEW:
        return (1.0,), 0.0
    ratios = total[use] / expected[use]
    ratios /= ratios.mean() or 1.0
    spread, chance = float(ratios.var()), float((1 / expected[use]).mean())
    kept = max(spread - chance, 0.0) / spread if spread else 0.0
    means = [part.mean() for part in np.array_split(ratios, STRETCHES)]
    doubt = float(np.std(means, ddof=1)) / STRETCHES**0.5
    return tuple(float(max(1 + (ratio - 1) * kept**0.5, 0.0)) for ratio in ratios), doubt
