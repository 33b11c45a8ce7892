"""Pauses, warnings and the trace, told by examples."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backoffice.calendars import load_calendar
from backoffice.domain.deadlines import Pause, budget_of, clocked, deadline, elapsed, merged, policy_of, share, warn_points
from backoffice.domain.trace import trace
from backoffice.domain.working_clock import NaiveDatetime, WorkingClock

MOSCOW = ZoneInfo("Europe/Moscow")
CLOCK = WorkingClock(load_calendar("ru"), MOSCOW)
BUDGET, HOUR = timedelta(hours=72), timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


MONDAY = at("2026-11-23 12:00")


def pause(start: str, end: str | None, reason: str = "") -> Pause:
    return Pause(at(start), end and at(end), reason)


def test_a_pause_is_subtracted_in_working_time_not_appended() -> None:
    over_the_weekend = [pause("2026-11-24 12:00", "2026-11-29 12:00")]  # 12 + 24 + 24 + 24 working hours, ends on a Sunday
    assert deadline(CLOCK, MONDAY, BUDGET, over_the_weekend) == at("2026-12-02 00:00")
    assert elapsed(CLOCK, MONDAY, at("2026-11-29 12:00"), over_the_weekend) == 24 * HOUR


def test_pauses_are_merged_and_clipped() -> None:
    untidy = [
        pause("2026-11-24 15:00", "2026-11-24 17:00", "b"),
        pause("2026-11-20 12:00", "2026-11-23 13:00", "a"),
        pause("2026-11-24 16:00", "2026-11-24 18:00", "c"),
        pause("2026-11-24 18:00", "2026-11-24 18:00", "empty"),
    ]
    tidy = merged(untidy, since=MONDAY)
    assert [(p.start, p.end, p.reason) for p in tidy] == [
        (MONDAY, at("2026-11-23 13:00"), "a"),
        (at("2026-11-24 15:00"), at("2026-11-24 18:00"), "b; c"),
    ]
    assert deadline(CLOCK, MONDAY, BUDGET, untidy) == at("2026-11-26 16:00")


def test_an_open_pause_has_no_deadline_and_a_frozen_remainder() -> None:
    held = [pause("2026-11-24 12:00", None)]
    soon, later = (clocked(CLOCK, MONDAY, BUDGET, held, now=at(f"2026-{day} 12:00")) for day in ("11-25", "12-25"))
    assert soon == later
    assert soon.deadline is None and soon.remaining == 48 * HOUR
    points = warn_points(CLOCK, MONDAY, BUDGET, [25, 50], held)
    assert points == {"25": at("2026-11-24 06:00"), "50": None}


@pytest.mark.parametrize("end", [None, "2026-12-01 00:00"])
def test_a_pause_at_or_after_the_deadline_moves_nothing(end: str | None) -> None:
    assert deadline(CLOCK, MONDAY, BUDGET, [pause("2026-11-26 12:00", end)]) == at("2026-11-26 12:00")


def test_remaining_time_goes_negative_after_the_deadline() -> None:
    assert clocked(CLOCK, MONDAY, BUDGET, now=at("2026-11-26 13:00")).remaining == -HOUR
    assert elapsed(CLOCK, MONDAY, at("2026-11-20 12:00")) == timedelta(0)


def test_nonsense_is_refused() -> None:
    with pytest.raises(NaiveDatetime):
        Pause(datetime.fromisoformat("2026-11-23"), None)
    with pytest.raises(ValueError):
        pause("2026-11-24 12:00", "2026-11-24 11:00")
    for hours in (-1, float("nan"), True):
        with pytest.raises(ValueError):
            budget_of(hours)


def test_shares_are_exact() -> None:
    assert share(BUDGET, 133) == timedelta(hours=95, minutes=45, seconds=36)
    assert budget_of(0.1) == timedelta(minutes=6)
    assert share(budget_of(1), 33.3) == timedelta(seconds=1198, milliseconds=800)


def test_the_trace_says_why_day_by_day() -> None:
    start, held = at("2025-12-30 15:00"), [pause("2026-01-12 10:00", "2026-01-12 13:30", "Ждём юристов")]
    due = deadline(CLOCK, start, BUDGET, held)
    assert due is not None
    lines = trace(CLOCK, start, due, held)
    assert lines[0].worked == 9 * HOUR
    assert lines[1].note and "от 04.10.2024 № 1335" in lines[1].note.source_ru
    assert [line.day.isoformat() for line in lines if line.note and "перенесён" in line.note.ru] == ["2025-12-31", "2026-01-09"]
    monday = next(line for line in lines if line.reasons)
    assert (monday.day.isoformat(), monday.paused, monday.reasons) == ("2026-01-12", 3.5 * HOUR, ("Ждём юристов",))
    assert lines[-1].total == sum((line.worked for line in lines), timedelta(0)) == BUDGET


@pytest.mark.parametrize(
    "change",
    [
        {"resubmission": "later"},
        {"ladder": [{"percent": 100}, {"percent": 50}]},
        {"ladder": [{"percent": 100, "tell": ["everybody"]}]},
        {"budget_hours": -1},
        {"hours": "never"},
        {"forecast": {"least_a_day": -1}},
    ],
)
def test_a_wrong_policy_says_what_is_wrong(change: dict[str, object]) -> None:
    good = {
        "budget_hours": 72,
        "calendar": "ru",
        "zone": "Europe/Moscow",
        "hours": "24h",
        "shorten": False,
        "resubmission": "fresh",
    }
    assert policy_of(good).budget == BUDGET
    with pytest.raises(ValueError):
        policy_of({**good, **change})
