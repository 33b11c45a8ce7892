"""When a moderator is on duty: weekly shifts, and days away (M9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time

USUAL = ("09:00", "18:00")


def away(absences: Sequence[Sequence[str]], day: date) -> str | None:
    """The reason for being away on a day, from [[first day, last day, reason], …]; None when not away. A missing reason is an empty text."""
    for first, last, *reason in absences:
        if date.fromisoformat(first) <= day <= date.fromisoformat(last):
            return reason[0] if reason else ""
    return None


def duty(
    shifts: Sequence[Sequence[str | int]], absences: Sequence[Sequence[str]], day: date, *, working: bool
) -> tuple[float, float] | None:
    """The hours on duty as parts of the day, or None.

    Without weekly shifts [[weekday, from, to], …] it is every working day, 09:00–18:00. Shifts are worked on days off as well: that is what
    they say. Several shifts of one day count from the first to the last.
    """
    if away(absences, day) is not None:
        return None
    if not shifts:
        return (_part(USUAL[0]), _part(USUAL[1])) if working else None
    edges = [(_part(str(since)), _part(str(until))) for weekday, since, until in shifts if int(weekday) == day.weekday()]
    return (min(a for a, _ in edges), max(b for _, b in edges)) if edges else None


def _part(text: str) -> float:
    if text == "24:00":
        return 1.0
    at = time.fromisoformat(text)
    return (at.hour * 60 + at.minute) / 1_440
