"""The lead's history by weeks: deadlines kept, working hours to each stage, throughput, reasons, rounds (M9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from backoffice.domain.working_clock import WorkingClock, micros
from backoffice.store import history, kept
from backoffice.store.history import Decided, Pair
from backoffice.usecases.policy_clock import policy_clock

HOUR = 3_600_000_000  # microseconds
WEEK = timedelta(days=7)
STALE = timedelta(minutes=10)  # the present week: the scheduler counts it every five
REASONS = 12  # kept of a week, the most frequent


@dataclass(frozen=True, slots=True)
class Spread:
    """Working hours of many: how many, the median, nine tenths, the longest."""

    count: int = 0
    median: float = 0.0
    p90: float = 0.0
    max: float = 0.0


@dataclass(frozen=True, slots=True)
class Week:
    """One week, from local Monday to Monday. ``by_weekday`` counts decisions, Monday first; ``rounds`` counts
    publications by the submissions that each took since the last one."""

    monday: date
    submitted: int = 0
    decided: int = 0
    published: int = 0
    returned: int = 0
    rejected: int = 0
    late: int = 0
    to_first_look: Spread = field(default_factory=Spread)
    to_decision: Spread = field(default_factory=Spread)
    to_publication: Spread = field(default_factory=Spread)
    by_weekday: Sequence[int] = (0,) * 7
    reasons: Mapping[str, int] = field(default_factory=dict)
    rounds: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept_percent(self) -> float | None:
        """Decisions in time, in percent; None in a week without decisions."""
        return round(100 * (self.decided - self.late) / self.decided, 1) if self.decided else None


def told(count: int, *, now: datetime) -> tuple[datetime, list[Week]]:
    """The last ``count`` weeks, oldest first, the present one last, and when that one was counted.

    Weeks that are over are counted once and kept: nothing that happens later changes them.
    """
    clock, _ = policy_clock()
    this = _monday(clock, now)
    mondays = [this - n * WEEK for n in range(count - 1, 0, -1)]
    over = history.kept_weeks(mondays)
    result = [_restored(monday, over[monday]) if monday in over else _closed(monday, clock, now) for monday in mondays]
    made_at, present = _present(this, clock, now)
    return made_at, [*result, present]


def renew(*, now: datetime) -> None:
    """Count the present week, and keep it for whoever looks."""
    clock, _ = policy_clock()
    _renewed(_monday(clock, now), clock, now)


def _monday(clock: WorkingClock, now: datetime) -> date:
    today = clock.day_of(now)
    return today - timedelta(days=today.weekday())


def weeks(count: int, *, now: datetime) -> list[Week]:
    """The weeks of ``told``."""
    return told(count, now=now)[1]


def _closed(monday: date, clock: WorkingClock, now: datetime) -> Week:
    week = _counted(monday, clock)
    if now >= clock.midnight(monday + WEEK) + STALE:  # what was decided in its last second may not be committed yet
        history.keep_week(monday, _stored(week), now=now)
    return week


def _present(monday: date, clock: WorkingClock, now: datetime) -> tuple[datetime, Week]:
    found = kept.read("week", _version(monday, clock), since=now - STALE)
    return (found.made_at, _restored(monday, found.data)) if found else (now, _renewed(monday, clock, now))


def _renewed(monday: date, clock: WorkingClock, now: datetime) -> Week:
    week = _counted(monday, clock)
    kept.keep("week", _version(monday, clock), _stored(week), now=now)
    return week


def _version(monday: date, clock: WorkingClock) -> str:
    return f"{monday} {clock.version}"


def _counted(monday: date, clock: WorkingClock) -> Week:
    since, until = clock.midnight(monday), clock.midnight(monday + WEEK)
    made = history.decisions(since, until)
    kinds = Counter(decision.kind for decision in made)
    published = [decision for decision in made if decision.kind == "publish"]
    known = history.ways(sorted({decision.listing for decision in published}))
    ways = [(*known[decision.listing, decision.number], decision.made_at) for decision in published]
    weekdays = Counter(clock.day_of(decision.made_at).weekday() for decision in made)
    return Week(
        monday=monday,
        submitted=history.arrivals(since, until),
        decided=len(made),
        published=kinds["publish"],
        returned=kinds["return"],
        rejected=kinds["reject"],
        late=sum(_is_late(decision) for decision in made),
        to_first_look=spread(clock, history.first_looks(since, until)),
        to_decision=spread(clock, [(decision.submitted_at, decision.made_at) for decision in made]),
        to_publication=spread(clock, [(begun, made_at) for begun, _, made_at in ways]),
        by_weekday=tuple(weekdays[n] for n in range(7)),
        reasons=dict(history.return_reasons(since, until).most_common(REASONS)),
        rounds={str(number): n for number, n in sorted(Counter(count for _, count, _ in ways).items())},
    )


def _is_late(decision: Decided) -> bool:
    return decision.deadline_at is not None and decision.made_at > decision.deadline_at


def spread(clock: WorkingClock, pairs: Sequence[Pair]) -> Spread:
    """The working hours between many pairs of instants."""
    if not pairs:
        return Spread()
    edges = np.array([(micros(a), micros(b)) for a, b in pairs], np.int64)
    hours = clock.elapsed_many(edges[:, 0].copy(), edges[:, 1].copy()) / HOUR
    median, most = np.percentile(hours, [50, 90])
    return Spread(len(pairs), round(float(median), 2), round(float(most), 2), round(float(hours.max()), 2))


def _stored(week: Week) -> dict[str, Any]:
    return {name: value for name, value in asdict(week).items() if name != "monday"}


def _restored(monday: date, data: dict[str, Any]) -> Week:
    spreads = {name: Spread(**data[name]) for name in ("to_first_look", "to_decision", "to_publication")}
    return Week(monday=monday, **{**data, **spreads, "by_weekday": tuple(data["by_weekday"])})
