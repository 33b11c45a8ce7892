"""A year of the working calendar as people read it: twelve months, each day with its kind and the reason for it (M1)."""

from __future__ import annotations

import calendar as weeks
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date, get_day_names

from backoffice.domain.work_days import DayNote, DayTable
from backoffice.i18n import gettext, language, lazy

KINDS = {"off": lazy("day off"), "working": lazy("working day"), "shortened": lazy("shortened day")}


@dataclass(frozen=True, slots=True)
class Day:
    """One cell. ``moved`` is a day that is not what its weekday says, ``layer`` who said so: country, region or staff."""

    day: date
    kind: str
    moved: bool
    layer: str
    words: str


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its weeks from Monday on, with None outside of it, and how many of its days are worked and shortened."""

    name: str
    weeks: Sequence[Sequence[Day | None]]
    working: int
    shortened: int


def months(table: DayTable, year: int) -> list[Month]:
    """All twelve."""
    return [_month(table, year, number) for number in range(1, 13)]


def unusual(table: DayTable, year: int) -> list[tuple[date, DayNote]]:
    """The days of a year that are not what their weekday says, with why."""
    return sorted((day, note) for day, note in table.notes.items() if day.year == year)


def weekdays() -> list[tuple[str, str]]:
    """Short and full names, from Monday on."""
    short, full = (get_day_names(width, "stand-alone", language()) for width in ("short", "wide"))
    return [(short[n], full[n]) for n in range(7)]


def full(day: date) -> str:
    """«четверг, 26 ноября 2026 г.»."""
    return format_date(day, "full", locale=language())


def kind_words(kind: str) -> str:
    """«выходной»."""
    return gettext(KINDS[kind])


def why(note: DayNote | None) -> tuple[str, str]:
    """The reason for a day and its source, in the reader's language; empty for an ordinary one."""
    if note is None:
        return "", ""
    return (note.ru, note.source_ru) if language() == "ru" else (note.en, note.source_en)


def _month(table: DayTable, year: int, number: int) -> Month:
    rows = [
        [_day(table, day) if day.month == number else None for day in week]
        for week in weeks.Calendar().monthdatescalendar(year, number)
    ]
    days = [day for row in rows for day in row if day]
    return Month(
        name=format_date(date(year, number, 1), "LLLL", locale=language()),
        weeks=rows,
        working=sum(day.kind != "off" for day in days),
        shortened=sum(day.kind == "shortened" for day in days),
    )


def _day(table: DayTable, day: date) -> Day:
    note, kind = table.notes.get(day), table.kind_of(day)
    words = ": ".join(part for part in (f"{full(day)} — {kind_words(kind)}", why(note)[0]) if part)
    return Day(day, kind, (kind == "off") != (day.weekday() >= 5), note.layer if note else "", words)
