"""Back-test of the forecast: on a generated history, what it said beside what then happened.

    python -m tests.benchmarks.forecast [--days 250] [--offices 8] [--runs 200] [--load 0.95] [--leave 1.5]

The history is made by a process that the forecast does not know: moods that last for days, arrivals that come in bursts, people who are away.
With ``--leave`` people leave alone what is due later than that many days: an office that could do more (``--load``) than it does.
Prints JSON: how often the actual number of new breaches lay within the range said to hold four times out of five (of all forecasts, and of those
that left anything open: whose range was more than one number), the bias, and for the risks of single submissions the calibration in tenths with
the Brier score.
"""

from __future__ import annotations

import argparse
import heapq
import json
import time
from dataclasses import dataclass, field
from math import floor

import numpy as np

from backoffice.domain.capacity import Past, learn
from backoffice.domain.forecast import HORIZON, NOBODY, TAIL, Line, Office, Worker, forecast

SHIFT = (0.375, 0.75)
BUDGET, LOOKBACK, AT = 3.0, 40, 0.375


@dataclass
class World:
    """One office through its days: each submission's arrival and decision, and who was on duty."""

    came: list[float] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    by: list[int] = field(default_factory=list)
    duty: list[list[bool]] = field(default_factory=list)


def live(generator: np.random.Generator, days: int, *, load: float, leave: float) -> World:
    """Days of work, earliest deadline first, moment by moment; ``load`` is of what the office could do, give or take a twentieth."""
    people = int(generator.integers(4, 9))
    rates = generator.uniform(4, 9, people)
    busy = generator.uniform(load - 0.05, load + 0.05)
    by_weekday = generator.dirichlet(np.full(5, 12.0)) * 5 * rates.sum() * 0.9 * busy
    world, waiting, mood = World(), [], 1.0
    for day in range(days):
        burst = generator.gamma(8, 1 / 8)
        fresh = np.sort(day + generator.random(int(generator.poisson(by_weekday[day % 5] * burst))))
        mood = float(np.clip(1 + 0.6 * (mood - 1) + generator.normal(0, 0.08), 0.5, 1.5))
        duty = [bool(generator.random() > 0.1) for _ in range(people)]
        world.duty.append(duty)
        slots = sorted(
            (day + SHIFT[0] + at * (SHIFT[1] - SHIFT[0]), person)
            for person in range(people)
            if duty[person]
            for at in generator.random(int(generator.poisson(rates[person] * mood)))
        )
        arrivals = list(fresh)
        for moment, person in slots:
            while arrivals and arrivals[0] <= moment:
                _come(world, waiting, arrivals.pop(0))
            if waiting and waiting[0][0] <= moment + leave:
                _, number = heapq.heappop(waiting)
                world.done[number], world.by[number] = moment, person
        for moment in arrivals:
            _come(world, waiting, moment)
    return world


def _come(world: World, waiting: list[tuple[float, int]], moment: float) -> None:
    heapq.heappush(waiting, (moment + BUDGET, len(world.came)))
    world.came.append(moment)
    world.done.append(np.inf)
    world.by.append(-1)


def known(world: World, day: int) -> Office:
    """What the forecast is told on a morning; who will be away is known, as it is in the calendar of absences."""
    came, done = np.array(world.came), np.array(world.done)
    now = day + AT
    open_ = np.flatnonzero((came <= now) & (done > now))
    people = range(len(world.duty[0]))
    past = (came >= day - LOOKBACK) & (came < day)
    went = done[(done >= day - LOOKBACK) & (done < day)] - day
    learned = learn(
        Past(
            weekdays=[n % 5 for n in range(day - LOOKBACK, day)],
            came=list(came[past] - day),
            went=list(went),
            decided={p: list(done[(np.array(world.by) == p) & (done >= day - LOOKBACK) & (done < day)] - day) for p in people},
            duty={p: [SHIFT if world.duty[n][p] else None for n in range(day - LOOKBACK, day)] for p in people},
            backlog=int(((came < day) & (done >= day)).sum()),
        )
    )
    ahead = range(day, day + HORIZON + TAIL)
    workers = [Worker(p, learned.rates[p], [SHIFT if world.duty[n][p] else None for n in ahead]) for p in people]
    waiting = Line.of(open_.tolist(), came[open_] + BUDGET - day, [NOBODY] * len(open_))
    return Office(AT, waiting, workers, [n % 5 for n in ahead], learned.arrivals, learned.moods, learned.doubt, BUDGET)


def main() -> None:
    """Live, forecast every third morning, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=250)
    parser.add_argument("--offices", type=int, default=8)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--load", type=float, default=0.95)
    parser.add_argument("--leave", type=float, default=np.inf)
    given = parser.parse_args()
    hits, unsure, errors, actuals = ({1: [], 3: [], 5: [], 10: []} for _ in range(4))
    risks, seconds = [], []
    for seed in range(given.offices):
        world = live(np.random.default_rng([2026, seed]), given.days, load=given.load, leave=given.leave)
        came, done = np.array(world.came), np.array(world.done)
        late = done > came + BUDGET
        for day in range(LOOKBACK, given.days - HORIZON - TAIL, 3):
            office = known(world, day)
            began = time.perf_counter()
            told = forecast(office, seed=day, runs=given.runs)
            seconds.append(time.perf_counter() - began)
            for ahead, found in hits.items():
                due = came + BUDGET
                actual = int((late & (due > day + AT) & (due <= day + ahead)).sum())
                range_ = told.days[ahead - 1]
                found.append(range_.low <= actual <= range_.high)
                unsure[ahead] += [found[-1]] * (range_.low < range_.high)
                errors[ahead].append(range_.mean - actual)
                actuals[ahead].append(actual)
            risks += [(told.risks[n], bool(late[n])) for n in office.waiting.ids[office.waiting.dues > AT].tolist()]
    said, happened = np.array([r for r, _ in risks]), np.array([h for _, h in risks])
    tenths = [floor(min(value, 0.999) * 10) for value in said]
    table = {
        f"{n / 10:.1f}-{(n + 1) / 10:.1f}": {
            "submissions": int((np.array(tenths) == n).sum()),
            "said": round(float(said[np.array(tenths) == n].mean()), 3),
            "happened": round(float(happened[np.array(tenths) == n].mean()), 3),
        }
        for n in range(10)
        if n in tenths
    }
    report = {
        "forecasts": len(seconds),
        "median_seconds": round(float(np.median(seconds)), 3),
        "within_four_fifths": {str(n): round(float(np.mean(values)), 3) for n, values in hits.items()},
        "within_when_open": {str(n): [round(float(np.mean(values)), 3), len(values)] for n, values in unsure.items()},
        "breaches": {str(n): round(float(np.mean(values)), 2) for n, values in actuals.items()},
        "bias": {str(n): round(float(np.mean(values)), 2) for n, values in errors.items()},
        "late_share": round(float(happened.mean()), 3),
        "brier": round(float(((said - happened) ** 2).mean()), 4),
        "brier_of_the_mean": round(float(happened.mean() * (1 - happened.mean())), 4),
        "calibration": table,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
