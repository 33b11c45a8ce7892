"""Calendars by name: workalendar is the engine, ``config/calendars/*.toml`` is laid over it both ways, staff exceptions over that (M1).

A name is that of a file (``ru``; ``ru-moscow`` is a regional layer on top of ``ru``), ``mon-fri``, ``7day``, or a workalendar class
(``workalendar.europe.Germany``). For a calendar with a file, a year that the file does not list is the engine's alone and provisional.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from workalendar.core import CoreCalendar

from backoffice.domain.deadlines import DeadlinePolicy, policy_of
from backoffice.domain.work_days import DAY, DayNote, DayTable
from backoffice.domain.working_clock import WorkingClock

ROOT = Path(__file__).resolve().parent.parent / "config"
FIRST, LAST = date(1990, 1, 1), date(2099, 12, 31)
_SOON_MISSING = (10, 15)  # from this day of a year on, the next one should have its decree
Words = Mapping[str, str]


class UnknownCalendar(LookupError):  # noqa: N818
    """There is no calendar of that name."""


@dataclass(frozen=True, slots=True)
class DayException:
    """A day changed on the screen. ``kind``: off | working | shortened. With a ``decree`` it is the region's, else the staff's own."""

    day: date
    kind: str
    reason: str
    by: str = ""
    decree: str = ""


def load_calendar(name: str, exceptions: Iterable[DayException] = ()) -> DayTable:
    """The days of a calendar with the region's and the staff's exceptions on top; ``UnknownCalendar`` for a name there is not."""
    table = _plain(name)
    exceptions = sorted(exceptions, key=lambda e: (not e.decree, e.day))  # the staff's own days on top of the region's
    if not exceptions:
        return table
    changed = _Draft(table.name, table.working.copy(), table.shortened.copy(), table.firm, dict(table.notes), table.years)
    for exception in exceptions:
        entered = {"ru": f"внесено: {exception.by}", "en": f"entered by {exception.by}"} if exception.by else {"ru": "", "en": ""}
        source = {name: ", ".join(part for part in (exception.decree, said) if part) for name, said in entered.items()}
        words = {"ru": exception.reason, "en": exception.reason}
        changed.set(exception.day, exception.kind, words, source, layer="region" if exception.decree else "staff")
    return changed.table()


def missing_year(table: DayTable, today: date) -> int | None:
    """The year whose decree should be in the file by now: this one, and from mid-October on the next. None when all is well."""
    if not table.years:
        return None
    wanted = [today.year] + [today.year + 1] * ((today.month, today.day) >= _SOON_MISSING)
    return next((year for year in wanted if year not in table.years), None)


def layers(name: str) -> list[Words]:
    """What a calendar is made of, by name in both languages: the country, then the region on top of it."""
    data = _files().get(name, {})
    own = data.get("name", {"ru": name, "en": name})
    return [*layers(data["base"]), own] if "base" in data else [own]


def decree(name: str, year: int) -> Words | None:
    """The decree on moved days off of a year, in both languages; None when there is none in the calendar's file."""
    data = _files().get(name, {})
    if "base" in data:
        return decree(data["base"], year)
    found: Words | None = data.get("years", {}).get(str(year), {}).get("decree")
    return found


@cache
def load_policy() -> DeadlinePolicy:
    """``config/policies/deadlines.toml``."""
    return policy_of(tomllib.loads((ROOT / "policies" / "deadlines.toml").read_text("utf-8")))


def load_clock(policy: DeadlinePolicy, exceptions: Iterable[DayException] = ()) -> WorkingClock:
    """The clock of a policy. Takes a tenth of a second: build it once and keep it."""
    table = load_calendar(policy.calendar, exceptions)
    return WorkingClock(table, ZoneInfo(policy.zone), hours=policy.hours, shorten=policy.shorten)


@dataclass(slots=True)
class _Draft:
    """A table in the making."""

    name: str
    working: Any
    shortened: Any
    firm: Any
    notes: dict[date, DayNote]
    years: tuple[int, ...] = ()

    def set(self, day: date, kind: str, words: Words, source: Words, *, layer: str = "country") -> None:
        if not FIRST <= day <= LAST:
            return
        place = (day - FIRST).days
        self.working[place] = kind != "off"
        self.shortened[place] = kind == "shortened"
        self.notes[day] = DayNote(kind, words["ru"], words["en"], source.get("ru", ""), source.get("en", ""), layer)

    def clear(self, day: date) -> None:
        """An ordinary day of its weekday again."""
        place = (day - FIRST).days
        self.working[place] = day.weekday() < 5
        self.shortened[place] = False
        self.notes.pop(day, None)

    def table(self) -> DayTable:
        for array in (self.working, self.shortened, self.firm):
            array.setflags(write=False)
        return DayTable(self.name, FIRST, self.working, self.shortened, self.firm, self.notes, self.years)


def _weekly(name: str, off: frozenset[int], *, firm: bool = True) -> _Draft:
    count = (LAST - FIRST).days + 1
    weekdays = (np.arange(count) + FIRST.weekday()) % 7
    return _Draft(name, ~np.isin(weekdays, list(off)), np.zeros(count, bool), np.full(count, firm), {})


@cache
def _plain(name: str) -> DayTable:
    if name in ("mon-fri", "7day"):
        return _weekly(name, frozenset({5, 6} if name == "mon-fri" else ())).table()
    if name in _files():
        return _from_file(name, _files()[name])
    if name.startswith("workalendar."):
        return _engine(name, name).table()
    raise UnknownCalendar(name)


@cache
def _files() -> dict[str, dict[str, Any]]:
    """The calendars of ``config/calendars`` by name."""
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in (ROOT / "calendars").glob("*.toml")}


def _instance(path: str) -> Any:
    """A workalendar class by its path, made; ``UnknownCalendar`` for whatever else a path may name, half-made base classes included."""
    module, _, name = path.rpartition(".")
    try:
        cls = getattr(import_module(module), name)
        if not issubclass(cls, CoreCalendar):
            raise UnknownCalendar(path)
        calendar = cls()
        calendar.get_weekend_days()
    except (ImportError, AttributeError, TypeError, NotImplementedError):
        raise UnknownCalendar(path) from None
    return calendar


def _engine(name: str, path: str, *, firm: bool = True) -> _Draft:
    """Every day as a workalendar class sees it."""
    calendar = _instance(path)
    draft = _weekly(name, frozenset(calendar.get_weekend_days()), firm=firm)
    for year in range(FIRST.year, LAST.year + 1):
        try:
            days = calendar.holidays(year)
        except Exception:  # noqa: BLE001  (engines know different years and raise different things)
            draft.firm[(date(year, 1, 1) - FIRST).days : (date(year, 12, 31) - FIRST).days + 1] = False
            continue
        for day, label in days:
            draft.set(day, "off", {"ru": label, "en": label}, {})
    return draft


def _from_file(name: str, data: dict[str, Any]) -> DayTable:
    if "base" in data:
        return _regional(name, data)
    draft = _engine(name, data["engine"], firm=False)
    years = {int(year): rows for year, rows in data["years"].items()}
    for year in range(FIRST.year, LAST.year + 1):
        day = date(year, 1, 1)
        while day.year == year:
            if year in years:
                draft.clear(day)
            elif day in draft.notes:
                _by_law(draft, day, data)
            day += DAY
    for year, rows in years.items():
        draft.firm[(date(year, 1, 1) - FIRST).days : (date(year, 12, 31) - FIRST).days + 1] = True
        _lay_over(draft, rows, data)
    for day in [day for day, note in draft.notes.items() if note.kind == "off" and day.year not in years]:
        _shorten_before(draft, day, data, years)
    return replace(draft.table(), years=tuple(sorted(years)))


def _lay_over(draft: _Draft, rows: dict[str, Any], data: dict[str, Any]) -> None:
    """One year of the file."""
    decree = rows["decree"]
    for row in rows["off"]:
        if "from" in row:
            words = {
                "ru": f"выходной перенесён с {row['from']:%d.%m.%Y}",
                "en": f"day off moved from {row['from'].day} {row['from']:%B %Y}",
            }
            draft.set(row["day"], "off", words, decree)
        else:
            holiday = data["holidays"][row.get("holiday") or row["after"]]
            after = {"ru": f"выходной за {holiday['ru']}", "en": f"day off in lieu of {holiday['en']}"}
            draft.set(row["day"], "off", after if "after" in row else holiday, data["law"])
    for row in rows["working"]:
        words = {
            "ru": f"рабочий день вместо {row['for']:%d.%m.%Y}",
            "en": f"working day instead of {row['for'].day} {row['for']:%B %Y}",
        }
        draft.set(row["day"], "working", words, decree)
    for day in rows["shortened"]:
        words, moved = data["shortened_words"], draft.notes.get(day)
        if moved:
            words = {"ru": f"{moved.ru}, {words['ru']}", "en": f"{moved.en}, {words['en']}"}
        draft.set(day, "shortened", words, decree if moved else data["shortened_law"])


def _by_law(draft: _Draft, day: date, data: dict[str, Any]) -> None:
    """A day off of a year without a decree: the holiday's own name, or the article alone where a weekend was moved."""
    key = data["fixed"].get(f"{day:%m-%d}")
    words = data["holidays"][key] if key else data["moved_by_law"]
    draft.set(day, "off", words, data["law"])


def _shorten_before(draft: _Draft, day: date, data: dict[str, Any], years: Mapping[int, Any]) -> None:
    """Article 95: the working day right before a holiday is shortened, in years without a decree."""
    before = day - timedelta(days=1)
    if f"{day:%m-%d}" in data["fixed"] and before >= FIRST and before.year not in years and draft.working[(before - FIRST).days]:
        draft.set(before, "shortened", data["shortened_words"], data["shortened_law"])


def _regional(name: str, data: dict[str, Any]) -> DayTable:
    """A region's own days on top of its country's."""
    base = _plain(data["base"])
    draft = _Draft(name, base.working.copy(), base.shortened.copy(), base.firm, dict(base.notes), base.years)
    for kind in ("off", "working", "shortened"):
        for row in data.get(kind, ()):
            draft.set(row["day"], kind, row["why"], row["decree"], layer="region")
    return draft.table()
