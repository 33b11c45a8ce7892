"""The forecast: certain where the future is certain, honest where it is not, and untouched by what does not concern it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backoffice.domain.capacity import Past, learn
from backoffice.domain.forecast import HORIZON, TAIL, Office, Waiting, Worker, _served, forecast

DAYS = HORIZON + TAIL
SHIFT = (0.375, 0.75)
WEEK = [n % 5 for n in range(DAYS)]


def office(waiting: list[Waiting], rates: dict[int, float], arrivals: int = 0) -> Office:
    workers = [Worker(number, rate, [SHIFT] * DAYS) for number, rate in rates.items()]
    return Office(0.3, waiting, workers, WEEK, {weekday: [arrivals] for weekday in range(5)})


def test_nobody_on_duty_means_that_everything_is_late_on_its_day() -> None:
    told = forecast(office([Waiting(1, 0.5), Waiting(2, 2.5), Waiting(3, 50.0)], {}))
    assert [day.median for day in told.days[:4]] == [1, 1, 2, 2]
    assert told.risks == {1: 1.0, 2: 1.0, 3: 1.0}


def test_plenty_of_hands_means_that_nothing_is_late() -> None:
    told = forecast(office([Waiting(n, 2.5) for n in range(20)], {1: 100, 2: 100}, arrivals=10))
    assert max(day.high for day in told.days) == 0
    assert set(told.risks.values()) == {0.0}


def test_what_is_overdue_already_is_no_new_breach() -> None:
    told = forecast(office([Waiting(1, -1.0), Waiting(2, 0.2)], {1: 100}))
    assert told.risks == {1: 1.0, 2: 1.0}
    assert told.days[-1].high == 0


def test_the_earlier_deadline_runs_the_smaller_risk_only_by_its_turn() -> None:
    told = forecast(office([Waiting(n, 2.9) for n in range(40)], {1: 8}))
    risks = [told.risks[n] for n in range(40)]
    assert risks == sorted(risks)
    assert risks[0] < 0.05 < 0.9 < risks[-1]


def test_moving_work_to_a_free_colleague_helps_and_touches_nothing_else() -> None:
    before = office([Waiting(n, 2.0, owner=1) for n in range(30)] + [Waiting(99, 40.0)], {1: 8, 2: 8})
    moved = [replace(item, owner=2) if 15 <= item.id < 30 else item for item in before.waiting]
    one, other = forecast(before, seed=7), forecast(replace(before, waiting=moved), seed=7)
    assert one.days[2].mean > other.days[2].mean + 5
    assert one.risks[99] == other.risks[99] == 0.0
    assert [one.risks[n] for n in range(15)] == [other.risks[n] for n in range(15)]


def test_the_same_question_has_the_same_answer() -> None:
    asked = office([Waiting(n, 2.0) for n in range(30)], {1: 8}, arrivals=5)
    assert forecast(asked, seed=3) == forecast(asked, seed=3)


def test_the_queue_is_served_one_by_one() -> None:
    generator = np.random.default_rng(1)
    for _ in range(200):
        ready, slots = np.sort(generator.random(12)), np.sort(generator.random(15))
        expected, place = [], 0
        for moment in ready:
            while place < len(slots) and slots[place] < moment:
                place += 1
            expected.append(slots[place] if place < len(slots) else 1e9)
            place += 1
        assert _served(ready, slots).tolist() == expected


def test_only_busy_days_measure_capacity() -> None:
    # Ten days: five quiet ones with one arrival each, then 24 arrivals at once, decided four a day.
    came = [-10.0 + n for n in range(5)] + [-5.0] * 24
    decided = [-9.6 + n for n in range(5)] + [-4.6 + day for day in range(5) for _ in range(4)]
    past = Past([n % 5 for n in range(10)], came, decided, {1: decided}, {1: [True] * 10, 2: [True] * 10}, backlog=4)
    learned = learn(past)
    assert learned.rates[1] == pytest.approx(4.0)
    assert learned.rates[2] == learned.rates[1]  # never seen deciding: taken for the median
    assert learned.arrivals[0] == [1, 24]


def test_without_a_past_nothing_is_assumed() -> None:
    learned = learn(Past([], [], [], {}, {1: []}, backlog=0))
    assert learned.rates == {1: 0.0} and learned.moods == (1.0,)
