"""When a moderator is on duty: weekly shifts, and days away (M9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from itertools import pairwise

from backoffice.domain.errors import Refused

USUAL = ("09:00", "18:00")
Shift = tuple[float, float]  # parts of a day


def away(absences: Sequence[Sequence[str]], day: date) -> str | None:
    """The reason for being away on a day, from [[first day, last day, reason], …]; None when not away. A missing reason is an empty text."""
    for first, last, *reason in absences:
        if date.fromisoformat(first) <= day <= date.fromisoformat(last):
            return reason[0] if reason else ""
    return None


def hours(
    shifts: Sequence[Sequence[str | int]], absences: Sequence[Sequence[str]], day: date, *, working: bool
) -> tuple[Shift, ...]:
    """The hours on duty on a day as parts of it, in order; none when not on duty.

    Without weekly shifts [[weekday, from, to], …] it is every working day, 09:00–18:00. Shifts are worked on days off as well: that is what
    they say.
    """
    if away(absences, day) is not None:
        return ()
    if not shifts:
        return ((_part(USUAL[0]), _part(USUAL[1])),) if working else ()
    return tuple(
        sorted((_part(str(since)), _part(str(until))) for weekday, since, until in shifts if int(weekday) == day.weekday())
    )


def duty(shifts: Sequence[Sequence[str | int]], absences: Sequence[Sequence[str]], day: date, *, working: bool) -> Shift | None:
    """From the beginning of a day's first hours on duty to the end of its last, or None: a break between them is nobody's absence."""
    on_duty = hours(shifts, absences, day, working=working)
    return (on_duty[0][0], on_duty[-1][1]) if on_duty else None


def checked_shifts(shifts: Sequence[tuple[int, str, str]]) -> list[list[str | int]]:
    """Weekly shifts as they are kept, in order; a day may have several, with breaks between them. 00:00 ends a day.

    ``Refused`` for one that does not end after it begins, is no time of day, or begins before another of its day has ended.
    """
    kept: list[list[str | int]] = []
    for weekday, since, closes in shifts:
        until = "24:00" if closes == "00:00" else closes
        try:
            right = 0 <= weekday <= 6 and _part(since) < _part(until)
        except ValueError:
            right = False
        if not right:
            raise Refused("bad_shift")
        kept.append([weekday, since, until])
    kept.sort(key=lambda shift: (int(shift[0]), _part(str(shift[1]))))
    if any(one[0] == other[0] and _part(str(other[1])) < _part(str(one[2])) for one, other in pairwise(kept)):
        raise Refused("shifts_overlap")
    return kept


def checked_absences(absences: Sequence[tuple[str, str, str]]) -> list[list[str]]:
    """Absences as they are kept, in order. ``Refused`` for one that ends before it begins, or has no days."""
    for first, last, _ in absences:
        try:
            right = date.fromisoformat(first) <= date.fromisoformat(last)
        except ValueError:
            right = False
        if not right:
            raise Refused("bad_absence")
    return sorted([first, last, reason.strip()] for first, last, reason in absences)


def _part(text: str) -> float:
    if text == "24:00":
        return 1.0
    at = time.fromisoformat(text)
    return (at.hour * 60 + at.minute) / 1_440
