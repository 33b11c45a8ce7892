"""The calendar file is the truth: compared day by day with an independent source, and with the law it comes from."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta

import holidays
import pytest
from workalendar.europe import Russia

from backoffice import calendars
from backoffice.calendars import DayException, load_calendar
from backoffice.domain.work_days import DAY

YEARS = range(2022, 2028)
FILE = tomllib.loads((calendars.ROOT / "calendars" / "ru.toml").read_text("utf-8"))["years"]


def days(years: range = YEARS) -> list[date]:
    first = date(years[0], 1, 1)
    return [first + timedelta(days=n) for n in range((date(years[-1], 12, 31) - first).days + 1)]


def test_every_day_of_six_years_agrees_with_the_independent_source() -> None:
    independent, table = holidays.RU(years=YEARS), load_calendar("ru")
    differing = [day for day in days() if table.is_working(day) != independent.is_working_day(day)]
    assert differing == []
    assert all(table.firm[table.index(day)] for day in days())


def test_the_file_lists_exactly_the_days_that_differ_from_their_weekday() -> None:
    independent = holidays.RU(years=YEARS)
    for year in YEARS:
        rows = FILE[str(year)]
        own = [day for day in days(range(year, year + 1)) if independent.is_working_day(day) != (day.weekday() < 5)]
        assert sorted(row["day"] for row in rows["off"] + rows["working"]) == own
        assert all(row["day"].weekday() < 5 for row in rows["off"])
        assert all(row["day"].weekday() >= 5 for row in rows["working"])
        assert rows["decree"]["ru"] and rows["decree"]["en"]


def test_stock_workalendar_is_wrong_both_ways_so_that_the_overlay_is_needed() -> None:
    stock, table = Russia(), load_calendar("ru")
    called_working = [day for day in days() if stock.is_working_day(day) and not table.is_working(day)]
    called_off = [day for day in days() if not stock.is_working_day(day) and table.is_working(day)]
    assert len(called_working) == 20
    assert date(2025, 2, 24) in called_off and date(2025, 3, 10) in called_off and date(2024, 4, 27) in called_off


def test_shortened_days_are_those_before_holidays_and_the_saturdays_exchanged_for_them() -> None:
    table, fixed = load_calendar("ru"), tomllib.loads((calendars.ROOT / "calendars" / "ru.toml").read_text("utf-8"))["fixed"]
    for year in YEARS:
        rows = FILE[str(year)]
        before = [d for d in days(range(year, year + 1)) if table.is_working(d) and f"{d + DAY:%m-%d}" in fixed]
        exchanged = [row["day"] for row in rows["working"] if f"{row['for'] + DAY:%m-%d}" in fixed]
        assert sorted({*before, *exchanged}) == rows["shortened"]
        assert [d for d in days(range(year, year + 1)) if table.shortened[table.index(d)]] == rows["shortened"]


def test_a_year_without_a_decree_is_the_law_alone_and_provisional() -> None:
    table, law = load_calendar("ru"), Russia()
    for day in days(range(2028, 2031)):
        assert table.is_working(day) == law.is_working_day(day)
        assert not table.firm[table.index(day)]
    assert table.notes[date(2028, 11, 6)].ru == "выходной за праздник, совпавший с выходным днём"
    assert table.shortened[table.index(date(2028, 11, 3))]


def test_health_asks_for_the_next_year_from_mid_october() -> None:
    table = load_calendar("ru")
    assert calendars.missing_year(table, date(2027, 10, 14)) is None
    assert calendars.missing_year(table, date(2027, 10, 15)) == 2028
    assert calendars.missing_year(table, date(2028, 1, 1)) == 2028
    assert calendars.missing_year(load_calendar("mon-fri"), date(2028, 1, 1)) is None


def test_a_region_lies_on_top_of_the_country() -> None:
    monday = date(2023, 6, 26)
    assert load_calendar("ru").is_working(monday)
    moscow = load_calendar("ru-moscow")
    assert not moscow.is_working(monday)
    assert moscow.notes[monday].source_ru == "решение мэра Москвы от 24.06.2023"
    assert moscow.version != load_calendar("ru").version


def test_the_staff_can_change_any_day_either_way_and_the_version_tells() -> None:
    plain = load_calendar("ru")
    changes = [
        DayException(date(2026, 11, 24), "off", "Переезд", "Лида Лид"),
        DayException(date(2026, 11, 28), "working", "Аврал", "Лида Лид"),
        DayException(date(2026, 11, 27), "shortened", "Праздник отдела"),
    ]
    table = load_calendar("ru", changes)
    assert [table.is_working(change.day) for change in changes] == [False, True, True]
    assert table.notes[date(2026, 11, 24)].source_ru == "внесено: Лида Лид"
    assert table.shortened[table.index(date(2026, 11, 27))]
    assert table.version != plain.version
    assert plain.is_working(date(2026, 11, 24))
    assert load_calendar("ru", changes).version == table.version


@pytest.mark.parametrize("name", ["mars", "../ru", "workalendar.europe.Atlantis", "workalendar.nowhere.Russia", ""])
def test_an_unknown_calendar_is_named(name: str) -> None:
    with pytest.raises(calendars.UnknownCalendar):
        load_calendar(name)


def test_any_workalendar_class_is_a_calendar() -> None:
    table = load_calendar("workalendar.europe.Germany")
    assert not table.is_working(date(2026, 10, 3)) and not table.is_working(date(2026, 4, 3))
    assert table.is_working(date(2026, 11, 4))


def test_the_shipped_policy_is_read() -> None:
    policy = calendars.load_policy()
    assert policy.budget == timedelta(hours=72)
    assert [step.percent for step in policy.ladder] == [50, 75, 100, 133]
