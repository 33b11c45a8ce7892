"""A batch of questions to the working clock, for other systems and for audits: JSON values in, JSON values out.

Every item is answered by itself; one that cannot be gets an ``error`` code and nothing else:
``bad_item``, ``missing_field``, ``bad_datetime``, ``naive_datetime``, ``bad_budget``, ``unknown_zone``, ``unknown_calendar``, ``bad_hours``,
``bad_shorten``, ``bad_pause``, ``bad_percent``, ``out_of_range``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backoffice.domain.deadlines import DeadlinePolicy, Pause, budget_of, deadline, elapsed, warn_points
from backoffice.domain.opening_hours import Hours, parse_hours
from backoffice.domain.working_clock import NaiveDatetime, OutOfRange, WorkingClock

ClockFor = Callable[[str, str, Hours, bool], WorkingClock]  # calendar, zone, hours, shorten; LookupError for an unknown calendar
_ONE = timedelta(seconds=1)


class _Bad(Exception):  # noqa: N818
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Item:
    start: datetime
    budget: timedelta
    zone: str
    calendar: str
    hours: Hours
    shorten: bool
    pauses: list[Pause]
    now: datetime | None
    percents: list[float]


def evaluate(items: Iterable[Any], *, policy: DeadlinePolicy, clock_for: ClockFor) -> list[dict[str, Any]]:
    """Answers in the order of the questions. What an item leaves out is the policy's."""
    return [_answer(item, policy, clock_for) for item in items]


def _answer(raw: Any, policy: DeadlinePolicy, clock_for: ClockFor) -> dict[str, Any]:
    name = raw.get("id") if isinstance(raw, Mapping) else None
    empty: dict[str, Any] = {
        "deadline": None,
        "elapsed_seconds": None,
        "remaining_seconds": None,
        "warn_at": {},
        "provisional": False,
    }
    try:
        item = _parsed(raw, policy)
        clock = clock_for(item.calendar, item.zone, item.hours, item.shorten)
        return {"id": name, **_told(item, clock), "error": None}
    except _Bad as bad:
        return {"id": name, **empty, "error": bad.code}
    except NaiveDatetime:
        return {"id": name, **empty, "error": "naive_datetime"}
    except (OutOfRange, OverflowError):
        return {"id": name, **empty, "error": "out_of_range"}
    except LookupError:
        return {"id": name, **empty, "error": "unknown_calendar"}


def _told(item: _Item, clock: WorkingClock) -> dict[str, Any]:
    due = deadline(clock, item.start, item.budget, item.pauses)
    points = warn_points(clock, item.start, item.budget, item.percents, item.pauses)
    worked = elapsed(clock, item.start, item.now, item.pauses) if item.now else None
    spent = None if worked is None else worked // _ONE
    reached = [point for point in (due, _looked_at(item), *points.values()) if point]
    return {
        "deadline": _written(due, clock.zone),
        "elapsed_seconds": spent,
        "remaining_seconds": None if worked is None else -((worked - item.budget) // _ONE),
        "warn_at": {percent: _written(point, clock.zone) for percent, point in points.items()},
        "provisional": clock.provisional(item.start, max(reached, default=item.start)),
    }


def _looked_at(item: _Item) -> datetime | None:
    """How far the time up to ``now`` had to be looked at: what comes after the beginning of an open pause needs no calendar."""
    stops = [pause.start for pause in item.pauses if pause.end is None]
    return min([item.now, *stops]) if item.now else None


def _written(at: datetime | None, zone: ZoneInfo) -> str | None:
    """Whole seconds, rounded up: the first whole second at which it is reached."""
    if at is None:
        return None
    whole = at.replace(microsecond=0) + (_ONE if at.microsecond else timedelta(0))
    return whole.astimezone(zone).isoformat()


def _parsed(raw: Any, policy: DeadlinePolicy) -> _Item:
    if not isinstance(raw, Mapping):
        raise _Bad("bad_item")
    if raw.get("submitted_at") is None:
        raise _Bad("missing_field")
    now = raw.get("now")
    return _Item(
        start=_instant(raw["submitted_at"]),
        budget=_or("bad_budget", budget_of, _given(raw, "budget_hours", policy.budget / timedelta(hours=1))),
        zone=_zone(_given(raw, "tz", policy.zone)),
        calendar=_text(_given(raw, "calendar", policy.calendar)),
        hours=_or("bad_hours", parse_hours, raw["hours"]) if raw.get("hours") is not None else policy.hours,
        shorten=_flag(_given(raw, "shorten", policy.shorten)),
        pauses=_pauses(_given(raw, "pauses", [])),
        now=None if now is None else _instant(now),
        percents=_percents(_given(raw, "percents", [])),
    )


def _given(raw: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    value = raw.get(name)
    return otherwise if value is None else value


def _or(code: str, parse: Callable[[Any], Any], value: Any) -> Any:
    try:
        return parse(value)
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        raise _Bad(code) from None


def _instant(value: Any) -> datetime:
    at = _or("bad_datetime", datetime.fromisoformat, value)
    if at.utcoffset() is None:
        raise _Bad("naive_datetime")
    try:
        at.astimezone(UTC)
    except OverflowError:
        raise _Bad("out_of_range") from None
    result: datetime = at
    return result


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(_text(value, "unknown_zone")).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _Bad("unknown_zone") from None


def _text(value: Any, code: str = "unknown_calendar") -> str:
    if not isinstance(value, str):
        raise _Bad(code)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Bad("bad_shorten")
    return value


def _pauses(value: Any) -> list[Pause]:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise _Bad("bad_pause")
    edges = [(_instant(start), None if end is None else _instant(end)) for start, end in value]
    return [_or("bad_pause", lambda pair: Pause(*pair), edge) for edge in edges]


def _percents(value: Any) -> list[float]:
    good = isinstance(value, list) and all(isinstance(p, int | float) and not isinstance(p, bool) and 0 <= p < 1e6 for p in value)
    if not good:
        raise _Bad("bad_percent")
    percents: list[float] = value
    return percents
