"""The forecast: certain where the future is certain, honest where it is not, and untouched by what does not concern it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from backoffice.domain.capacity import Past, learn
from backoffice.domain.forecast import HORIZON, NOBODY, TAIL, Line, Office, Worker, _moods, _served, change, forecast

DAYS = HORIZON + TAIL
SHIFT = (0.375, 0.75)
WEEK = [n % 5 for n in range(DAYS)]


class Waiting(NamedTuple):
    """An open submission."""

    id: int
    due: float
    owner: int = NOBODY


def line(waiting: list[Waiting]) -> Line:
    return Line.of(*zip(*waiting, strict=True)) if waiting else Line.of([], [], [])


def office(waiting: list[Waiting], rates: dict[int, float], arrivals: int = 0) -> Office:
    workers = [Worker(number, rate, [SHIFT] * DAYS) for number, rate in rates.items()]
    return Office(0.3, line(waiting), workers, WEEK, {weekday: [arrivals] for weekday in range(5)})


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
    moved = before.waiting.moved(dict.fromkeys(range(15, 30), 2))
    one, other = forecast(before, seed=7), forecast(replace(before, waiting=moved), seed=7)
    assert one.days[2].mean > other.days[2].mean + 5
    assert one.risks[99] == other.risks[99] == 0.0
    assert [one.risks[n] for n in range(15)] == [other.risks[n] for n in range(15)]


def test_a_change_is_the_difference_of_the_two_forecasts() -> None:
    before = office([Waiting(n, 2.0, owner=1) for n in range(30)] + [Waiting(n, 2.5) for n in range(30, 50)], {1: 8, 2: 8}, 9)
    moves = {n: NOBODY if n % 2 else 2 for n in range(15, 30)}
    one, other = forecast(before, seed=7), forecast(replace(before, waiting=before.waiting.moved(moves)), seed=7)
    told = change(before, moves, seed=7)
    assert told.days == pytest.approx([b.mean - a.mean for a, b in zip(one.days, other.days, strict=True)], abs=0.011)
    for number, risk in one.risks.items():
        assert told.risks.get(number, 0.0) == pytest.approx(other.risks[number] - risk, abs=0.0011)


def test_the_change_of_a_large_office_is_told_with_its_error() -> None:
    """Fewer futures than of a small one: what many more say lies within a few of the errors told."""
    before = office([Waiting(n, 2.0 + n / 1_000, owner=n % 25 + 1) for n in range(2_000)], dict.fromkeys(range(1, 51), 20.0), 900)
    moves = {n: n % 25 + 26 for n in range(0, 2_000, 20)}
    told, other = change(before, moves, seed=7), change(before, moves, seed=8)
    assert told.days[-1] < 0
    assert abs(told.days[-1] - other.days[-1]) < 6 * told.error
    assert 0 < told.error < 0.15 * -told.days[-1]


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


def test_only_time_with_something_to_decide_measures_capacity() -> None:
    # Ten days: five quiet ones with one arrival each, then 24 arrivals at once, decided four a day.
    came = [-10.0 + n for n in range(5)] + [-5.0] * 24
    decided = [-9.6 + n for n in range(5)] + [-4.6 + day for day in range(5) for _ in range(4)]
    past = Past([n % 5 for n in range(10)], came, decided, {1: decided}, {1: [SHIFT] * 10, 2: [SHIFT] * 10}, backlog=4)
    learned = learn(past)
    quiet = 5 * (0.4 - SHIFT[0]) / (SHIFT[1] - SHIFT[0])  # days' worth of time with something to decide
    assert learned.rates[1] == pytest.approx(25 / (5 + quiet))
    assert learned.rates[2] == learned.rates[1]  # never seen deciding: taken for the median
    assert learned.arrivals[0] == [1, 24]


def test_good_and_bad_days_come_as_they_came() -> None:
    calm = Office(0.0, line([]), [], [0, 1, 2, 3], {}, moods=(0.5, 0.6, 1.4, 1.5))
    drawn = {tuple(_moods(calm, np.random.default_rng(seed)).round(1)) for seed in range(50)}
    assert drawn == {(0.5, 0.6, 1.4, 1.5), (0.6, 1.4, 1.5, 0.5), (1.4, 1.5, 0.5, 0.6), (1.5, 0.5, 0.6, 1.4)}


def test_doubt_about_the_pace_widens_the_range() -> None:
    worker = Worker(1, 10.0, [(0.375, 0.75)] * 14)
    sure = Office(0.0, line([Waiting(n, 5.0) for n in range(50)]), [worker], [n % 5 for n in range(14)], {})
    width = [day.high - day.low for day in (forecast(replace(sure, doubt=doubt)).days[5] for doubt in (0.0, 0.2))]
    assert width[1] > 1.5 * width[0] > 0


def test_what_comes_in_the_evening_makes_no_day_busy() -> None:
    """Everything is decided by noon, and more comes after work: the days say how much came, not how much could be done."""
    came = [day + 0.8 for day in range(-20, 0) for _ in range(3)]
    decided = [day + 1.4 for day in range(-20, -1) for _ in range(3)]
    past = Past([n % 5 for n in range(20)], came, decided, {1: decided}, {1: [SHIFT] * 20}, backlog=3)
    assert learn(past).moods == (1.0,)  # no day measures the team


def test_the_good_days_on_which_the_queue_runs_empty_are_not_left_out() -> None:
    generator, true = np.random.default_rng(8), 6.0
    came = np.sort(np.concatenate([day + generator.random(generator.poisson(0.95 * true)) for day in range(-400, 0)]))
    hours = SHIFT[1] - SHIFT[0]
    slots = np.sort(
        np.concatenate([day + SHIFT[0] + hours * generator.random(generator.poisson(true)) for day in range(-400, 0)])
    )
    decided = [float(at) for at in _served(came, slots) if at < 0]
    assert 0.9 * len(slots) < len(decided) < 0.97 * len(slots)  # now and then there was nothing to decide
    past = Past([n % 5 for n in range(400)], list(came), decided, {1: decided}, {1: [SHIFT] * 400}, len(came) - len(decided))
    assert learn(past).rates[1] == pytest.approx(len(slots) / 400, rel=0.02)


def unhurried(per_day: int) -> Past:
    """Eight weeks in which everything was decided two days after it came: in time, and never at once."""
    came = [day + (n + 0.5) / per_day * 0.4 for day in range(-40, 0) for n in range(per_day)]
    went = [at + 2 for at in came if at < -2]
    return Past([n % 5 for n in range(40)], came, went, {1: went}, {1: [SHIFT] * 40}, backlog=2 * per_day)


def test_who_leaves_work_until_it_is_due_could_do_more_than_comes() -> None:
    """What nobody would have taken yet makes no day busy: six decisions in half of each day are twelve in a whole one."""
    generator = np.random.default_rng(4)
    came = np.sort(np.concatenate([day + SHIFT[0] + 0.1875 * generator.random(6) for day in range(-40, 0)]))
    decided = [at for day in range(-38, 0) for at in sorted(day + SHIFT[0] + 0.1875 * generator.random(6))]
    past = Past([n % 5 for n in range(40)], list(came), decided, {1: decided}, {1: [SHIFT] * 40}, backlog=12)
    assert 8 < learn(past).rates[1] < 16


def test_where_little_comes_the_past_says_only_that_a_moderator_is_good_for_more() -> None:
    learned = learn(unhurried(1))
    assert learned.rates[1] == pytest.approx(2.0)
    assert learned.doubt >= learned.decided**-0.5 > 0.15  # thirty-eight decisions are sure to no more
    assert learn(replace(unhurried(1), least=7.0)).rates[1] == pytest.approx(7.0)
    assert learn(replace(unhurried(1), least=0.0)).rates[1] < 2.0


def test_what_a_few_late_decisions_say_is_believed() -> None:
    past = unhurried(1)
    late = [at + 2 for at in past.went]
    learned = learn(replace(past, went=late, decided={1: late}))
    assert learned.rates[1] < 1.5


def test_a_team_that_is_late_is_as_fast_as_its_decisions_say() -> None:
    came = [day + 0.4 for day in range(-40, 0) for _ in range(8)]
    decided = [day + 0.4 + n / 20 for day in range(-40, 0) for n in range(5)]
    past = Past([n % 5 for n in range(40)], came, decided, {1: decided}, {1: [SHIFT] * 40}, backlog=120)
    assert learn(past).rates[1] == pytest.approx(5.0, rel=0.05)


def test_without_a_past_nothing_is_assumed() -> None:
    learned = learn(Past([], [], [], {}, {1: []}, backlog=0))
    assert learned.rates == {1: 0.0} and learned.moods == (1.0,)
