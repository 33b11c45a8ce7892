"""The clock, told by examples; its laws are in test_working_clock_laws.py."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backoffice.calendars import load_calendar
from backoffice.domain.opening_hours import ALL_DAY, Hours, parse_hours
from backoffice.domain.working_clock import NaiveDatetime, OutOfRange, WorkingClock, micros

MOSCOW = ZoneInfo("Europe/Moscow")
BUDGET = timedelta(hours=72)
HOUR = timedelta(hours=1)


def clock(calendar: str = "ru", zone: str = "Europe/Moscow", hours: Hours = ALL_DAY, *, shorten: bool = False) -> WorkingClock:
    return WorkingClock(load_calendar(calendar), ZoneInfo(zone), hours=hours, shorten=shorten)


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("submitted", "due"),
    [
        ("2026-11-23 12:00", "2026-11-26 12:00"),  # an ordinary Monday
        ("2026-11-20 12:00", "2026-11-25 12:00"),  # over a weekend
        ("2026-11-21 12:00", "2026-11-26 00:00"),  # on a Saturday: the clock starts on Monday at 00:00
        ("2026-11-18 00:00", "2026-11-21 00:00"),  # the earliest instant is the midnight that begins a day off
        ("2025-12-30 15:00", "2026-01-14 15:00"),  # the New Year holidays with both moved days
        ("2024-04-26 10:00", "2024-05-03 10:00"),  # a working Saturday, then four days off
        ("2025-02-21 10:00", "2025-02-26 10:00"),  # 24 February works: its day off went to May
    ],
)
def test_72_hours_of_business_days(submitted: str, due: str) -> None:
    assert clock().deadline(at(submitted), BUDGET) == at(due)


def test_a_budget_of_nothing_is_due_at_once_even_on_a_day_off() -> None:
    saturday = at("2026-11-21 12:00")
    assert clock().deadline(saturday, timedelta(0)) == saturday


def test_a_day_on_which_the_zone_changes_has_23_or_25_hours() -> None:
    berlin = clock("7day", "Europe/Berlin")
    zone = ZoneInfo("Europe/Berlin")
    assert berlin.elapsed(at("2026-03-29", zone), at("2026-03-30", zone)) == 23 * HOUR
    assert berlin.elapsed(at("2026-10-25", zone), at("2026-10-26", zone)) == 25 * HOUR
    assert clock().elapsed(at("2011-03-25"), at("2011-03-30")) == 3 * 24 * HOUR  # Moscow changed on a Sunday


def test_hours_that_do_not_exist_or_exist_twice() -> None:
    zone = ZoneInfo("Europe/Berlin")
    night = clock("7day", "Europe/Berlin", parse_hours([["01:30", "02:30"]]))
    assert night.elapsed(at("2026-03-29", zone), at("2026-03-30", zone)) == HOUR / 2
    assert night.elapsed(at("2026-10-25", zone), at("2026-10-26", zone)) == 1.5 * HOUR
    samoa = clock("7day", "Pacific/Apia")  # jumped over 30 December 2011
    assert samoa.elapsed(at("2011-12-29", ZoneInfo("Pacific/Apia")), at("2012-01-01", ZoneInfo("Pacific/Apia"))) == 48 * HOUR


def test_opening_hours_lunch_and_shortened_days() -> None:
    office = clock(hours=parse_hours([["09:00", "13:00"], ["14:00", "18:00"]]), shorten=True)
    assert office.deadline(at("2026-11-23 12:30"), 2 * HOUR) == at("2026-11-23 15:30")
    assert office.elapsed(at("2026-11-03"), at("2026-11-04")) == 7 * HOUR
    assert office.deadline(at("2026-11-03 16:00"), 2 * HOUR) == at("2026-11-05 10:00")
    assert clock(shorten=True).elapsed(at("2026-11-03"), at("2026-11-05")) == 23 * HOUR
    brief = clock(hours=parse_hours([["09:00", "17:30"], ["17:45", "18:00"]]), shorten=True)
    assert brief.elapsed(at("2026-11-03"), at("2026-11-04")) == 8 * HOUR


@pytest.mark.parametrize("hours", ["8h", [], [["10:00", "09:00"]], [["09:00", "12:00"], ["11:00", "13:00"]], [["9", "10:00"]]])
def test_impossible_hours_are_refused(hours: object) -> None:
    with pytest.raises(ValueError):
        parse_hours(hours)  # type: ignore[arg-type]


def test_naive_datetimes_are_refused() -> None:
    with pytest.raises(NaiveDatetime):
        clock().deadline(datetime.fromisoformat("2026-11-23 12:00"), BUDGET)


def test_the_calendar_ends_somewhere_and_says_so() -> None:
    with pytest.raises(OutOfRange):
        clock().deadline(at("2099-12-31 12:00"), BUDGET)
    with pytest.raises(OutOfRange):
        clock().elapsed(at("1980-01-01 12:00"), at("2026-01-01 12:00"))


def test_a_deadline_that_needs_a_year_without_a_decree_is_provisional() -> None:
    ours = clock()
    late, fine = at("2027-12-29 12:00"), at("2027-12-27 12:00")
    assert ours.provisional(late, ours.deadline(late, BUDGET))
    assert not ours.provisional(fine, ours.deadline(fine, BUDGET))
    assert not ours.provisional(fine, at("2028-01-01 00:00"))  # the midnight still belongs to 2027


def test_when_the_clock_runs_again() -> None:
    ours = clock()
    assert ours.next_working(at("2026-11-21 12:00")) == at("2026-11-23 00:00")
    assert ours.next_working(at("2026-11-23 12:00")) == at("2026-11-23 12:00")
    assert ours.day_of(at("2026-11-23 23:59")) == date(2026, 11, 23)


def test_a_million_of_them_agree_with_one_at_a_time() -> None:
    ours, generator = clock(), np.random.default_rng(5)
    starts = generator.integers(micros(at("2022-01-01")), micros(at("2027-12-01")), 1_000_000)
    due = ours.deadlines(starts, 72 * 3_600 * 1_000_000)
    assert (ours.elapsed_many(starts, due) == 72 * 3_600 * 1_000_000).all()
    for place in range(0, len(starts), 10_000):
        start = datetime.fromtimestamp(int(starts[place]) // 1_000_000, MOSCOW) + timedelta(
            microseconds=int(starts[place]) % 1_000_000
        )
        assert micros(ours.deadline(start, BUDGET)) == due[place]
