"""What happened in a week: kept deadlines, working time to each stage, reasons, rounds (M9). Nothing here names a person.

Durations are returned as pairs of instants; the clock is not this room's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from peewee import JOIN, SQL, DateField, fn

from backoffice.store import plain
from backoffice.store.base import InstantField, JsonField, Row
from backoffice.store.listings import OPEN, Submission
from backoffice.store.moderation import Decision, Remark

Pair = tuple[datetime, datetime]


class WeekFigures(Row):
    """A week that is over, as it was counted after its end."""

    monday = DateField(unique=True)
    data = JsonField()
    made_at = InstantField()

    class Meta:
        table_name = "week_figures"


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: of which kind, when, in which round, and the instants that led to it."""

    kind: str
    made_at: datetime
    number: int
    submitted_at: datetime
    deadline_at: datetime | None
    listing: int


def decisions(since: datetime, until: datetime) -> list[Decided]:
    """Every decision of [since, until), in order."""
    rows = (
        Decision.select(
            Decision.kind,
            Decision.made_at,
            Submission.number,
            Submission.submitted_at,
            Submission.deadline_at,
            Submission.listing_id,
        )
        .join(Submission)
        .where((Decision.made_at >= since) & (Decision.made_at < until) & Submission.submitted_at.is_null(False))
        .order_by(Decision.made_at, Decision.id)
    )
    return [
        Decided(kind, _instant(made_at), number, _instant(submitted_at), deadline_at and _instant(deadline_at), listing)
        for kind, made_at, number, submitted_at, deadline_at, listing in plain.rows(rows)
    ]


def first_looks(since: datetime, until: datetime) -> list[Pair]:
    """(submitted, first looked at) of what was looked at for the first time in [since, until)."""
    looked = (Submission.first_look_at >= since) & (Submission.first_look_at < until) & Submission.submitted_at.is_null(False)
    rows = Submission.select(Submission.submitted_at, Submission.first_look_at).where(looked)
    return [(_instant(submitted), _instant(looked)) for submitted, looked in plain.rows(rows)]


def ways(listings: Sequence[int]) -> dict[tuple[int, int], tuple[datetime, int]]:
    """How publications came about, by (listing, number): the first submission since the listing's last publication, and how many it took."""
    found: dict[tuple[int, int], tuple[datetime, int]] = {}
    publication = (Decision.submission == Submission.id) & (Decision.kind == "publish")
    for start in range(0, len(listings), 500):
        part = Submission.listing.in_(list(listings[start : start + 500])) & Submission.submitted_at.is_null(False)
        rows = Submission.select(Submission.listing_id, Submission.number, Submission.submitted_at, Decision.id)
        rows = rows.join(Decision, JOIN.LEFT_OUTER, on=publication).where(part)
        way: list[datetime] = []
        of = None
        for listing, number, submitted_at, published in plain.rows(rows.order_by(Submission.listing_id, Submission.number)):
            way = [*(way if listing == of else ()), _instant(submitted_at)]
            of = listing
            if published:
                found[listing, number] = way[0], len(way)
                way = []
    return found


def submissions(since: datetime, until: datetime) -> NDArray[np.int64]:
    """When what came in [since, until) came, in microseconds."""
    came = (Submission.submitted_at >= since) & (Submission.submitted_at < until)
    return plain.instants([at for (at,) in plain.rows(Submission.select(Submission.submitted_at).where(came))])


def left(since: datetime, until: datetime) -> NDArray[np.int64]:
    """When what was decided or withdrawn in [since, until) left the queue, in microseconds."""
    gone = (Submission.decided_at >= since) & (Submission.decided_at < until) & Submission.submitted_at.is_null(False)
    return plain.instants([at for (at,) in plain.rows(Submission.select(Submission.decided_at).where(gone))])


def waited(at: datetime) -> int:
    """How many of those that came before an instant had not left the queue then."""
    came = Submission.submitted_at < at
    since = Submission.select().where(came, Submission.decided_at >= at).count()
    return int(since + Submission.select().where(SQL(OPEN), came).count())


def arrivals(since: datetime, until: datetime) -> int:
    """How much came in [since, until)."""
    return int(Submission.select().where((Submission.submitted_at >= since) & (Submission.submitted_at < until)).count())


def decided_by(since: datetime, until: datetime) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The moderators and the microseconds of every decision of [since, until): for loads and forecasts, never for rankings."""
    made = (Decision.made_at >= since) & (Decision.made_at < until)
    found = plain.rows(Decision.select(Decision.moderator_id, Decision.made_at).where(made))
    return np.array([row[0] for row in found], np.int64), plain.instants([row[1] for row in found])


def decided_counts(since: datetime, until: datetime) -> dict[int, int]:
    """How many decisions of [since, until) each moderator made: for loads, never for rankings."""
    rows = Decision.select(Decision.moderator_id, fn.COUNT(Decision.id)).where(
        (Decision.made_at >= since) & (Decision.made_at < until)
    )
    return dict(plain.rows(rows.group_by(Decision.moderator_id)))


def _instant(value: Any) -> datetime:
    return cast("datetime", Submission.submitted_at.python_value(value))


def return_reasons(since: datetime, until: datetime) -> Counter[str]:
    """How often each requirement was asked for in what was returned in [since, until): by template, else rule, else field or slot."""
    rows = (
        Remark.select(Remark.template, Remark.rule, Remark.field, Remark.slot)
        .join(Decision, on=(Decision.submission == Remark.submission))
        .where(
            (Decision.made_at >= since)
            & (Decision.made_at < until)
            & (Decision.kind == "return")
            & (Remark.level == "requirement")
        )
    )
    return Counter(next((name for name in row if name), "other") for row in rows.tuples())


def kept_weeks(mondays: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """The weeks that were counted already."""
    rows = WeekFigures.select(WeekFigures.monday, WeekFigures.data).where(WeekFigures.monday.in_(list(mondays)))
    return {row.monday: row.data for row in rows}


def keep_week(monday: Any, data: dict[str, Any], *, now: datetime) -> None:
    """Keep a week that is over; the first count stays."""
    WeekFigures.insert(monday=monday, data=data, made_at=now).on_conflict_ignore().execute()
