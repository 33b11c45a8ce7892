"""The clock's laws, for any calendar, zone, hours and pauses; and agreement with a reference that steps minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.calendars import load_calendar
from backoffice.domain.deadlines import Pause, deadline, elapsed, merged, warn_points
from backoffice.domain.opening_hours import ALL_DAY, Hours, shortened
from backoffice.domain.trace import trace
from backoffice.domain.working_clock import MICROSECOND, WorkingClock, micros

MINUTE, NONE = timedelta(minutes=1), timedelta(0)
FIRST, LAST = datetime(2022, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)
OFFICE: Hours = ((9 * 3_600, 13 * 3_600), (14 * 3_600, 18 * 3_600))
NIGHT: Hours = ((0, 2 * 3_600 + 1_800), (22 * 3_600, 86_400))
ZONES = (
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "America/Santiago",
)


@cache
def clock(calendar: str, zone: str, hours: Hours, shorten: bool) -> WorkingClock:
    return WorkingClock(load_calendar(calendar), ZoneInfo(zone), hours=hours, shorten=shorten)


COMBINATIONS = [
    (("ru", "mon-fri", "7day")[n % 3], zone, (ALL_DAY, OFFICE, NIGHT)[(n + n // 3) % 3], bool(n % 2))
    for n, zone in enumerate(ZONES * 2)
]
clocks = st.sampled_from(COMBINATIONS).map(lambda made_of: clock(*made_of))
# A clock takes a tenth of a second to build, once; on a busy machine that is no reason to fail.
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
instants = st.datetimes(datetime(2022, 1, 1), datetime(2027, 10, 1), timezones=st.just(UTC))  # noqa: DTZ001  (made aware)
minutes = instants.map(lambda at: at.replace(second=0, microsecond=0))
budgets = st.timedeltas(NONE, timedelta(hours=200))


@st.composite
def pauses_after(draw: st.DrawFn, start: datetime) -> list[Pause]:
    edges = draw(st.lists(st.tuples(st.integers(-2_000, 20_000), st.integers(0, 6_000)), max_size=4))
    return [Pause(start + a * MINUTE, start + (a + length) * MINUTE) for a, length in edges]


def counts(ours: WorkingClock, at: datetime) -> bool:
    """Whether this very minute is working time: the reference knows days and wall clocks, and nothing of our arrays."""
    local = at.astimezone(ours.zone)
    table = ours.table
    if not table.is_working(local.date()):
        return False
    hours = shortened(ours.hours) if ours.shorten and table.shortened[table.index(local.date())] else ours.hours
    second = local.hour * 3_600 + local.minute * 60
    return any(opens <= second < closes for opens, closes in hours)


@settings(calm, max_examples=60)
@given(clocks, minutes, st.integers(0, 10_000), st.data())
def test_elapsed_is_the_number_of_working_minutes_outside_pauses(
    ours: WorkingClock, start: datetime, length: int, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))
    stepped = sum(
        counts(ours, at) and not any(p.start <= at < (p.end or LAST) for p in pauses)
        for at in (start + n * MINUTE for n in range(length))
    )
    assert elapsed(ours, start, start + length * MINUTE, pauses) == stepped * MINUTE


@settings(calm, max_examples=60)
@given(clocks, minutes, st.integers(1, 1_500), st.data())
def test_the_deadline_is_where_stepping_first_reaches_the_budget(
    ours: WorkingClock, start: datetime, budget: int, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))
    at, left = start, budget
    while left:
        left -= counts(ours, at) and not any(p.start <= at < (p.end or LAST) for p in pauses)
        at += MINUTE
    assert deadline(ours, start, budget * MINUTE, pauses) == at


@calm
@given(clocks, instants, budgets)
def test_deadline_and_elapsed_are_inverse_and_the_deadline_is_the_earliest(
    ours: WorkingClock, start: datetime, budget: timedelta
) -> None:
    due = ours.deadline(start, budget)
    assert ours.elapsed(start, due) == budget
    if budget:
        assert ours.elapsed(start, due - MICROSECOND) == budget - MICROSECOND


@calm
@given(clocks, instants, budgets, budgets, st.timedeltas(NONE, timedelta(days=30)))
def test_it_is_monotone(ours: WorkingClock, start: datetime, one: timedelta, other: timedelta, later: timedelta) -> None:
    assert ours.deadline(start, min(one, other)) <= ours.deadline(start, max(one, other))
    assert ours.deadline(start, one) <= ours.deadline(start + later, one)
    assert ours.elapsed(start, start + later) <= later


@calm
@given(clocks, instants, st.timedeltas(NONE, timedelta(days=30)), st.timedeltas(NONE, timedelta(days=30)))
def test_elapsed_is_additive(ours: WorkingClock, start: datetime, one: timedelta, other: timedelta) -> None:
    middle, end = start + one, start + one + other
    assert ours.elapsed(start, end) == ours.elapsed(start, middle) + ours.elapsed(middle, end)
    assert ours.elapsed(end, start) == -ours.elapsed(start, end)


@calm
@given(clocks, instants, budgets, budgets)
def test_budgets_add_up(ours: WorkingClock, start: datetime, one: timedelta, other: timedelta) -> None:
    assert ours.deadline(ours.deadline(start, one), other) == ours.deadline(start, one + other) or not other


@calm
@given(clocks, instants, budgets, st.data())
def test_pauses_are_subtracted_and_never_lost(
    ours: WorkingClock, start: datetime, budget: timedelta, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))
    due = deadline(ours, start, budget, pauses)
    assert due is not None
    assert elapsed(ours, start, due, pauses) == budget
    assert due >= ours.deadline(start, budget)
    until = start + timedelta(days=20)
    lost = sum((ours.elapsed(p.start, min(p.end or until, until)) for p in merged(pauses, since=start) if p.start < until), NONE)
    assert elapsed(ours, start, until, pauses) + lost == ours.elapsed(start, until)
    assert deadline(ours, start, budget, [*pauses, *pauses[::-1]]) == due


@calm
@given(clocks, instants, budgets, st.data())
def test_a_pause_that_begins_at_the_deadline_or_later_moves_nothing(
    ours: WorkingClock, start: datetime, budget: timedelta, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))
    due = deadline(ours, start, budget, pauses)
    assert due is not None
    late = due + data.draw(st.timedeltas(NONE, timedelta(days=3)))
    assert deadline(ours, start, budget, [*pauses, Pause(late, None)]) == due


@calm
@given(clocks, instants, budgets, st.lists(st.integers(0, 250), max_size=4))
def test_warnings_come_in_their_order(ours: WorkingClock, start: datetime, budget: timedelta, percents: list[int]) -> None:
    points = warn_points(ours, start, budget, sorted(percents))
    found = [point for point in points.values() if point]
    assert found == sorted(found) and len(found) == len(points)
    assert warn_points(ours, start, budget, [100])["100"] == ours.deadline(start, budget)


@settings(calm, max_examples=40)
@given(clocks, instants, budgets, st.data())
def test_the_trace_adds_up_to_the_budget(ours: WorkingClock, start: datetime, budget: timedelta, data: st.DataObject) -> None:
    pauses = data.draw(pauses_after(start))
    due = deadline(ours, start, budget, pauses)
    assert due is not None
    lines = trace(ours, start, due, pauses)
    assert lines[-1].total == budget
    assert all(line.worked >= NONE and line.paused >= NONE for line in lines)


@calm
@given(clocks, st.lists(st.tuples(instants, budgets), min_size=1, max_size=20))
def test_many_at_once_are_the_same_as_one_by_one(ours: WorkingClock, asked: list[tuple[datetime, timedelta]]) -> None:
    starts = np.array([micros(start) for start, _ in asked])
    due = ours.deadlines(starts, np.array([budget // MICROSECOND for _, budget in asked]))
    assert due.tolist() == [micros(ours.deadline(start, budget)) for start, budget in asked]
    assert ours.elapsed_many(starts, due).tolist() == [budget // MICROSECOND for _, budget in asked]
