"""What the past weeks say of the coming ones: arrivals by weekday, what each moderator decides on a day with enough to do, good and bad days (M9).

The axis is that of ``forecast``: business days, the past ones negative. A day on which the queue ran empty says how much came, not how much could
be done; only days that ended with work left over measure capacity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

FEW = 5  # busy days that are too few to go by
HIGH = 80  # percentile of all days on duty that stands in for busy ones


@dataclass(frozen=True, slots=True)
class Past:
    """``days`` past business days with their ``weekdays``, oldest first, ending where the axis begins.

    ``came`` and ``went`` are the positions of arrivals and of what left the queue (decided or withdrawn), ``decided`` those of decisions by
    worker; ``duty`` says for each worker which of the days were worked; ``backlog`` is how many wait where the axis begins.
    """

    weekdays: Sequence[int]
    came: Sequence[float]
    went: Sequence[float]
    decided: Mapping[int, Sequence[float]]
    duty: Mapping[int, Sequence[bool]]
    backlog: int


@dataclass(frozen=True, slots=True)
class Learned:
    """Numbers of arrivals by weekday, decisions a day by worker, and how the team's busy days compared with the ordinary one."""

    arrivals: Mapping[int, Sequence[int]]
    rates: Mapping[int, float]
    moods: Sequence[float]


def learn(past: Past) -> Learned:
    """Read the past. A worker without a past is taken for the median of the others."""
    days = len(past.weekdays)
    came, went = _per_day(past.came, days), _per_day(past.went, days)
    left = past.backlog - np.cumsum((came - went)[::-1])[::-1] + (came - went)  # waiting at the end of each day
    busy = left > 0
    arrivals: dict[int, list[int]] = defaultdict(list)
    for weekday, number in zip(past.weekdays, came, strict=True):
        arrivals[weekday].append(int(number))
    done = {worker: _per_day(past.decided.get(worker, ()), days) for worker in past.duty}
    rates = {worker: _rate(done[worker], np.asarray(duty, bool), busy) for worker, duty in past.duty.items()}
    known = [rate for rate in rates.values() if rate is not None]
    usual = float(np.median(known)) if known else 0.0
    sure = {worker: usual if rate is None else rate for worker, rate in rates.items()}
    return Learned(dict(arrivals), sure, _moods(past, done, sure, busy))


def _per_day(positions: Sequence[float], days: int) -> np.ndarray:
    counts = np.zeros(days, np.int64)
    for position in positions:
        place = floor(position) + days
        if 0 <= place < days:
            counts[place] += 1
    return counts


def _rate(done: np.ndarray, duty: np.ndarray, busy: np.ndarray) -> float | None:
    """Decisions on a day with enough to do; None for somebody who was never on duty."""
    worked = done[duty]
    if not len(worked) or not worked.sum():
        return None
    enough = done[duty & busy]
    return float(enough.mean()) if len(enough) >= FEW else float(np.percentile(worked, HIGH))


def _moods(past: Past, done: Mapping[int, np.ndarray], rates: Mapping[int, float], busy: np.ndarray) -> tuple[float, ...]:
    """The team's busy days over what its rates say, with the chance of counting taken out: only the spread beyond it is mood."""
    total = sum(done.values(), np.zeros(len(busy)))
    expected = sum((np.asarray(duty, float) * rates[worker] for worker, duty in past.duty.items()), np.zeros(len(busy)))
    use = busy & (expected > 0)
    if use.sum() < FEW:
        return (1.0,)
    ratios = total[use] / expected[use]
    ratios /= ratios.mean() or 1.0
    spread, chance = float(ratios.var()), float((1 / expected[use]).mean())
    kept = max(spread - chance, 0.0) / spread if spread else 0.0
    return tuple(float(max(1 + (ratio - 1) * kept**0.5, 0.0)) for ratio in ratios)
